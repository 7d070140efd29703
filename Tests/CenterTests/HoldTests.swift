import CenterDoubles
import Cluster
import Domain
import Scheduling
import SimulationKit
import Testing

@testable import Center

/// What the leader does so that runs of a task that must not overlap do not, whoever owns the task.
@Suite struct HoldTests {
    /// A leader, two agents, and a task that belongs to one of them.
    private func withOwner(
        _ concurrency: Concurrency = Concurrency(.forbid),
        delivery: Delivery = .atMostOnce,
        retry: Retry = Retry(),
        _ body: (Workshop, Leader, Agent, Agent, TaskDefinition) async throws -> Void
    ) async throws {
        let workshop = try Workshop()
        let leader = try await workshop.leader()
        let a = try await workshop.agent("a")
        try await leader.pass()
        var task = TaskSpecification.every(60, "t", delivery: delivery)
        task.concurrency = concurrency
        task.retry = retry
        _ = try await leader.control.save([task], condition: .any)
        try await leader.pass()
        let b = try await workshop.agent("b")
        try await leader.pass()
        let view = try await leader.control.task(TaskID("t")!)
        let (owner, other) = view.owner == a.name ? (a, b) : (b, a)
        try await body(workshop, leader, owner, other, view.definition)
    }

    private func row(_ workshop: Workshop) throws -> (place: Place, row: AllocationRow) {
        try #require(workshop.places()[TaskID("t")!])
    }

    private func held(_ attempt: AttemptID, _ agent: Agent) -> RowHold {
        RowHold(attempts: [
            HeldAttempt(attempt, runtime: .standard, agent: agent.name, incarnation: agent.id.incarnation)
        ])
    }

    private func drain(_ agent: Agent, _ leader: Leader) async throws {
        try await leader.control.setDrained(agent.name, in: nil, true)
        try await leader.pass()
    }

    private func report(_ fire: JournaledFire, _ agent: Agent, retryAt: Instant? = nil) -> RunReport {
        var result = AttemptResult(
            attempt: fire.attempt,
            outcome: retryAt == nil ? .succeeded : .failed,
            endedAt: fire.due
        )
        result.retryAt = retryAt
        return RunReport(
            fire: fire,
            agent: agent.name,
            incarnation: agent.id.incarnation,
            runtime: .standard,
            phase: .ended(result)
        )
    }

    @Test("a row that moves holds what runs with the former owner until its end is known")
    func planned() async throws {
        try await withOwner { workshop, leader, owner, other, task in
            let fire = task.fire(Workshop.start + .seconds(60))
            try await owner.journal(1, [fire])
            try await drain(owner, leader)
            let moved = try row(workshop)
            #expect(moved.place == .owned(other.id.seat))
            #expect(moved.row.hold == held(fire.attempt, owner))
            _ = try await leader.control.accept([report(fire, owner)], from: owner.name)
            try await leader.pass()
            #expect(try row(workshop).row.hold == nil)
            #expect(try row(workshop).row.cursor == fire.due)
        }
    }

    @Test("a task whose runs are not counted holds nothing")
    func uncounted() async throws {
        try await withOwner(Concurrency()) { workshop, leader, owner, other, task in
            try await owner.journal(1, [task.fire(Workshop.start + .seconds(60))])
            try await drain(owner, leader)
            #expect(try row(workshop).place == .owned(other.id.seat))
            #expect(try row(workshop).row.hold == nil)
        }
    }

    @Test("what was not taken moves with the row")
    func untaken() async throws {
        try await withOwner { workshop, leader, owner, other, _ in
            let run = try await leader.control.requestRun(of: TaskID("t")!, key: "k")
            #expect(try workshop.inboxes().map(\.agent) == [owner.name.text])
            try await drain(owner, leader)
            try await leader.pass()
            let inboxes = try workshop.inboxes()
            #expect(inboxes.map(\.agent) == [other.name.text])
            #expect(inboxes.first?.dispatch.launched == AttemptID(run: run, number: 1))
            #expect(try row(workshop).row.hold == nil)
            #expect(try await leader.control.requestRun(of: TaskID("t")!, key: "k") == run)
            #expect(try workshop.inboxes().count == 1)
        }
    }

    @Test("the attempt after a failed one is made by the new owner, and it alone is told to wait")
    func retried() async throws {
        try await withOwner(retry: Retry(attempts: 2)) { workshop, leader, owner, other, task in
            let fire = task.fire(Workshop.start + .seconds(60))
            try await owner.journal(1, [fire])
            try await drain(owner, leader)
            let failed = report(fire, owner, retryAt: fire.due + .seconds(5))
            #expect(try await leader.control.accept([failed], from: owner.name) != nil)
            try await leader.pass()
            #expect(try workshop.inboxes().map(\.agent) == [other.name.text])
            #expect(try row(workshop).row.hold == nil)
        }
    }

    @Test("after an owner that went away with a run the next one has to wait, and whoever follows it soon")
    func cutOff() async throws {
        try await withOwner { workshop, leader, owner, other, task in
            let fire = task.fire(Workshop.start + .seconds(60))
            try await owner.journal(1, [fire])
            await owner.die()
            try await leader.pass()
            #expect(try row(workshop).place == .owned(other.id.seat))
            #expect(try row(workshop).row.hold == RowHold(cutOffs: 1))
            let next = task.fire(fire.due + .seconds(60), .skipped(reason: "x"))
            try await other.journal(1, [next])
            let third = try await workshop.agent("c")
            try await drain(other, leader)
            #expect(try row(workshop).place == .owned(third.id.seat))
            // What the second owner decided it may have decided before it knew.
            #expect(try row(workshop).row.hold == RowHold(cutOffs: 1))
            try await leader.pass()
            workshop.clock.advance(by: .seconds(3_600))
            try await leader.pass()
            #expect(try row(workshop).row.hold == nil)
        }
    }

    @Test("an owner that is cut off when the leader has just forgotten another one is another one")
    func cutOffAgain() async throws {
        try await withOwner { workshop, leader, owner, other, task in
            let fire = task.fire(Workshop.start + .seconds(60))
            try await owner.journal(1, [fire])
            await owner.die()
            try await leader.pass()
            workshop.clock.advance(by: .seconds(3_600))
            try await leader.leading.reconciler.liftHolds()
            #expect(try row(workshop).row.hold == nil)
            try await other.journal(1, [task.fire(fire.due + .seconds(60))])
            await other.die()
            _ = try await workshop.agent("c")
            try await leader.pass()
            try await leader.pass()
            #expect(try row(workshop).row.hold == RowHold(cutOffs: 1))
        }
    }

    @Test("what an owner left is decided only when its row says that it was cut off")
    func undecided() async throws {
        try await withOwner { workshop, leader, owner, other, task in
            try await owner.journal(1, [task.fire(Workshop.start + .seconds(60))])
            await owner.die()
            // The news comes in the middle of a round: the plan still says that the row stays where it is.
            try await leader.follower.warmUp()
            let reconciler = leader.leading.reconciler
            try await reconciler.seal(try #require(await reconciler.situation()))
            try await reconciler.settleAbandoned()
            try await reconciler.decideOpenFires()
            #expect(try row(workshop).place == .owned(owner.id.seat))
            try await leader.pass()
            #expect(try row(workshop).place == .owned(other.id.seat))
            #expect(try row(workshop).row.hold == RowHold(cutOffs: 1))
        }
    }

    @Test("an owner that went away without a run leaves nothing to wait for")
    func idle() async throws {
        try await withOwner { workshop, leader, owner, _, task in
            let fire = task.fire(Workshop.start + .seconds(60))
            let result = AttemptResult(attempt: fire.attempt, outcome: .succeeded, endedAt: fire.due)
            try await owner.journal(1, [fire])
            try await owner.journal(2, [], ended: [result])
            await owner.die()
            try await leader.pass()
            #expect(try row(workshop).row.hold == nil)
        }
    }

    @Test("a former owner that goes away with what is held counts as cut off")
    func heldAndLost() async throws {
        try await withOwner { workshop, leader, owner, _, task in
            let fire = task.fire(Workshop.start + .seconds(60))
            try await owner.journal(1, [fire])
            try await drain(owner, leader)
            #expect(try row(workshop).row.hold == held(fire.attempt, owner))
            await owner.die()
            try await leader.pass()
            try await leader.pass()
            #expect(try row(workshop).row.hold == RowHold(cutOffs: 1))
        }
    }

    @Test("what was held elsewhere and came to the owner is held with that owner when the row moves on")
    func heldAnew() async throws {
        try await withOwner { workshop, leader, owner, _, task in
            let fire = task.fire(Workshop.start + .seconds(60))
            let mirror = try #require(await leader.leading.reconciler.mirror)
            var held = try row(workshop).row
            held.hold = RowHold(attempts: [
                HeldAttempt(
                    fire.attempt,
                    runtime: .standard,
                    agent: AgentID("c")!,
                    incarnation: workshop.random.identifier()
                )
            ])
            var transaction = LeaderTransaction(mirror: mirror, epoch: leader.epoch)
            _ = transaction.add(.init(row: held, to: .owned(owner.id.seat)))
            _ = try await transaction.commit(with: leader.leading.writer)
            try await owner.journal(1, [fire])
            let successor = try await workshop.leader("c2")
            try await successor.follower.warmUp()
            try await successor.control.setDrained(owner.name, in: nil, true)
            try await successor.pass()
            #expect(try row(workshop).row.hold == self.held(fire.attempt, owner))
        }
    }

    @Test("what nobody can know any more is not waited for for ever")
    func forgotten() async throws {
        try await withOwner { workshop, leader, owner, other, task in
            let mirror = try #require(await leader.leading.reconciler.mirror)
            var row = try row(workshop).row
            let gone = HeldAttempt(
                task.fire(Workshop.start + .seconds(60)).attempt,
                runtime: .standard,
                agent: other.name,
                incarnation: workshop.random.identifier()
            )
            row.hold = RowHold(attempts: [gone])
            var transaction = LeaderTransaction(mirror: mirror, epoch: leader.epoch)
            _ = transaction.add(.init(row: row, to: .owned(owner.id.seat)))
            _ = try await transaction.commit(with: leader.leading.writer)
            let successor = try await workshop.leader("c2")
            try await successor.pass()
            #expect(try self.row(workshop).row.hold == RowHold(cutOffs: 1))
        }
    }

    @Test("a paused task has an owner that counts its requested runs")
    func paused() async throws {
        try await withOwner { workshop, leader, owner, _, task in
            _ = try await leader.control.setEnabled(task.name, false)
            try await leader.pass()
            #expect(try row(workshop).place == .owned(owner.id.seat))
            _ = try await leader.control.requestRun(of: task.name, key: "k")
            #expect(try workshop.inboxes().map(\.agent) == [owner.name.text])
        }
    }
}
