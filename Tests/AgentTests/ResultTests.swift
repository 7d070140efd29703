import Agent
import Cluster
import Domain
import Scheduling
import SimulationKit
import Synchronization
import Testing
import ZooKeeper

/// Dispatches, results, checkpoints, deliveries and the stop.
@Suite struct ResultTests {
    let world: AgentWorld
    let center: CenterID
    let standby: CenterID

    init() throws {
        world = try AgentWorld()
        center = try #require(CenterID("c1"))
        standby = try #require(CenterID("c2"))
    }

    @Test("a dispatch is taken exactly once, with the journal write that records it")
    func dispatch() throws {
        world.start()
        let task = try world.define("manual", schedules: [])
        try world.grant([])
        let run = world.request(task)
        try world.dispatch(.launch(run))
        world.run(.seconds(1))
        let incarnation = try #require(try world.incarnation)
        #expect(world.runner.started == [run.attempt])
        #expect(world.ensemble.children(try world.runtime.inbox(world.seat.agent, incarnation)) == [])
        #expect(try world.journaled(incarnation).map(\.attempt) == [run.attempt])
        world.run(.seconds(60))
        #expect(world.runner.calls.count == 1)
    }

    @Test("a request starts at once, also when the center that dated it has a clock that is ahead")
    func requestFromAheadOfTime() throws {
        world.start()
        let task = try world.define("manual", schedules: [])
        try world.grant([])
        var run = world.request(task)
        run.due = world.now + .seconds(3_600)
        try world.dispatch(.launch(run))
        world.run(.seconds(1))
        #expect(world.runner.started == [run.attempt])
    }

    @Test("a dispatch of a deleted task is taken and recorded as skipped")
    func dispatchOfDeleted() throws {
        world.start()
        let task = TaskDefinition.created(
            TaskSpecification(name: try #require(TaskID("gone")), action: .command(["true"])),
            uid: TaskUID(bits: 9),
            now: world.now
        )
        try world.grant([])
        try world.dispatch(.launch(world.request(task)))
        world.run(.seconds(1))
        #expect(world.runner.started == [])
        #expect(world.store.reports.map(\.fire.decision) == [.skipped(reason: "the task was deleted")])
    }

    @Test("a stop reaches the attempt with its grace, a kill with none", arguments: [true, false])
    func stop(isKill: Bool) throws {
        world.start()
        let task = try world.define("manual", schedules: [])
        try world.grant([])
        let run = world.request(task)
        try world.dispatch(.launch(run))
        world.run(.seconds(1))
        try world.dispatch(isKill ? .kill(run.attempt) : .stop(run.attempt))
        world.run(.seconds(1))
        #expect(world.runner.state.withLock { $0.stops.map(\.grace) } == [isKill ? .zero : .seconds(10)])
        #expect(world.store.results[run.attempt]?.outcome == .stopped)
    }

    @Test("results stay in the checkpoint until the leader accepts them; a standby's receipt is not enough")
    func acceptance() throws {
        try world.addCenter("c2")
        world.start()
        try world.grant([world.row(try world.define("t", every: .seconds(20)))])
        world.run(.milliseconds(20_500))
        world.runner.finishAll()
        world.run(.seconds(4))
        let incarnation = try #require(try world.incarnation)
        #expect(world.delivery.received(by: standby).count >= 2)
        #expect(try world.segments(incarnation) == [])
        #expect(try world.checkpoint(incarnation).open.map { $0.result?.outcome } == [.succeeded])
        try world.addCenter("c1", leads: true)
        world.run(.seconds(4))
        #expect(try world.checkpoint(incarnation).open == [])
        #expect(try world.checkpoint(incarnation).cursors.map(\.cursor) == [AgentWorld.dawn + .seconds(20)])
    }

    @Test("a new leader that got the report as a standby is told again")
    func newLeader() throws {
        try world.addCenter("c2")
        world.start()
        try world.grant([world.row(try world.define("t", every: .seconds(20)))])
        world.run(.milliseconds(20_500))
        world.runner.finishAll()
        world.run(.seconds(1))
        world.delivery.state.withLock { $0.leader = standby }
        world.run(.seconds(12))
        #expect(try world.checkpoint(try #require(try world.incarnation)).open == [])
    }

    @Test(
        "without a leader a task waits when too many of its results are open, and goes on when one accepts them"
    )
    func backlog() throws {
        world.start(slots: 1_000)
        try world.grant([world.row(try world.define("t"))])
        world.run(.seconds(400))
        let count = world.runner.started.count
        #expect((190...200).contains(count))
        world.runner.finishAll()
        try world.addCenter("c1", leads: true)
        world.run(.seconds(20))
        #expect(world.runner.started.count > count + 60)
    }

    @Test("a deposed leader's word does not count")
    func deposed() throws {
        try world.addCenter("c1", leads: true)
        world.start()
        try world.grant([world.row(try world.define("t", every: .seconds(20)))], epoch: 2)
        world.run(.milliseconds(20_500))
        world.runner.finishAll()
        world.run(.seconds(10))
        #expect(try world.checkpoint(try #require(try world.incarnation)).open.count == 1)
    }

    @Test(
        "reports reach every center in order, whatever failed before",
        arguments: [DeliveryError.busy(retryAfter: .seconds(2)), .unavailable("away")]
    )
    func delivery(_ failure: DeliveryError) throws {
        try world.addCenter("c1", leads: true)
        try world.addCenter("c2")
        world.delivery.state.withLock { $0.failure = failure }
        world.start()
        try world.grant([world.row(try world.define("t"))])
        world.run(.milliseconds(5_500))
        world.runner.finishAll()
        #expect(world.delivery.received(by: center) == [])
        world.delivery.state.withLock { $0.failure = nil }
        world.run(.seconds(10))
        for name in [center, standby] {
            let first = world.delivery.received(by: name).map(\.sequence)
            let expected = Array(1...Int64(world.store.reports.count))
            #expect(
                first.prefix(while: { $0 <= (expected.last ?? 0) }).prefix(expected.count) == expected[...]
            )
        }
    }

    @Test("an agent with a new name tells what it did under the former one, in that name")
    func renamed() throws {
        let service = world.start()
        try world.grant([world.row(try world.define("t", every: .seconds(20)))])
        world.run(.milliseconds(20_500))
        world.runner.finishAll()
        world.run(.seconds(1))
        service.stop()
        world.run(.seconds(10))
        #expect(world.store.reports.count >= 2)
        world.start(processID: 8, name: "a2")
        try world.addCenter("c1", leads: true)
        world.run(.seconds(40))
        #expect(world.delivery.received(by: center).map(\.report) == world.store.reports)
    }

    @Test("while results cannot be stored nothing is launched, nothing counts, and nothing is lost")
    func diskFull() async throws {
        let service = world.start()
        try world.grant([world.row(try world.define("t", every: .seconds(5)))])
        world.run(.milliseconds(5_500))
        world.store.state.withLock { $0.isFull = true }
        world.runner.finishAll()
        world.run(.seconds(10))
        #expect(await service.status().obstacle?.hasPrefix("results cannot be stored") == true)
        #expect(world.runner.started.count == 1)
        #expect(world.store.results == [:])
        let incarnation = try #require(try world.incarnation)
        #expect(try world.checkpoint(incarnation).open.allSatisfy { $0.result == nil })
        world.store.state.withLock { $0.isFull = false }
        world.run(.seconds(6))
        #expect(world.startedSeconds.prefix(3) == [5, 10, 15])
        #expect(world.store.results.values.first?.outcome == .succeeded)
        #expect(await service.status().obstacle == nil)
    }

    @Test("a stop ends attempts, keeps their results, checkpoints them and closes the session")
    func shutdown() throws {
        try world.addCenter("c1", leads: true)
        let service = world.start()
        try world.grant([world.row(try world.define("t", every: .seconds(5)))])
        world.run(.milliseconds(5_500))
        let incarnation = try #require(try world.incarnation)
        service.stop()
        world.run(.seconds(2))
        #expect(try world.incarnation == nil)
        #expect(world.store.results.values.map(\.outcome) == [.stopped])
        #expect(try world.checkpoint(incarnation).open == [])
        #expect(try world.segments(incarnation) == [])
        #expect(world.store.state.withLock(\.session) == nil)
        world.run(.seconds(30))
        #expect(world.runner.started.count == 1)
        #expect(try world.incarnation == nil)
    }

    @Test(
        "a stop leaves what must run at least once and did not end well open, for the leader to attempt it elsewhere"
    )
    func shutdownAtLeastOnce() throws {
        try world.addCenter("c1", leads: true)
        world.delivery.state.withLock { $0.canRepeat = false }
        let service = world.start(slots: 1)
        let tasks = try (1...2).map {
            try world.define("t\($0)", uid: UInt64($0), every: .seconds(5), delivery: .atLeastOnce)
        }
        try world.grant(tasks.map { world.row($0) })
        world.run(.milliseconds(5_500))
        let incarnation = try #require(try world.incarnation)
        service.stop()
        world.run(.seconds(3))
        #expect(try world.incarnation == nil)
        #expect(world.store.results.values.map(\.outcome) == [.lost])
        let open = try world.checkpoint(incarnation).open
        #expect(open.count == 2)
        #expect(open.compactMap(\.result?.outcome) == [.lost])
    }

    @Test("an order too late for the runner asks for another attempt, and holds up nobody else's result")
    func refusedAtLeastOnce() throws {
        try world.addCenter("c1", leads: true)
        world.delivery.state.withLock { $0.canRepeat = false }
        // Starting one takes longer than the lease lasts: the second is refused.
        world.runner.state.withLock { $0.startTime = .seconds(9) }
        world.start()
        let tasks = try (1...2).map {
            try world.define("t\($0)", uid: UInt64($0), every: .seconds(3_600), delivery: .atLeastOnce)
        }
        try world.grant(tasks.map { world.row($0) })
        world.run(to: AgentWorld.dawn + .seconds(2_800) + .milliseconds(100))
        let incarnation = try #require(try world.incarnation)
        #expect(try world.journaled(incarnation).count == 2)
        world.run(.seconds(19))
        #expect(world.store.results.values.map(\.outcome) == [.missed, .missed])
        world.run(.seconds(60))
        #expect(try world.checkpoint(incarnation).open.map { $0.result?.outcome } == [.missed, .missed])
        world.runner.state.withLock { $0.startTime = .zero }
        let other = try world.define("other", uid: 3, every: .seconds(10))
        try world.grant((tasks + [other]).map { world.row($0) })
        world.run(.seconds(10))
        world.runner.finishAll()
        world.run(.seconds(12))
        world.runner.finishAll()
        world.run(.seconds(20))
        #expect(try world.checkpoint(incarnation).open.filter { $0.fire.task == other.name }.count <= 2)
        world.delivery.state.withLock { $0.canRepeat = true }
        world.run(.seconds(20))
        #expect(try world.checkpoint(incarnation).open.allSatisfy { $0.fire.task == other.name })
    }

    @Test("a stop while ZooKeeper is away does not wait for it")
    func shutdownSuspended() throws {
        let service = world.start()
        try world.grant([world.row(try world.define("t", every: .seconds(5)))])
        world.run(.milliseconds(5_500))
        let session = try world.session
        world.ensemble.suspend(session)
        service.stop()
        world.run(.seconds(10))
        #expect(!world.ensemble.sessions.contains(session))
        #expect(world.store.results.values.map(\.outcome) == [.stopped])
    }

    @Test("a stop while a journal write has no answer does not wait for it")
    func shutdownWhileFrozen() throws {
        let service = world.start()
        try world.grant([world.row(try world.define("t", every: .seconds(5)))])
        world.run(.milliseconds(5_500))
        let session = try world.session
        world.ensemble.loseReply(.dropped) { $0.count > 1 }
        world.run(.seconds(6))
        service.stop()
        world.run(.seconds(20))
        #expect(!world.ensemble.sessions.contains(session))
        #expect(world.store.results.values.map(\.outcome) == [.stopped])
    }

    @Test("definitions are read once and kept for the next start")
    func cache() throws {
        world.start()
        let task = try world.define("tick")
        try world.grant([world.row(task)])
        world.run(.milliseconds(1_500))
        #expect(world.store.state.withLock { Array($0.definitions.keys) } == [task.uid])
        try world.grant([])
        world.run(.milliseconds(100))
        #expect(world.store.state.withLock(\.definitions).isEmpty)
    }

    @Test("a row whose definition cannot be read yet is retried")
    func lateDefinition() throws {
        world.start()
        let task = try world.define("tick")
        let path = try world.tree.task(task.name, bucket: Buckets.task(task.name, count: 4_096))
        try world.ensemble.write([.delete(path, version: nil)])
        try world.grant([world.row(task)])
        world.run(.milliseconds(1_500))
        #expect(world.runner.started == [])
        try world.ensemble.createAll(path, data: try ZNodeCodec.encode(task))
        world.run(.seconds(2))
        #expect(world.startedSeconds == [1, 2, 3])
    }
}
