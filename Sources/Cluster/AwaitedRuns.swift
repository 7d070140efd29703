public import Domain
public import ZooKeeper

/// The runs that wait for the ends of several others, or for an agent: what the leader keeps of them.
public struct AwaitedRuns: Sendable {
    private let writer: LeaderWriter

    /// Writes under the writer's epoch.
    public init(writer: LeaderWriter) { self.writer = writer }

    /// What is known of a run; `nil` when it does not wait.
    public func read(_ run: RunID) async throws -> Versioned<AwaitedRun>? {
        try await writer.session.payload(AwaitedRun.self, at: writer.tree.workflow(run))
    }

    /// Writes what is known of a run, if it is still as it was read.
    public func put(_ awaited: AwaitedRun, instead known: Versioned<AwaitedRun>?) async throws {
        let run = awaited.run.attempt.run
        let path = try writer.tree.workflow(run)
        let data = try ZNodeCodec.encode(awaited)
        if let known {
            _ = try await writer.write([.set(path, data: data, version: known.version)])
            return
        }
        try await writer.ensure(writer.tree.workflows)
        try await writer.ensure(writer.tree.workflowBucket(run))
        _ = try await writer.write([.create(path, data: data)])
    }

    /// The operation that lets a run wait which is not known; its bucket is made on the way.
    public func creation(of awaited: AwaitedRun) async throws -> Operation {
        let run = awaited.run.attempt.run
        try await writer.ensure(writer.tree.workflows)
        try await writer.ensure(writer.tree.workflowBucket(run))
        return .create(try writer.tree.workflow(run), data: try ZNodeCodec.encode(awaited))
    }

    /// Forgets a run that is still as it was read.
    public func remove(_ known: Versioned<AwaitedRun>) async throws {
        _ = try await writer.write([removal(of: known)])
    }

    /// The operation that forgets a run that is still as it was read.
    public func removal(of known: Versioned<AwaitedRun>) throws -> Operation {
        .delete(try writer.tree.workflow(known.value.run.attempt.run), version: known.version)
    }

    /// All runs that wait, sorted by identity.
    ///
    /// What cannot be read is left out, and stays.
    public func all() async throws -> [Versioned<AwaitedRun>] {
        let (session, root) = (writer.session, try writer.tree.workflows)
        let buckets = try await session.childrenIfPresent(root).sorted().map { try root.child($0) }
        let names = try await pipelined(buckets) { try await session.childrenIfPresent($0) }
        let paths = try zip(buckets, names).flatMap { bucket, names in try names.map { try bucket.child($0) }
        }
        let contents = try await pipelined(paths) { try await session.content(AwaitedRun.self, at: $0) }
        return contents.compactMap { if case .present(let awaited) = $0 { awaited } else { nil } }
            .sorted { $0.value.run.attempt < $1.value.run.attempt }
    }
}
