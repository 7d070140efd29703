public import Domain
public import Scheduling
public import ZooKeeper

/// Declares that the cluster goes on from what ZooKeeper holds now, although that is not its latest state (rule T1).
///
/// Done by an operator who restored a snapshot, or has to do without one: centers and agents refuse such a tree until then. Writes a new
/// timeline and a floor instant into `/cluster` and raises `/epoch`, which deposes whoever leads. What was due until the floor is recorded as
/// missed, never launched: it may have run in the history that was lost.
public struct TimelineRenewal: Sendable {
    private let session: any ZooKeeperSession
    private let tree: Tree

    /// Raises of one multi.
    private static let raisesMax = 500
    /// More of ZooKeeper's own epochs than a restored state can lack: fencing tokens go on above all that were given out.
    private static let lostEpochsMax: Int32 = 10_000

    /// What is to be declared.
    public struct Declaration: Hashable, Sendable {
        /// The cluster it is about: needed where the tree has lost its own, or has another's.
        public var cluster: Nonce?
        /// The new timeline: random.
        public var timeline: Nonce
        /// When it begins: now.
        public var floor: Instant
        /// The epoch to begin above, beside the one that is there.
        public var above: Epoch

        /// Creates a declaration.
        public init(cluster: Nonce? = nil, timeline: Nonce, floor: Instant, above: Epoch) {
            self.cluster = cluster
            self.timeline = timeline
            self.floor = floor
            self.above = above
        }
    }

    /// Prepares to write over `session`.
    public init(session: any ZooKeeperSession, tree: Tree) {
        self.session = session
        self.tree = tree
    }

    /// The cluster's identity and the epoch, as they are now; `nil` where there is none.
    public func current() async throws -> (identity: ClusterIdentity?, epoch: Epoch?) {
        try await session.sync(tree.root)
        let identity = try await session.payload(ClusterIdentity.self, at: tree.cluster)?.value
        let epoch = try await session.exists(tree.epoch)
        return (identity, epoch.map { Epoch(rawValue: $0.version) })
    }

    /// Declares; returns what holds from now on.
    ///
    /// The last raise and the new timeline are one transaction: nobody sees the one without the other. May be repeated after any
    /// failure.
    ///
    /// - Throws: `ZooKeeperError` with code `.noNode` when the tree has no `/cluster` and no cluster was named, `.badVersion` when
    ///   somebody took office meanwhile.
    public func declare(_ declaration: Declaration) async throws -> (identity: ClusterIdentity, epoch: Epoch)
    {
        if let cluster = declaration.cluster {
            _ = try await ClusterTree(session: session, tree: tree)
                .ensure(identity: ClusterIdentity(id: cluster, timeline: declaration.timeline))
        }
        try await session.sync(tree.root)
        let node = try await session.get(tree.cluster)
        var identity: ClusterIdentity = try ZNodeCodec.decode(from: node.data, at: tree.cluster.text)
        identity.id = declaration.cluster ?? identity.id
        identity.timeline = declaration.timeline
        identity.floor = max(declaration.floor, identity.floor ?? declaration.floor)
        identity.fenceBase = (identity.fenceBase ?? 0) + Self.lostEpochsMax
        // Somebody may have deleted only this.
        try await session.createIfAbsent(tree.epoch)
        var office = try await session.get(tree.epoch)
        let target = max(office.stat.version, declaration.above.rawValue) + 1
        while office.stat.version < target {
            let last = min(target, office.stat.version + Int32(Self.raisesMax))
            var operations = try (office.stat.version..<last).map { version in
                Operation.set(try tree.epoch, data: office.data, version: version)
            }
            if last == target {
                let data = try ZNodeCodec.encode(identity)
                operations.append(.set(try tree.cluster, data: data, version: node.stat.version))
            }
            _ = try await session.multi(operations)
            office.stat.version = last
        }
        return (identity, Epoch(rawValue: target))
    }
}
