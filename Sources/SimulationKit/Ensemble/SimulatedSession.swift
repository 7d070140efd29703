import Synchronization
import ZooKeeper

/// A session with a simulated ensemble.
struct SimulatedSession: ZooKeeperSession {
    let ensemble: SimulatedEnsemble
    /// The handle's number.
    let id: Int
    let knownIdentity: SessionIdentity

    var state: SessionState { ensemble.state.withLock { $0.handles[id]?.state ?? .expired } }

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
        let operations = [Operation.create(path, data: data, mode: mode, acl: acl)]
        return try await perform(.write(operations)) { state, handle throws(ZooKeeperError) in
            let results = try state.clientWrite(operations, handle: handle)
            guard case .created(let created)? = results.first else { throw ZooKeeperError(.invalidState) }
            return (created, state.committed.nodes[created]?.stat ?? ZNodeStat())
        }
    }

    func delete(_ path: ZNodePath, version: Int32?) async throws(ZooKeeperError) {
        _ = try await multi([.delete(path, version: version)])
    }

    func set(_ path: ZNodePath, data: [UInt8], version: Int32?) async throws(ZooKeeperError) -> ZNodeStat {
        let results = try await multi([.set(path, data: data, version: version)])
        guard case .set(let stat)? = results.first else { throw ZooKeeperError(.invalidState) }
        return stat
    }

    func multi(_ operations: [Operation]) async throws(ZooKeeperError) -> [OperationResult] {
        try await perform(.write(operations)) { state, handle throws(ZooKeeperError) in
            try state.clientWrite(operations, handle: handle)
        }
    }

    func exists(_ path: ZNodePath) async throws(ZooKeeperError) -> ZNodeStat? {
        try await perform(.read) { state, handle in state.node(path, for: handle)?.stat }
    }

    func watchExists(_ path: ZNodePath) async throws(ZooKeeperError) -> (stat: ZNodeStat?, watch: Watch) {
        try await perform(.read) { state, handle in
            (state.node(path, for: handle)?.stat, state.watch(path, .data, handle: handle))
        }
    }

    func get(_ path: ZNodePath) async throws(ZooKeeperError) -> ZNode {
        try await perform(.read) { state, handle throws(ZooKeeperError) in
            try Self.node(path, state, handle).value
        }
    }

    func watchGet(_ path: ZNodePath) async throws(ZooKeeperError) -> (node: ZNode, watch: Watch) {
        try await perform(.read) { state, handle throws(ZooKeeperError) in
            (try Self.node(path, state, handle).value, state.watch(path, .data, handle: handle))
        }
    }

    func children(_ path: ZNodePath) async throws(ZooKeeperError) -> (names: [String], stat: ZNodeStat) {
        try await perform(.read) { state, handle throws(ZooKeeperError) in
            let node = try Self.node(path, state, handle)
            return (node.children.sorted(), node.stat)
        }
    }

    func watchChildren(
        _ path: ZNodePath
    ) async throws(ZooKeeperError) -> (names: [String], stat: ZNodeStat, watch: Watch) {
        try await perform(.read) { state, handle throws(ZooKeeperError) in
            let node = try Self.node(path, state, handle)
            return (node.children.sorted(), node.stat, state.watch(path, .children, handle: handle))
        }
    }

    func sync(_ path: ZNodePath) async throws(ZooKeeperError) { try await perform(.sync) { _, _ in } }

    func acl(_ path: ZNodePath) async throws(ZooKeeperError) -> (acl: ACL, stat: ZNodeStat) {
        try await perform(.read) { state, handle throws(ZooKeeperError) in
            let node = try Self.node(path, state, handle)
            return (node.acl, node.stat)
        }
    }

    func setACL(_ path: ZNodePath, _ acl: ACL, version: Int32?) async throws(ZooKeeperError) {
        try await perform(.sync) { state, _ throws(ZooKeeperError) in
            try state.setACL(path, acl, version: version)
        }
    }

    func close() async {
        // Without a server the session ends by its timeout.
        _ = try? await perform(.close, isCancellable: false) { state, handle in
            if let session = state.handles[handle]?.session { state.end(session) }
        }
        ensemble.act { $0.change(id, to: .closed) }
    }

    /// Asks the server, and waits for its answer, the end of the connection or the task's cancellation.
    private func perform<Value: Sendable>(
        _ kind: EnsembleRequest.Kind,
        isCancellable: Bool = true,
        _ body: @escaping @Sendable (inout SimulatedEnsembleState, Int) throws(ZooKeeperError) -> Value
    ) async throws(ZooKeeperError) -> Value {
        let number = ensemble.state.withLock { $0.newRequestID() }
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation {
                (continuation: CheckedContinuation<Result<Value, ZooKeeperError>, Never>) in
                let request = EnsembleRequest(
                    id: number,
                    kind: kind,
                    serve: { state, handle in
                        let result = Result { () throws(ZooKeeperError) in try body(&state, handle) }
                        return { continuation.resume(returning: result) }
                    },
                    fail: { continuation.resume(returning: .failure($0)) }
                )
                ensemble.act { $0.submit(request, id) }
                if isCancellable, Task.isCancelled { ensemble.act { $0.cancel(number, id) } }
            }
        } onCancel: {
            if isCancellable { ensemble.act { $0.cancel(number, id) } }
        }
        return try result.get()
    }

    private static func node(
        _ path: ZNodePath,
        _ state: SimulatedEnsembleState,
        _ handle: Int
    ) throws(ZooKeeperError) -> EnsembleTree.Node {
        guard let node = state.node(path, for: handle) else {
            throw ZooKeeperError(.noNode, path: path.text)
        }
        return node
    }
}
