import Synchronization
public import ZooKeeper

extension SimulatedEnsemble {
    /// What a committed transaction did, for whoever watches over the ensemble.
    public struct Commit: Sendable {
        /// Its number.
        public let transaction: Int64
        /// The session that wrote; 0 for an operator.
        public let session: Int64
        /// When, on the simulated clock.
        public let at: Duration
        /// What was written; empty when the session ended.
        public let operations: [Operation]
        /// The nodes that came, changed or went, in order, with what they hold now.
        public let changes: [Change]
    }

    /// A node that a transaction changed.
    public enum Change: Sendable {
        /// The node was created with this data by the transaction.
        case created(ZNodePath, data: [UInt8])
        /// The node's data was replaced.
        case changed(ZNodePath, data: [UInt8])
        /// The node is gone.
        case deleted(ZNodePath)
    }

    /// Has `observer` called with every transaction, within the ensemble: it must not call back.
    public func observe(_ observer: @escaping @Sendable (Commit) -> Void) {
        state.withLock { $0.observer = observer }
    }

    /// Has `narrator` told what happens to servers and connections, within the ensemble: it must not call back.
    public func narrate(_ narrator: @escaping @Sendable (String) -> Void) {
        state.withLock { $0.narrator = narrator }
    }

    /// The sessions that are not over, oldest first.
    public var sessions: [Int64] { state.withLock { $0.sessions.filter { !$0.value.isOver }.keys.sorted() } }

    /// Whether the leader has ended a session.
    public func isOver(_ session: Int64) -> Bool { state.withLock { $0.sessions[session]?.isOver ?? true } }

    /// Whether the leader has ended a session because it had not heard of it for its timeout.
    public func hasTimedOut(_ session: Int64) -> Bool {
        state.withLock { $0.sessions[session]?.hasTimedOut ?? false }
    }

    /// Ends a session as the server does: its ephemeral nodes go, its client learns it when it asks next.
    public func expire(_ session: Int64) {
        act { $0.end(session) }
    }

    /// The part of writes whose replies are lost, with their connections; what became of them nobody learns.
    public func setReplyLoss(_ probability: Double) { state.withLock { $0.replyLoss = probability } }

    /// Takes a server down; the others go on if they are a majority, after an election if it led.
    public func stop(server: Int) { act { $0.stop(server: server) } }

    /// Brings a server back; it catches up with the leader.
    public func start(server: Int) { act { $0.start(server: server) } }

    /// The leading server; `nil` while there is none.
    public var leader: Int? { state.withLock(\.leader) }

    /// How many servers there are.
    public var serverCount: Int { state.withLock(\.servers.count) }

    /// Cuts a follower off from the leader; it serves reads for `syncLimit`, then lets its clients go.
    public func cutOff(server: Int) { act { $0.cutOff(server: server) } }

    /// Lets a server that was cut off follow again.
    public func rejoin(server: Int) { act { $0.start(server: server) } }

    /// Changes how far a server is behind the leader; `nil` as configured.
    public func setLag(_ lag: ClosedRange<Duration>?, of server: Int) {
        state.withLock { $0.servers[server].lag = lag }
    }

    /// Performs operations as nobody's session, as an operator would.
    @discardableResult
    public func write(_ operations: [Operation]) throws(ZooKeeperError) -> [OperationResult] {
        try act { state throws(ZooKeeperError) in try state.commit(operations, session: 0) }
    }

    /// What the leader knows of a node; `nil` when there is none.
    public func node(_ path: ZNodePath) -> ZNode? { state.withLock { $0.committed.nodes[path]?.value } }

    /// The names of a node's children as the leader knows them, sorted; empty when there is no node.
    public func children(_ path: ZNodePath) -> [String] {
        state.withLock { $0.committed.nodes[path]?.children.sorted() ?? [] }
    }

    /// Every path the leader knows, sorted.
    public var paths: [ZNodePath] { state.withLock { $0.committed.nodes.keys.sorted() } }

    /// How many watches clients have that are connected; those of killed processes stand in the books for ever.
    public var watchCount: Int {
        state.withLock { state in
            state.handles.values.filter { $0.server != nil }.reduce(0) {
                $0 + $1.watches.values.reduce(0) { $0 + $1.count }
            }
        }
    }
}
