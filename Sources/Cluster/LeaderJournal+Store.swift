public import Domain
public import ZooKeeper

extension LeaderJournal {
    /// Reads a journal after its fence was raised in the same session: segments first, then the checkpoint (rule L5).
    ///
    /// A segment that vanishes meanwhile was folded into the checkpoint, which is read later.
    public static func read(_ id: JournalID, session: any ZooKeeperSession, tree: Tree) async throws
        -> LeaderJournal
    {
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
        let buckets = try await session.childrenIfPresent(runtime.checkpoint(id.seat.agent, id.incarnation))
            .compactMap(Tree.bucket(named:))
        let contents = try await pipelined(buckets) { bucket in
            try await session.payload(
                CheckpointBucket.self,
                at: runtime.checkpointBucket(id.seat.agent, id.incarnation, bucket)
            )
        }
        var checkpoint: [Int: Versioned<CheckpointBucket>] = [:]
        for (index, bucket) in buckets.enumerated() { checkpoint[bucket] = contents[index] }
        return LeaderJournal(id: id, checkpoint: checkpoint, segments: segments.compactMap { $0 })
    }

    /// Folds the segments of a sealed journal into its checkpoint, a few at a time; each multi keeps every fire in one of the two.
    public mutating func fold(with writer: LeaderWriter) async throws {
        while !segments.isEmpty {
            let count = foldable
            var operations: [Operation] = []
            let changed = folded(count)
            for (bucket, content) in changed { operations.append(try write(bucket, content, writer.tree)) }
            for segment in segments.prefix(count) {
                let path = try writer.tree.runtime(id.seat.runtime)
                    .segment(id.seat.agent, id.incarnation, segment.number)
                operations.append(.delete(path, version: 0))
            }
            let results = try await writer.write(operations)
            apply(changed, results)
            segments.removeFirst(count)
        }
    }

    /// Removes decided fires from the checkpoint of a sealed, folded journal, a few buckets at a time (rule L7).
    public mutating func remove(_ attempts: Set<AttemptID>, with writer: LeaderWriter) async throws {
        var rest = without(attempts)[...]
        while !rest.isEmpty {
            var bytes = 0
            let chunk = rest.prefix(LeaderWriter.Limit.operationsMax - 1).prefix { change in
                bytes += Self.estimatedBytes([change])
                return bytes <= LeaderWriter.Limit.bytesMax
            }
            let count = max(chunk.count, 1)
            try await write(Array(rest.prefix(count)), [], with: writer)
            rest = rest.dropFirst(count)
        }
    }

    /// Removes one decided fire together with whatever `operations` say, in one multi (rule L7).
    public mutating func remove(
        _ attempt: AttemptID,
        also operations: [Operation],
        with writer: LeaderWriter
    ) async throws {
        try await write(without([attempt]), operations, with: writer)
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

    private mutating func write(
        _ changed: [(bucket: Int, content: CheckpointBucket)],
        _ operations: [Operation],
        with writer: LeaderWriter
    ) async throws {
        let writes = try changed.map { try write($0.bucket, $0.content, writer.tree) }
        guard !writes.isEmpty || !operations.isEmpty else { return }
        apply(changed, try await writer.write(writes + operations))
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

    /// How many segments fit into one multi together with the buckets they change.
    private var foldable: Int {
        var count = 1
        while count < segments.count, fits(count + 1) { count += 1 }
        return count
    }

    private func fits(_ count: Int) -> Bool {
        let changed = folded(count)
        return changed.count + count < LeaderWriter.Limit.operationsMax
            && Self.estimatedBytes(changed) <= LeaderWriter.Limit.bytesMax
    }

    private static func estimatedBytes(_ changed: [(bucket: Int, content: CheckpointBucket)]) -> Int {
        changed.reduce(0) { $0 + $1.content.open.count * fireBytes + $1.content.cursors.count * cursorBytes }
    }

    /// Estimates of a fire's and a cursor's JSON, with the longest usual names.
    private static let fireBytes = 512
    private static let cursorBytes = 96

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
