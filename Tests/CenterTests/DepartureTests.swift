import CenterDoubles
import Cluster
import Domain
import Scheduling
import SimulationKit
import Testing
import ZooKeeper

@testable import Center

/// Agents that have ended, as people are told of them.
@Suite struct DepartureTests {
    private let workshop: Workshop

    init() throws { workshop = try Workshop() }

    /// A leader, two agents and ten tasks that they share.
    private func scene() async throws -> (leader: Leader, a: Agent, b: Agent) {
        let leader = try await workshop.leader()
        let (a, b) = try await (workshop.agent("a"), workshop.agent("b"))
        try await leader.pass()
        _ = try await leader.control.save((0..<10).map { .every(60, "t\($0)") }, condition: .any)
        try await leader.pass()
        return (leader, a, b)
    }

    /// The agents as "a 10" or "b gone 5", which owned 5 tasks then.
    private func listed(_ leader: Leader) async throws -> [String] {
        try await leader.control.nodes().map { node in
            if let departure = node.departure { return "\(node.agent) gone \(departure.taskCount)" }
            return node.registration == nil ? "\(node.agent) away" : "\(node.agent) \(node.taskCount)"
        }
    }

    private func isKept(_ agent: Agent) throws -> Bool {
        workshop.ensemble.node(try workshop.tree.runtime(.standard).departed(agent.name)) != nil
    }

    @Test("one that was killed is listed with since when and what it had, by every leader, until it is back")
    func killed() async throws {
        let (first, _, b) = try await scene()
        await b.die()
        let ended = workshop.now
        try await first.pass()
        #expect(try await listed(first) == ["a 10", "b gone 5"])
        #expect(try await first.control.nodes().last?.departure?.at == ended)
        #expect(await first.control.cluster().nodes.count == 2)
        await first.die()
        let leader = try await workshop.leader("c2")
        try await leader.pass()
        #expect(try await listed(leader) == ["a 10", "b gone 5"])
        _ = try await workshop.agent("b")
        try await leader.pass()
        #expect(try await listed(leader).last == "b 5")
        #expect(try !isKept(b))
    }

    @Test("one that was drained before it ended is not missed, nor one that is drained afterwards")
    func drained() async throws {
        let (leader, a, b) = try await scene()
        try await leader.control.setDrained(b.name, in: nil, true)
        try await leader.pass()
        await b.die()
        try await leader.pass()
        #expect(try await listed(leader) == ["a 10"])
        await a.die()
        try await leader.pass()
        #expect(try await listed(leader).contains("a gone 10"))
        try await leader.control.setDrained(a.name, in: nil, true)
        try await leader.pass()
        #expect(try !isKept(a))
    }

    @Test("one is forgotten on request; not one that is there, and not one that nobody knows")
    func forgotten() async throws {
        let (leader, a, b) = try await scene()
        await b.die()
        try await leader.pass()
        try await leader.control.forgetAgent(b.name, in: nil)
        #expect(try await listed(leader) == ["a 10"])
        try await leader.pass()
        #expect(try await listed(leader) == ["a 10"])
        let next = try await workshop.leader("c2")
        try await next.pass()
        #expect(try await listed(next) == ["a 10"])
        await #expect(throws: CenterError.notFound(kind: "agent", name: "b")) {
            try await next.control.forgetAgent(b.name, in: nil)
        }
        let message = "agent a is there: only one that has ended can be forgotten"
        await #expect(throws: CenterError.conflict(message)) {
            try await next.control.forgetAgent(a.name, in: .standard)
        }
    }

    @Test("a day later it is forgotten by itself")
    func old() async throws {
        let (leader, _, b) = try await scene()
        await b.die()
        try await leader.pass()
        workshop.clock.advance(by: DepartedAgent.memory - .seconds(1))
        try await leader.leading.reconciler.pass()
        #expect(try isKept(b))
        workshop.clock.advance(by: .seconds(1))
        #expect(try await listed(leader) == ["a 10"])
        // Nothing else happens: the leader has asked for this pass.
        try await leader.leading.reconciler.pass()
        #expect(try !isKept(b))
    }

    @Test("a note that cannot be read keeps no task from going on, and is written anew")
    func damaged() async throws {
        let (leader, _, b) = try await scene()
        let path = try workshop.tree.runtime(.standard).departed(b.name)
        try await leader.session.createIfAbsent(path, data: Array("nonsense".utf8))
        await b.die()
        try await leader.pass()
        try await leader.pass()
        let note = try await leader.session.payload(DepartedAgent.self, at: path)
        #expect(note?.value.agent == b.name)
        #expect(try workshop.rows()[.parked(.standard)]?.isEmpty ?? true)
    }

    @Test("no more than so many are remembered, the latest of them")
    func many() async throws {
        let (leader, _, b) = try await scene()
        await b.die()
        try await leader.pass()
        let reconciler = leader.leading.reconciler
        let mirror = try #require(await reconciler.mirror)
        let roster = Roster(catalog: leader.state.store.catalog, mirror: mirror)
        let situation = Situation(roster: roster, blueprint: Blueprint(roster, now: workshop.now))
        var known: [Seat: Versioned<DepartedAgent>] = [:]
        for number in 0...DepartedAgent.countMax {
            let agent = DepartedAgent(
                agent: AgentID("gone-\(number)")!,
                runtime: .standard,
                incarnation: Incarnation(bits: 1),
                since: workshop.now - .seconds(number),
                taskCount: 0
            )
            known[agent.seat] = Versioned(agent, version: 0)
        }
        let change = Departures(situation, known: known, noted: [], now: workshop.now)
        let oldest = "gone-\(DepartedAgent.countMax)"
        #expect(change.removed.map(\.value.agent.text).first == oldest)
        #expect(known.count + change.added.count - change.removed.count == DepartedAgent.countMax)
    }
}
