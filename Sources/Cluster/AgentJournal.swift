public import Domain
import Mutations
public import Orchestration
public import ZooKeeper

/// What came of a journal write.
public enum JournalOutcome: Hashable, Sendable {
    /// The write is committed.
    ///
    /// `sent` is when it was sent, `roundTrip` how long its reply took, `transaction` ZooKeeper's number of a segment's write.
    case committed(sent: MonotonicInstant, roundTrip: Duration, transaction: Int64 = 0)
    /// The fence was raised, or an inbox entry was taken back: nothing was decided, load again.
    case rejected
    /// A segment of this number was written by somebody else in this incarnation's name: never write again as it.
    case foreign
}

/// Writes an incarnation's journal: the single writer of its segments and checkpoint.
///
/// One write at a time. A write whose reply is lost stays frozen inside the call until its outcome is known, so the caller
/// cannot do anything else with the journal meanwhile.
public struct AgentJournal: Sendable {
    private let session: any ZooKeeperSession
    let nodes: AgentNodes
    let time: TimeSource
    private var knownBuckets: Set<Int> = []

    /// Largest multi in bytes of data.
    static let multiBytesMax = 240 * 1_024

    /// Prepares to write over `session`.
    public init(session: any ZooKeeperSession, nodes: AgentNodes, time: TimeSource) {
        self.session = session
        self.nodes = nodes
        self.time = time
    }

    /// Commits a segment and takes the named inbox entries with it.
    ///
    /// - Throws: `ZooKeeperError` when the session is over or the task was cancelled: the outcome may stay unknown for ever.
    public func commit(
        _ segment: JournalSegment,
        taking entries: [String],
        fence: Int32
    ) async throws -> JournalOutcome {
        let path = try nodes.segment(segment.number)
        var operations: [Operation] = [
            .check(nodes.fence, version: fence),
            .create(path, data: try ZNodeCodec.encode(segment)),
            // Its stat says which transaction this is: fencing tokens are made of that.
            .set(nodes.checkpoint, data: [], version: nil),
        ]
        let deletions = try entries.map { Operation.delete(try nodes.inbox.child($0), version: nil) }
        if Mutation.journalsUnfenced.isOn { operations.removeFirst() }
        if Mutation.deletesBeforeJournaling.isOn {
            if !deletions.isEmpty { _ = try await send(deletions) }
        } else if !Mutation.deletesAfterJournaling.isOn {
            operations += deletions
        }
        let firstSent = time.monotonic
        while true {
            switch try await send(operations) {
            case .committed(let sent, let roundTrip, let transaction):
                if Mutation.deletesAfterJournaling.isOn, !deletions.isEmpty { _ = try await send(deletions) }
                return .committed(sent: sent, roundTrip: roundTrip, transaction: transaction)
            case .refused:
                return .rejected
            case .unknown where Mutation.thawsSegment.isOn:
                return .rejected
            case .exists where Mutation.thawsSegment.isOn:
                return .committed(sent: firstSent, roundTrip: .zero)
            case .exists, .unknown:
                // Absent means that the same bytes may be sent again; a foreign nonce, that somebody else is us.
                let stat = try await stat(of: path)
                switch try await present(at: path) {
                case .absent where Self.trustsUnsyncedRead(taking: entries): return .rejected
                case .absent: continue
                case .present(let found) where found.value.nonce == segment.nonce:
                    // It came between the two reads.
                    guard let stat else { continue }
                    // When the reply would have come is not known: the lease counts from the first time it was sent.
                    return .committed(
                        sent: firstSent,
                        roundTrip: .zero,
                        transaction: stat.createdTransaction
                    )
                case .present, .damaged: return .foreign
                }
            }
        }
    }

    /// Writes a checkpoint: early buckets first where one multi is too small, the segments go with the last.
    ///
    /// - Throws: `ZooKeeperError` when the session is over or the task was cancelled.
    public mutating func write(_ plan: CheckpointPlan, fence: Int32) async throws -> JournalOutcome {
        var segments = plan.segments
        var outcome = JournalOutcome.rejected
        var batches = try batches(plan.buckets)
        if Mutation.deletesSegmentsFirst.isOn, !segments.isEmpty {
            _ = try await send(try operations([], deleting: segments, fence: fence))
            segments = []
        }
        while let batch = batches.first {
            let isLast = batches.count == 1
            let operations = try operations(batch, deleting: isLast ? segments : [], fence: fence)
            switch try await send(operations) {
            case .committed(let sent, let roundTrip, _):
                outcome = .committed(sent: sent, roundTrip: roundTrip)
                knownBuckets.formUnion(batch.map(\.bucket))
                batches.removeFirst()
            case .exists, .unknown:
                try await recall(&segments)
            case .refused:
                // A write of unknown outcome may have deleted segments before a later one was refused: without them it may succeed.
                let count = segments.count
                try await recall(&segments)
                if segments.count == count { return .rejected }
            }
        }
        return outcome
    }

    /// M4 and I5: whether a segment that is not found without `sync` counts as never written.
    private static func trustsUnsyncedRead(taking entries: [String]) -> Bool {
        entries.isEmpty ? Mutation.trustsUnsyncedRead.isOn : Mutation.forgetsUncertainTaking.isOn
    }

    /// What the server said to a multi.
    enum Reply {
        case committed(sent: MonotonicInstant, roundTrip: Duration, transaction: Int64)
        case refused
        case exists
        case unknown
    }

    /// Sends a multi; after a lost reply, waits until reads tell the truth about it.
    func send(_ operations: [Operation]) async throws -> Reply {
        let sent = time.monotonic
        let failure: ZooKeeperError
        do {
            let results = try await session.multi(operations)
            return .committed(
                sent: sent,
                roundTrip: time.monotonic - sent,
                transaction: Self.transaction(of: results)
            )
        } catch {
            failure = error
        }
        if failure.endsSession { throw failure }
        if failure.isOutcomeUnknown {
            if Mutation.trustsUnsyncedRead.isOn || Mutation.forgetsUncertainTaking.isOn {
                try await session.connected()
            } else {
                try await session.settled(at: nodes.fence)
            }
            return .unknown
        }
        switch failure.code {
        case .nodeExists: return .exists
        case .badVersion, .noNode: return .refused
        default: throw failure
        }
    }

    /// The transaction that a multi was, by what it set.
    private static func transaction(of results: [OperationResult]) -> Int64 {
        for case .set(let stat) in results { return stat.modifiedTransaction }
        return 0
    }

    func stat(of path: ZNodePath) async throws -> ZNodeStat? {
        let session = session
        return try await session.persistently { try await session.exists(path) }
    }

    private func present(at path: ZNodePath) async throws -> NodeContent<JournalSegment> {
        let session = session
        return try await session.persistently { try await session.content(JournalSegment.self, at: path) }
    }

    private struct EncodedBucket: Sendable {
        var bucket: Int
        var data: [UInt8]
    }

    /// The encoded buckets in order of their numbers, grouped so that each group fits one multi; at least one group.
    private func batches(_ buckets: [Int: CheckpointBucket]) throws -> [[EncodedBucket]] {
        var batches: [[EncodedBucket]] = [[]]
        var size = 0
        for bucket in buckets.keys.sorted() {
            let data = try ZNodeCodec.encode(buckets[bucket] ?? CheckpointBucket())
            if size + data.count > Self.multiBytesMax, size > 0 {
                batches.append([])
                size = 0
            }
            batches[batches.count - 1].append(EncodedBucket(bucket: bucket, data: data))
            size += data.count
        }
        return batches
    }

    private func operations(
        _ batch: [EncodedBucket],
        deleting segments: [Int],
        fence: Int32
    ) throws -> [Operation] {
        var operations: [Operation] = [.check(nodes.fence, version: fence)]
        for entry in batch {
            let path = try nodes.checkpoint.child(Tree.bucketName(entry.bucket))
            let isKnown = knownBuckets.contains(entry.bucket)
            operations.append(
                isKnown ? .set(path, data: entry.data, version: nil) : .create(path, data: entry.data)
            )
        }
        for segment in segments { operations.append(.delete(try nodes.segment(segment), version: nil)) }
        return operations
    }

    /// Learns which buckets and which of the segments exist: what a checkpoint of unknown outcome has done.
    private mutating func recall(_ segments: inout [Int]) async throws {
        let (session, nodes) = (session, nodes)
        let buckets = try await session.persistently { try await session.childrenIfPresent(nodes.checkpoint) }
        let names = try await session.persistently { try await session.childrenIfPresent(nodes.fence) }
        knownBuckets = Set(buckets.compactMap(Tree.bucket(named:)))
        let present = Set(names.compactMap(RuntimeTree.segmentNumber(named:)))
        segments.removeAll { !present.contains($0) }
    }
}
