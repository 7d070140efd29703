import Agent
import Cluster
import Domain
import Orchestration
import Scheduling
import Synchronization
import Testing

/// What an agent does with failed attempts, and with those that are to follow.
@Suite struct RetryTests {
    let world: AgentWorld

    init() throws { world = try AgentWorld() }

    private func next(of task: TaskDefinition, after seconds: Int) -> DispatchedRun {
        let due = AgentWorld.dawn - .seconds(60)
        return DispatchedRun(
            attempt: AttemptID(run: RunID(FireKey(uid: task.uid, due: due)), number: 2),
            task: task.name,
            uid: task.uid,
            revision: task.revision,
            due: due,
            trigger: .schedule,
            pause: max(world.now.duration(to: AgentWorld.dawn + .seconds(seconds)), .zero)
        )
    }

    @Test("the result of a failed attempt says when the next one may start")
    func announces() throws {
        world.start()
        let task = try world.define("t", every: .seconds(60)) {
            $0.retry = Retry(attempts: 2, delay: .seconds(7), jitter: 0)
        }
        try world.grant([world.row(task)])
        world.run(to: AgentWorld.dawn + .milliseconds(40_500))
        let attempt = try #require(world.runner.started.first)
        world.runner.finish(attempt, outcome: .failed)
        world.run(.seconds(1))
        let result = try #require(world.store.results[attempt])
        #expect(result.retryAt == result.endedAt + .seconds(7))
    }

    @Test("a run that has no time left announces nothing")
    func totalTimeout() throws {
        world.start()
        let task = try world.define("t", every: .seconds(60)) {
            $0.retry = Retry(attempts: 2, delay: .seconds(7), jitter: 0)
            $0.totalTimeout = .seconds(5)
        }
        try world.grant([world.row(task)])
        world.run(to: AgentWorld.dawn + .milliseconds(40_500))
        let attempt = try #require(world.runner.started.first)
        world.runner.finish(attempt, outcome: .failed)
        world.run(.seconds(1))
        let result = try #require(world.store.results[attempt])
        #expect(result.retryAt == nil)
        let why = "it is not attempted again: the total timeout 5s would be over before the next attempt"
        #expect(result.message?.hasSuffix(why) == true)
    }

    @Test("the total timeout ends an attempt before its own timeout does")
    func clipped() throws {
        world.start()
        let task = try world.define("t", every: .seconds(60), timeout: .seconds(30)) {
            $0.totalTimeout = .seconds(5)
        }
        try world.grant([world.row(task)])
        world.run(to: AgentWorld.dawn + .milliseconds(44_500))
        #expect(world.runner.state.withLock { $0.stops.count } == 0)
        world.run(.seconds(1))
        #expect(world.runner.state.withLock { $0.stops.count } == 1)
        #expect(world.store.results.values.map(\.outcome) == [.timedOut])
    }

    @Test("an attempt that is to start later stays in the inbox until then, and holds up no other")
    func postponed() throws {
        world.start()
        let task = try world.define("t", schedules: [])
        try world.grant([world.row(task)])
        world.run(.seconds(1))
        try world.dispatch(.launch(next(of: task, after: 20)))
        world.run(to: AgentWorld.dawn + .milliseconds(19_900))
        #expect(world.runner.started.isEmpty)
        #expect(try world.inbox.count == 1)
        var other = next(of: task, after: 0)
        other.attempt = AttemptID(run: other.attempt.run, number: 3)
        try world.dispatch(.launch(other))
        world.run(.milliseconds(50))
        #expect(world.runner.started.map(\.number) == [3])
        world.run(to: AgentWorld.dawn + .milliseconds(20_200))
        #expect(world.runner.started.map(\.number).sorted() == [2, 3])
        #expect(try world.inbox.isEmpty)
    }

    @Test("a further attempt of an instant to come waits for it: the clock of the agent before was ahead")
    func early() throws {
        world.start()
        let task = try world.define("t", schedules: [])
        try world.grant([world.row(task)])
        world.run(.seconds(1))
        var run = next(of: task, after: 0)
        run.due = AgentWorld.dawn + .seconds(20)
        try world.dispatch(.launch(run))
        world.run(to: AgentWorld.dawn + .milliseconds(19_999))
        #expect(world.runner.started.isEmpty)
        world.run(to: AgentWorld.dawn + .milliseconds(20_100))
        #expect(world.runner.started.map(\.number) == [2])
    }

    @Test("more postponed attempts than one segment takes hold up no other")
    func crowd() throws {
        world.start()
        let task = try world.define("t", schedules: [])
        try world.grant([world.row(task)])
        world.run(.seconds(1))
        for number in 2..<252 {
            var run = next(of: task, after: 30)
            run.attempt = AttemptID(run: run.attempt.run, number: number)
            try world.dispatch(.launch(run))
        }
        var last = next(of: task, after: 0)
        last.attempt = AttemptID(run: last.attempt.run, number: 999)
        try world.dispatch(.launch(last))
        world.run(.seconds(2))
        #expect(world.runner.started.map(\.number) == [999])
        world.run(to: AgentWorld.dawn + .seconds(33))
        world.runner.finishAll()
        world.run(.seconds(5))
        world.runner.finishAll()
        world.run(.seconds(5))
        #expect(world.runner.started.count == 251)
    }

    @Test("a postponed attempt that is stopped is over at once, and never starts")
    func stopped() throws {
        world.start()
        let task = try world.define("t", schedules: [])
        try world.grant([world.row(task)])
        world.run(.seconds(1))
        let run = next(of: task, after: 500)
        try world.dispatch(.launch(run))
        world.run(.seconds(1))
        try world.dispatch(.stop(run.attempt))
        world.run(.seconds(1))
        #expect(world.runner.started.isEmpty)
        #expect(world.store.results[run.attempt]?.outcome == .stopped)
        #expect(try world.inbox.isEmpty)
    }

    @Test("more of them than one segment takes are stopped as well, and none starts")
    func manyStopped() throws {
        world.start()
        let task = try world.define("t", schedules: [])
        try world.grant([world.row(task)])
        world.run(.seconds(1))
        let runs = (2..<152).map { number in
            var run = next(of: task, after: 500)
            run.attempt = AttemptID(run: run.attempt.run, number: number)
            return run
        }
        for run in runs { try world.dispatch(.launch(run)) }
        world.run(.seconds(1))
        for run in runs { try world.dispatch(.stop(run.attempt)) }
        world.run(.seconds(3))
        #expect(world.runner.started.isEmpty)
        #expect(runs.allSatisfy { world.store.results[$0.attempt]?.outcome == .stopped })
        #expect(try world.inbox.isEmpty)
    }

    @Test("what has not started by its deadline is missed, also what must run at least once")
    func startDeadline() throws {
        world.start(slots: 1)
        // Both are due 40 s after the dawn.
        let long = try world.define("long", uid: 1, every: .seconds(60))
        let late = try world.define("late", uid: 2, every: .seconds(60), delivery: .atLeastOnce) {
            $0.startDeadline = .seconds(5)
        }
        try world.grant([world.row(long), world.row(late)])
        world.run(to: AgentWorld.dawn + .milliseconds(44_900))
        #expect(world.store.results.isEmpty)
        world.run(.seconds(2))
        #expect(world.store.results.values.map(\.outcome) == [.missed])
        #expect(world.store.results.values.first?.message == MissedReason.deadline)
        world.runner.finishAll()
        world.run(.seconds(5))
        #expect(world.runner.started.count == 1)
    }
}
