import Cluster
import Domain
import Orchestration
import Scheduling
import SimulationKit
import Testing
import ZooKeeper

/// Checkpoints as they reach ZooKeeper.
@Suite struct AgentJournalTests {
    let ensemble = InMemoryEnsemble()
    let nodes: AgentNodes
    let time = TimeSource(clock: SimulationClock(), wall: { .epoch })

    init() throws {
        let seat = Seat(runtime: .standard, agent: try #require(AgentID("a1")))
        nodes = try AgentNodes(
            tree: try Tree(workspace: .standard),
            seat: seat,
            incarnation: Incarnation(high: 1, low: 2)
        )
        try ensemble.createAll(nodes.fence, data: try ZNodeCodec.encode(FenceRecord()))
        try ensemble.createAll(nodes.checkpoint)
        for number in 1...3 { try ensemble.createAll(try nodes.segment(number)) }
    }

    /// A bucket of about `kilobytes`.
    private func bucket(_ kilobytes: Int) -> CheckpointBucket {
        let cursors = (0..<(kilobytes * 14)).map { index in
            CheckpointCursor(key: TaskPart(uid: TaskUID(bits: UInt64(index))), cursor: .epoch)
        }
        return CheckpointBucket(cursors: cursors)
    }

    @Test("a big checkpoint is written in pieces; the segments go with the last")
    func pieces() async throws {
        let session = try await ensemble.connect(resuming: nil)
        var journal = AgentJournal(session: session, nodes: nodes, time: time)
        let plan = CheckpointPlan(
            buckets: Dictionary(uniqueKeysWithValues: (0..<8).map { ($0, bucket(60)) }),
            segments: [1, 2, 3]
        )
        let before = ensemble.transactionCount
        // The last piece is lost: the earlier ones are there, and no segment is gone.
        ensemble.loseReply(.dropped) { operations in
            operations.contains { if case .delete = $0 { true } else { false } }
        }
        async let outcome = journal.write(plan, fence: 0)
        while await session.state.isConnected { await Task.yield() }
        #expect(ensemble.children(nodes.checkpoint).count >= 4)
        #expect(ensemble.children(nodes.fence) == ["cp", "s-1", "s-2", "s-3"])
        ensemble.reconnect(try #require(ensemble.sessions.first))
        guard case .committed = try await outcome else {
            Issue.record("not committed")
            return
        }
        #expect(ensemble.children(nodes.checkpoint).count == 8)
        #expect(ensemble.children(nodes.fence) == ["cp"])
        #expect(ensemble.transactionCount - before == 2)
    }

    @Test("a checkpoint without an answer whose repetition is refused is completed later")
    func refusedRepetition() async throws {
        let session = try await ensemble.connect(resuming: nil)
        let plan = CheckpointPlan(buckets: [0: bucket(1)], segments: [1, 2, 3])
        ensemble.loseReply(.applied) { _ in true }
        // The segments are gone, which the ledger cannot know: the second write names them again.
        async let outcomes = writes(plan, over: session)
        while await session.state.isConnected { await Task.yield() }
        try ensemble.write([.set(nodes.fence, data: try ZNodeCodec.encode(FenceRecord()), version: nil)])
        ensemble.reconnect(try #require(ensemble.sessions.first))
        let (first, second) = try await outcomes
        #expect(first == .rejected)
        guard case .committed = second else {
            Issue.record("refused for good")
            return
        }
        #expect(ensemble.children(nodes.fence) == ["cp"])
    }

    /// The same checkpoint under the first fence, then under the next.
    private func writes(_ plan: CheckpointPlan, over session: any ZooKeeperSession) async throws
        -> (JournalOutcome, JournalOutcome)
    {
        var journal = AgentJournal(session: session, nodes: nodes, time: time)
        let first = try await journal.write(plan, fence: 0)
        return (first, try await journal.write(plan, fence: 1))
    }

    @Test(
        "a checkpoint whose reply is lost is completed, whatever became of it",
        arguments: [InMemoryEnsemble.LostReply.applied, .dropped, .delayed]
    )
    func replyLost(_ kind: InMemoryEnsemble.LostReply) async throws {
        let session = try await ensemble.connect(resuming: nil)
        var journal = AgentJournal(session: session, nodes: nodes, time: time)
        let plan = CheckpointPlan(buckets: [4: bucket(1)], segments: [1, 2])
        ensemble.loseReply(kind) { _ in true }
        async let outcome = journal.write(plan, fence: 0)
        while await session.state.isConnected { await Task.yield() }
        ensemble.reconnect(try #require(ensemble.sessions.first))
        guard case .committed = try await outcome else {
            Issue.record("not committed")
            return
        }
        #expect(ensemble.children(nodes.checkpoint) == ["004"])
        #expect(ensemble.children(nodes.fence) == ["cp", "s-3"])
    }

    private func claim(_ number: UInt64) -> UnitClaim {
        var task = TaskSpecification(name: TaskID("t")!, action: .command(["true"]))
        task.demand.keys = [PoolID("db")!]
        let fire = JournaledFire(
            attempt: AttemptID(run: RunID(request: RandomID(high: 0, low: number)), number: 1),
            task: task.name,
            uid: TaskUID(bits: 1),
            revision: 1,
            due: .epoch,
            trigger: .request,
            delivery: .atMostOnce,
            decision: .launch
        )
        return UnitClaim(
            fire,
            of: task,
            runtime: .standard,
            agent: nodes.seat.agent,
            incarnation: nodes.incarnation,
            lease: .seconds(1)
        )
    }

    @Test(
        "claims whose reply is lost are made once, whatever became of it",
        arguments: [InMemoryEnsemble.LostReply.applied, .dropped, .delayed]
    )
    func claimReplyLost(_ kind: InMemoryEnsemble.LostReply) async throws {
        try ensemble.createAll(try nodes.tree.claims)
        let session = try await ensemble.connect(resuming: nil)
        let journal = AgentJournal(session: session, nodes: nodes, time: time)
        ensemble.loseReply(kind) { _ in true }
        let claims = [claim(1), claim(2)]
        async let outcome = journal.claim(claims, fence: 0)
        while await session.state.isConnected { await Task.yield() }
        ensemble.reconnect(try #require(ensemble.sessions.first))
        guard case .committed = try await outcome else {
            Issue.record("not committed")
            return
        }
        #expect(ensemble.children(try nodes.tree.claims) == claims.map(\.attempt.description).sorted())
    }

    @Test("a raised fence refuses claims, and none of them is made")
    func claimRefused() async throws {
        try ensemble.createAll(try nodes.tree.claims)
        let session = try await ensemble.connect(resuming: nil)
        let journal = AgentJournal(session: session, nodes: nodes, time: time)
        try ensemble.write([.set(nodes.fence, data: try ZNodeCodec.encode(FenceRecord()), version: nil)])
        #expect(try await journal.claim([claim(1)], fence: 0) == .rejected)
        #expect(ensemble.children(try nodes.tree.claims).isEmpty)
    }

    @Test("a raised fence refuses a segment, and an inbox entry that was taken back does, too")
    func refusedSegment() async throws {
        let session = try await ensemble.connect(resuming: nil)
        let journal = AgentJournal(session: session, nodes: nodes, time: time)
        let segment = JournalSegment(number: 9, nonce: Nonce(bits: 1), fires: [])
        #expect(try await journal.commit(segment, taking: ["gone"], fence: 0) == .rejected)
        try ensemble.write([.set(nodes.fence, data: try ZNodeCodec.encode(FenceRecord()), version: nil)])
        #expect(try await journal.commit(segment, taking: [], fence: 0) == .rejected)
        #expect(ensemble.node(try nodes.segment(9)) == nil)
        guard case .committed = try await journal.commit(segment, taking: [], fence: 1) else {
            Issue.record("not committed")
            return
        }
        let other = JournalSegment(number: 9, nonce: Nonce(bits: 2), fires: [])
        #expect(try await journal.commit(other, taking: [], fence: 1) == .foreign)
    }

    @Test("a raised fence refuses a checkpoint, and nothing of it is written")
    func refused() async throws {
        let session = try await ensemble.connect(resuming: nil)
        var journal = AgentJournal(session: session, nodes: nodes, time: time)
        try ensemble.write([.set(nodes.fence, data: try ZNodeCodec.encode(FenceRecord()), version: nil)])
        let outcome = try await journal.write(
            CheckpointPlan(buckets: [4: bucket(1)], segments: [1]),
            fence: 0
        )
        #expect(outcome == .rejected)
        #expect(ensemble.children(nodes.checkpoint) == [])
        #expect(ensemble.children(nodes.fence) == ["cp", "s-1", "s-2", "s-3"])
    }
}
