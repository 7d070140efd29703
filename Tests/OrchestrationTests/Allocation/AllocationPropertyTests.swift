import Domain
import Orchestration
import Scheduling
import Testing

@Suite("Allocation: properties")
struct AllocationPropertyTests {
    struct Size: CustomTestStringConvertible {
        var agents: Int
        var tasks: Int
        var testDescription: String { "\(agents) agents, \(tasks) tasks" }
    }

    static let sizes = [
        Size(agents: 3, tasks: 0), Size(agents: 3, tasks: 1), Size(agents: 3, tasks: 100),
        Size(agents: 7, tasks: 1_000),
        Size(agents: 10, tasks: 57), Size(agents: 25, tasks: 4_000), Size(agents: 60, tasks: 600),
        Size(agents: 200, tasks: 2_500), Size(agents: 200, tasks: 150), Size(agents: 4, tasks: 6_000),
    ]

    @Test("nobody holds more than 1.05 times the mean, plus one task", arguments: sizes)
    func balance(size: Size) {
        var pool = Pool(agents: size.agents, tasks: size.tasks)
        let plan = pool.settle()
        #expect(plan.assign.count == size.tasks)
        pool.expectBalanced()
    }

    @Test("100,000 tasks are spread evenly and survive a loss")
    func oneHundredThousand() {
        var pool = Pool(agents: 3, tasks: 100_000)
        pool.settle()
        pool.expectBalanced()
        let lost = pool.agents.removeFirst().agent
        let orphans = pool.current.values.count { $0 == lost }
        #expect(pool.settle().move.count == orphans)
        pool.expectBalanced()
    }

    @Test("a plan that is carried out is final", arguments: sizes)
    func settled(size: Size) {
        var pool = Pool(agents: size.agents, tasks: size.tasks)
        pool.settle()
        let again = pool.plan()
        #expect(again.changesNothing)
        #expect(again.keep.count == size.tasks)
    }

    @Test(
        "agents that leave one after the other move only their own tasks",
        arguments: sizes,
        [1, 2] as [UInt64]
    )
    func leaving(size: Size, seed: UInt64) {
        var pool = Pool(agents: size.agents, tasks: size.tasks)
        var numbers = SeededNumbers(2)
        pool.settle()
        for _ in 0..<min(size.agents - 1, size.tasks > 1_500 ? 3 : 12) {
            let lost = pool.agents.remove(at: Int.random(in: pool.agents.indices, using: &numbers)).agent
            let orphans = Set(pool.current.filter { $0.value == lost }.keys)
            let plan = pool.settle()
            #expect(Set(plan.move.map(\.part)) == orphans)
            #expect(plan.assign.isEmpty && plan.release.isEmpty)
            pool.expectBalanced()
        }
    }

    @Test("several agents that leave at once move only their own tasks")
    func leavingTogether() {
        var pool = Pool(agents: 40, tasks: 3_000)
        pool.settle()
        let lost = Set(pool.agents.prefix(13).map(\.agent))
        pool.agents.removeFirst(13)
        let orphans = Set(pool.current.filter { lost.contains($0.value) }.keys)
        #expect(Set(pool.settle().move.map(\.part)) == orphans)
        pool.expectBalanced()
    }

    @Test("an agent that joins gets its share, and nothing else moves", arguments: sizes)
    func joining(size: Size) {
        var pool = Pool(agents: size.agents, tasks: size.tasks)
        pool.settle()
        for round in 0..<3 {
            pool.addAgent("new-\(round)")
            let newcomer = AgentID("new-\(round)")!
            let share = Double(size.tasks) / Double(pool.agents.count)
            let plan = pool.settle()
            #expect(Double(plan.move.count) <= share * 1.01 + 1)
            #expect(Double(pool.loads[newcomer] ?? 0) >= share.rounded(.down))
            #expect(plan.move.allSatisfy { $0.to == newcomer })
            pool.expectBalanced()
        }
    }

    @Test(
        "random joins, losses, new and deleted tasks keep the bound and the cover",
        arguments: 1...8 as ClosedRange<UInt64>
    )
    func churn(seed: UInt64) {
        var numbers = SeededNumbers(seed)
        var pool = Pool(
            agents: Int.random(in: 3...30, using: &numbers),
            tasks: Int.random(in: 10...600, using: &numbers)
        )
        pool.settle()
        for step in 0..<25 {
            switch Int.random(in: 0..<4, using: &numbers) {
            case 0: pool.addAgent("joined-\(step)")
            case 1 where pool.agents.count > 1:
                pool.agents.remove(at: Int.random(in: pool.agents.indices, using: &numbers))
            case 2: pool.addTasks(Int.random(in: 1...60, using: &numbers), from: 10_000 + step * 100)
            default: pool.tasks.removeFirst(Int.random(in: 0...min(40, pool.tasks.count), using: &numbers))
            }
            let before = pool.current
            let plan = pool.settle()
            let alive = Set(pool.tasks.map(\.part))
            #expect(Set(plan.release.map(\.part)) == Set(before.keys.filter { !alive.contains($0) }))
            pool.expectBalanced()
        }
    }

    @Test("the order of the inputs does not matter", arguments: 1...8 as ClosedRange<UInt64>)
    func determinism(seed: UInt64) {
        var numbers = SeededNumbers(seed)
        var pool = Pool(agents: 9, tasks: 300)
        pool.addTasks(50, from: 5_000, Placement(agents: [AgentID("a1")!, AgentID("a2")!]))
        pool.settle()
        pool.agents.removeLast()
        pool.addAgent("late") { $0.slots = 3 }
        pool.addTasks(20, from: 9_000)
        let expected = pool.plan()
        pool.tasks.shuffle(using: &numbers)
        pool.agents.shuffle(using: &numbers)
        pool.current = Dictionary(uniqueKeysWithValues: pool.current.shuffled(using: &numbers))
        #expect(pool.plan() == expected)
    }

    @Test("the plan of a known pool is the same in every process")
    func knownPlan() {
        var pool = Pool()
        for name in ["red", "green", "blue"] { pool.addAgent(name) }
        pool.addTasks(12, from: 0)
        let owners = pool.plan().assign.map(\.agent.text).joined(separator: " ")
        #expect(owners == "blue red red blue blue red blue green red green green green")
    }

    @Test("three agents, four tasks: every placement, every single failure, every return")
    func exhaustive() {
        let pool = Pool(agents: 3, tasks: 4)
        let names = pool.agents.map(\.agent)
        for code in 0..<256 {
            // Each task is owned by one of the agents or by nobody.
            var start = pool
            for (index, task) in pool.tasks.enumerated() {
                let owner = code >> (2 * index) & 3
                if owner < 3 { start.current[task.part] = names[owner] }
            }
            start.settle()
            start.expectBalanced()
            #expect(start.plan().changesNothing)
            for lost in 0..<3 {
                var failed = start
                failed.agents.remove(at: lost)
                let orphans = Set(start.current.filter { $0.value == names[lost] }.keys)
                #expect(Set(failed.settle().move.map(\.part)) == orphans)
                failed.expectBalanced()
                failed.agents = start.agents
                let back = failed.settle()
                #expect((1...2).contains(back.move.count))
                #expect(back.move.allSatisfy { $0.to == names[lost] })
                failed.expectBalanced()
            }
        }
    }
}
