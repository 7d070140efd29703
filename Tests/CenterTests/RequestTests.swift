import CenterDoubles
import Cluster
import Domain
import Scheduling
import SimulationKit
import Testing
import ZooKeeper

@testable import Center

@Suite struct RequestTests {
    @Test("the same key gives the same run and one dispatch, also from the next leader")
    func idempotent() async throws {
        let workshop = try Workshop()
        let leader = try await workshop.leader()
        let agent = try await workshop.agent("a")
        try await leader.pass()
        _ = try await leader.control.save([.every(60, "t")], condition: .any)
        try await leader.pass()
        let run = try await leader.control.requestRun(of: TaskID("t")!, key: "k")
        #expect(try await leader.control.requestRun(of: TaskID("t")!, key: "k") == run)
        #expect(try await leader.control.requestRun(of: TaskID("t")!, key: "l") != run)
        let second = try await workshop.leader("c2")
        try await second.pass()
        #expect(try await second.control.requestRun(of: TaskID("t")!, key: "k") == run)
        #expect(try workshop.inboxes().count == 2)
        #expect(try workshop.inboxes().allSatisfy { $0.incarnation == agent.id.incarnation.text })
    }

    @Test(
        "a request whose reply was lost is dispatched once when it is repeated",
        arguments: [
            InMemoryEnsemble.LostReply.applied, .dropped, .delayed,
        ]
    )
    func lostReply(_ fate: InMemoryEnsemble.LostReply) async throws {
        let workshop = try Workshop()
        let leader = try await workshop.leader()
        _ = try await workshop.agent("a")
        try await leader.pass()
        _ = try await leader.control.save([.every(60, "t")], condition: .any)
        try await leader.pass()
        workshop.ensemble.loseReply(fate) { operations in
            operations.contains { $0.path.text.contains("/inbox/") }
        }
        await #expect(throws: CenterError.self) {
            try await leader.control.requestRun(of: TaskID("t")!, key: "k")
        }
        workshop.ensemble.reconnect(await leader.session.identity!.id)
        try await leader.pass()
        _ = try await leader.control.requestRun(of: TaskID("t")!, key: "k")
        try await leader.session.sync(workshop.tree.root)
        #expect(try workshop.inboxes().count == 1)
    }

    @Test("a request without any live agent says what to do")
    func nobody() async throws {
        let workshop = try Workshop()
        let leader = try await workshop.leader()
        try await leader.pass()
        _ = try await leader.control.save([.every(60, "t")], condition: .any)
        await #expect(throws: CenterError.self) {
            try await leader.control.requestRun(of: TaskID("t")!, key: "k")
        }
        await #expect(throws: CenterError.notFound(kind: "task", name: "u")) {
            try await leader.control.requestRun(of: TaskID("u")!, key: "k")
        }
    }

    @Test("stopping puts one command into the inbox of the agent that runs it; a final run cannot be stopped")
    func stop() async throws {
        let workshop = try Workshop()
        let leader = try await workshop.leader()
        let agent = try await workshop.agent("a")
        try await leader.pass()
        _ = try await leader.control.save([.every(60, "t")], condition: .any)
        try await leader.pass()
        let fire = try await leader.control.task(TaskID("t")!).definition.fire(Workshop.start + .seconds(60))
        func report(_ phase: RunReport.Phase) -> RunReport {
            RunReport(
                fire: fire,
                agent: agent.name,
                incarnation: agent.id.incarnation,
                runtime: .standard,
                phase: phase
            )
        }
        _ = try await leader.control.accept([report(.started(at: workshop.now))], from: agent.name)
        try await leader.control.stop(fire.attempt.run, kill: false)
        try await leader.control.stop(fire.attempt.run, kill: false)
        #expect(try workshop.inboxes().map(\.dispatch) == [.stop(fire.attempt)])
        try await leader.control.stop(fire.attempt.run, kill: true)
        #expect(try workshop.inboxes().count == 2)
        let result = AttemptResult(attempt: fire.attempt, outcome: .stopped, endedAt: workshop.now)
        _ = try await leader.control.accept([report(.ended(result))], from: agent.name)
        await #expect(throws: CenterError.self) {
            try await leader.control.stop(fire.attempt.run, kill: false)
        }
        await #expect(throws: CenterError.self) {
            try await leader.control.accept([report(.ended(result))], from: AgentID("b")!)
        }
    }
}
