import Cluster
import Domain
import Orchestration
import Scheduling
import SimulationKit
import Testing
import ZooKeeper

@testable import Agent

/// What is due and waits at an agent: who hears of it, and what becomes of it when nobody wants it any more.
@Suite struct WaitingTests {
    let world: AgentWorld

    init() throws { world = try AgentWorld() }

    /// A task every second, on an agent with one slot, of which the first run takes its time.
    private func crowd(_ change: (inout TaskSpecification) -> Void = { _ in }) throws -> TaskDefinition {
        world.start(slots: 1)
        let task = try world.define("t", change: change)
        try world.grant([world.row(task)])
        world.run(.milliseconds(4_500))
        return task
    }

    private func due(_ seconds: Int, _ task: TaskDefinition) -> AttemptID {
        let due = AgentWorld.dawn + .seconds(seconds)
        return AttemptID(run: RunID(FireKey(uid: task.uid, due: due)), number: 1)
    }

    /// Puts a definition in the place of another.
    private func publish(_ task: TaskDefinition?) throws {
        let name = TaskID("t")!
        let path = try world.tree.task(name, bucket: Buckets.task(name, count: 4_096))
        let write: Operation =
            try task.map { .set(path, data: try ZNodeCodec.encode($0), version: nil) }
            ?? .delete(path, version: nil)
        try world.ensemble.write([write])
    }

    private var ends: [AttemptID: AttemptResult] {
        let results = world.store.reports.compactMap { report -> AttemptResult? in
            if case .ended(let result) = report.phase { result } else { nil }
        }
        return Dictionary(results.map { ($0.attempt, $0) }) { first, _ in first }
    }

    @Test("the centers hear of what has waited for a second, once")
    func told() throws {
        let task = try crowd()
        let waiting = world.store.reports.filter {
            if case .waiting = $0.phase { true } else { false }
        }
        #expect(Set(waiting.map(\.fire.attempt)).isSuperset(of: [due(2, task), due(3, task)]))
        #expect(Set(waiting.map(\.fire.attempt)).isDisjoint(with: [due(1, task), due(4, task)]))
        #expect(waiting.count == Set(waiting.map(\.fire.attempt)).count)
    }

    @Test("what waits of a task that was deleted does not begin")
    func deleted() throws {
        let task = try crowd()
        try publish(nil)
        try world.grant([], raisingFence: true)
        world.run(.seconds(2))
        #expect(ends[due(2, task)]?.outcome == .stopped)
        #expect(ends[due(2, task)]?.message == "the task was deleted before it was started")
        world.runner.finish(due(1, task))
        world.run(.seconds(5))
        #expect(world.runner.started == [due(1, task)])
    }

    @Test("what waits of a task that moved begins here all the same")
    func moved() throws {
        let task = try crowd()
        try world.grant([], raisingFence: true)
        world.run(.seconds(2))
        world.runner.finish(due(1, task))
        world.run(.seconds(1))
        #expect(world.runner.started == [due(1, task), due(2, task)])
    }

    @Test("a pause takes back what is due before its end, and nothing that is due then")
    func endOfPause() throws {
        let task = try crowd()
        var run = world.request(task)
        let end = run.due + .seconds(1)
        func isTakenBack(_ recall: Recall, due: Instant, _ trigger: Trigger = .schedule) -> Bool {
            (run.due, run.trigger) = (due, trigger)
            return recall.concerns(JournaledFire(run, task, decision: .launch))
        }
        #expect(isTakenBack(.paused(until: end), due: end - .milliseconds(1)))
        #expect(!isTakenBack(.paused(until: end), due: end))
        #expect(!isTakenBack(.paused(until: end), due: end - .milliseconds(1), .request))
        #expect(isTakenBack(.paused(until: nil), due: end))
        #expect(isTakenBack(.deleted, due: end, .request))
        let paused = task.paused(PauseRecord(since: world.now, until: world.now + .seconds(60)))
        #expect(paused.restEnd(at: world.now) == world.now + .seconds(60))
        let both = paused.edited(paused.specification, now: world.now, suspension: .open)
        #expect(both.restEnd(at: world.now) == nil)
    }

    @Test(
        "what waits of a task that was paused does not begin, but what somebody asked for does",
        arguments: [true, false]
    )
    func paused(isLeaving: Bool) throws {
        let task = try crowd()
        let asked = world.request(task)
        try world.dispatch(.launch(asked))
        world.run(.seconds(1))
        let paused = task.paused(PauseRecord(since: world.now))
        try publish(paused)
        try world.grant(isLeaving ? [] : [world.row(paused)], raisingFence: true)
        world.run(.seconds(2))
        #expect(ends[due(2, task)]?.message == "the task was paused before it was started")
        world.runner.finish(due(1, task))
        world.run(.seconds(5))
        #expect(Set(world.runner.started) == [due(1, task), asked.attempt])
    }
}
