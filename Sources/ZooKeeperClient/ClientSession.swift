import Synchronization
public import ZooKeeper

/// One session with a real ensemble.
///
/// A session that is dropped without `close()` is closed in the background, but nobody learns when.
public final class ClientSession: ZooKeeperSession {
    /// States a slow subscriber may lag behind; older ones are dropped, so the final state never is.
    private static let statesBufferedMax = 16

    let core: SessionCore
    private let deadlines: Task<Void, Never>

    init(_ core: SessionCore) {
        self.core = core
        // Unstructured because it lives as long as the session, which no scope encloses; `deinit` and the end of the session end it.
        deadlines = Task { await core.watchDeadlines() }
    }

    deinit {
        deadlines.cancel()
        core.end(.closed)
    }

    /// Ends the session and returns when the library has forgotten it: at once, or up to 4.5 s later when the server is silent.
    public func close() async {
        deadlines.cancel()
        await core.close()
    }
}

// MARK: State

extension ClientSession {
    /// The current state.
    public var state: SessionState {
        get async { core.machine.withLock { $0.state } }
    }

    /// The server's name for the session.
    public var identity: SessionIdentity? {
        get async { core.machine.withLock { $0.identity } }
    }

    /// The timeout the server granted.
    public var negotiatedTimeout: Duration? {
        get async { core.machine.withLock { $0.negotiatedTimeout } }
    }

    /// The current state followed by every change.
    public func states() async -> AsyncStream<SessionState> {
        let (stream, subscriber) = AsyncStream.makeStream(
            of: SessionState.self,
            bufferingPolicy: .bufferingNewest(Self.statesBufferedMax)
        )
        let id = core.nextToken()
        subscriber.onTermination = { [weak core] _ in
            core?.machine.withLock { _ = $0.subscribers.removeValue(forKey: id) }
        }
        let isOver = core.machine.withLock { machine in
            subscriber.yield(machine.state)
            if machine.state.isFinal { return true }
            machine.subscribers[id] = subscriber
            return false
        }
        if isOver { subscriber.finish() }
        return stream
    }

    /// What the session holds right now, for metrics.
    public var statistics: Statistics {
        core.machine.withLock { machine in
            Statistics(
                requestsInFlight: machine.loads.inFlight,
                requestsWaiting: machine.loads.waiting,
                watches: machine.watches.count,
                watchedPathBytes: machine.watchedBytes,
                ephemeralPathBytes: machine.ephemerals.pathBytes
            )
        }
    }

    /// What a session holds.
    public struct Statistics: Hashable, Sendable {
        /// Requests with the library.
        public var requestsInFlight: Int
        /// Requests that wait for their turn.
        public var requestsWaiting: Int
        /// Watches in the library.
        public var watches: Int
        /// Bytes of watched paths, requests under way included.
        public var watchedPathBytes: Int
        /// Bytes of paths of ephemeral nodes the session owns or may own.
        public var ephemeralPathBytes: Int
    }
}

// MARK: Nodes

extension ClientSession {
    /// Creates a node and returns its path and stat.
    public func create(
        _ path: ZNodePath,
        data: [UInt8],
        mode: CreateMode,
        acl: ACL
    ) async throws(ZooKeeperError) -> (path: ZNodePath, stat: ZNodeStat) {
        try Self.check(path, acl)
        guard
            case .created(let created, let stat) = try await perform(
                .create(path, data: data, mode: mode, acl: acl)
            )
        else {
            throw Self.malformed(path)
        }
        return (created, stat)
    }

    /// Deletes a node without children.
    public func delete(_ path: ZNodePath, version: Int32?) async throws(ZooKeeperError) {
        _ = try await perform(.delete(path, version: version))
    }

    /// The node's stat, if there is a node.
    public func exists(_ path: ZNodePath) async throws(ZooKeeperError) -> ZNodeStat? {
        try Self.stat(of: await perform(.exists(path, watch: false)), path)
    }

    /// The node's stat and a watch on it.
    public func watchExists(_ path: ZNodePath) async throws(ZooKeeperError) -> (
        stat: ZNodeStat?, watch: Watch
    ) {
        let (reply, watch) = try await performWatching(.exists(path, watch: true), path)
        return (try Self.stat(of: reply, path), watch)
    }

    /// The node's data and stat.
    public func get(_ path: ZNodePath) async throws(ZooKeeperError) -> ZNode {
        guard case .node(let node) = try await perform(.get(path, watch: false)) else {
            throw Self.malformed(path)
        }
        return node
    }

    /// The node's data and stat, and a watch on them.
    public func watchGet(_ path: ZNodePath) async throws(ZooKeeperError) -> (node: ZNode, watch: Watch) {
        let (reply, watch) = try await performWatching(.get(path, watch: true), path)
        guard case .node(let node) = reply else { throw Self.malformed(path) }
        return (node, watch)
    }

    /// Replaces the node's data.
    public func set(_ path: ZNodePath, data: [UInt8], version: Int32?) async throws(ZooKeeperError)
        -> ZNodeStat
    {
        guard case .stat(let stat) = try await perform(.set(path, data: data, version: version)) else {
            throw Self.malformed(path)
        }
        return stat
    }

    /// The names of the node's children, and its stat.
    public func children(_ path: ZNodePath) async throws(ZooKeeperError) -> (names: [String], stat: ZNodeStat)
    {
        guard case .children(let names, let stat) = try await perform(.children(path, watch: false)) else {
            throw Self.malformed(path)
        }
        return (names, stat)
    }

    /// The names of the node's children, its stat, and a watch on the list.
    public func watchChildren(
        _ path: ZNodePath
    ) async throws(ZooKeeperError) -> (names: [String], stat: ZNodeStat, watch: Watch) {
        let (reply, watch) = try await performWatching(.children(path, watch: true), path)
        guard case .children(let names, let stat) = reply else { throw Self.malformed(path) }
        return (names, stat, watch)
    }

    /// Performs all operations or none.
    public func multi(_ operations: [Operation]) async throws(ZooKeeperError) -> [OperationResult] {
        if operations.isEmpty { return [] }
        for (index, operation) in operations.enumerated() {
            guard case .create(let path, _, let mode, let acl) = operation else { continue }
            try Self.check(path, acl)
            if !mode.isPossibleInMulti {
                throw ZooKeeperError(
                    .badArguments,
                    path: path.text,
                    detail: "no container or TTL node in a multi",
                    failedOperationIndex: index
                )
            }
        }
        guard case .results(let results) = try await perform(.multi(operations)) else {
            throw Self.malformed(nil)
        }
        return results
    }

    /// Brings the connected server up to date.
    public func sync(_ path: ZNodePath) async throws(ZooKeeperError) {
        _ = try await perform(.sync(path))
    }

    /// The node's ACL and stat.
    public func acl(_ path: ZNodePath) async throws(ZooKeeperError) -> (acl: ACL, stat: ZNodeStat) {
        guard case .acl(let acl, let stat) = try await perform(.acl(path)) else { throw Self.malformed(path) }
        return (acl, stat)
    }

    /// Replaces the node's ACL.
    public func setACL(_ path: ZNodePath, _ acl: ACL, version: Int32?) async throws(ZooKeeperError) {
        try Self.check(path, acl)
        _ = try await perform(.setACL(path, acl, version: version))
    }
}

extension ClientSession {
    private func perform(_ request: Request) async throws(ZooKeeperError) -> Reply {
        try await core.perform(request, token: core.nextToken())
    }

    private func performWatching(_ request: Request, _ path: ZNodePath) async throws(ZooKeeperError) -> (
        Reply, Watch
    ) {
        let (stream, listener) = AsyncStream.makeStream(
            of: WatchEvent.self,
            bufferingPolicy: .bufferingNewest(1)
        )
        let token = core.nextToken()
        listener.onTermination = { [weak core] _ in
            core?.machine.withLock { $0.forget(path, listener: token) }
        }
        let reply = try await core.perform(request, listener: listener, token: token)
        return (reply, Watch(stream: stream))
    }

    private static func stat(of reply: Reply, _ path: ZNodePath) throws(ZooKeeperError) -> ZNodeStat? {
        switch reply {
        case .stat(let stat): stat
        case .absent: nil
        default: throw malformed(path)
        }
    }

    private static func malformed(_ path: ZNodePath?) -> ZooKeeperError {
        ZooKeeperError(
            .marshallingError,
            path: path?.text,
            detail: "the library's answer does not fit the request"
        )
    }

    /// The server would drop the connection on an ACL without entries.
    private static func check(_ path: ZNodePath, _ acl: ACL) throws(ZooKeeperError) {
        if acl.entries.isEmpty {
            throw ZooKeeperError(.invalidACL, path: path.text, detail: "it has no entries")
        }
    }
}
