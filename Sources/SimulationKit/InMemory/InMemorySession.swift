import Synchronization
import ZooKeeper

/// A session with an in-memory ensemble.
struct InMemorySession: ZooKeeperSession {
    let ensemble: InMemoryEnsemble
    let knownIdentity: SessionIdentity

    init(ensemble: InMemoryEnsemble, identity: SessionIdentity) {
        self.ensemble = ensemble
        knownIdentity = identity
    }

    private var id: Int64 { knownIdentity.id }

    var state: SessionState { ensemble.state.withLock { $0.sessions[id]?.state ?? .expired } }

    func states() async -> AsyncStream<SessionState> {
        let (stream, continuation) = AsyncStream.makeStream(
            of: SessionState.self,
            bufferingPolicy: .bufferingNewest(16)
        )
        ensemble.state.withLock { $0.listen(id, continuation) }
        return stream
    }

    var identity: SessionIdentity? { state == .connecting ? nil : knownIdentity }

    var negotiatedTimeout: Duration? { state == .connecting ? nil : ensemble.sessionTimeout }

    func create(
        _ path: ZNodePath,
        data: [UInt8],
        mode: CreateMode,
        acl: ACL
    ) async throws(ZooKeeperError) -> (path: ZNodePath, stat: ZNodeStat) {
        let results = try write([.create(path, data: data, mode: mode, acl: acl)])
        guard case .created(let created)? = results.first else { throw ZooKeeperError(.invalidState) }
        return (created, ensemble.node(created)?.stat ?? ZNodeStat())
    }

    func delete(_ path: ZNodePath, version: Int32?) async throws(ZooKeeperError) {
        _ = try write([.delete(path, version: version)])
    }

    func set(_ path: ZNodePath, data: [UInt8], version: Int32?) async throws(ZooKeeperError) -> ZNodeStat {
        let results = try write([.set(path, data: data, version: version)])
        guard case .set(let stat)? = results.first else { throw ZooKeeperError(.invalidState) }
        return stat
    }

    func multi(_ operations: [Operation]) async throws(ZooKeeperError) -> [OperationResult] {
        try write(operations)
    }

    func exists(_ path: ZNodePath) async throws(ZooKeeperError) -> ZNodeStat? {
        try read { state in state.tree.nodes[path]?.stat }
    }

    func watchExists(_ path: ZNodePath) async throws(ZooKeeperError) -> (stat: ZNodeStat?, watch: Watch) {
        try read { state in (state.tree.nodes[path]?.stat, state.watch(path, .data, session: id)) }
    }

    func get(_ path: ZNodePath) async throws(ZooKeeperError) -> ZNode {
        try read { state throws(ZooKeeperError) in try Self.node(path, state).value }
    }

    func watchGet(_ path: ZNodePath) async throws(ZooKeeperError) -> (node: ZNode, watch: Watch) {
        try read { state throws(ZooKeeperError) in
            (try Self.node(path, state).value, state.watch(path, .data, session: id))
        }
    }

    func children(_ path: ZNodePath) async throws(ZooKeeperError) -> (names: [String], stat: ZNodeStat) {
        try read { state throws(ZooKeeperError) in
            let node = try Self.node(path, state)
            return (node.children.sorted(), node.stat)
        }
    }

    func watchChildren(
        _ path: ZNodePath
    ) async throws(ZooKeeperError) -> (names: [String], stat: ZNodeStat, watch: Watch) {
        try read { state throws(ZooKeeperError) in
            let node = try Self.node(path, state)
            return (node.children.sorted(), node.stat, state.watch(path, .children, session: id))
        }
    }

    func sync(_ path: ZNodePath) async throws(ZooKeeperError) {
        try ensemble.state.withLock { state throws(ZooKeeperError) in try state.sync(id) }
    }

    func acl(_ path: ZNodePath) async throws(ZooKeeperError) -> (acl: ACL, stat: ZNodeStat) {
        try read { state throws(ZooKeeperError) in
            let node = try Self.node(path, state)
            return (node.acl, node.stat)
        }
    }

    func setACL(_ path: ZNodePath, _ acl: ACL, version: Int32?) async throws(ZooKeeperError) {
        try read { state throws(ZooKeeperError) in try state.tree.setACL(path, acl, version: version) }
    }

    func close() async { ensemble.state.withLock { $0.end(id, .closed) } }

    private func write(_ operations: [Operation]) throws(ZooKeeperError) -> [OperationResult] {
        try ensemble.state.withLock { state throws(ZooKeeperError) in
            try state.clientWrite(operations, session: id)
        }
    }

    private func read<Value: Sendable>(
        _ body: (inout EnsembleState) throws(ZooKeeperError) -> Value
    ) throws(ZooKeeperError) -> Value {
        try ensemble.state.withLock { state throws(ZooKeeperError) in
            try state.requireConnected(id)
            return try body(&state)
        }
    }

    private static func node(
        _ path: ZNodePath,
        _ state: EnsembleState
    ) throws(ZooKeeperError) -> EnsembleTree.Node {
        guard let node = state.tree.nodes[path] else { throw ZooKeeperError(.noNode, path: path.text) }
        return node
    }
}

extension EnsembleTree.Node {
    var value: ZNode { ZNode(data: data, stat: stat) }
}
