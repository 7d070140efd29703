import CenterDoubles
import Cluster
import Domain
import Scheduling
import SimulationKit
import Testing
import ZooKeeper

@testable import Center

/// Runs that were asked for and are to start at an instant to come.
@Suite struct PutOffTests {
    let workshop: Workshop
    let leader: Leader
    static let name = TaskID("t")!

    init() async throws {
        workshop = try Workshop()
        leader = try await workshop.leader()
    }

    private func begin() async throws -> Agent {
        let agent = try await workshop.agent("a")
        try await leader.pass()
        _ = try await leader.control.save([.every(60, "t")], condition: .any)
        try await leader.pass()
        return agent
    }

    private func ask(in wait: Duration, key: String = "k") async throws -> RunID {
        let terms = RunTerms(startsAt: Workshop.start + wait)
        return try await leader.control.requestRun(of: Self.name, key: key, terms: terms)
    }

    private func launches() throws -> [DispatchedRun] {
        try workshop.inboxes().compactMap { if case .launch(let run) = $0.dispatch { run } else { nil } }
    }

    @Test("it is dispatched at once, due at its instant, and known as one to come until it is taken")
    func dispatched() async throws {
        let agent = try await begin()
        let asked = workshop.now
        let run = try await ask(in: .seconds(3_600))
        let dispatched = try #require(try launches().first)
        #expect(dispatched.attempt == AttemptID(run: run, number: 1))
        #expect(dispatched.due == Workshop.start + .seconds(3_600))
        #expect(dispatched.terms?.startsAt == dispatched.due)
        #expect(dispatched.splitAt == asked)
        let known = try #require(try await leader.control.runToCome(run))
        #expect(known.state == .waiting && known.attempts.isEmpty)
        #expect(known.due == dispatched.due && known.terms == dispatched.terms)
        // An ordinary request is none that is to come.
        let other = try await leader.control.requestRun(of: Self.name, key: "now")
        #expect(try await leader.control.runToCome(other) == nil)
        let entry = try workshop.tree.runtime(.standard).inbox(agent.name, agent.id.incarnation)
            .child(dispatched.attempt.description)
        _ = try await agent.session.multi([.delete(entry, version: nil)])
        #expect(try await leader.control.runToCome(run) == nil)
    }

    @Test("the same key gives the same run, also once its instant is past; another instant is a conflict")
    func repeated() async throws {
        _ = try await begin()
        let run = try await ask(in: .seconds(3_600))
        workshop.clock.advance(by: .seconds(10))
        #expect(try await ask(in: .seconds(3_600)) == run)
        let error = await #expect(throws: CenterError.self) { try await ask(in: .seconds(3_700)) }
        guard case .conflict = error else { return #expect(error == nil) }
        workshop.clock.advance(by: .seconds(4_000))
        #expect(try await ask(in: .seconds(3_600)) == run)
        #expect(try launches().count == 1)
    }

    @Test("what is past, or more than a year ahead, is refused", arguments: [-1, 0, 367 * 86_400])
    func refused(seconds: Int) async throws {
        _ = try await begin()
        let wait = Workshop.start.duration(to: workshop.now) + .seconds(seconds)
        let error = await #expect(throws: CenterError.self) { try await ask(in: wait) }
        guard case .invalid(let problems) = error else { return #expect(error == nil) }
        #expect(problems.map(\.field) == ["at"])
        #expect(try launches().isEmpty)
    }

    @Test("it moves to another agent as it is when its own is lost, and is stopped there")
    func moved() async throws {
        let agent = try await begin()
        let run = try await ask(in: .seconds(86_400))
        let before = try launches()
        await agent.die()
        let other = try await workshop.agent("b")
        for _ in 0..<4 {
            try await leader.pass()
            workshop.clock.advance(by: .seconds(60))
        }
        #expect(try launches() == before)
        #expect(try workshop.inboxes().map(\.agent) == [other.name.text])
        #expect(try await leader.control.runToCome(run)?.state == .waiting)
        try await leader.control.stop(run, kill: false)
        #expect(try workshop.inboxes().contains { $0.dispatch == .stop(AttemptID(run: run, number: 1)) })
    }
}
