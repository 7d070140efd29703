import CenterDoubles
import Cluster
import Domain
import Scheduling
import SimulationKit
import Testing
import ZooKeeper

@testable import Center

/// Agents that start again and again (fault F58), and agents that come back as somebody else (F57).
@Suite struct FlappingTests {
    private let workshop: Workshop
    private let leader: Leader

    init() async throws {
        workshop = try Workshop()
        leader = try await workshop.leader()
    }

    private func owners() throws -> [TaskID: AgentID] {
        try workshop.places().compactMapValues { entry in
            if case .owned(let seat) = entry.place { seat.agent } else { nil }
        }
    }

    /// The agents of which operators are told that they get no tasks for now.
    private func heldBack() async throws -> [AgentID] {
        try await leader.control.nodes().filter { $0.heldUntil != nil }.map(\.agent)
    }

    /// Lets time pass for the leader, who looks when it has asked to.
    private func wait(_ seconds: Int) async throws {
        for _ in 0..<seconds {
            workshop.clock.advance(by: .seconds(1))
            try await leader.pass()
        }
    }

    /// Ends an agent and starts it again after a second, both seen by the leader.
    private func restart(_ agent: Agent) async throws -> Agent {
        await agent.die()
        try await wait(1)
        let next = try await workshop.agent(agent.name.text)
        try await wait(1)
        return next
    }

    @Test("tasks leave a flapping agent once and come back once, when it is stable")
    func flapping() async throws {
        var a = try await workshop.agent("a")
        _ = try await workshop.agent("b")
        _ = try await workshop.agent("c")
        try await leader.pass()
        _ = try await leader.control.save((0..<30).map { .every(60, "t\($0)") }, condition: .any)
        try await leader.pass()
        var moves: [Int] = []
        var before = try owners()
        for _ in 0..<12 {
            a = try await restart(a)
            let now = try owners()
            #expect(now.count == 30)
            moves.append(now.count { before[$0.key] != $0.value })
            before = now
        }
        // The first restarts are nothing unusual: it is given its share each time. Then it has none to lose.
        #expect(moves[0...1].allSatisfy { $0 <= 20 })
        #expect(moves[3...].allSatisfy { $0 == 0 }, "\(moves)")
        #expect(!before.values.contains(a.name))
        #expect(try await heldBack() == [a.name])
        try await wait(57)
        #expect(try owners() == before)
        try await wait(5)
        let after = try owners()
        #expect(after.values.count { $0 == a.name } == 10)
        #expect(after.count { before[$0.key] != $0.value } == 10)
        try await wait(30)
        #expect(try owners() == after)
        #expect(try await heldBack().isEmpty)
    }

    @Test("a flapping agent is used where nobody else may run a task")
    func alone() async throws {
        var a = try await workshop.agent("a")
        try await leader.pass()
        _ = try await leader.control.save((0..<5).map { .every(60, "t\($0)") }, condition: .any)
        for _ in 0..<6 {
            a = try await restart(a)
            #expect(try owners().count == 5)
            #expect(try workshop.head(a.name)?.incarnation == a.id.incarnation)
        }
    }

    @Test("a delay of zero turns damping off")
    func off() async throws {
        var settings = RuntimeSettings(name: .standard)
        settings.rejoinDelay = .zero
        var a = try await workshop.agent("a")
        _ = try await workshop.agent("b")
        try await leader.pass()
        try await leader.control.setRuntime(settings)
        _ = try await leader.control.save((0..<10).map { .every(60, "t\($0)") }, condition: .any)
        for _ in 0..<6 { a = try await restart(a) }
        #expect(try owners().values.count { $0 == a.name } == 5)
    }

    @Test("a new leader that has seen no restarts does no harm: everything keeps its place")
    func newLeader() async throws {
        var a = try await workshop.agent("a")
        _ = try await workshop.agent("b")
        try await leader.pass()
        _ = try await leader.control.save((0..<10).map { .every(60, "t\($0)") }, condition: .any)
        for _ in 0..<6 { a = try await restart(a) }
        let before = try owners()
        #expect(!before.values.contains(a.name))
        let second = try await workshop.leader("c2")
        try await second.pass()
        // It gives the agent its share once, and moves nothing else.
        let after = try owners()
        #expect(after.count { before[$0.key] != $0.value } == 5)
        #expect(after.filter { before[$0.key] != $0.value }.values.allSatisfy { $0 == a.name })
    }

    @Test("an agent made anew under another name takes over nothing of the old one but its share of tasks")
    func otherName() async throws {
        let a = try await workshop.agent("a")
        try await leader.pass()
        _ = try await leader.control.save((0..<4).map { .every(60, "t\($0)") }, condition: .any)
        try await leader.pass()
        let due = Workshop.start + .seconds(60)
        let fires = try #require(try workshop.rows()[.owned(a.id.seat)])
            .compactMap { leader.state.store.catalog.task($0.uid)?.fire(due) }
        try await a.journal(1, fires)
        await a.die()
        let heir = try await workshop.agent("a-2")
        try await leader.pass()
        try await leader.pass()
        #expect(try workshop.rows()[.owned(heir.id.seat)]?.map(\.cursor) == Array(repeating: due, count: 4))
        #expect(try workshop.journals(a.name).isEmpty)
        #expect(try workshop.head(a.name) == nil)
        for fire in fires {
            #expect(await workshop.history.run(fire.attempt.run)?.state == .lost)
        }
    }
}
