import CenterDoubles
import Cluster
import Domain
import Scheduling
import SimulationKit
import Testing
import ZooKeeper

@testable import Center

/// What runs told, on its way to those that come after them.
@Suite struct OutputPassingTests {
    private let workshop: Workshop

    private static let due = Workshop.start + .seconds(60)

    init() throws { workshop = try Workshop() }

    private func begin(_ specifications: [TaskSpecification]) async throws -> (leader: Leader, agent: Agent) {
        let leader = try await workshop.leader()
        let agent = try await workshop.agent("a")
        try await leader.pass()
        _ = try await leader.control.save(specifications, condition: .any)
        try await leader.pass()
        return (leader, agent)
    }

    private static func after(_ name: String, _ parents: [String], words: [String] = []) -> TaskSpecification
    {
        TaskSpecification(
            name: TaskID(name)!,
            action: .command(["/bin/true"] + words),
            after: Dependencies(parents.map { .init(TaskID($0)!) })
        )
    }

    private func fire(_ task: String, _ leader: Leader) async throws -> JournaledFire {
        try await leader.control.task(TaskID(task)!).definition.fire(Self.due)
    }

    private func report(_ fire: JournaledFire, _ agent: Agent, _ outputs: [String: OutputValue]?) -> RunReport
    {
        let result = AttemptResult(
            attempt: fire.attempt,
            outcome: .succeeded,
            exitCode: 0,
            endedAt: workshop.now,
            outputCount: outputs?.count
        )
        return RunReport(
            fire: fire,
            agent: agent.name,
            incarnation: agent.id.incarnation,
            runtime: .standard,
            phase: .ended(result),
            account: outputs.map { AttemptAccount(outputs: $0) }
        )
    }

    private func launches() throws -> [DispatchedRun] {
        try workshop.inboxes().compactMap { if case .launch(let run) = $0.dispatch { run } else { nil } }
    }

    private func inputs() throws -> [String] {
        try launches().flatMap { run in
            (run.terms?.inputs.all ?? []).map { "\($0.output.task).\($0.output.name)=\($0.value.plainText)" }
        }
    }

    @Test("a run is given what the one before it told, also its further attempts and its repetition")
    func single() async throws {
        let (leader, agent) = try await begin([.every(60, "p"), Self.after("c", ["p"])])
        let end = report(try await fire("p", leader), agent, ["rows": .integer(12)])
        #expect(try await leader.control.accept([end], from: agent.name) != nil)
        #expect(try inputs() == ["p.rows=12"])
        let run = try #require(try launches().first)
        let dispatch = LeaderDispatch(writer: leader.leading.writer)
        let marker = try #require(try await dispatch.marker(run.attempt.run, .standard))
        #expect(marker.value.terms == run.terms)
        // The run ends, and is repeated on request.
        var child = JournaledFire(run, nil, decision: .launch)
        child.terms = run.terms
        let over = report(child, agent, nil)
        #expect(try await leader.control.accept([over], from: agent.name) != nil)
        _ = try await leader.control.retryRun(run.attempt.run, key: "k", terms: RunTerms())
        #expect(try inputs() == ["p.rows=12", "p.rows=12"])
        // In the end the marker need not have it any more.
        try await dispatch.trim(marker, of: run.attempt.run, in: .standard)
        #expect(try await dispatch.marker(run.attempt.run, .standard)?.value.terms == nil)
    }

    @Test("an end that is repeated without what the run told waits for that, or finds it in the history")
    func repeated() async throws {
        let (leader, agent) = try await begin([.every(60, "p"), Self.after("c", ["p"])])
        let end = report(try await fire("p", leader), agent, ["rows": .integer(12)])
        var bare = end
        bare.account = nil
        #expect(try await leader.control.accept([bare], from: agent.name) == nil)
        #expect(try launches().isEmpty)
        // The center learns of it as a standby would, and then hears of the end again.
        try await workshop.history.record([end])
        #expect(try await leader.control.accept([bare], from: agent.name) != nil)
        #expect(try inputs() == ["p.rows=12"])
        // What never comes is not waited for for ever.
        var other = try await fire("p", leader)
        other.due = Self.due + .seconds(60)
        other.attempt.run = RunID(FireKey(uid: other.uid, due: other.due))
        var untold = report(other, agent, ["rows": .integer(1)])
        untold.account = nil
        #expect(try await leader.control.accept([untold], from: agent.name) == nil)
        workshop.clock.advance(by: .seconds(61))
        #expect(try await leader.control.accept([untold], from: agent.name) != nil)
        #expect(try launches().count == 2)
    }

    @Test("a run that comes after several is given what all of them told, through a change of the leader")
    func join() async throws {
        let (leader, agent) = try await begin([
            .every(60, "p"), .every(60, "q"), .every(60, "r"), Self.after("c", ["p", "q", "r"]),
        ])
        let ends = [
            report(try await fire("p", leader), agent, ["rows": .integer(1)]),
            report(try await fire("q", leader), agent, ["rows": .integer(2), "text": .text("t")]),
            report(try await fire("r", leader), agent, nil),
        ]
        #expect(try await leader.control.accept([ends[0]], from: agent.name) != nil)
        // Told again without what the run told: what is known stays.
        var bare = ends[0]
        bare.account = nil
        #expect(try await leader.control.accept([bare], from: agent.name) != nil)
        await leader.die()
        let next = try await workshop.leader("c2")
        try await next.pass()
        #expect(try await next.control.accept([ends[1], ends[2]], from: agent.name) != nil)
        #expect(try inputs() == ["p.rows=1", "q.rows=2", "q.text=t"])
    }

    @Test("of what is too much, what templates need goes first")
    func tooMuch() async throws {
        let (leader, agent) = try await begin([
            .every(60, "p"), Self.after("plain", ["p"]),
            Self.after("picky", ["p"], words: ["${{ after.p.big }}"]),
        ])
        let outputs: [String: OutputValue] = [
            "big": .text(String(repeating: "x", count: 12_000)),
            "middle": .text(String(repeating: "y", count: 8_000)), "small": .integer(1),
        ]
        let end = report(try await fire("p", leader), agent, outputs)
        #expect(try await leader.control.accept([end], from: agent.name) != nil)
        let names = try launches().map { run in
            "\(run.task): " + (run.terms?.inputs.all ?? []).map(\.output.name).joined(separator: " ")
        }
        #expect(names.sorted() == ["picky: big small", "plain: middle small"])
    }

    @Test("a run that waits for an agent keeps what it is given")
    func withoutAgent() async throws {
        var child = Self.after("c", ["p"])
        child.placement = Placement(agents: [AgentID("b")!])
        let (leader, agent) = try await begin([.every(60, "p"), child])
        let end = report(try await fire("p", leader), agent, ["rows": .integer(3)])
        #expect(try await leader.control.accept([end], from: agent.name) != nil)
        #expect(try launches().isEmpty)
        _ = try await workshop.agent("b")
        try await leader.pass()
        try await leader.pass()
        #expect(try inputs() == ["p.rows=3"])
    }

    /// Lets the agent die after it has journaled the end of a run that told something.
    private func endAndDie(_ fire: JournaledFire, _ agent: Agent) async throws {
        guard case .ended(let result) = report(fire, agent, ["rows": .integer(7)]).phase else { return }
        try await agent.journal(1, [fire])
        try await agent.journal(2, [], ended: [result])
        await agent.die()
        _ = try await workshop.agent("b")
    }

    @Test("what an agent told before it died is waited for, and passed on when it comes")
    func diedAndBack() async throws {
        let (leader, agent) = try await begin([.every(60, "p"), Self.after("c", ["p"])])
        let fire = try await fire("p", leader)
        try await endAndDie(fire, agent)
        try await leader.pass()
        try await leader.pass()
        #expect(try launches().isEmpty)
        // The agent is started again and delivers what is on its disk.
        let end = report(fire, agent, ["rows": .integer(7)])
        #expect(try await leader.control.accept([end], from: agent.name) != nil)
        #expect(try inputs() == ["p.rows=7"])
        try await leader.pass()
        #expect(try launches().count == 1)
        #expect(workshop.history.runs.first?.state == .succeeded)
    }

    @Test("when it does not come, the run that follows goes without, after half a minute")
    func diedForGood() async throws {
        let (leader, agent) = try await begin([.every(60, "p"), Self.after("c", ["p"])])
        try await endAndDie(try await fire("p", leader), agent)
        try await leader.pass()
        try await leader.pass()
        #expect(try launches().isEmpty)
        workshop.clock.advance(by: .seconds(31))
        try await leader.pass()
        #expect(try launches().map(\.terms) == [nil])
        let run = try #require(workshop.history.runs.first)
        #expect(run.missingOutputCount == 1)
    }
}
