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

    /// A task with parameters, and who asks.
    static func parametrised(_ leader: Leader) async throws {
        var task = TaskSpecification.every(60, "t")
        task.parameters = [
            Parameter(name: "day", kind: .date, defaultValue: "2026-01-01"),
            Parameter(name: "mode", kind: .choice, defaultValue: "fast", choices: ["fast", "full"]),
        ]
        _ = try await leader.control.save([task], condition: .any)
        try await leader.pass()
    }

    @Test(
        "a request's values travel with the dispatch; wrong ones are all told at once, and nothing is dispatched"
    )
    func parameters() async throws {
        let workshop = try Workshop()
        let leader = try await workshop.leader()
        _ = try await workshop.agent("a")
        try await leader.pass()
        try await Self.parametrised(leader)
        let wrong = RunTerms(parameters: ["day": "soon", "mod": "full"])
        let error = await #expect(throws: CenterError.self) {
            try await leader.control.requestRun(of: TaskID("t")!, key: "k", terms: wrong)
        }
        guard case .invalid(let problems) = error else { return #expect(error == nil) }
        #expect(problems.map(\.field) == ["parameters.day", "parameters.mod"])
        #expect(try workshop.inboxes().isEmpty)
        let terms = RunTerms(
            parameters: ["mode": "full"],
            meantFor: Workshop.start,
            note: "n",
            requestedBy: "ann"
        )
        let run = try await leader.control.requestRun(of: TaskID("t")!, key: "k", terms: terms)
        guard case .launch(let dispatched)? = try workshop.inboxes().first?.dispatch else {
            return #expect(try workshop.inboxes().count == 1)
        }
        #expect(dispatched.terms == terms)
        #expect(dispatched.attempt.run == run)
        #expect(dispatched.due == workshop.now)
    }

    @Test("the same key with other values is a conflict, with another note it is the same run")
    func otherValues() async throws {
        let workshop = try Workshop()
        let leader = try await workshop.leader()
        _ = try await workshop.agent("a")
        try await leader.pass()
        try await Self.parametrised(leader)
        func ask(_ terms: RunTerms) async throws -> RunID {
            try await leader.control.requestRun(of: TaskID("t")!, key: "k", terms: terms)
        }
        let run = try await ask(RunTerms(parameters: ["mode": "full"], note: "first"))
        #expect(try await ask(RunTerms(parameters: ["mode": "full"], note: "second")) == run)
        for other in [
            RunTerms(), RunTerms(parameters: ["mode": "fast"]),
            RunTerms(parameters: ["mode": "full"], meantFor: .epoch),
        ] {
            let error = await #expect(throws: CenterError.self) { try await ask(other) }
            guard case .conflict = error else { return #expect(error == nil) }
        }
        #expect(try workshop.inboxes().count == 1)
    }

    @Test("a retry repeats a run that is over with its values, and names it; one that lives is refused")
    func retry() async throws {
        let workshop = try Workshop()
        let leader = try await workshop.leader()
        let agent = try await workshop.agent("a")
        try await leader.pass()
        try await Self.parametrised(leader)
        var fire = try await leader.control.task(TaskID("t")!).definition.fire(Workshop.start + .seconds(60))
        fire.terms = RunTerms(parameters: ["day": "2026-02-02", "mode": "fast"])
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
        let living = await #expect(throws: CenterError.self) {
            try await leader.control.retryRun(fire.attempt.run, key: "k", terms: RunTerms())
        }
        guard case .conflict = living else { return #expect(living == nil) }
        let result = AttemptResult(
            attempt: fire.attempt,
            outcome: .failed,
            exitCode: 1,
            endedAt: workshop.now
        )
        _ = try await leader.control.accept([report(.ended(result))], from: agent.name)
        let run = try await leader.control.retryRun(
            fire.attempt.run,
            key: "k",
            terms: RunTerms(parameters: ["mode": "full"])
        )
        guard case .launch(let dispatched)? = try workshop.inboxes().first?.dispatch else {
            return #expect(try workshop.inboxes().count == 1)
        }
        #expect(dispatched.attempt.run == run && dispatched.trigger == .request)
        #expect(dispatched.terms?.parameters == ["day": "2026-02-02", "mode": "full"])
        #expect(dispatched.terms?.meantFor == fire.due)
        #expect(dispatched.terms?.retryOf == fire.attempt.run)
        await #expect(throws: CenterError.self) {
            try await leader.control.retryRun(
                RunID(request: Nonce(high: 1, low: 1)),
                key: "k",
                terms: RunTerms()
            )
        }
    }

    @Test("a run whose agent died keeps its values: the lost record and the attempt elsewhere have them")
    func redispatched() async throws {
        let workshop = try Workshop()
        let leader = try await workshop.leader()
        let agent = try await workshop.agent("a")
        try await leader.pass()
        var task = TaskSpecification.every(60, "t", delivery: .atLeastOnce)
        task.parameters = [Parameter(name: "mode", defaultValue: "fast")]
        _ = try await leader.control.save([task], condition: .any)
        try await leader.pass()
        let terms = RunTerms(parameters: ["mode": "full"], note: "n")
        let run = try await leader.control.requestRun(of: TaskID("t")!, key: "k", terms: terms)
        var fire = try await leader.control.task(TaskID("t")!).definition.fire(
            workshop.now,
            trigger: .request
        )
        fire.attempt = AttemptID(run: run, number: 1)
        try await agent.journal(1, [fire])
        let entry = try workshop.tree.runtime(.standard).inbox(agent.name, agent.id.incarnation)
            .child(fire.attempt.description)
        _ = try await agent.session.multi([.delete(entry, version: nil)])
        await agent.die()
        _ = try await workshop.agent("b")
        for _ in 0..<4 {
            try await leader.pass()
            workshop.clock.advance(by: .seconds(60))
        }
        let dispatched = try workshop.inboxes().compactMap { entry -> DispatchedRun? in
            if case .launch(let run) = entry.dispatch { run } else { nil }
        }
        #expect(dispatched.map(\.attempt.number) == [2])
        #expect(dispatched.first?.terms == terms)
        #expect(await workshop.history.run(run)?.terms == terms)
    }
}
