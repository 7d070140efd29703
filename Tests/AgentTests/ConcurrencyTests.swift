import Agent
import Cluster
import Domain
import Orchestration
import Scheduling
import SimulationKit
import Synchronization
import Testing

/// What an agent does with tasks whose runs are counted.
@Suite struct ConcurrencyTests {
    let world: AgentWorld

    init() throws { world = try AgentWorld() }

    /// A task every ten seconds, owned by the agent.
    private func own(_ concurrency: Concurrency, hold: RowHold? = nil) throws -> TaskDefinition {
        world.start()
        let task = try world.define("t", every: .seconds(10)) { $0.concurrency = concurrency }
        var row = world.row(task)
        row.hold = hold
        try world.grant([row])
        return task
    }

    private func due(_ seconds: Int, _ task: TaskDefinition) -> AttemptID {
        let due = AgentWorld.dawn + .seconds(seconds)
        return AttemptID(run: RunID(FireKey(uid: task.uid, due: due)), number: 1)
    }

    private func runTo(_ seconds: Double) {
        world.run(to: AgentWorld.dawn + .milliseconds(Int64(seconds * 1_000)))
    }

    /// What was decided and not launched.
    private var decisions: [FireDecision] {
        world.store.reports.map(\.fire.decision).filter { $0 != .launch }
    }

    @Test("forbid records what comes while a run lives as skipped")
    func forbid() throws {
        let task = try own(Concurrency(.forbid))
        runTo(10.5)
        #expect(world.runner.started == [due(10, task)])
        runTo(21)
        #expect(world.runner.started == [due(10, task)])
        #expect(decisions == [.skipped(reason: SkippedReason.lives(due(10, task).run))])
        world.runner.finish(due(10, task))
        runTo(30.5)
        #expect(world.runner.started == [due(10, task), due(30, task)])
    }

    @Test("queue-one launches as soon as the run has ended")
    func queue() throws {
        let task = try own(Concurrency(.queueOne))
        runTo(25)
        #expect(world.runner.started == [due(10, task)])
        world.runner.finish(due(10, task))
        world.run(.milliseconds(500))
        #expect(world.runner.started == [due(10, task), due(20, task)])
        #expect(decisions == [])
    }

    @Test("replace stops the run that lives, and launches when it has ended")
    func replace() throws {
        let task = try own(Concurrency(.replace))
        world.runner.state.withLock { $0.obeysStop = false }
        runTo(21)
        #expect(world.runner.state.withLock { $0.stops.map(\.attempt) } == [due(10, task)])
        #expect(world.runner.state.withLock { $0.stops.map(\.grace) } == [.seconds(10)])
        #expect(world.runner.started == [due(10, task)])
        world.runner.finish(due(10, task), outcome: .failed, signal: 15)
        world.run(.milliseconds(500))
        #expect(world.runner.started == [due(10, task), due(20, task)])
        let result = try #require(world.store.results[due(10, task)])
        #expect(result.outcome == .stopped)
        #expect(result.message == "a newer run replaced it (concurrency: replace)")
    }

    @Test("a request waits in the inbox for the end of a run, and can be stopped there")
    func requests() throws {
        let task = try own(Concurrency(.queueOne))
        runTo(11)
        try world.dispatch(.launch(world.request(task)))
        try world.dispatch(.launch(world.request(task, 2)))
        world.run(.seconds(1))
        #expect(world.runner.started == [due(10, task)])
        #expect(try world.inbox.count == 2)
        try world.dispatch(.stop(world.request(task, 2).attempt))
        world.run(.seconds(1))
        #expect(try world.inbox.count == 1)
        #expect(decisions == [.skipped(reason: SkippedReason.stopped)])
        world.runner.finish(due(10, task))
        world.run(.milliseconds(500))
        #expect(world.runner.started.contains(world.request(task).attempt))
        #expect(try world.inbox.isEmpty)
    }

    @Test(
        "a fire journaled by a clock far ahead waits for its instant and for those before it"
    )
    func clockSetBack() throws {
        let task = try own(Concurrency(.queueOne))
        runTo(9.98)
        let incarnation = try #require(try world.incarnation)
        #expect(try world.journaled(incarnation).map(\.attempt) == [due(10, task)])
        world.setClock(ahead: .seconds(-500))
        let asked = world.request(task)
        try world.dispatch(.launch(asked))
        world.run(.seconds(400))
        #expect(world.runner.started == [asked.attempt])
        runTo(30)
        #expect(world.runner.started == [asked.attempt])
        world.runner.finish(asked.attempt)
        world.run(.seconds(2))
        #expect(world.runner.started == [due(10, task), asked.attempt])
    }

    @Test("what a clock far ahead has journaled is handed on when the task moves before its instant")
    func movedAhead() throws {
        let task = try own(Concurrency(.queueOne))
        runTo(9.98)
        world.setClock(ahead: .seconds(-500))
        world.run(.seconds(2))
        try world.grant([], raisingFence: true)
        world.run(.seconds(2))
        let results = world.store.reports.compactMap { report -> AttemptResult? in
            if case .ended(let result) = report.phase { result } else { nil }
        }
        let result = try #require(results.first)
        #expect(result.attempt == due(10, task) && result.outcome == .notStarted && result.retryAt != nil)
        runTo(12)
        #expect(world.runner.started == [])
    }

    @Test("what is journaled a moment ahead starts here although the task moves")
    func movedAMomentAhead() throws {
        let task = try own(Concurrency(.queueOne))
        runTo(9.98)
        try world.grant([], raisingFence: true)
        runTo(12)
        #expect(world.runner.started == [due(10, task)])
    }

    @Test("under forbid a request that comes while a run lives is skipped")
    func forbiddenRequest() throws {
        let task = try own(Concurrency(.forbid))
        runTo(11)
        try world.dispatch(.launch(world.request(task)))
        world.run(.seconds(1))
        #expect(decisions == [.skipped(reason: SkippedReason.lives(due(10, task).run))])
        #expect(try world.inbox.isEmpty)
    }

    @Test("after an owner that was cut off nothing starts before what it left is dead")
    func cutOff() throws {
        let task = try own(Concurrency(.forbid), hold: RowHold(cutOffs: 1))
        // Three quarters of the session timeout, and the kill grace.
        runTo(17)
        #expect(world.runner.started.isEmpty)
        runTo(20.5)
        #expect(world.runner.started == [due(10, task)])
    }

    @Test("an attempt lives as long as the lease is renewed, and it is renewed for its sake")
    func prolonged() throws {
        let task = try own(Concurrency(.forbid))
        runTo(10.5)
        let attempt = due(10, task)
        func life() -> Duration {
            world.runner.state.withLock { $0.lives[attempt] ?? $0.alive[attempt]?.notAfter }
                .map { $0 - world.time.monotonic } ?? .zero
        }
        for _ in 0..<40 {
            #expect(life() > .zero)
            world.run(.seconds(1))
        }
        #expect(world.runner.started == [attempt])
    }

    @Test("one that was ended for want of a lease says so")
    func endedByGuardian() throws {
        let task = try own(Concurrency(.forbid))
        runTo(10.5)
        let attempt = due(10, task)
        world.ensemble.expire(try world.session)
        world.run(.seconds(9))
        world.runner.finish(attempt, outcome: .failed, signal: 15)
        world.run(.seconds(1))
        let result = try #require(world.store.results[attempt])
        #expect(result.outcome == .stopped)
        #expect(
            result.message == "the agent lost touch with ZooKeeper, and the task's runs must not overlap"
        )
    }
}
