import ZooKeeper

/// A session whose watches never fire.
struct DeafSession: ZooKeeperSession {
    private let session: any ZooKeeperSession

    init(_ session: any ZooKeeperSession) { self.session = session }

    private var silence: Watch { Watch(stream: AsyncStream { _ in }) }

    var state: SessionState { get async { await session.state } }
    var identity: SessionIdentity? { get async { await session.identity } }
    var negotiatedTimeout: Duration? { get async { await session.negotiatedTimeout } }

    func states() async -> AsyncStream<SessionState> { await session.states() }
    func close() async { await session.close() }

    func create(
        _ path: ZNodePath,
        data: [UInt8],
        mode: CreateMode,
        acl: ACL
    ) async throws(ZooKeeperError) -> (path: ZNodePath, stat: ZNodeStat) {
        try await session.create(path, data: data, mode: mode, acl: acl)
    }

    func delete(_ path: ZNodePath, version: Int32?) async throws(ZooKeeperError) {
        try await session.delete(path, version: version)
    }

    func exists(_ path: ZNodePath) async throws(ZooKeeperError) -> ZNodeStat? {
        try await session.exists(path)
    }

    func watchExists(_ path: ZNodePath) async throws(ZooKeeperError) -> (stat: ZNodeStat?, watch: Watch) {
        (try await session.exists(path), silence)
    }

    func get(_ path: ZNodePath) async throws(ZooKeeperError) -> ZNode { try await session.get(path) }

    func watchGet(_ path: ZNodePath) async throws(ZooKeeperError) -> (node: ZNode, watch: Watch) {
        (try await session.get(path), silence)
    }

    func set(_ path: ZNodePath, data: [UInt8], version: Int32?) async throws(ZooKeeperError) -> ZNodeStat {
        try await session.set(path, data: data, version: version)
    }

    func children(_ path: ZNodePath) async throws(ZooKeeperError) -> (names: [String], stat: ZNodeStat) {
        try await session.children(path)
    }

    func watchChildren(
        _ path: ZNodePath
    ) async throws(ZooKeeperError) -> (names: [String], stat: ZNodeStat, watch: Watch) {
        let (names, stat) = try await session.children(path)
        return (names, stat, silence)
    }

    func multi(_ operations: [Operation]) async throws(ZooKeeperError) -> [OperationResult] {
        try await session.multi(operations)
    }

    func sync(_ path: ZNodePath) async throws(ZooKeeperError) { try await session.sync(path) }

    func acl(_ path: ZNodePath) async throws(ZooKeeperError) -> (acl: ACL, stat: ZNodeStat) {
        try await session.acl(path)
    }

    func setACL(_ path: ZNodePath, _ acl: ACL, version: Int32?) async throws(ZooKeeperError) {
        try await session.setACL(path, acl, version: version)
    }
}
