import Synchronization
import ZooKeeper

/// A session with a simulated ensemble.
struct SimulatedSession: ZooKeeperSession {
    let ensemble: SimulatedEnsemble
    let knownIdentity: SessionIdentity

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
        let operations = [Operation.create(path, data: data, mode: mode, acl: acl)]
        return try await perform(.write(operations)) { state, session throws(ZooKeeperError) in
            let results = try state.clientWrite(operations, session: session)
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
        try await perform(.write(operations)) { state, session throws(ZooKeeperError) in
            try state.clientWrite(operations, session: session)
        }
    }

    func exists(_ path: ZNodePath) async throws(ZooKeeperError) -> ZNodeStat? {
        try await perform(.read) { state, session in state.node(path, for: session)?.stat }
    }

    func watchExists(_ path: ZNodePath) async throws(ZooKeeperError) -> (stat: ZNodeStat?, watch: Watch) {
        try await perform(.read) { state, session in
            (state.node(path, for: session)?.stat, state.watch(path, .data, session: session))
        }
    }

    func get(_ path: ZNodePath) async throws(ZooKeeperError) -> ZNode {
        try await perform(.read) { state, session throws(ZooKeeperError) in
            try Self.node(path, state, session).value
        }
    }

    func watchGet(_ path: ZNodePath) async throws(ZooKeeperError) -> (node: ZNode, watch: Watch) {
        try await perform(.read) { state, session throws(ZooKeeperError) in
            (try Self.node(path, state, session).value, state.watch(path, .data, session: session))
        }
    }

    func children(_ path: ZNodePath) async throws(ZooKeeperError) -> (names: [String], stat: ZNodeStat) {
        try await perform(.read) { state, session throws(ZooKeeperError) in
            let node = try Self.node(path, state, session)
            return (node.children.sorted(), node.stat)
        }
    }

    func watchChildren(
        _ path: ZNodePath
    ) async throws(ZooKeeperError) -> (names: [String], stat: ZNodeStat, watch: Watch) {
        try await perform(.read) { state, session throws(ZooKeeperError) in
            let node = try Self.node(path, state, session)
            return (node.children.sorted(), node.stat, state.watch(path, .children, session: session))
        }
    }

    func sync(_ path: ZNodePath) async throws(ZooKeeperError) { try await perform(.sync) { _, _ in } }

    func acl(_ path: ZNodePath) async throws(ZooKeeperError) -> (acl: ACL, stat: ZNodeStat) {
        try await perform(.read) { state, session throws(ZooKeeperError) in
            let node = try Self.node(path, state, session)
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
        _ = try? await perform(.close, isCancellable: false) { state, session in state.end(session) }
        ensemble.act { $0.change(id, to: .closed) }
    }

    /// Asks the server, and waits for its answer, the end of the connection or the task's cancellation.
    private func perform<Value: Sendable>(
        _ kind: EnsembleRequest.Kind,
        isCancellable: Bool = true,
        _ body: @escaping @Sendable (inout SimulatedEnsembleState, Int64) throws(ZooKeeperError) -> Value
    ) async throws(ZooKeeperError) -> Value {
        let number = ensemble.state.withLock { $0.newRequestID() }
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation {
                (continuation: CheckedContinuation<Result<Value, ZooKeeperError>, Never>) in
                let request = EnsembleRequest(
                    id: number,
                    kind: kind,
                    serve: { state, session in
                        let result = Result { () throws(ZooKeeperError) in try body(&state, session) }
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
        _ session: Int64
    ) throws(ZooKeeperError) -> EnsembleTree.Node {
        guard let node = state.node(path, for: session) else {
            throw ZooKeeperError(.noNode, path: path.text)
        }
        return node
    }
}
