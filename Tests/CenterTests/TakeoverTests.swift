import CenterDoubles
import Cluster
import Domain
import Scheduling
import SimulationKit
import Testing
import ZooKeeper

@testable import Center

@Suite struct TakeoverTests {
    /// A leader, two agents, and tasks that all belong to agent `a`.
    private func withOwner(
        delivery: Delivery = .atMostOnce,
        _ body: (Workshop, Leader, Agent, Agent, TaskDefinition) async throws -> Void
    ) async throws {
        let workshop = try Workshop()
        let leader = try await workshop.leader()
        let a = try await workshop.agent("a")
        try await leader.pass()
        _ = try await leader.control.save([.every(60, "t", delivery: delivery)], condition: .any)
        try await leader.pass()
        let b = try await workshop.agent("b")
        try await leader.pass()
        let view = try await leader.control.task(TaskID("t")!)
        let (owner, other) = view.owner == a.name ? (a, b) : (b, a)
        try await body(workshop, leader, owner, other, view.definition)
    }

    @Test("rows of a dead agent move with the journal's cursor, and its journal goes")
    func rowsMove() async throws {
        try await withOwner { workshop, leader, owner, other, task in
            let due = Workshop.start + .seconds(120)
            try await owner.journal(1, [task.fire(due - .seconds(60), .skipped(reason: "x"))])
            try await owner.journal(2, [task.fire(due, .missed(reason: "late", since: due, count: 1))])
            await owner.die()
            try await leader.pass()
            let (place, row) = try #require(workshop.places()[task.name])
            #expect(place == .owned(other.id.seat))
            #expect(row.cursor == due)
            #expect(try workshop.journals(owner.name).isEmpty)
            #expect(try workshop.head(owner.name) == nil)
            #expect(await workshop.history.run(task.fire(due).attempt.run)?.state == .missed)
            #expect(await workshop.history.run(task.fire(due - .seconds(60)).attempt.run)?.state == .skipped)
        }
    }

    @Test("a journaled fire without a result is lost, once, and corrected by a late truth")
    func lost() async throws {
        try await withOwner { workshop, leader, owner, _, task in
            let fire = task.fire(Workshop.start + .seconds(60))
            try await owner.journal(1, [fire])
            await owner.die()
            try await leader.pass()
            let lost = try #require(await workshop.history.run(fire.attempt.run))
            #expect(lost.state == .lost)
            #expect(
                lost.attempts[0].result?.message
                    == "the session of agent \(owner.name) had ended by \(workshop.now); "
                    + "whether it was started is not known; it is not attempted again (delivery at-most-once)"
            )
            #expect(try workshop.inboxes().isEmpty)
            #expect(await workshop.history.authored(after: 0, limit: 10).count == 1)
            let truth = AttemptResult(attempt: fire.attempt, outcome: .succeeded, endedAt: workshop.now)
            let report = RunReport(
                fire: fire,
                agent: owner.name,
                incarnation: owner.id.incarnation,
                runtime: .standard,
                phase: .ended(truth)
            )
            let epoch = try await leader.control.accept([report], from: owner.name)
            #expect(epoch == leader.epoch)
            let corrected = try #require(await workshop.history.run(fire.attempt.run))
            #expect(corrected.state == .succeeded)
            #expect(corrected.attempts[0].isCorrected)
            #expect(corrected.attempts[0].lost == lost.attempts[0].result)
        }
    }

    @Test("an at-least-once fire without a result is attempted again elsewhere, exactly once")
    func redispatched() async throws {
        try await withOwner(delivery: .atLeastOnce) { workshop, leader, owner, other, task in
            let fire = task.fire(Workshop.start + .seconds(60))
            try await owner.journal(1, [fire])
            await owner.die()
            try await leader.pass()
            try await leader.pass()
            let inboxes = try workshop.inboxes()
            #expect(inboxes.map(\.agent) == [other.name.text])
            guard case .launch(let run)? = inboxes.first?.dispatch else {
                Issue.record("nothing was dispatched")
                return
            }
            #expect(run.attempt == AttemptID(run: fire.attempt.run, number: 2))
            #expect(run.due == fire.due)
            #expect(try workshop.journals(owner.name).isEmpty)
        }
    }

    @Test("an at-least-once fire waits in the journal until an agent can take it")
    func redispatchWaits() async throws {
        try await withOwner(delivery: .atLeastOnce) { workshop, leader, owner, other, task in
            try await owner.journal(1, [task.fire(Workshop.start + .seconds(60))])
            await other.die()
            await owner.die()
            try await leader.pass()
            #expect(try workshop.inboxes().isEmpty)
            #expect(try workshop.journals(owner.name).count == 1)
            #expect(try #require(workshop.places()[task.name]).place == .parked(.standard))
            let c = try await workshop.agent("c")
            try await leader.pass()
            #expect(try workshop.inboxes().map(\.agent) == [c.name.text])
            #expect(try workshop.journals(owner.name).isEmpty)
        }
    }

    @Test("results that the journal or the history has are not lost")
    func knownResults() async throws {
        try await withOwner(delivery: .atLeastOnce) { workshop, leader, owner, _, task in
            let fires = [60, 120, 180].map { task.fire(Workshop.start + .seconds($0)) }
            func result(_ fire: JournaledFire) -> AttemptResult {
                AttemptResult(attempt: fire.attempt, outcome: .failed, exitCode: 3, endedAt: workshop.now)
            }
            try await owner.journal(1, [fires[0], fires[1], fires[2]])
            try await owner.journal(2, [], ended: [result(fires[1])])
            let checkpoint = CheckpointBucket(
                cursors: [CheckpointCursor(key: fires[0].key, cursor: fires[2].due)],
                open: [
                    OpenFire(fire: fires[0], result: result(fires[0])), OpenFire(fire: fires[1]),
                    OpenFire(fire: fires[2]),
                ]
            )
            try await owner.checkpoint(checkpoint, of: fires[0].key, deleting: [1])
            try await workshop.history.record([
                RunReport(
                    fire: fires[2],
                    agent: owner.name,
                    incarnation: owner.id.incarnation,
                    runtime: .standard,
                    phase: .ended(result(fires[2]))
                )
            ])
            await owner.die()
            try await leader.pass()
            for fire in fires { #expect(await workshop.history.run(fire.attempt.run)?.state == .failed) }
            #expect(try workshop.inboxes().isEmpty)
            #expect(try #require(workshop.places()[task.name]).row.cursor == fires[2].due)
            #expect(try workshop.journals(owner.name).isEmpty)
        }
    }

    @Test(
        "a fire whose result was accepted while its segment still stood is neither lost nor repeated",
        arguments: [Delivery.atMostOnce, .atLeastOnce]
    )
    func acceptedButInASegment(_ delivery: Delivery) async throws {
        try await withOwner(delivery: delivery) { workshop, leader, owner, _, task in
            let fires = [60, 120].map { task.fire(Workshop.start + .seconds($0)) }
            try await owner.journal(1, fires)
            // The first of several writes of a checkpoint: the segment is still to go, and the first fire was accepted.
            let checkpoint = CheckpointBucket(
                cursors: [CheckpointCursor(key: fires[0].key, cursor: fires[1].due)],
                open: [OpenFire(fire: fires[1])],
                through: 1
            )
            try await owner.checkpoint(checkpoint, of: fires[0].key, deleting: [])
            await owner.die()
            // The one who accepted it may not lead any more: this history knows nothing.
            try await leader.pass()
            #expect(await workshop.history.run(fires[0].attempt.run) == nil)
            #expect(await workshop.history.run(fires[1].attempt.run)?.state == .lost)
            let repeated = try workshop.inboxes().count
            #expect(repeated == (delivery == .atLeastOnce ? 1 : 0))
            #expect(try #require(workshop.places()[task.name]).row.cursor == fires[1].due)
            #expect(try workshop.journals(owner.name).isEmpty)
        }
    }

    @Test("a big journal is taken over in writes that a server takes")
    func bigJournal() async throws {
        let workshop = try Workshop()
        let leader = try await workshop.leader()
        let agent = try await workshop.agent("a")
        try await leader.pass()
        _ = try await leader.control.save([.every(60, "t")], condition: .any)
        try await leader.pass()
        let task = try await leader.control.task(TaskID("t")!).definition
        // As an agent of 20,000 tasks leaves it: cursors in all buckets, and a segment that concerns them all.
        let uids = (1...20_000).map { TaskUID(bits: UInt64($0) &* 0x9E37_79B9_7F4A_7C15) }
        let byBucket = Dictionary(grouping: uids) { Buckets.checkpoint(TaskPart(uid: $0)) }
        for bucket in byBucket.keys.sorted() {
            let keys = byBucket[bucket]!.map { TaskPart(uid: $0) }
            let content = CheckpointBucket(
                cursors: keys.map { CheckpointCursor(key: $0, cursor: Workshop.start) }
            )
            try await agent.checkpoint(content, of: keys[0], deleting: [])
        }
        let fires = uids.prefix(400).map { uid in
            var other = task
            other.uid = uid
            return other.fire(Workshop.start + .seconds(60))
        }
        try await agent.journal(1, fires)
        await agent.die()
        try await leader.pass()
        #expect(try workshop.journals(agent.name).isEmpty)
        for fire in fires.prefix(3) {
            #expect(await workshop.history.run(fire.attempt.run)?.state == .lost)
        }
    }

    @Test("a restarted agent gets its rows again, with the journal's cursor")
    func regrant() async throws {
        let workshop = try Workshop()
        let leader = try await workshop.leader()
        let old = try await workshop.agent("a")
        try await leader.pass()
        _ = try await leader.control.save((0..<30).map { .every(60, "t\($0)") }, condition: .any)
        try await leader.pass()
        let task = try await leader.control.task(TaskID("t3")!).definition
        let due = Workshop.start + .seconds(60)
        try await old.journal(1, [task.fire(due)])
        await old.die()
        let new = try await workshop.agent("a")
        try await leader.pass()
        let head = try #require(try workshop.head(new.name))
        #expect(head.incarnation == new.id.incarnation)
        #expect(try workshop.rows()[.owned(new.id.seat)]?.count == 30)
        #expect(try #require(workshop.places()[task.name]).row.cursor == due)
        #expect(try workshop.journals(new.name) == [new.id.incarnation.text])
        #expect(await workshop.history.run(task.fire(due).attempt.run)?.state == .lost)
    }

    @Test("an agent that came and went between two looks is sealed at the second")
    func unseen() async throws {
        try await withOwner { workshop, leader, _, _, _ in
            try await leader.follower.reread()
            try await leader.leading.reconciler.pass()
            let c = try await workshop.agent("c")
            await c.die()
            #expect(try workshop.journals(c.name).count == 1)
            try await leader.follower.reread()
            try await leader.leading.reconciler.pass()
            #expect(try workshop.journals(c.name).isEmpty)
        }
    }

    @Test("a sealed incarnation cannot journal, even while its session lives")
    func sealedWhileAlive() async throws {
        try await withOwner { workshop, leader, owner, other, task in
            let registration = try workshop.tree.runtime(.standard).agent(owner.name)
            let fence = try await owner.fence
            try workshop.ensemble.write([.delete(registration, version: nil)])
            try await leader.pass()
            await #expect(throws: ZooKeeperError.self) {
                try await owner.journal(1, [task.fire(workshop.now)], fence: fence)
            }
            #expect(try #require(workshop.places()[task.name]).place == .owned(other.id.seat))
        }
    }

    @Test("open fires wait for the rejoin grace, rows do not")
    func rejoinGrace() async throws {
        try await withOwner { workshop, leader, owner, other, task in
            try await leader.control.setRuntime(RuntimeSettings(name: .standard, rejoinGrace: .seconds(5)))
            let fire = task.fire(Workshop.start + .seconds(60))
            try await owner.journal(1, [fire])
            await owner.die()
            try await leader.pass()
            #expect(try #require(workshop.places()[task.name]).place == .owned(other.id.seat))
            #expect(await workshop.history.run(fire.attempt.run) == nil)
            let due = try #require(await leader.leading.reconciler.nextPass)
            #expect(due == workshop.time.monotonic + .seconds(5))
            workshop.clock.advance(by: .seconds(5))
            try await leader.leading.reconciler.pass()
            #expect(await workshop.history.run(fire.attempt.run)?.state == .lost)
        }
    }

    @Test("a full disk keeps lost fires in the journal and everything else going")
    func historyFails() async throws {
        struct Full: Error {}
        try await withOwner { workshop, leader, owner, other, task in
            let fire = task.fire(Workshop.start + .seconds(60))
            try await owner.journal(1, [fire])
            await workshop.history.failWrites(with: Full())
            await owner.die()
            try await leader.pass()
            #expect(try #require(workshop.places()[task.name]).place == .owned(other.id.seat))
            #expect(try workshop.journals(owner.name).count == 1)
            await workshop.history.failWrites(with: nil)
            workshop.clock.advance(by: .seconds(1))
            try await leader.leading.reconciler.pass()
            #expect(await workshop.history.run(fire.attempt.run)?.state == .lost)
            #expect(try workshop.journals(owner.name).isEmpty)
        }
    }

    @Test("a center that takes office learns what its predecessor did last, although no watch has told it")
    func catalogAtTakeover() async throws {
        try await withOwner { workshop, leader, _, _, task in
            let second = try await workshop.leader("c2")
            try await second.follower.warmUp()
            #expect(second.state.store.catalog.tasks[task.name] != nil)
            let third = try await workshop.leader("c3")
            try await third.follower.warmUp()
            try await third.control.deleteTask(task.name)
            _ = try await third.control.save([.every(60, "u")], condition: .any)
            try await second.follower.reread()
            #expect(second.state.store.catalog.tasks.keys.map(\.text) == ["u"])
        }
    }

    @Test("a deposed leader writes nothing any more")
    func deposed() async throws {
        try await withOwner { workshop, leader, owner, _, task in
            let second = try await workshop.leader("c2")
            await owner.die()
            let before = workshop.ensemble.transactionCount
            await #expect(throws: LeaderWriteError.deposed) { try await leader.pass() }
            await #expect(throws: CenterError.self) {
                try await leader.control.save([.every(60, "u")], condition: .any)
            }
            #expect(workshop.ensemble.transactionCount == before)
            try await second.pass()
            #expect(try #require(workshop.places()[task.name]).place != .owned(owner.id.seat))
        }
    }
}
