import Agent
import Cluster
import Domain
import Orchestration
import Scheduling
import SimulationKit
import Synchronization
import Testing
import ZooKeeper

/// What an agent does with tasks that are kept running.
@Suite struct ResidentTests {
    let world: AgentWorld
    let center: CenterID

    init() throws {
        world = try AgentWorld()
        center = try #require(CenterID("c1"))
        try world.addCenter("c1", leads: true)
    }

    /// A task whose first process runs here.
    private func own(_ residency: Residency = Residency()) throws -> TaskDefinition {
        world.start()
        let defined = try world.define("gateway", schedules: []) { $0.residency = residency }
        let task = try #require(defined.restarted(now: world.now))
        try publish(task)
        world.run(.seconds(1))
        #expect(world.runner.started == [try first(task)])
        return task
    }

    private func publish(_ task: TaskDefinition) throws {
        let path = try world.tree.task(task.name, bucket: Buckets.task(task.name, count: 4_096))
        try world.ensemble.write([.set(path, data: try ZNodeCodec.encode(task), version: nil)])
        try world.grant([world.row(task, cursor: task.createdAt)])
    }

    /// The first attempt of the task's present chain.
    private func first(_ task: TaskDefinition) throws -> AttemptID {
        let due = try #require(task.firstCompletionDue)
        return AttemptID(run: RunID(FireKey(uid: task.uid, due: due)), number: 1)
    }

    private var told: [ProgressNote] { world.delivery.told(to: center).flatMap { $0 } }

    @Test("a process with too many bad answers in a row is stopped, and has failed because it was unhealthy")
    func unhealthy() throws {
        let bad = ProbeAnswer(isHealthy: false, text: "exit code 1")
        let good = ProbeAnswer(isHealthy: true, text: "exit code 0")
        world.prober.state.withLock { $0.answers = [good, bad, good, bad, bad] }
        let probe = HealthProbe(
            .command(["check"]),
            every: .seconds(5),
            failures: 2,
            startDelay: .seconds(3)
        )
        let attempt = try first(try own(Residency(probe: probe)))
        #expect(world.prober.asked.isEmpty)
        world.run(.seconds(20))
        #expect(world.prober.asked == Array(repeating: attempt, count: 4))
        #expect(world.runner.state.withLock(\.stops).isEmpty)
        let warned = try #require(told.last?.health)
        #expect(warned.isHealthy && warned.failures == 1 && warned.answer == "exit code 1")
        world.run(.seconds(5))
        #expect(world.runner.state.withLock(\.stops).map(\.attempt) == [attempt])
        let result = try #require(world.store.results[attempt])
        #expect(result.outcome == .failed)
        #expect(result.message == "unhealthy: exit code 1")
        world.run(.seconds(60))
        #expect(world.prober.asked.count == 5)
    }

    @Test("nobody asks about a process that has ended")
    func over() throws {
        let probe = HealthProbe(.http("http://127.0.0.1:1/"), every: .seconds(5))
        let attempt = try first(try own(Residency(probe: probe)))
        world.run(.seconds(7))
        let count = world.prober.asked.count
        #expect(count == 2)
        world.runner.finish(attempt)
        world.run(.seconds(60))
        #expect(world.prober.asked.count == count)
    }

    @Test("what a process says it does reaches the centers, beside its health")
    func status() throws {
        let probe = HealthProbe(.command(["check"]), every: .seconds(5))
        let attempt = try first(try own(Residency(probe: probe)))
        world.runner.tell(attempt, status: "serving 1 client")
        world.run(.seconds(2))
        world.runner.tell(attempt, status: "serving 12 clients")
        world.run(.seconds(2))
        let note = try #require(told.last { $0.attempt == attempt })
        #expect(note.status?.text == "serving 12 clients")
        #expect(note.health?.isHealthy == true)
        #expect(note.progress == nil)
    }

    @Test("an edit stops the process; the next one runs what is said now")
    func edited() throws {
        let task = try own()
        var specification = task.specification
        specification.action = .command(["false"])
        let next = task.edited(specification, now: world.now)
        try publish(next)
        world.run(.seconds(2))
        let result = try #require(world.store.results[try first(task)])
        #expect(result.outcome == .stopped)
        #expect(result.message == ResidentStop.changed.reason)
        #expect(Set(world.runner.started) == [try first(task), try first(next)])
        #expect(world.runner.calls.last?.first?.specification.action == .command(["false"]))
    }

    @Test("a pause stops the process until the task is resumed")
    func paused() throws {
        let task = try own()
        let paused = task.paused(PauseRecord(since: world.now))
        try publish(paused)
        world.run(.seconds(60))
        #expect(world.store.results[try first(task)]?.message == ResidentStop.paused.reason)
        #expect(world.runner.started.count == 1)
        let resumed = try #require(paused.resumed(now: world.now))
        try publish(resumed)
        world.run(.seconds(2))
        #expect(Set(world.runner.started) == [try first(task), try first(resumed)])
    }

    @Test("a process whose task goes elsewhere is stopped")
    func moved() throws {
        let task = try own()
        try world.grant([])
        world.run(.seconds(2))
        let result = try #require(world.store.results[try first(task)])
        #expect(result.outcome == .stopped)
        #expect(result.message == ResidentStop.moved.reason)
    }

    @Test("runs that are none of its processes are skipped")
    func strangers() throws {
        let task = try own()
        let run = world.request(task, 3)
        try world.dispatch(.launch(run))
        world.run(.seconds(2))
        #expect(world.runner.started.count == 1)
        #expect(world.store.reports.last?.fire.decision == .skipped(reason: SkippedReason.resident))
    }

    @Test("the next process of the chain waits for its time in the inbox, then runs")
    func follows() throws {
        let task = try own()
        world.runner.finish(try first(task), outcome: .failed)
        world.run(.seconds(1))
        let run = DispatchedRun(
            attempt: AttemptID(run: RunID(request: Nonce(bits: 3)), number: 1),
            task: task.name,
            uid: task.uid,
            revision: task.revision,
            due: world.now + .seconds(30),
            trigger: .completion,
            origin: RunOrigin(chain: task.completionSince, restarts: 1)
        )
        try world.dispatch(.launch(run))
        world.run(.seconds(29))
        #expect(world.runner.started.count == 1)
        world.run(.seconds(2))
        #expect(world.runner.started.contains(run.attempt))
    }
}
