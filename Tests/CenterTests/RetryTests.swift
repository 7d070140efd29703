import CenterDoubles
import Cluster
import Domain
import Scheduling
import SimulationKit
import Testing
import ZooKeeper

@testable import Center

/// Attempts that a living agent could not make, of tasks that must run at least once.
@Suite struct RetryTests {
    private struct Scene {
        let workshop: Workshop
        let leader: Leader
        let agent: Agent
        let task: TaskDefinition
        let fire: JournaledFire
    }

    private func makeScene(
        _ delivery: Delivery = .atLeastOnce,
        placement: Placement = Placement(),
        attempt: Int = 1,
        retry: Retry = Retry()
    ) async throws -> Scene {
        let workshop = try Workshop()
        let leader = try await workshop.leader()
        let agent = try await workshop.agent("a", labels: ["disk": "ssd"])
        try await leader.pass()
        var specification = TaskSpecification.every(60, "t", delivery: delivery, placement: placement)
        specification.retry = retry
        _ = try await leader.control.save([specification], condition: .any)
        try await leader.pass()
        let task = try await leader.control.task(TaskID("t")!).definition
        let fire = task.fire(Workshop.start + .seconds(60), attempt: attempt)
        try await agent.journal(1, [fire])
        return Scene(workshop: workshop, leader: leader, agent: agent, task: task, fire: fire)
    }

    private func report(_ scene: Scene, _ outcome: AttemptOutcome, retryAt: Instant? = nil) -> RunReport {
        let result = AttemptResult(
            attempt: scene.fire.attempt,
            outcome: outcome,
            endedAt: scene.workshop.now,
            retryAt: retryAt
        )
        return RunReport(
            fire: scene.fire,
            agent: scene.agent.name,
            incarnation: scene.agent.id.incarnation,
            runtime: .standard,
            phase: .ended(result)
        )
    }

    private func attempts(_ scene: Scene) throws -> [Int] {
        try scene.workshop.inboxes().compactMap {
            if case .launch(let run) = $0.dispatch { run.attempt.number } else { nil }
        }
    }

    @Test(
        "what must run at least once is attempted again, once, before its report is accepted",
        arguments: [AttemptOutcome.missed, .lost]
    )
    func again(_ outcome: AttemptOutcome) async throws {
        let scene = try await makeScene()
        let control = scene.leader.control
        #expect(try await control.accept([report(scene, outcome)], from: scene.agent.name) != nil)
        #expect(try attempts(scene) == [2])
        #expect(try await control.accept([report(scene, outcome)], from: scene.agent.name) != nil)
        #expect(try attempts(scene) == [2])
        // The agent dies before it has dropped the fire: its journal asks for the same attempt.
        await scene.agent.die()
        _ = try await scene.workshop.agent("b")
        try await scene.leader.pass()
        try await scene.leader.pass()
        #expect(try attempts(scene) == [2])
        #expect(try scene.workshop.journals(scene.agent.name).isEmpty)
    }

    @Test("at most once, and everything that did run, is accepted as it is")
    func conclusive() async throws {
        for (delivery, outcome) in [
            (Delivery.atMostOnce, AttemptOutcome.missed), (.atMostOnce, .lost), (.atLeastOnce, .failed),
            (.atLeastOnce, .stopped),
        ] {
            let scene = try await makeScene(delivery)
            let epoch = try await scene.leader.control.accept(
                [report(scene, outcome)],
                from: scene.agent.name
            )
            #expect(epoch == scene.leader.epoch)
            #expect(try attempts(scene) == [])
        }
    }

    @Test("a report is not accepted while no agent can make the next attempt")
    func nobody() async throws {
        let scene = try await makeScene(placement: Placement(labels: ["disk": "ssd"]))
        try await scene.leader.control.setDrained(scene.agent.name, in: .standard, true)
        try await scene.leader.pass()
        let control = scene.leader.control
        #expect(try await control.accept([report(scene, .missed)], from: scene.agent.name) == nil)
        #expect(try attempts(scene) == [])
        _ = try await scene.workshop.agent("b", labels: ["disk": "ssd"])
        try await scene.leader.pass()
        #expect(try await control.accept([report(scene, .missed)], from: scene.agent.name) != nil)
        #expect(try scene.workshop.inboxes().map(\.agent) == ["b"])
    }

    @Test("an old report of a fire that was accepted since asks for nothing")
    func accepted() async throws {
        let scene = try await makeScene()
        let content = CheckpointBucket(
            cursors: [CheckpointCursor(key: scene.fire.key, cursor: scene.fire.due)],
            through: 1
        )
        try await scene.agent.checkpoint(content, of: scene.fire.key, deleting: [1])
        let control = scene.leader.control
        #expect(try await control.accept([report(scene, .missed)], from: scene.agent.name) != nil)
        #expect(try attempts(scene) == [])
    }

    @Test("further attempts are paced by the leader's clock")
    func paced() async throws {
        let scene = try await makeScene()
        let control = scene.leader.control
        _ = try await control.accept([report(scene, .missed)], from: scene.agent.name)
        let second = Scene(
            workshop: scene.workshop,
            leader: scene.leader,
            agent: scene.agent,
            task: scene.task,
            fire: scene.task.fire(scene.fire.due, attempt: 2)
        )
        try await scene.agent.journal(2, [second.fire])
        #expect(try await control.accept([report(second, .missed)], from: scene.agent.name) == nil)
        scene.workshop.clock.advance(by: .seconds(5))
        #expect(try await control.accept([report(second, .missed)], from: scene.agent.name) != nil)
        #expect(try attempts(second).sorted() == [2, 3])
    }

    @Test("what a clock that was ahead has dispatched does not hold up the next attempt until then")
    func pacedByWrongClock() async throws {
        let scene = try await makeScene()
        let control = scene.leader.control
        scene.workshop.lead.length = .seconds(1_000)
        _ = try await control.accept([report(scene, .missed)], from: scene.agent.name)
        scene.workshop.lead.length = .zero
        let second = scene.task.fire(scene.fire.due, attempt: 2)
        try await scene.agent.journal(2, [second])
        let again = Scene(
            workshop: scene.workshop,
            leader: scene.leader,
            agent: scene.agent,
            task: scene.task,
            fire: second
        )
        #expect(try await control.accept([report(again, .missed)], from: scene.agent.name) != nil)
        #expect(try attempts(scene).sorted() == [2, 3])
    }

    @Test(
        "a lost reply to the dispatch is resolved: one further attempt, accepted in the end",
        arguments: [InMemoryEnsemble.LostReply.applied, .dropped, .delayed]
    )
    func lostReply(_ fate: InMemoryEnsemble.LostReply) async throws {
        let scene = try await makeScene()
        let control = scene.leader.control
        scene.workshop.ensemble.loseReply(fate) { $0.contains { $0.path.text.contains("/inbox/") } }
        #expect(try await control.accept([report(scene, .missed)], from: scene.agent.name) == nil)
        scene.workshop.ensemble.reconnect(await scene.leader.session.identity!.id)
        try await scene.leader.pass()
        #expect(try await control.accept([report(scene, .missed)], from: scene.agent.name) != nil)
        #expect(try attempts(scene) == [2])
    }

    private func dispatched(_ scene: Scene) throws -> [(agent: AgentID, run: DispatchedRun)] {
        try scene.workshop.inboxes().compactMap {
            guard case .launch(let run) = $0.dispatch else { return nil }
            return (AgentID($0.agent)!, run)
        }
    }

    @Test(
        "a failed attempt is followed by another where the policy says, not before it says",
        arguments: Retry.Location.allCases
    )
    func failed(_ location: Retry.Location) async throws {
        let scene = try await makeScene(
            .atMostOnce,
            retry: Retry(attempts: 3, delay: .seconds(60), jitter: 0, agent: location)
        )
        _ = try await scene.workshop.agent("b")
        try await scene.leader.pass()
        let retryAt = scene.workshop.now + .seconds(30)
        let report = report(scene, .failed, retryAt: retryAt)
        for _ in 0..<2 {
            #expect(try await scene.leader.control.accept([report], from: scene.agent.name) != nil)
            let found = try dispatched(scene)
            #expect(found.map(\.run.attempt.number) == [2])
            #expect(found.map(\.run.pause) == [.seconds(30)])
            #expect(found.first?.agent.text == (location == .other ? "b" : "a"))
        }
        #expect(await scene.workshop.history.run(scene.fire.attempt.run)?.state == .retrying)
    }

    @Test("when nobody else may run it, the same agent tries again")
    func onlyOne() async throws {
        let scene = try await makeScene(.atMostOnce, retry: Retry(attempts: 3, agent: .other))
        let report = report(scene, .failed, retryAt: scene.workshop.now)
        #expect(try await scene.leader.control.accept([report], from: scene.agent.name) != nil)
        #expect(try dispatched(scene).map(\.agent) == [scene.agent.name])
    }

    @Test("what was to be attempted again is over when its task is deleted")
    func deleted() async throws {
        let scene = try await makeScene(.atMostOnce, retry: Retry(attempts: 3))
        try await scene.leader.control.deleteTask(scene.task.name)
        let report = report(scene, .failed, retryAt: scene.workshop.now + .seconds(30))
        #expect(try await scene.leader.control.accept([report], from: scene.agent.name) != nil)
        #expect(try dispatched(scene).isEmpty)
        let run = await scene.workshop.history.run(scene.fire.attempt.run)
        #expect(run?.state == .failed)
        #expect(run?.attempts.first?.result?.message == "it is not attempted again: its task is gone")
    }

    @Test("the journal of an agent that died asks for the attempt its result announces")
    func diedWithResult() async throws {
        let scene = try await makeScene(
            .atMostOnce,
            retry: Retry(attempts: 3, delay: .seconds(60), jitter: 0)
        )
        var result = AttemptResult(attempt: scene.fire.attempt, outcome: .failed, endedAt: scene.workshop.now)
        result.retryAt = scene.workshop.now + .seconds(30)
        try await scene.agent.checkpoint(
            CheckpointBucket(
                cursors: [CheckpointCursor(key: scene.fire.key, cursor: scene.fire.due)],
                open: [OpenFire(fire: scene.fire, result: result)],
                through: 1
            ),
            of: scene.fire.key,
            deleting: [1]
        )
        await scene.agent.die()
        _ = try await scene.workshop.agent("b")
        try await scene.leader.pass()
        try await scene.leader.pass()
        #expect(try dispatched(scene).map(\.run.pause) == [.seconds(30)])
        #expect(await scene.workshop.history.run(scene.fire.attempt.run)?.state == .retrying)
    }

    @Test("a request is the same after its task moved to another runtime")
    func requestAcrossRuntimes() async throws {
        let scene = try await makeScene()
        let control = scene.leader.control
        let run = try await control.requestRun(of: scene.task.name, key: "k")
        let other = RuntimeID("other")!
        try await control.setRuntime(RuntimeSettings(name: other))
        _ = try await scene.workshop.agent("o", runtime: other)
        _ = try await control.save([.every(60, "t", delivery: .atLeastOnce, runtime: other)], condition: .any)
        try await scene.leader.pass()
        #expect(try await control.requestRun(of: scene.task.name, key: "k") == run)
        #expect(try scene.workshop.inboxes().count == 1)
    }
}
