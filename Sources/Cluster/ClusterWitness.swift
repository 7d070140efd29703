public import Domain
public import Orchestration
public import ZooKeeper

/// Compares what a process remembers of its cluster with what ZooKeeper holds (rule T2).
public struct ClusterWitness: Sendable {
    private let session: any ZooKeeperSession
    private let tree: Tree

    /// Prepares to look over `session`.
    public init(session: any ZooKeeperSession, tree: Tree) {
        self.session = session
        self.tree = tree
    }

    /// Looks at what is there now.
    ///
    /// A server that lags behind shows an older state too: nothing is refused before it has caught up with the leader.
    ///
    /// - Parameters:
    ///   - memory: What the process remembers; `nil` for one that remembers nothing.
    ///   - paths: Nodes whose last change is to be remembered, beside `/cluster` and `/epoch`.
    ///   - latest: The transaction of a write that the process just made, if it made one.
    /// - Returns: What is there, and what is to be remembered from now on; `nil` when there is nothing to remember yet.
    /// - Throws: `ClusterRefusal`; `ZooKeeperError` when the session cannot answer.
    public func look(
        after memory: ClusterMemory?,
        marking paths: [ZNodePath] = [],
        latest: Int64? = nil
    ) async throws -> (sighting: ClusterSighting, memory: ClusterMemory?) {
        let sighting = try await sighting(memory, paths, latest)
        if refusal(memory, sighting) == nil { return remembered(sighting, memory, paths) }
        try await session.sync(tree.root)
        let current = try await self.sighting(memory, paths, latest)
        if let refusal = refusal(memory, current) { throw refusal }
        return remembered(current, memory, paths)
    }

    /// Without a memory any tree will do, also an empty one; but not one that had a cluster in it and has lost its name.
    private func refusal(_ memory: ClusterMemory?, _ sighting: ClusterSighting) -> ClusterRefusal? {
        guard let memory else {
            return sighting.identity == nil && sighting.epoch != nil ? .headless : nil
        }
        return memory.refusal(of: sighting)
    }

    private func remembered(
        _ sighting: ClusterSighting,
        _ memory: ClusterMemory?,
        _ paths: [ZNodePath]
    ) -> (sighting: ClusterSighting, memory: ClusterMemory?) {
        var kept = sighting
        let wanted = Set(paths.map(\.text))
        kept.marks = kept.marks.filter { wanted.contains($0.key) }
        return (sighting, ClusterMemory(kept, after: memory))
    }

    private func sighting(
        _ memory: ClusterMemory?,
        _ paths: [ZNodePath],
        _ latest: Int64?
    ) async throws -> ClusterSighting {
        let known = try (memory?.marks.keys.sorted() ?? []).map { try ZNodePath($0) }
        let marked = Set(known + paths).sorted()
        let session = session
        async let identity = session.payload(ClusterIdentity.self, at: tree.cluster)
        async let epoch = session.nodeIfPresent(tree.epoch)
        async let tasks = session.exists(tree.tasks)
        async let stats = pipelined(marked) { try await session.exists($0) }
        var sighting = ClusterSighting(identity: try await identity?.value, epoch: nil, latest: latest)
        if let node = try await epoch {
            sighting.epoch = Epoch(rawValue: node.stat.version)
            if !node.data.isEmpty {
                let leadership: Leadership = try ZNodeCodec.decode(from: node.data, at: tree.epoch.text)
                sighting.leader = leadership.guid
            }
        }
        sighting.hasTasks = try await tasks != nil
        for (path, stat) in zip(marked, try await stats) {
            sighting.marks[path.text] = stat?.lastTransaction
        }
        return sighting
    }
}

extension ZNodeStat {
    /// The last transaction that changed the node or its list of children.
    fileprivate var lastTransaction: Int64 {
        max(createdTransaction, modifiedTransaction, childrenTransaction)
    }
}
