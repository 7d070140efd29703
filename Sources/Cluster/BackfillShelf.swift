public import Domain
public import ZooKeeper

/// What the leader keeps of backfills: one node each, whose only child is the task as the backfill takes it.
public struct BackfillShelf: Sendable {
    private let writer: LeaderWriter

    /// Writes under the writer's epoch.
    public init(writer: LeaderWriter) { self.writer = writer }

    private var session: any ZooKeeperSession { writer.session }

    /// The backfills there are, sorted by identity.
    public func identities() async throws -> [BackfillID] {
        try await session.childrenIfPresent(writer.tree.backfills).compactMap(BackfillID.init(_:)).sorted()
    }

    /// Where a backfill stands; `nil` when there is none, or it cannot be read.
    public func read(_ id: BackfillID) async throws -> Versioned<Backfill>? {
        let path = try writer.tree.backfill(id)
        if case .present(let backfill) = try await session.content(Backfill.self, at: path) {
            return backfill
        }
        return nil
    }

    /// All that can be read, latest first.
    public func all() async throws -> [Versioned<Backfill>] {
        try await pipelined(identities()) { try await read($0) }.compactMap(\.self)
            .sorted { ($0.value.createdAt, $0.value.id) > ($1.value.createdAt, $1.value.id) }
    }

    /// The task as a backfill takes it.
    public func task(of id: BackfillID) async throws -> Versioned<TaskDefinition>? {
        try await session.payload(TaskDefinition.self, at: writer.tree.backfillTask(id))
    }

    /// Creates a backfill.
    public func create(_ backfill: Backfill, _ task: TaskDefinition) async throws {
        try await writer.ensure(writer.tree.backfills)
        _ = try await writer.write([
            .create(try writer.tree.backfill(backfill.id), data: try ZNodeCodec.encode(backfill)),
            .create(try writer.tree.backfillTask(backfill.id), data: try ZNodeCodec.encode(task)),
        ])
    }

    /// The operation that writes where a backfill stands which is still as it was read.
    public func change(_ known: Versioned<Backfill>, to next: Backfill) throws -> Operation {
        .set(
            try writer.tree.backfill(next.id),
            data: try ZNodeCodec.encode(next),
            version: known.version
        )
    }

    /// Writes where a backfill stands, and the task as it takes it from now on, if it is still as it was read.
    public func put(
        _ next: Backfill,
        instead known: Versioned<Backfill>,
        task: (next: TaskDefinition, version: Int32)? = nil
    ) async throws {
        var operations = [try change(known, to: next)]
        if let task {
            let path = try writer.tree.backfillTask(next.id)
            operations.append(.set(path, data: try ZNodeCodec.encode(task.next), version: task.version))
        }
        _ = try await writer.write(operations)
    }

    /// Changes a backfill whatever else happens to it meanwhile; `nil` when there is none, or `body` leaves it as it is.
    @discardableResult
    public func change(
        _ id: BackfillID,
        _ body: @Sendable (inout Backfill) throws -> Bool
    ) async throws -> Backfill? {
        for _ in 0..<Self.conflictsMax {
            guard let known = try await read(id) else { return nil }
            var next = known.value
            guard try body(&next) else { return nil }
            do {
                try await put(next, instead: known)
                return next
            } catch LeaderWriteError.conflict {}
        }
        throw LeaderWriteError.conflict(ZooKeeperError(.badVersion, path: try writer.tree.backfill(id).text))
    }

    /// More conflicts in a row than runs of a backfill can end at once mean that something else is wrong.
    private static let conflictsMax = 2 * Backfill.Limit.runsMax

    /// Forgets a backfill that is still as it was read.
    public func remove(_ known: Versioned<Backfill>) async throws {
        let id = known.value.id
        _ = try await writer.write([
            .delete(try writer.tree.backfillTask(id), version: nil),
            .delete(try writer.tree.backfill(id), version: known.version),
        ])
    }
}

extension Backfill.Active {
    /// The run of a shard; of a fire that is one run, that one.
    public func run(of shard: Int, in tree: Tree) -> RunID {
        shards == nil ? run : .part(shard, of: run, in: tree)
    }

    /// Its runs that are under way, with their parts.
    public func runs(in tree: Tree) -> [(part: Int, run: RunID)] {
        guard let shards else { return [(0, run)] }
        return shards.running.map { ($0, run(of: $0, in: tree)) }
    }
}

extension Backfill {
    /// Notes the end of a run of a part; `false` when it was noted before, or is none of these.
    public mutating func end(_ run: RunID, ofPart part: Int, _ outcome: AttemptOutcome?, in tree: Tree)
        -> Bool
    {
        guard let fire = active.first(where: { $0.run(of: part, in: tree) == run }) else { return false }
        if fire.shards == nil { return end(run, outcome) }
        return end(run, ofShard: part, of: fire.due, outcome)
    }
}
