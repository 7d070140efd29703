import CenterDoubles
import Cluster
import Domain
import Scheduling
import SimulationKit
import Testing
import ZooKeeper

@testable import Center

/// Nodes that cannot be read, and runtimes that lack nodes.
@Suite struct DamageTests {
    private struct Scene {
        let workshop: Workshop
        let agents: [Agent]
        let names: [TaskID]

        func owner(of name: TaskID) throws -> Agent {
            let place = try workshop.places()[name]?.place
            return try #require(agents.first { place == .owned($0.id.seat) })
        }

        func damage(_ path: ZNodePath) throws {
            try workshop.ensemble.write([.set(path, data: Array("{broken".utf8), version: nil)])
        }

        /// Every task has its row at a living agent, in order; returns the rows.
        func expectAllPlaced(_ agents: Set<AgentID>) throws -> [TaskID: AllocationRow] {
            let places = try workshop.places()
            for name in names {
                guard case .owned(let seat)? = places[name]?.place else {
                    Issue.record("\(name) has no owner")
                    continue
                }
                #expect(agents.contains(seat.agent))
                #expect(places[name]?.row.state == .active)
            }
            return places.mapValues(\.row)
        }
    }

    /// Two agents, twenty tasks that were all journaled at `due`.
    private func makeScene() async throws -> (Scene, due: Instant) {
        let workshop = try Workshop()
        let leader = try await workshop.leader()
        let agents = try await [workshop.agent("a"), workshop.agent("b")]
        try await leader.pass()
        let names = (0..<20).map { TaskID("t\($0)")! }
        _ = try await leader.control.save(names.map { .every(60, $0.text) }, condition: .any)
        try await leader.pass()
        let due = Workshop.start + .seconds(60)
        for agent in agents {
            let rows = try workshop.rows()[.owned(agent.id.seat)] ?? []
            try await agent.journal(
                1,
                rows.compactMap { leader.state.store.catalog.task($0.uid)?.fire(due, .skipped(reason: "x")) }
            )
        }
        await leader.die()
        return (Scene(workshop: workshop, agents: agents, names: names), due)
    }

    private func bucketPath(_ scene: Scene, _ agent: Agent) throws -> ZNodePath {
        let runtime = try scene.workshop.tree.runtime(.standard)
        let head = try runtime.allocation(agent.name)
        return try head.child(try #require(scene.workshop.ensemble.children(head).first))
    }

    @Test("a bucket that cannot be read is reported and written anew; no task is lost, none goes back")
    func bucket() async throws {
        let (scene, due) = try await makeScene()
        let path = try bucketPath(scene, scene.agents[0])
        let fence = try await scene.agents[0].fence
        try scene.damage(path)
        let leader = try await scene.workshop.leader("c2")
        try await leader.pass()
        try await leader.pass()
        let rows = try scene.expectAllPlaced(["a", "b"].reduce(into: []) { $0.insert(AgentID($1)!) })
        for row in rows.values where row.cursor != Workshop.start { #expect(row.cursor == due) }
        #expect(rows.values.contains { $0.cursor == due })
        // Who owned the bucket cannot go on without having read what it is now.
        #expect(try await scene.agents[0].fence > fence)
        let defects = await leader.control.cluster().defects
        #expect(defects.count == 1 && defects[0].hasPrefix(path.text))
    }

    @Test("a bucket of parked rows that cannot be read is written anew")
    func parked() async throws {
        let (scene, _) = try await makeScene()
        let second = try await scene.workshop.leader("c2")
        try await second.follower.warmUp()
        for name in scene.names { _ = try await second.control.setEnabled(name, false) }
        try await second.pass()
        await second.die()
        let parent = try scene.workshop.tree.runtime(.standard).parked
        for name in scene.workshop.ensemble.children(parent) { try scene.damage(parent.child(name)) }
        let third = try await scene.workshop.leader("c3")
        try await third.pass()
        for name in scene.names { _ = try await third.control.setEnabled(name, true) }
        try await third.pass()
        let rows = try scene.expectAllPlaced(["a", "b"].reduce(into: []) { $0.insert(AgentID($1)!) })
        #expect(rows.values.allSatisfy { $0.cursor >= scene.workshop.now })
    }

    @Test("an agent's head that cannot be read seals the agent; its tasks are settled by its journal")
    func head() async throws {
        let (scene, due) = try await makeScene()
        let (victim, other) = (scene.agents[0], scene.agents[1])
        try scene.damage(try scene.workshop.tree.runtime(.standard).allocation(victim.name))
        let leader = try await scene.workshop.leader("c2")
        try await leader.pass()
        try await leader.pass()
        let rows = try scene.expectAllPlaced([other.name])
        let owned = rows.values.filter { $0.cursor == due }
        #expect(owned.count >= 1)
        await #expect(throws: ZooKeeperError.self) { try await victim.journal(2, [], fence: 0) }
        await victim.die()
        _ = try await scene.workshop.agent("a")
        try await leader.pass()
        #expect(try scene.workshop.rows()[.owned(victim.id.seat)]?.isEmpty == false)
    }

    @Test("a fence that cannot be read is sealed")
    func fence() async throws {
        let (scene, due) = try await makeScene()
        let victim = scene.agents[0]
        try scene.damage(try scene.workshop.tree.fence(victim.id))
        let leader = try await scene.workshop.leader("c2")
        try await leader.pass()
        try await leader.pass()
        let rows = try scene.expectAllPlaced([scene.agents[1].name])
        #expect(rows.values.contains { $0.cursor == due })
    }

    @Test("a dead agent's journal that cannot be read keeps its tasks, and only them, waiting")
    func journal() async throws {
        let (scene, _) = try await makeScene()
        let (victim, other) = (scene.agents[0], scene.agents[1])
        let segment = try scene.workshop.tree.runtime(.standard).segment(
            victim.name,
            victim.id.incarnation,
            1
        )
        let healthy = try #require(scene.workshop.ensemble.node(segment)).data
        let kept = Set(try scene.workshop.rows()[.owned(victim.id.seat)]?.map(\.task) ?? [])
        try scene.damage(segment)
        await victim.die()
        let leader = try await scene.workshop.leader("c2")
        try await leader.pass()
        _ = try await leader.control.save([.every(60, "new")], condition: .any)
        try await leader.pass()
        let places = try scene.workshop.places()
        #expect(places[TaskID("new")!]?.place == .owned(other.id.seat))
        #expect(kept.allSatisfy { places[$0]?.place == .owned(victim.id.seat) })
        #expect(await leader.control.cluster().defects.contains { $0.hasPrefix(segment.text) })
        // Mended, it is settled by itself.
        try scene.workshop.ensemble.write([.set(segment, data: healthy, version: nil)])
        scene.workshop.clock.advance(by: .seconds(5))
        try await leader.leading.reconciler.pass()
        #expect(try kept.allSatisfy { try scene.workshop.places()[$0]?.place == .owned(other.id.seat) })
    }

    @Test("registrations that cannot be read keep nobody else away, and seal nobody")
    func registration() async throws {
        let (scene, _) = try await makeScene()
        let victim = scene.agents[0]
        try scene.damage(try scene.workshop.tree.runtime(.standard).agent(victim.name))
        try scene.workshop.ensemble.createAll(
            try scene.workshop.tree.center(CenterID("odd")!),
            data: Array("?".utf8)
        )
        let leader = try await scene.workshop.leader("c2")
        try await leader.pass()
        let third = try await scene.workshop.agent("c")
        try await leader.pass()
        #expect(leader.state.store.catalog.agents[third.id.seat] != nil)
        try await victim.journal(2, [])
    }

    @Test("a row in two places is reported")
    func duplicate() async throws {
        let (scene, _) = try await makeScene()
        let path = try bucketPath(scene, scene.agents[0])
        let data = try #require(scene.workshop.ensemble.node(path)).data
        let parked = try scene.workshop.tree.runtime(.standard).parked.child(path.name)
        try scene.workshop.ensemble.write([.create(parked, data: data)])
        let leader = try await scene.workshop.leader("c2")
        try await leader.pass()
        #expect(await leader.control.cluster().defects.contains { $0.contains("two places") })
    }

    @Test("a definition that was copied by hand under another name stops no pass")
    func copiedDefinition() async throws {
        let (scene, _) = try await makeScene()
        let leader = try await scene.workshop.leader("c2")
        try await leader.pass()
        var copy = try #require(leader.state.store.catalog.tasks[scene.names[0]]?.value)
        copy.specification.name = TaskID("copy")!
        try await leader.leading.catalogWriter.write([.save(copy)])
        try await leader.pass()
        _ = try await leader.control.save([.every(60, "new")], condition: .any)
        try await leader.pass()
        #expect(try scene.workshop.places()[TaskID("new")!] != nil)
    }

    @Test("a runtime that an agent made first is completed, and its tasks are placed")
    func runtimeMadeByAnAgent() async throws {
        let workshop = try Workshop()
        let leader = try await workshop.leader()
        let gpu = RuntimeID("gpu")!
        let runtime = try workshop.tree.runtime(gpu)
        let name = AgentID("g")!
        for path in try [runtime.agents, runtime.journal(name), runtime.inbox(name)] {
            try workshop.ensemble.createAll(path)
        }
        let agent = try await workshop.agent(name.text, runtime: gpu)
        try await leader.pass()
        _ = try await leader.control.save([.every(60, "t", runtime: gpu)], condition: .any)
        try await leader.pass()
        #expect(try #require(workshop.places()[TaskID("t")!]).place == .owned(agent.id.seat))
        _ = try await leader.control.requestRun(of: TaskID("t")!, key: "k")
        #expect(try workshop.inboxes().map(\.agent) == ["g"])
        _ = try await leader.control.setEnabled(TaskID("t")!, false)
        try await leader.pass()
        #expect(try #require(workshop.places()[TaskID("t")!]).place == .parked(gpu))
    }
}
