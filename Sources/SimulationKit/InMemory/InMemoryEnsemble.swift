import Synchronization
public import ZooKeeper

/// A ZooKeeper ensemble in memory, with faults on request.
///
/// Linearizable; watches are one-shot and fire before the change can be read; ephemeral nodes go when their session ends.
/// Nothing happens by time: sessions expire, connections are lost and return when a test says so.
public final class InMemoryEnsemble: Sendable {
    /// What becomes of a write whose reply is lost.
    public enum LostReply: Hashable, Sendable {
        /// The write was committed.
        case applied
        /// The write never arrived.
        case dropped
        /// The write commits later, at the session's next `sync`, unless the session ends first.
        case delayed
    }

    /// Largest write in bytes: as a session with a real server, which takes no request above 1 MiB, refuses it.
    public static let writeBytesMax = 1_000_000

    let state = Mutex(EnsembleState())

    /// The timeout every session is granted.
    public let sessionTimeout: Duration

    /// Creates an empty ensemble.
    public init(sessionTimeout: Duration = .seconds(10)) {
        self.sessionTimeout = sessionTimeout
    }
}

extension InMemoryEnsemble: ZooKeeperConnector {
    /// Starts a session that is connected at once, unless the ensemble is down.
    public func connect(resuming: SessionIdentity?) async throws(ZooKeeperError) -> any ZooKeeperSession {
        InMemorySession(
            ensemble: self,
            identity: state.withLock { $0.open(resuming: resuming, sessionTimeout) }
        )
    }
}

extension InMemoryEnsemble {
    /// The live sessions, oldest first.
    public var sessions: [Int64] {
        state.withLock { $0.sessions.filter { !$0.value.state.isFinal }.keys.sorted() }
    }

    /// Ends a session as the server does: its ephemeral nodes go, its client learns it.
    public func expire(_ session: Int64) { state.withLock { $0.end(session, .expired) } }

    /// Cuts the connection of a session; requests fail with connection loss until `reconnect`.
    public func suspend(_ session: Int64) { state.withLock { $0.suspend(session) } }

    /// Brings a suspended session back.
    public func reconnect(_ session: Int64) { state.withLock { $0.reconnect(session, sessionTimeout) } }

    /// Takes the whole ensemble down (sessions are suspended, new ones stay connecting) or brings it back.
    public func setDown(_ isDown: Bool) { state.withLock { $0.setDown(isDown, sessionTimeout) } }

    /// Loses the reply to the next write of which `matching` is true, and suspends its session.
    public func loseReply(_ kind: LostReply, when matching: @escaping @Sendable ([Operation]) -> Bool) {
        state.withLock { $0.losses.append((kind, matching)) }
    }

    /// Performs operations as nobody's session, as an operator would.
    @discardableResult
    public func write(_ operations: [Operation]) throws(ZooKeeperError) -> [OperationResult] {
        try state.withLock { state throws(ZooKeeperError) in try state.commit(operations, session: 0) }
    }

    /// Creates a node and its missing parents.
    public func createAll(_ path: ZNodePath, data: [UInt8] = []) throws(ZooKeeperError) {
        if let parent = path.parent, node(parent) == nil { try createAll(parent) }
        try write([.create(path, data: data)])
    }

    /// Whether a node exists and what it holds, without any session.
    public func node(_ path: ZNodePath) -> ZNode? {
        state.withLock { $0.tree.nodes[path].map { ZNode(data: $0.data, stat: $0.stat) } }
    }

    /// The names of a node's children, sorted; empty when there is no node.
    public func children(_ path: ZNodePath) -> [String] {
        state.withLock { $0.tree.nodes[path]?.children.sorted() ?? [] }
    }

    /// Every path, sorted.
    public var paths: [ZNodePath] { state.withLock { $0.tree.nodes.keys.sorted() } }

    /// How many writes were committed.
    public var transactionCount: Int64 { state.withLock(\.tree.transaction) }
}
