public import Domain
public import ZooKeeper

/// Makes the parts of the workspace's tree that everybody relies on; harmless when they are there.
public struct ClusterTree: Sendable {
    private let session: any ZooKeeperSession
    private let tree: Tree

    /// Prepares to work over `session`.
    public init(session: any ZooKeeperSession, tree: Tree) {
        self.session = session
        self.tree = tree
    }

    /// Makes root, identity, parents and the runtime `default`; returns the identity, which is created once and for all.
    public func ensure(identity proposed: ClusterIdentity) async throws -> ClusterIdentity {
        try await ensurePath(tree.root)
        try await session.createIfAbsent(tree.cluster, data: try ZNodeCodec.encode(proposed))
        for path in try [
            tree.centers, tree.election, tree.epoch, tree.runtimes, tree.tasks, tree.calendars, tree.groups,
            tree.revisions, tree.pools, tree.claims, tree.definitions,
        ] {
            try await session.createIfAbsent(path)
        }
        try await ensure(runtime: RuntimeSettings(name: .standard))
        guard let identity = try await session.payload(ClusterIdentity.self, at: tree.cluster) else {
            throw ZooKeeperError(.noNode, path: try tree.cluster.text)
        }
        return identity.value
    }

    /// Makes a runtime with these settings, unless it is there, and the parents that its agents rely on.
    public func ensure(runtime settings: RuntimeSettings) async throws {
        let runtime = try tree.runtime(settings.name)
        try await session.createIfAbsent(runtime.settings, data: try ZNodeCodec.encode(settings))
        for path in try runtime.parents { try await session.createIfAbsent(path) }
    }

    private func ensurePath(_ path: ZNodePath) async throws(ZooKeeperError) {
        if try await session.exists(path) != nil { return }
        if let parent = path.parent { try await ensurePath(parent) }
        try await session.createIfAbsent(path)
    }
}
