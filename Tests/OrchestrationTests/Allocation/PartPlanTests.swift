import Domain
import Orchestration
import Scheduling
import Testing

/// Tasks with several parts, as the planner sees them.
@Suite struct PartPlanTests {
    private func task(_ bits: UInt64, _ split: TaskSplit, _ placement: Placement = Placement())
        -> TaskDefinition
    {
        let specification = TaskSpecification(
            name: TaskID("t\(bits)")!,
            action: .command(["true"]),
            shards: split.shards,
            isBroadcast: split == .broadcast,
            placement: placement
        )
        return .created(specification, uid: TaskUID(bits: bits), now: .epoch)
    }

    /// How many parts of a task each agent has.
    private func counts(_ pool: Pool, of task: TaskDefinition) -> [Int] {
        let owners = pool.current.filter { $0.key.uid == task.uid }.values
        return pool.agents.map { agent in owners.count { $0 == agent.agent } }
    }

    @Test("the shards of a task are spread over the agents, whatever else these have", arguments: 1...20)
    func spread(_ seed: Int) {
        var pool = Pool(agents: 4, tasks: 400, seed: UInt64(seed))
        pool.settle()
        let task = task(UInt64(seed) &* 7_919, .shards(.count(8)))
        pool.tasks += PlannableTask.parts(of: task, among: pool.agents)
        pool.settle()
        let counts = counts(pool, of: task)
        #expect(counts.reduce(0, +) == 8)
        #expect(counts.allSatisfy { $0 <= 4 }, "\(counts)")
        pool.expectBalanced()
    }

    @Test("alone, shards are dealt out evenly; those of a lost agent move, and no other")
    func moves() {
        var pool = Pool(agents: 4, tasks: 0)
        let task = task(5, .shards(.count(8)))
        pool.tasks = PlannableTask.parts(of: task, among: pool.agents)
        pool.settle()
        #expect(counts(pool, of: task) == [2, 2, 2, 2])
        let before = pool.current
        let lost = pool.agents.removeLast().agent
        pool.settle()
        #expect(before.allSatisfy { part, owner in owner == lost || pool.current[part] == owner })
        #expect(counts(pool, of: task).sorted() == [2, 3, 3])
    }

    @Test("a broadcast has a part on every agent that may run it, and stays there")
    func broadcast() {
        var pool = Pool(agents: 3, tasks: 50)
        pool.addAgent("drained") { $0.isDrained = true }
        pool.addAgent("none") { $0.slots = 0 }
        pool.addAgent("elsewhere") { $0.region = "mars" }
        let task = task(9, .broadcast, Placement(regions: []))
        let parts = PlannableTask.parts(of: task, among: pool.agents)
        #expect(parts.count == 4)
        pool.tasks += parts
        pool.settle()
        for part in parts {
            let owner = pool.current[part.part]
            #expect(owner.map { TaskPart.number(of: $0) } == part.part.part)
        }
        let near = self.task(10, .broadcast, Placement(regions: ["mars"]))
        #expect(
            PlannableTask.parts(of: near, among: pool.agents).map(\.part.part) == [
                TaskPart.number(of: AgentID("elsewhere")!)
            ]
        )
    }

    @Test("a broadcast that nobody may run has a reason")
    func unplaceable() {
        var pool = Pool(agents: 2, tasks: 0)
        let task = task(9, .broadcast, Placement(labels: ["gpu": "yes"]))
        pool.tasks = PlannableTask.parts(of: task, among: pool.agents)
        let plan = pool.settle()
        #expect(plan.unplaceable.map(\.part) == [TaskPart(uid: task.uid)])
        #expect(plan.unplaceable.first?.reason.description.contains("gpu=yes") == true)
    }
}
