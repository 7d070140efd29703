import Cluster
import Domain
import Scheduling
import SimulationKit
import Testing
import ZooKeeper

@testable import Center

@Suite struct PlacementTests {
    @Test("a saved task gets an active row at a live agent, with its creation as cursor")
    func newTaskIsPlaced() async throws {
        let workshop = try Workshop()
        let leader = try await workshop.leader()
        let agent = try await workshop.agent("a")
        try await leader.pass()
        let outcomes = try await leader.control.save([.every(60, "t")], condition: .any)
        #expect(outcomes == [SaveOutcome(task: TaskID("t")!, change: .created, revision: 1)])
        try await leader.pass()
        let (place, row) = try #require(workshop.places()[TaskID("t")!])
        #expect(place == .owned(agent.id.seat))
        #expect(row.cursor == Workshop.start)
        #expect(row.state == .active)
        let head = try #require(try workshop.head(agent.name))
        #expect(head.incarnation == agent.id.incarnation)
        #expect(head.epoch == leader.epoch)
        #expect(Set(head.buckets.values) == [head.generation])
        let view = try await leader.control.task(TaskID("t")!)
        #expect(view.owner == agent.name)
        #expect(view.nextDue == Workshop.start + .seconds(60))
    }

    @Test("a pass in a healthy cluster writes nothing")
    func steadyStateIsSilent() async throws {
        let workshop = try Workshop()
        let leader = try await workshop.leader()
        _ = try await workshop.agent("a")
        _ = try await workshop.agent("b")
        try await leader.pass()
        _ = try await leader.control.save((0..<20).map { .every(60, "t\($0)") }, condition: .any)
        try await leader.pass()
        let before = workshop.ensemble.transactionCount
        try await leader.pass()
        try await leader.pass()
        #expect(workshop.ensemble.transactionCount == before)
    }

    @Test("a task that no agent may run is unplaced with a reason, and placed when one comes")
    func unplaceable() async throws {
        let workshop = try Workshop()
        let leader = try await workshop.leader()
        _ = try await workshop.agent("a")
        try await leader.pass()
        let placement = Placement(labels: ["gpu": "yes"])
        _ = try await leader.control.save([.every(60, "t", placement: placement)], condition: .any)
        try await leader.pass()
        let view = try await leader.control.task(TaskID("t")!)
        #expect(view.owner == nil)
        #expect(view.unplacedReason?.contains("gpu=yes") == true)
        #expect(await leader.control.cluster().unplacedCount == 1)
        let gpu = try await workshop.agent("g", labels: ["gpu": "yes"])
        try await leader.pass()
        #expect(try await leader.control.task(TaskID("t")!).owner == gpu.name)
    }

    @Test(
        "a thousand tasks are published in few multis, each below the limits; the next change rewrites one bucket"
    )
    func thousandTasks() async throws {
        let workshop = try Workshop()
        let leader = try await workshop.leader()
        let agents = try await [workshop.agent("a"), workshop.agent("b"), workshop.agent("c")]
        try await leader.pass()
        let before = workshop.ensemble.transactionCount
        _ = try await leader.control.save((0..<1_000).map { .every(60, "t\($0)") }, condition: .any)
        let saved = workshop.ensemble.transactionCount
        try await leader.pass()
        #expect(saved - before < 40)
        #expect(workshop.ensemble.transactionCount - saved < 20)
        #expect(try workshop.places().count == 1_000)
        for path in workshop.ensemble.paths {
            #expect(workshop.ensemble.node(path)!.data.count <= LeaderWriter.Limit.bucketBytesMax)
        }
        let owner = try #require(try await leader.control.task(TaskID("t7")!).owner)
        let generation = try #require(try workshop.head(owner)).generation
        _ = try await leader.control.save([.every(61, "t7")], condition: .any)
        try await leader.pass()
        let head = try #require(try workshop.head(owner))
        #expect(head.buckets.values.filter { $0 > generation }.count == 1)
        #expect(head.generation == generation + 2)
        #expect(agents.count == 3)
    }

    @Test("disabling parks the row with its cursor; enabling gives it back")
    func pause() async throws {
        let workshop = try Workshop()
        let leader = try await workshop.leader()
        let agent = try await workshop.agent("a")
        try await leader.pass()
        _ = try await leader.control.save([.every(60, "t")], condition: .any)
        try await leader.pass()
        let task = try await leader.control.task(TaskID("t")!).definition
        let due = Workshop.start + .seconds(60)
        try await agent.journal(1, [task.fire(due)])
        workshop.clock.advance(by: .seconds(70))
        _ = try await leader.control.setEnabled(TaskID("t")!, false)
        try await leader.pass()
        var (place, row) = try #require(workshop.places()[TaskID("t")!])
        #expect(place == .parked(.standard))
        #expect(row.cursor == due)
        #expect(try await leader.control.task(TaskID("t")!).unplacedReason == "the task is disabled")
        _ = try await leader.control.setEnabled(TaskID("t")!, true)
        try await leader.pass()
        (place, row) = try #require(workshop.places()[TaskID("t")!])
        #expect(place == .owned(agent.id.seat))
        #expect(row.cursor == due)
        #expect(row.revision == 3)
    }

    @Test("an edit is given to the owner with a raised fence and the journal's cursor")
    func edit() async throws {
        let workshop = try Workshop()
        let leader = try await workshop.leader()
        let agent = try await workshop.agent("a")
        try await leader.pass()
        _ = try await leader.control.save([.every(60, "t"), .every(60, "u")], condition: .any)
        try await leader.pass()
        let task = try await leader.control.task(TaskID("t")!).definition
        let due = Workshop.start + .seconds(60)
        let fence = try await agent.fence
        try await agent.journal(1, [task.fire(due)])
        _ = try await leader.control.save([.every(30, "t")], condition: .revision(1))
        try await leader.pass()
        let (place, row) = try #require(workshop.places()[TaskID("t")!])
        #expect(place == .owned(agent.id.seat))
        #expect(row.revision == 2 && row.cursor == due && row.state == .active)
        #expect(try await agent.fence == fence + 1)
        await #expect(throws: ZooKeeperError.self) { try await agent.journal(2, [], fence: fence) }
    }

    @Test("a deleted task's row goes, and a new task of its name is another task")
    func delete() async throws {
        let workshop = try Workshop()
        let leader = try await workshop.leader()
        _ = try await workshop.agent("a")
        try await leader.pass()
        _ = try await leader.control.save([.every(60, "t")], condition: .any)
        try await leader.pass()
        let uid = try await leader.control.task(TaskID("t")!).definition.uid
        try await leader.control.deleteTask(TaskID("t")!)
        try await leader.pass()
        #expect(try workshop.places().isEmpty)
        await #expect(throws: CenterError.notFound(kind: "task", name: "t")) {
            try await leader.control.deleteTask(TaskID("t")!)
        }
        _ = try await leader.control.save([.every(60, "t")], condition: .absent)
        try await leader.pass()
        #expect(try #require(workshop.places()[TaskID("t")!]).row.uid != uid)
    }

    @Test("another center sees that a task was deleted and created again between two of its looks")
    func recreationIsSeen() async throws {
        let workshop = try Workshop()
        let standby = try await workshop.leader("c1")
        let first = try await workshop.leader("c2")
        try await first.pass()
        _ = try await first.control.save([.every(60, "t")], condition: .any)
        try await standby.follower.warmUp()
        try await first.control.deleteTask(TaskID("t")!)
        _ = try await first.control.save([.every(60, "t")], condition: .any)
        try await standby.follower.warmUp()
        let uid = try await first.control.task(TaskID("t")!).definition.uid
        #expect(standby.state.store.catalog.tasks[TaskID("t")!]?.value.uid == uid)
    }

    @Test("draining moves everything elsewhere; undraining fills the agent again")
    func drain() async throws {
        let workshop = try Workshop()
        let leader = try await workshop.leader()
        let (a, b) = try await (workshop.agent("a"), workshop.agent("b"))
        try await leader.pass()
        _ = try await leader.control.save((0..<10).map { .every(60, "t\($0)") }, condition: .any)
        try await leader.pass()
        try await leader.control.setDrained(a.name, in: nil, true)
        try await leader.pass()
        #expect(try workshop.rows()[.owned(b.id.seat)]?.count == 10)
        #expect(try await leader.control.nodes().map(\.isDrained) == [true, false])
        try await leader.control.setDrained(a.name, in: nil, false)
        try await leader.pass()
        #expect(try workshop.rows()[.owned(a.id.seat)]?.count == 5)
    }

    @Test("a drained agent that went away is undrained by its name; one that nobody knows is not")
    func undrainAway() async throws {
        let workshop = try Workshop()
        let leader = try await workshop.leader()
        let a = try await workshop.agent("a")
        try await leader.pass()
        try await leader.control.setDrained(a.name, in: nil, true)
        await a.die()
        try await leader.pass()
        #expect(try await leader.control.nodes().isEmpty)
        try await leader.control.setDrained(a.name, in: .standard, false)
        #expect(try await leader.control.runtimes().map(\.drained) == [[]])
        for runtime in [nil, RuntimeID.standard] {
            await #expect(throws: CenterError.notFound(kind: "agent", name: "a")) {
                try await leader.control.setDrained(a.name, in: runtime, true)
            }
        }
    }

    @Test("settings that no znode may hold are refused, saying what is too long")
    func largeRuntime() async throws {
        let workshop = try Workshop()
        let leader = try await workshop.leader()
        try await leader.pass()
        let text = String(repeating: "x", count: ZNodeCodec.payloadBytesMax)
        do {
            try await leader.control.setRuntime(RuntimeSettings(name: RuntimeID("r")!, description: text))
            Issue.record("settings that are too large were saved")
        } catch CenterError.invalid(let problems) {
            #expect(problems.map(\.field) == ["description"])
            #expect(problems.first?.message.contains("\(ZNodeCodec.payloadBytesMax)") == true)
        }
        #expect(try await leader.control.runtimes().map(\.name) == [.standard])
    }

    @Test("a task that changes its runtime moves to an agent there")
    func runtimeChange() async throws {
        let workshop = try Workshop()
        let leader = try await workshop.leader()
        let other = RuntimeID("other")!
        try await leader.pass()
        await #expect(throws: CenterError.self) {
            try await leader.control.save([.every(60, "t", runtime: other)], condition: .any)
        }
        try await leader.control.setRuntime(RuntimeSettings(name: other))
        _ = try await workshop.agent("a")
        let b = try await workshop.agent("b", runtime: other)
        _ = try await leader.control.save([.every(60, "t")], condition: .any)
        try await leader.pass()
        _ = try await leader.control.save([.every(60, "t", runtime: other)], condition: .any)
        try await leader.pass()
        #expect(try #require(workshop.places()[TaskID("t")!]).place == .owned(b.id.seat))
    }
}
