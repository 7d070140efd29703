public import Domain
import Mutations
public import ZooKeeper

extension LeaderJournal {
    /// Reads a journal after its fence was raised in the same session: segments first, then the checkpoint (rule L5).
    ///
    /// A segment that vanishes meanwhile was folded into the checkpoint, which is read later. Of the checkpoint only these
    /// `buckets` are read, all when `nil`; what is said of parts in others is not meant then.
    public static func read(
        _ id: JournalID,
        session: any ZooKeeperSession,
        tree: Tree,
        buckets wanted: Set<Int>? = nil
    ) async throws -> LeaderJournal {
        let early =
            Mutation.readsCheckpointFirst.isOn ? try await readCheckpoint(id, session, tree, wanted) : nil
        let segments = try await readSegments(id, session, tree)
        let late = if let early { early } else { try await readCheckpoint(id, session, tree, wanted) }
        return LeaderJournal(id: id, checkpoint: late, segments: segments)
    }

    private static func readSegments(
        _ id: JournalID,
        _ session: any ZooKeeperSession,
        _ tree: Tree
    ) async throws -> [JournalSegment] {
        let runtime = try tree.runtime(id.seat.runtime)
        let numbers = try await session.childrenIfPresent(tree.fence(id)).compactMap(
            RuntimeTree.segmentNumber(named:)
        )
        let segments = try await pipelined(numbers.sorted()) { number in
            try await session.payload(
                JournalSegment.self,
                at: runtime.segment(id.seat.agent, id.incarnation, number)
            )?.value
        }
        return segments.compactMap { $0 }
    }

    private static func readCheckpoint(
        _ id: JournalID,
        _ session: any ZooKeeperSession,
        _ tree: Tree,
        _ wanted: Set<Int>?
    ) async throws -> [Int: Versioned<CheckpointBucket>] {
        let runtime = try tree.runtime(id.seat.runtime)
        let buckets = try await session.childrenIfPresent(runtime.checkpoint(id.seat.agent, id.incarnation))
            .compactMap(Tree.bucket(named:)).filter { wanted?.contains($0) ?? true }
        let contents = try await pipelined(buckets) { bucket in
            try await session.payload(
                CheckpointBucket.self,
                at: runtime.checkpointBucket(id.seat.agent, id.incarnation, bucket)
            )
        }
        var checkpoint: [Int: Versioned<CheckpointBucket>] = [:]
        for (index, bucket) in buckets.enumerated() { checkpoint[bucket] = contents[index] }
        return checkpoint
    }

    /// Folds the segments of a sealed journal into its checkpoint: first every bucket that changes, a few at a time, then the segments go.
    ///
    /// Until a segment goes its fires stand in both, which folding again makes nothing of.
    public mutating func fold(with writer: LeaderWriter) async throws {
        try await write(folded(segments.count), with: writer)
        while !segments.isEmpty {
            let batch = segments.prefix(LeaderWriter.Limit.operationsMax - 1)
            let runtime = try writer.tree.runtime(id.seat.runtime)
            let operations = try batch.map { segment in
                // The fence keeps its author away, the epoch everybody else.
                Operation.delete(
                    try runtime.segment(id.seat.agent, id.incarnation, segment.number),
                    version: nil
                )
            }
            _ = try await writer.write(operations)
            segments.removeFirst(batch.count)
        }
    }

    /// Removes decided fires from the checkpoint of a sealed, folded journal, a few buckets at a time (rule L7).
    public mutating func remove(_ attempts: Set<AttemptID>, with writer: LeaderWriter) async throws {
        try await write(without(attempts), with: writer)
    }

    /// Removes one decided fire together with whatever `operations` say, in one multi (rule L7).
    public mutating func remove(
        _ attempt: AttemptID,
        also operations: [Operation],
        with writer: LeaderWriter
    ) async throws {
        let changed = without([attempt])
        let writes = try changed.map { try write($0.bucket, $0.content, writer.tree) }
        guard !writes.isEmpty || !operations.isEmpty else { return }
        apply(changed, try await writer.write(writes + operations))
    }

    /// The buckets that hold any of these fires, without them, sorted.
    private func without(_ attempts: Set<AttemptID>) -> [(bucket: Int, content: CheckpointBucket)] {
        precondition(segments.isEmpty, "fires are removed from a folded journal only")
        return checkpoint.keys.sorted().compactMap { bucket in
            guard var content = checkpoint[bucket]?.value else { return nil }
            let count = content.open.count
            content.open.removeAll { attempts.contains($0.fire.attempt) }
            return content.open.count == count ? nil : (bucket, content)
        }
    }

    /// Writes buckets, as many in one multi as fit it.
    private mutating func write(
        _ changed: [(bucket: Int, content: CheckpointBucket)],
        with writer: LeaderWriter
    ) async throws {
        var rest = try changed.map { ($0, try write($0.bucket, $0.content, writer.tree)) }[...]
        while !rest.isEmpty {
            var bytes = 0
            let fitting = rest.prefix(LeaderWriter.Limit.operationsMax - 1).prefix { _, operation in
                bytes += operation.dataBytes
                return bytes <= LeaderWriter.Limit.bytesMax
            }
            let batch = rest.prefix(max(fitting.count, 1))
            apply(batch.map(\.0), try await writer.write(batch.map(\.1)))
            rest = rest.dropFirst(batch.count)
        }
    }

    /// Deletes a sealed journal without open fires, and its empty inbox, once no head names it (rule L8).
    public func delete(with writer: LeaderWriter) async throws {
        precondition(segments.isEmpty && open.isEmpty, "the journal of \(id.seat) still has open fires")
        let runtime = try writer.tree.runtime(id.seat.runtime)
        let session = writer.session
        var operations: [Operation] = []
        for bucket in checkpoint.keys.sorted() {
            let path = try runtime.checkpointBucket(id.seat.agent, id.incarnation, bucket)
            operations.append(.delete(path, version: checkpoint[bucket]?.version))
        }
        for path in try [
            runtime.checkpoint(id.seat.agent, id.incarnation), runtime.inbox(id.seat.agent, id.incarnation),
            runtime.fence(id.seat.agent, id.incarnation),
        ] {
            guard let stat = try await session.exists(path) else { continue }
            operations.append(.delete(path, version: stat.version))
        }
        if !operations.isEmpty { _ = try await writer.write(operations) }
    }

    private func write(_ bucket: Int, _ content: CheckpointBucket, _ tree: Tree) throws -> Operation {
        let path = try tree.runtime(id.seat.runtime).checkpointBucket(id.seat.agent, id.incarnation, bucket)
        let data = try ZNodeCodec.encode(content)
        guard let present = checkpoint[bucket] else { return .create(path, data: data) }
        return .set(path, data: data, version: present.version)
    }

    private mutating func apply(
        _ changed: [(bucket: Int, content: CheckpointBucket)],
        _ results: [OperationResult]
    ) {
        for (change, result) in zip(changed, results) {
            checkpoint[change.bucket] = Versioned(change.content, version: result.version ?? 0)
        }
    }
}

extension Operation {
    /// The size of the data it carries.
    fileprivate var dataBytes: Int {
        switch self {
        case .create(_, let data, _, _), .set(_, let data, _): data.count
        case .delete, .check: 0
        }
    }
}
