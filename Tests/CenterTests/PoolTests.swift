import CenterDoubles
import Cluster
import Domain
import Orchestration
import Scheduling
import SimulationKit
import Synchronization
import Testing
import ZooKeeper

@testable import Center

/// What the leader does with claims on units, through losses of leaders and agents.
@Suite struct PoolTests {
    private struct Scene {
        let workshop: Workshop
        let leader: Leader
        let a: Agent
        let b: Agent

        func task(_ name: String) async throws -> TaskDefinition {
            try await leader.control.task(TaskID(name)!).definition
        }

        /// Journals a fire of a task at an agent, which claims what it needs; returns the fire.
        func begin(_ name: String, at agent: Agent, _ number: Int, priority: Int = 0) async throws
            -> JournaledFire
        {
            let fire = try await task(name).fire(Workshop.start + .seconds(number))
            try await agent.journal(number, [fire])
            try await claim(fire, at: agent, priority: priority)
            return fire
        }

        func claim(_ fire: JournaledFire, at agent: Agent, priority: Int = 0) async throws {
            var specification = try await leader.control.task(fire.task).definition.specification
            specification.priority = priority
            let claim = UnitClaim(
                fire,
                of: specification,
                runtime: .standard,
                agent: agent.name,
                incarnation: agent.id.incarnation,
                lease: .seconds(5)
            )
            let nodes = try AgentNodes(
                tree: workshop.tree,
                seat: agent.id.seat,
                incarnation: agent.id.incarnation
            )
            let journal = AgentJournal(session: agent.session, nodes: nodes, time: workshop.time)
            let outcome = try await journal.claim([claim], fence: try await agent.fence)
            guard case .committed = outcome else {
                Issue.record("not claimed: \(outcome)")
                return
            }
        }

        /// The attempts that agents were told to begin, sorted.
        func grants() throws -> [AttemptID] {
            try workshop.inboxes().compactMap {
                if case .grant(let attempt) = $0.dispatch { attempt } else { nil }
            }.sorted()
        }

        func claims() throws -> [String] { workshop.ensemble.children(try workshop.tree.claims) }

        func end(_ fire: JournaledFire, at agent: Agent, with leader: Leader? = nil) async throws -> Epoch? {
            let result = AttemptResult(attempt: fire.attempt, outcome: .succeeded, endedAt: workshop.now)
            let report = RunReport(
                fire: fire,
                agent: agent.name,
                incarnation: agent.id.incarnation,
                runtime: .standard,
                phase: .ended(result)
            )
            return try await (leader ?? self.leader).control.accept([report], from: agent.name)
        }
    }

    /// Two agents, three tasks with one key, two that need units of a pool of three.
    private func makeScene() async throws -> Scene {
        let workshop = try Workshop()
        let leader = try await workshop.leader()
        let (a, b) = (try await workshop.agent("a"), try await workshop.agent("b"))
        try await leader.pass()
        _ = try await leader.control.setPool(Pool(name: PoolID("license")!, units: 3))
        var tasks = ["t1", "t2", "t3"].map { name in
            var task = TaskSpecification.every(60, name)
            task.demand.keys = [PoolID("db")!]
            return task
        }
        tasks += ["p1", "p2"].map { name in
            var task = TaskSpecification.every(60, name)
            task.demand.pools = [PoolID("license")!: 2]
            return task
        }
        _ = try await leader.control.save(tasks, condition: .any)
        try await leader.pass()
        return Scene(workshop: workshop, leader: leader, a: a, b: b)
    }

    @Test("one holds a key at a time, and the next gets it before the end of the former is accepted")
    func key() async throws {
        let scene = try await makeScene()
        let first = try await scene.begin("t1", at: scene.a, 1)
        let second = try await scene.begin("t2", at: scene.b, 2)
        let third = try await scene.begin("t3", at: scene.a, 3)
        try await scene.leader.leading.pools.round()
        #expect(try scene.grants() == [first.attempt])
        try await scene.leader.leading.pools.round()
        #expect(try scene.grants() == [first.attempt])
        #expect(try await scene.end(first, at: scene.a) != nil)
        #expect(try scene.claims().count == 2)
        try await scene.leader.leading.pools.round()
        #expect(try scene.grants() == [first.attempt, second.attempt].sorted())
        // Whoever is told twice that an attempt has ended has nothing more to take back.
        #expect(try await scene.end(first, at: scene.a) != nil)
        #expect(try await scene.end(second, at: scene.b) != nil)
        try await scene.leader.leading.pools.round()
        #expect(try scene.grants() == [first, second, third].map(\.attempt).sorted())
    }

    @Test("units are counted, and the higher priority goes first")
    func units() async throws {
        let scene = try await makeScene()
        let first = try await scene.begin("p1", at: scene.a, 1)
        try await scene.leader.leading.pools.round()
        let low = try await scene.begin("p2", at: scene.b, 2)
        let high = try await scene.begin("p1", at: scene.a, 3, priority: 50)
        try await scene.leader.leading.pools.round()
        #expect(try scene.grants() == [first.attempt])
        let waits = await scene.leader.control.unitWaits(of: [first, low, high].map(\.attempt))
        #expect(
            waits == [
                high.attempt:
                    "waits for 2 units of pool license (3 in all): held by run \(first.attempt.run) (p1)",
                low.attempt:
                    "waits for 2 units of pool license (3 in all): held by run \(first.attempt.run) (p1), 1 before it in the line",
            ]
        )
        let view = try await scene.leader.control.pool(.pool(PoolID("license")!))
        #expect(view.held == 2 && view.holders.map(\.attempt) == [first.attempt])
        #expect(view.line.map(\.attempt) == [high.attempt, low.attempt])
        _ = try await scene.end(first, at: scene.a)
        try await scene.leader.leading.pools.round()
        #expect(try scene.grants() == [first, high].map(\.attempt).sorted())
        // A pool that grows has room for both.
        _ = try await scene.leader.control.setPool(Pool(name: PoolID("license")!, units: 4))
        try await scene.leader.leading.pools.round()
        #expect(try scene.grants() == [first, low, high].map(\.attempt).sorted())
    }

    @Test("an end is accepted only when the units are back")
    func acceptance() async throws {
        let scene = try await makeScene()
        let fire = try await scene.begin("t1", at: scene.a, 1)
        try await scene.leader.leading.pools.round()
        _ = try await scene.workshop.leader("c2")
        #expect(try await scene.end(fire, at: scene.a) == nil)
        #expect(try scene.claims().count == 1)
    }

    @Test("what a holder that was cut off has is free when everything of it is dead, counted from the seal")
    func cutOff() async throws {
        let scene = try await makeScene()
        let first = try await scene.begin("t1", at: scene.a, 1)
        let waiting = try await scene.begin("t2", at: scene.a, 2)
        let other = try await scene.begin("t3", at: scene.b, 3)
        try await scene.leader.leading.pools.round()
        #expect(try scene.grants() == [first.attempt])
        await scene.a.die()
        try await scene.leader.follower.warmUp()
        // Its session is over, but nobody has seen to it that it writes nothing more.
        scene.workshop.clock.advance(by: .seconds(600))
        try await scene.leader.leading.pools.round()
        #expect(try scene.claims().count == 3)
        try await scene.leader.pass()
        try await scene.leader.leading.pools.round()
        // What waited there never begins.
        #expect(try scene.claims().sorted() == [first, other].map(\.attempt.description).sorted())
        let timeout = try #require(await scene.leader.session.negotiatedTimeout)
        scene.workshop.clock.advance(by: timeout * 2 + .seconds(10) - .milliseconds(1))
        try await scene.leader.leading.pools.round()
        #expect(!(try scene.grants().contains(other.attempt)))
        scene.workshop.clock.advance(by: .milliseconds(1))
        try await scene.leader.leading.pools.round()
        #expect(try scene.grants().contains(other.attempt))
        #expect(!(try scene.claims().contains(waiting.attempt.description)))
    }

    @Test("a new leader begins the wait anew, and knows what the former has granted")
    func successor() async throws {
        let scene = try await makeScene()
        let first = try await scene.begin("t1", at: scene.a, 1)
        let other = try await scene.begin("t3", at: scene.b, 3)
        try await scene.leader.leading.pools.round()
        await scene.a.die()
        try await scene.leader.pass()
        try await scene.leader.leading.pools.round()
        let timeout = try #require(await scene.leader.session.negotiatedTimeout)
        scene.workshop.clock.advance(by: timeout * 2)
        let second = try await scene.workshop.leader("c2")
        try await second.pass()
        try await second.leading.pools.round()
        scene.workshop.clock.advance(by: .seconds(10))
        try await second.leading.pools.round()
        #expect(try scene.grants().filter { $0 == other.attempt }.isEmpty)
        #expect(try scene.claims().count == 2)
        scene.workshop.clock.advance(by: timeout * 2)
        try await second.leading.pools.round()
        #expect(try scene.grants().contains(other.attempt))
        #expect(first.attempt != other.attempt)
    }

    @Test("an end that nobody told this leader of is found in the journal")
    func audit() async throws {
        let scene = try await makeScene()
        let first = try await scene.begin("t1", at: scene.a, 1)
        let second = try await scene.begin("t2", at: scene.a, 2)
        let third = try await scene.begin("t3", at: scene.b, 3)
        try await scene.leader.leading.pools.round()
        // The end of the first was accepted by somebody else; the others stand in their journals.
        let content = CheckpointBucket(open: [], through: 1)
        try await scene.a.checkpoint(content, of: first.key, deleting: [1])
        scene.workshop.clock.advance(by: .seconds(61))
        try await scene.leader.leading.pools.round()
        #expect(try scene.claims().sorted() == [second, third].map(\.attempt.description).sorted())
        #expect(try scene.grants().contains(second.attempt))
        // A result in the journal is an end as well.
        let result = AttemptResult(
            attempt: second.attempt,
            outcome: .succeeded,
            endedAt: scene.workshop.now
        )
        try await scene.a.journal(4, [], ended: [result])
        scene.workshop.clock.advance(by: .seconds(61))
        try await scene.leader.leading.pools.round()
        #expect(try scene.claims() == [third.attempt.description])
        #expect(try scene.grants().contains(third.attempt))
    }

    @Test("while a claim cannot be read nothing is granted, for nobody knows what it holds")
    func damaged() async throws {
        let scene = try await makeScene()
        let path = try scene.workshop.tree.claims.child("r-1")
        try scene.workshop.ensemble.createAll(path, data: Array("?".utf8))
        let fire = try await scene.begin("t1", at: scene.a, 1)
        try await scene.leader.leading.pools.round()
        #expect(try scene.grants().isEmpty)
        try scene.workshop.ensemble.write([.delete(path, version: nil)])
        try await scene.leader.leading.pools.round()
        #expect(try scene.grants() == [fire.attempt])
    }

    @Test("a claim that cannot be granted keeps no other from being granted")
    func refused() async throws {
        let scene = try await makeScene()
        let fires = [
            try await scene.begin("t1", at: scene.a, 1), try await scene.begin("p1", at: scene.b, 2),
        ]
        let runtime = try scene.workshop.tree.runtime(.standard)
        let incarnation = scene.a.id.incarnation
        let path = try runtime.inboxEntry(scene.a.name, incarnation, .grant(fires[0].attempt))
        let foreign = try ZNodeCodec.encode(Dispatch.stop(fires[0].attempt))
        try scene.workshop.ensemble.createAll(path, data: foreign)
        await #expect(throws: LeaderWriteError.self) { try await scene.leader.leading.pools.round() }
        #expect(try scene.grants() == [fires[1].attempt])
        try scene.workshop.ensemble.write([.delete(path, version: nil)])
        try await scene.leader.leading.pools.round()
        #expect(try scene.grants() == fires.map(\.attempt).sorted())
    }

    @Test("a deposed leader that goes on grants nothing, stopped before whichever of its writes")
    func pausedLeader() async throws {
        for index in 0..<3 {
            let scene = try await makeScene()
            let fires = [
                try await scene.begin("t1", at: scene.a, 1), try await scene.begin("t2", at: scene.b, 2),
                try await scene.begin("p1", at: scene.a, 3), try await scene.begin("p2", at: scene.b, 4),
            ]
            let pause = Pause()
            let slow = try await scene.workshop.leader("c2", pausingWith: pause)
            try await slow.follower.warmUp()
            let left = Mutex(index)
            pause.set { operations in
                guard case .check? = operations.first else { return false }
                return left.withLock { left in
                    defer { left -= 1 }
                    return left == 0
                }
            } then: {
                let next = try await scene.workshop.leader("c3")
                try await next.follower.warmUp()
                try await next.leading.pools.round()
                // What was granted is over soon, and the next ones get the units.
                for fire in fires.prefix(1) { _ = try await scene.end(fire, at: scene.a, with: next) }
                try await next.leading.pools.round()
            }
            do {
                try await slow.leading.pools.round()
            } catch LeaderWriteError.deposed {
                #expect(pause.wasReached)
            }
            #expect(pause.wasReached == (index < 2))
            guard pause.wasReached else { continue }
            // One key, and three units of which two are taken at a time: the first of each, then the second of the key.
            #expect(try scene.grants() == [fires[0], fires[1], fires[2]].map(\.attempt).sorted())
            #expect(try scene.claims().count == 3)
        }
    }

    @Test("a leader that ends between deciding and telling leaves the grant to the next, once")
    func lostReply() async throws {
        for kind in [InMemoryEnsemble.LostReply.dropped, .applied] {
            let scene = try await makeScene()
            let fire = try await scene.begin("t1", at: scene.a, 1)
            let other = try await scene.begin("t2", at: scene.b, 2)
            scene.workshop.ensemble.loseReply(kind) { operations in
                operations.contains { $0.path.text.hasSuffix(".grant") }
            }
            await #expect(throws: (any Error).self) { try await scene.leader.leading.pools.round() }
            await scene.leader.die()
            let next = try await scene.workshop.leader("c2")
            try await next.follower.warmUp()
            try await next.leading.pools.round()
            #expect(try scene.grants() == [fire.attempt])
            _ = try await scene.end(fire, at: scene.a, with: next)
            try await next.leading.pools.round()
            #expect(try scene.grants() == [fire, other].map(\.attempt).sorted())
        }
    }

    @Test("a pool that is not there, or is too small, is refused when tasks are saved, all at once")
    func saving() async throws {
        let scene = try await makeScene()
        var (unknown, greedy) = (TaskSpecification.every(60, "u"), TaskSpecification.every(60, "g"))
        unknown.demand.pools = [PoolID("seats")!: 1]
        greedy.demand.pools = [PoolID("license")!: 4, PoolID("zero")!: 0]
        do {
            _ = try await scene.leader.control.save([unknown, greedy], condition: .any)
            Issue.record("saved")
        } catch CenterError.invalid(let problems) {
            #expect(
                problems.map(\.field) == [
                    "tasks[0].pools.seats", "tasks[1].pools.zero", "tasks[1].pools.license",
                    "tasks[1].pools.zero",
                ]
            )
            #expect(problems[0].message.contains("cloudtask pool set seats --units 1"))
            #expect(problems[2].message.contains("takes 4 units of pool 'license', which has 3"))
        }
    }

    @Test("a pool that tasks name is neither deleted nor made smaller than what one of them takes")
    func settings() async throws {
        let scene = try await makeScene()
        let (control, name) = (scene.leader.control, PoolID("license")!)
        await #expect(throws: CenterError.self) { try await control.deletePool(name) }
        await #expect(throws: CenterError.self) { _ = try await control.setPool(Pool(name: name, units: 1)) }
        await #expect(throws: CenterError.self) { _ = try await control.setPool(Pool(name: name, units: 0)) }
        #expect(try await control.setPool(Pool(name: name, units: 2))?.units == 3)
        try await control.deleteTask(TaskID("p1")!)
        try await control.deleteTask(TaskID("p2")!)
        try await control.deletePool(name)
        let views = try await control.pools()
        #expect(views.map(\.source) == [.key(PoolID("db")!)] && views.first?.taskCount == 3)
        await #expect(throws: CenterError.notFound(kind: "pool", name: "license")) {
            _ = try await control.pool(.pool(name))
        }
    }

    @Test("a run that waits for units says so when it is asked why it does not run")
    func explanation() async throws {
        let scene = try await makeScene()
        let first = try await scene.begin("t1", at: scene.a, 1)
        let second = try await scene.begin("t2", at: scene.b, 2)
        try await scene.leader.leading.pools.round()
        let told = try await scene.leader.control.explain(second.attempt.run)
        let finding = try #require(told.findings.first)
        #expect(finding.cause == .waitsForUnits)
        #expect(finding.fact == "It waits for exclusive key db: held by run \(first.attempt.run) (t1).")
        let task = try await scene.leader.control.explain(TaskID("t2")!, at: nil)
        let sentence =
            "Run \(second.attempt.run) waits for exclusive key db: held by run \(first.attempt.run) (t1)."
        #expect(task.findings.contains { $0.cause == .waitsForUnits && $0.fact == sentence })
    }
}
