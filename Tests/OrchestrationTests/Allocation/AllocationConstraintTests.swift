import Domain
import Orchestration
import Scheduling
import Testing

@Suite("Allocation: weights, placements and states of agents")
struct AllocationConstraintTests {
    private func ids(_ names: String...) -> [AgentID] { names.map { AgentID($0)! } }

    @Test("loads follow slots and health")
    func weights() {
        var pool = Pool()
        for (index, slots) in [1, 1, 2, 4, 8].enumerated() { pool.addAgent("a\(index)") { $0.slots = slots } }
        pool.addAgent("weak") {
            $0.slots = 4
            $0.health = 0.5
        }
        pool.addTasks(1_800, from: 0)
        pool.settle()
        pool.expectBalanced()
        for agent in pool.agents {
            let share = 1_800 * agent.weight / 18
            #expect(abs(Double(pool.loads[agent.agent]!) - share) <= 0.05 * share + 1)
        }
    }

    @Test("an agent that falls ill hands over what is above its new bound, all else stays")
    func health() {
        var pool = Pool(agents: 5, tasks: 1_000)
        pool.settle()
        let ill = pool.agents[2].agent
        pool.agents[2].health = 0.25
        let plan = pool.settle()
        pool.expectBalanced()
        #expect(!plan.move.isEmpty && plan.move.allSatisfy { $0.from == ill })
    }

    @Test("an agent of no health at all still owns what only it may run")
    func noHealth() {
        var pool = Pool(agents: 2, tasks: 0)
        pool.agents[0].health = 0
        pool.agents[1].health = .nan
        pool.addTasks(3, from: 0, Placement(agents: ids("a0")))
        #expect(pool.settle().assign.allSatisfy { $0.agent.text == "a0" })
    }

    @Test("labels, regions, zones and pinned agents are respected", arguments: 1...6 as ClosedRange<UInt64>)
    func placements(seed: UInt64) {
        var numbers = SeededNumbers(seed)
        var pool = Pool()
        for index in 0..<12 {
            pool.addAgent("a\(index)") {
                $0.labels = index % 3 == 0 ? ["gpu": "yes", "os": "linux"] : ["os": "linux"]
                $0.region = index % 2 == 0 ? "eu" : "us"
                $0.zone = "z\(index % 4)"
            }
        }
        let choices = [
            Placement(), Placement(labels: ["gpu": "yes"]), Placement(regions: ["eu"]),
            Placement(zones: ["z1", "z2"]),
            Placement(labels: ["gpu": "yes"], regions: ["us"]), Placement(agents: ids("a3", "a5", "gone")),
            Placement(labels: ["os": "linux"], zones: ["z0"]),
        ]
        for number in 0..<400 { pool.addTasks(1, from: number, choices.randomElement(using: &numbers)!) }
        for _ in 0..<4 {
            pool.settle()
            for task in pool.tasks {
                let agent = pool.agents.first { $0.agent == pool.current[task.part] }!
                let place = task.placement
                #expect(place.labels.allSatisfy { agent.labels[$0.key] == $0.value })
                #expect(place.regions.isEmpty || place.regions.contains(agent.region!))
                #expect(place.zones.isEmpty || place.zones.contains(agent.zone!))
                #expect(place.agents.isEmpty || place.agents.contains(agent.agent))
            }
            pool.agents.remove(at: Int.random(in: 6..<pool.agents.count, using: &numbers))
        }
    }

    @Test("other work keeps away from an agent that is full of pinned tasks")
    func pinnedBeyondTheMean() {
        var pool = Pool(agents: 4, tasks: 300)
        pool.addTasks(500, from: 7_000, Placement(agents: ids("a0")))
        pool.settle()
        #expect(pool.loads[AgentID("a0")!] == 500)
        for name in ["a1", "a2", "a3"] { #expect((95...105).contains(pool.loads[AgentID(name)!]!)) }
    }

    @Test("overlapping placements reach the bound of the fairest split")
    func overlapping() {
        var pool = Pool(agents: 4, tasks: 0)
        for (index, pair) in [["a0", "a1"], ["a1", "a2"], ["a2", "a3"]].enumerated() {
            pool.addTasks(200, from: index * 1_000, Placement(agents: pair.map { AgentID($0)! }))
        }
        pool.settle()
        #expect(pool.loads.values.max()! <= 158)
        // All work of the first two pairs sits on their common agent: chains of moves must take it apart.
        for task in pool.tasks {
            pool.current[task.part] =
                task.placement.agents.contains(ids("a1")[0]) ? ids("a1")[0] : ids("a2")[0]
        }
        pool.settle()
        #expect(pool.loads.values.max()! <= 158)
        #expect(pool.plan().changesNothing)
    }

    @Test(
        "with overlapping placements at random, too, a plan that is carried out is final",
        arguments: 1...12 as ClosedRange<UInt64>
    )
    func overlappingChurn(seed: UInt64) {
        var numbers = SeededNumbers(seed)
        var pool = Pool(
            agents: Int.random(in: 3...9, using: &numbers),
            tasks: Int.random(in: 0...40, using: &numbers)
        )
        for step in 0..<6 {
            for number in 0..<8 {
                let pinned = pool.agents.map(\.agent).shuffled(using: &numbers).prefix(
                    Int.random(in: 1...3, using: &numbers)
                )
                let first = 1_000 * (step + 1) + 100 * number
                pool.addTasks(
                    Int.random(in: 1...20, using: &numbers),
                    from: first,
                    Placement(agents: Array(pinned))
                )
            }
            pool.settle()
            #expect(pool.plan().changesNothing)
            if Bool.random(using: &numbers), pool.agents.count > 2 {
                pool.agents.remove(at: Int.random(in: pool.agents.indices, using: &numbers))
            } else {
                pool.addAgent("b\(step)") { $0.slots = Int.random(in: 1...4, using: &numbers) }
            }
            pool.settle()
            #expect(pool.plan().changesNothing)
        }
    }

    @Test("nested placements: a lost agent's tasks move, others stay")
    func nestedLoss() {
        var pool = Pool()
        for index in 0..<10 { pool.addAgent("a\(index)") { $0.labels = index < 4 ? ["gpu": "yes"] : [:] } }
        pool.addTasks(300, from: 0)
        pool.addTasks(80, from: 1_000, Placement(labels: ["gpu": "yes"]))
        pool.settle()
        let lost = pool.agents.removeLast().agent
        let plan = pool.settle()
        #expect(!plan.move.isEmpty && plan.move.allSatisfy { $0.from == lost })
    }

    @Test("a drained agent keeps nothing and gets nothing")
    func drained() {
        var pool = Pool(agents: 4, tasks: 100)
        pool.settle()
        pool.agents[1].isDrained = true
        let drained = pool.agents[1].agent
        let had = pool.loads[drained]!
        let plan = pool.settle()
        #expect(plan.move.count == had && plan.move.allSatisfy { $0.from == drained })
        #expect(pool.loads[drained] == 0)
    }

    @Test("an agent held back keeps what it has, gets nothing more, and says when to look again")
    func heldBack() {
        var pool = Pool(agents: 3, tasks: 90)
        pool.settle()
        pool.agents[0].acceptsFrom = pool.now + .seconds(30)
        let before = pool.loads[AgentID("a0")!]
        pool.addTasks(30, from: 5_000)
        let plan = pool.settle()
        #expect(plan.nextCheck == pool.now + .seconds(30))
        #expect(plan.move.isEmpty)
        #expect(pool.loads[AgentID("a0")!] == before)
        pool.now = pool.now + .seconds(30)
        #expect(pool.settle().nextCheck == nil)
    }

    @Test("agents held back are given what no other may run, and hand nothing on when another comes")
    func onlyHeldBack() {
        var pool = Pool(agents: 2, tasks: 10)
        for index in pool.agents.indices { pool.agents[index].acceptsFrom = pool.now + .seconds(30) }
        let plan = pool.settle()
        #expect(plan.unplaceable.isEmpty && plan.assign.count == 10)
        pool.agents[1].acceptsFrom = nil
        #expect(pool.settle().move.isEmpty)
    }

    @Test("a task whose owner does not fit any more moves, one that was deleted is released")
    func misplaced() {
        var pool = Pool(agents: 2, tasks: 0)
        pool.addTasks(2, from: 0, Placement(agents: ids("a0")))
        pool.settle()
        pool.tasks[0].placement = Placement(agents: ids("a1"))
        let gone = pool.tasks.removeLast().part
        let plan = pool.settle()
        #expect(plan.move == [.init(part: pool.tasks[0].part, from: ids("a0")[0], to: ids("a1")[0])])
        #expect(plan.release == [.init(part: gone, agent: ids("a0")[0])])
    }

    @Test("heavy tasks exceed the bound by less than one of them")
    func heavyTasks() {
        var pool = Pool(agents: 5, tasks: 60)
        for index in pool.tasks.indices { pool.tasks[index].weight = 1 + index % 7 }
        pool.settle()
        let total = pool.tasks.reduce(0) { $0 + $1.weight }
        var loads: [AgentID: Int] = [:]
        for task in pool.tasks { loads[pool.current[task.part]!, default: 0] += task.weight }
        #expect(Double(loads.values.max()!) <= 1.05 * Double(total) / 5 + 7)
    }

    struct Missing: CustomTestStringConvertible {
        var placement = Placement()
        var change: @Sendable (inout PlannableAgent) -> Void = { _ in }
        var hasAgent = true
        var text: String
        var testDescription: String { text }
    }

    static let missing = [
        Missing(hasAgent: false, text: "no live agent in runtime default"),
        Missing(change: { $0.runtime = RuntimeID("other")! }, text: "no live agent in runtime default"),
        Missing(placement: .init(labels: ["gpu": "yes"]), text: "no agent has label gpu=yes"),
        Missing(placement: .init(regions: ["us", "ap"]), text: "no agent is in region ap or us"),
        Missing(placement: .init(zones: ["z9"]), text: "no agent is in zone z9"),
        Missing(placement: .init(agents: [AgentID("b9")!]), text: "none of its pinned agents is live: b9"),
        Missing(
            placement: .init(agents: [AgentID("a1")!], labels: ["rack": "r2"]),
            text: "no agent meets all of its placement conditions at once"
        ),
        Missing(change: { $0.isDrained = true }, text: "the only eligible agents are drained: a1, a2"),
        Missing(change: { $0.slots = 0 }, text: "the only eligible agents have no slots: a1, a2"),
    ]

    @Test("an unplaceable task is released and says what is missing", arguments: missing)
    func unplaceable(row: Missing) {
        var pool = Pool()
        if row.hasAgent {
            pool.addAgent("a1") { $0.region = "eu" }
            pool.addAgent("a2") { $0.labels = ["rack": "r2"] }
            for index in pool.agents.indices { row.change(&pool.agents[index]) }
        }
        pool.addTasks(1, from: 0, row.placement)
        let former = AgentID("former")!
        pool.current[pool.tasks[0].part] = former
        let plan = pool.settle()
        #expect(plan.unplaceable.map(\.reason.description) == [row.text])
        #expect(plan.release == [.init(part: pool.tasks[0].part, agent: former)])
        #expect(plan.unplaceable.map(\.task) == [pool.tasks[0].task])
    }
}
