import Agent
import Cluster
import Domain
import Orchestration
import Scheduling
import Synchronization
import Testing

/// Runs that were asked for and are to start at an instant to come.
@Suite struct PutOffTests {
    let world: AgentWorld

    init() throws { world = try AgentWorld() }

    private func asked(of task: TaskDefinition, _ number: UInt64, at second: Int) -> DispatchedRun {
        let due = AgentWorld.dawn + .seconds(second)
        return DispatchedRun(
            attempt: AttemptID(run: RunID(request: RandomID(high: 0, low: number)), number: 1),
            task: task.name,
            uid: task.uid,
            revision: task.revision,
            due: due,
            trigger: .request,
            terms: RunTerms(startsAt: due, askedAt: world.now)
        )
    }

    @Test("a run that was put off stays in the inbox until its instant, and holds up no other")
    func waits() throws {
        world.start()
        let task = try world.define("t", schedules: [])
        try world.grant([world.row(task)])
        world.run(.seconds(1))
        let late = asked(of: task, 1, at: 3_620)
        let early = asked(of: task, 2, at: 20)
        try world.dispatch(.launch(late))
        try world.dispatch(.launch(early))
        world.run(to: AgentWorld.dawn + .milliseconds(19_999))
        #expect(world.runner.started.isEmpty)
        world.run(to: AgentWorld.dawn + .milliseconds(20_300))
        #expect(world.runner.started == [early.attempt])
        #expect(try world.inbox.count == 1)
    }

    @Test("a run that was put off is stopped at once, and never starts")
    func stopped() throws {
        world.start()
        let task = try world.define("t", schedules: [])
        try world.grant([world.row(task)])
        world.run(.seconds(1))
        let run = asked(of: task, 1, at: 20)
        try world.dispatch(.launch(run))
        world.run(.seconds(1))
        try world.dispatch(.stop(run.attempt))
        world.run(.seconds(1))
        #expect(world.store.results[run.attempt]?.outcome == .stopped)
        #expect(try world.inbox.isEmpty)
        world.run(to: AgentWorld.dawn + .seconds(25))
        #expect(world.runner.started.isEmpty)
    }
}
