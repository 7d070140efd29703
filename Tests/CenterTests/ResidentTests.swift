import CenterDoubles
import Cluster
import Domain
import Scheduling
import SimulationKit
import Testing
import ZooKeeper

@testable import Center

/// Tasks that are kept running, as the leader sees them.
@Suite struct ResidentTests {
    private struct Scene {
        let workshop: Workshop
        let leader: Leader
        let agent: Agent

        func task() async throws -> TaskDefinition {
            try await leader.control.task(TaskID("gateway")!).definition
        }

        func launches() throws -> [(agent: String, run: DispatchedRun)] {
            try workshop.inboxes().compactMap { entry in
                if case .launch(let run) = entry.dispatch { (entry.agent, run) } else { nil }
            }
        }

        /// The report of an end after a life of so many seconds.
        func end(_ fire: JournaledFire, _ outcome: AttemptOutcome, lived: Int) -> RunReport {
            let result = AttemptResult(
                attempt: fire.attempt,
                outcome: outcome,
                startedAt: workshop.now - .seconds(lived),
                endedAt: workshop.now
            )
            return RunReport(
                fire: fire,
                agent: agent.name,
                incarnation: agent.id.incarnation,
                runtime: .standard,
                phase: .ended(result)
            )
        }

        func accept(_ report: RunReport) async throws {
            #expect(try await leader.control.accept([report], from: agent.name) != nil)
        }
    }

    private static func specification(_ residency: Residency = Residency()) -> TaskSpecification {
        TaskSpecification(name: TaskID("gateway")!, action: .command(["gateway"]), residency: residency)
    }

    private func makeScene(_ specification: TaskSpecification = ResidentTests.specification()) async throws
        -> Scene
    {
        let workshop = try Workshop()
        let leader = try await workshop.leader()
        let agent = try await workshop.agent("a")
        try await leader.pass()
        _ = try await leader.control.save([specification], condition: .any)
        try await leader.pass()
        return Scene(workshop: workshop, leader: leader, agent: agent)
    }

    @Test("the next process follows an end once, after a pause that grows with short lives")
    func backOff() async throws {
        let scene = try await makeScene()
        let task = try await scene.task()
        let first = task.fire(try #require(task.firstCompletionDue))
        try await scene.accept(scene.end(first, .failed, lived: 3))
        try await scene.accept(scene.end(first, .failed, lived: 3))
        let second = try #require(try scene.launches().first?.run)
        #expect(try scene.launches().count == 1)
        #expect(second.trigger == .completion)
        #expect(second.origin?.chain == task.completionSince)
        #expect(second.origin?.restarts == 1)
        #expect(
            (Duration.milliseconds(499)...Duration.seconds(1)).contains(
                scene.workshop.now.duration(to: second.due)
            )
        )
        var fire = JournaledFire(second, task, decision: .launch)
        try await scene.agent.take(fire, 1)
        try await scene.accept(scene.end(fire, .failed, lived: 3))
        let third = try #require(try scene.launches().first?.run)
        #expect(third.origin?.restarts == 2)
        #expect(
            (Duration.milliseconds(999)...Duration.seconds(2)).contains(
                scene.workshop.now.duration(to: third.due)
            )
        )
        fire = JournaledFire(third, task, decision: .launch)
        try await scene.agent.take(fire, 2)
        try await scene.accept(scene.end(fire, .succeeded, lived: 601))
        #expect(try scene.launches().first?.run.origin?.restarts == 1)
    }

    @Test("after failures only: success is the end, what was stopped goes on at once")
    func onFailure() async throws {
        let scene = try await makeScene(Self.specification(Residency(restart: Restart(on: .failure))))
        let task = try await scene.task()
        let first = task.fire(try #require(task.firstCompletionDue))
        try await scene.accept(scene.end(first, .succeeded, lived: 3))
        #expect(try scene.launches().isEmpty)
        try await scene.accept(scene.end(first, .stopped, lived: 3))
        #expect(try scene.launches().map(\.run.due) == [scene.workshop.now])
    }

    @Test("the agent that dies with the process is followed by the next one on another agent")
    func agentDies() async throws {
        let scene = try await makeScene()
        let task = try await scene.task()
        try await scene.agent.journal(1, [task.fire(try #require(task.firstCompletionDue))])
        await scene.agent.die()
        _ = try await scene.workshop.agent("b")
        try await scene.leader.pass()
        try await scene.leader.pass()
        try await scene.leader.pass()
        #expect(try scene.launches().map(\.agent) == ["b"])
        // The next owner waits until what is left of the process is dead.
        #expect(try scene.workshop.places()[task.name]?.row.hold?.cutOffs == 1)
    }

    @Test("a planned move holds the process until its end is known; the next one is the new owner's")
    func drained() async throws {
        let scene = try await makeScene()
        let task = try await scene.task()
        let fire = task.fire(try #require(task.firstCompletionDue))
        try await scene.agent.journal(1, [fire])
        _ = try await scene.workshop.agent("b")
        try await scene.leader.control.setDrained(scene.agent.name, in: nil, true)
        try await scene.leader.pass()
        try await scene.leader.pass()
        let moved = try #require(try scene.workshop.places()[task.name])
        #expect(moved.row.hold?.attempts.map(\.attempt) == [fire.attempt])
        try await scene.accept(scene.end(fire, .stopped, lived: 3))
        try await scene.leader.pass()
        #expect(try scene.launches().map(\.agent) == ["b"])
        #expect(try scene.launches().map(\.run.due) == [scene.workshop.now])
        #expect(try scene.workshop.places()[task.name]?.row.hold == nil)
    }

    @Test("a restart begins a new chain: the end of the process before leads to nothing more")
    func restart() async throws {
        let scene = try await makeScene()
        let task = try await scene.task()
        let first = task.fire(try #require(task.firstCompletionDue))
        let outcome = try await scene.leader.control.restart(task.name, ChangeNote(message: "why"))
        #expect(outcome.change == .updated)
        try await scene.leader.pass()
        let restarted = try await scene.task()
        #expect(restarted.specification == task.specification)
        #expect(try #require(restarted.firstCompletionDue) > first.due)
        try await scene.accept(scene.end(first, .stopped, lived: 3))
        #expect(try scene.launches().isEmpty)
        _ = try await scene.leader.control.pause(task.name, until: nil, ChangeNote())
        await #expect(throws: CenterError.self) {
            _ = try await scene.leader.control.restart(task.name, ChangeNote())
        }
    }

    @Test("nobody can ask for a run, a repetition or a backfill of it; other tasks are not restarted")
    func refused() async throws {
        let scene = try await makeScene()
        let task = try await scene.task()
        let control = scene.leader.control
        let refusal = try #require(CenterError.refusal(toRun: task))
        await #expect(throws: refusal) { _ = try await control.requestRun(of: task.name, key: "k") }
        let first = task.fire(try #require(task.firstCompletionDue))
        try await scene.accept(scene.end(first, .failed, lived: 3))
        await #expect(throws: refusal) {
            _ = try await control.retryRun(first.attempt.run, key: "k", terms: RunTerms())
        }
        let request = BackfillRequest(
            task: task.name,
            key: "k",
            from: scene.workshop.now - .seconds(90),
            to: scene.workshop.now - .seconds(10)
        )
        await #expect(throws: refusal) { _ = try await control.plan(request) }
        _ = try await control.save([.every(60, "other")], condition: .any)
        await #expect(throws: CenterError.self) {
            _ = try await control.restart(TaskID("other")!, ChangeNote())
        }
    }
}
