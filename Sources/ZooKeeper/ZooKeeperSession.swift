/// One ZooKeeper session: requests are answered in the order they were issued.
///
/// Every call resumes exactly once: with the server's answer, or with an error when the connection is lost, the
/// session ends, the call's deadline passes, or the calling task is cancelled. After an error with
/// `isOutcomeUnknown` a write may have happened. A session that reached a final state stays there; make a new one.
///
/// Whoever makes a session must `close()` it.
public protocol ZooKeeperSession: Sendable {
    /// The current state.
    var state: SessionState { get async }

    /// The current state followed by every change; never drops a final state and finishes after it. Each call
    /// returns a stream of its own with a bounded buffer (older non-final states are dropped first).
    func states() async -> AsyncStream<SessionState>

    /// The server's name for the session; `nil` until connected for the first time.
    var identity: SessionIdentity? { get async }

    /// The timeout the server granted; `nil` until connected for the first time.
    var negotiatedTimeout: Duration? { get async }

    /// Creates a node and returns its path (with the server's counter if sequential) and stat.
    func create(
        _ path: ZNodePath,
        data: [UInt8],
        mode: CreateMode,
        acl: ACL
    ) async throws(ZooKeeperError) -> (path: ZNodePath, stat: ZNodeStat)

    /// Deletes a node without children; `nil` version means any.
    func delete(_ path: ZNodePath, version: Int32?) async throws(ZooKeeperError)

    /// The node's stat; `nil` when there is no such node.
    func exists(_ path: ZNodePath) async throws(ZooKeeperError) -> ZNodeStat?

    /// As `exists`, and a watch that fires when the node is created, changed or deleted.
    func watchExists(_ path: ZNodePath) async throws(ZooKeeperError) -> (stat: ZNodeStat?, watch: Watch)

    /// The node's data and stat.
    func get(_ path: ZNodePath) async throws(ZooKeeperError) -> ZNode

    /// As `get`, and a watch that fires when the node is changed or deleted. No watch is left when it throws.
    func watchGet(_ path: ZNodePath) async throws(ZooKeeperError) -> (node: ZNode, watch: Watch)

    /// Replaces the node's data; `nil` version means any.
    func set(_ path: ZNodePath, data: [UInt8], version: Int32?) async throws(ZooKeeperError) -> ZNodeStat

    /// The names (not paths) of the node's children, in no particular order, and the node's stat.
    func children(_ path: ZNodePath) async throws(ZooKeeperError) -> (names: [String], stat: ZNodeStat)

    /// As `children`, and a watch that fires when a child is created or deleted, or the node is deleted.
    func watchChildren(
        _ path: ZNodePath
    ) async throws(ZooKeeperError) -> (names: [String], stat: ZNodeStat, watch: Watch)

    /// Performs all operations or none. The error of a failed multi names the first operation that failed.
    func multi(_ operations: [Operation]) async throws(ZooKeeperError) -> [OperationResult]

    /// Brings the connected server up to date with the leader: later reads see every write committed before.
    func sync(_ path: ZNodePath) async throws(ZooKeeperError)

    /// The node's ACL and stat.
    func acl(_ path: ZNodePath) async throws(ZooKeeperError) -> (acl: ACL, stat: ZNodeStat)

    /// Replaces the node's ACL; `nil` version means any ACL version.
    func setACL(_ path: ZNodePath, _ acl: ACL, version: Int32?) async throws(ZooKeeperError)

    /// Ends the session (its ephemeral nodes go at once) and resumes every pending call. Idempotent.
    func close() async
}

extension ZooKeeperSession {
    /// Creates a node that everybody may use and returns its path and stat.
    public func create(
        _ path: ZNodePath,
        data: [UInt8] = [],
        mode: CreateMode = .persistent
    ) async throws(ZooKeeperError) -> (path: ZNodePath, stat: ZNodeStat) {
        try await create(path, data: data, mode: mode, acl: .open)
    }

    /// Waits until a server serves the session.
    ///
    /// - Throws: `ZooKeeperError` when the session ended first or the task was cancelled.
    public func connected() async throws(ZooKeeperError) {
        for await state in await states() {
            switch state {
            case .connected: return
            case .expired: throw ZooKeeperError(.sessionExpired)
            case .authenticationFailed: throw ZooKeeperError(.authenticationFailed)
            case .closed: throw ZooKeeperError(.closed)
            case .connecting, .suspended: continue
            }
        }
        throw ZooKeeperError(.cancelled)
    }
}

/// Makes sessions: the port behind which the real client and the simulated ensemble stand.
public protocol ZooKeeperConnector: Sendable {
    /// Starts a session; returns at once, in state `connecting`.
    ///
    /// - Parameter resuming: An earlier session to take over, for instance to close it; `nil` for a new one.
    /// - Returns: The session, which the caller closes.
    /// - Throws: `ZooKeeperError` when no session can even be started, for instance for an unknown host.
    func connect(resuming: SessionIdentity?) async throws(ZooKeeperError) -> any ZooKeeperSession
}
