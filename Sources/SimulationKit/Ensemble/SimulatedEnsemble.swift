import Synchronization
public import ZooKeeper

/// A ZooKeeper ensemble of several servers in simulated time, with everything that can go wrong between it and its clients.
///
/// Writes are linearizable: they are committed by the leader, in one order. Reads are answered by the server a session is
/// connected to, which may lag behind the leader until the session's `sync`, and goes on answering for a while when it is cut off
/// from the leader. Requests of a session are served in the order of their issue. Watches are one-shot, fire before the change can
/// be read, and are set again at a reconnection. Sessions expire when the leader has not heard of them for their timeout.
///
/// Every draw comes from one generator, and time from one clock: equal seeds, equal histories. Before the clock runs nothing
/// happens, not even a connection.
public final class SimulatedEnsemble: Sendable {
    /// How the ensemble is built and how fast it is.
    public struct Configuration: Sendable {
        /// How many servers there are.
        public var serverCount = 3
        /// The timeout every session is granted.
        public var sessionTimeout = Duration.seconds(10)
        /// What a message needs from a client to its server, or back.
        public var latency: ClosedRange<Duration> = .microseconds(100)...(.milliseconds(2))
        /// How far servers are behind the leader.
        public var lag: ClosedRange<Duration> = .microseconds(100)...(.milliseconds(5))
        /// How long a server that does not hear its leader still serves its clients (`syncLimit`).
        public var syncLimit = Duration.seconds(10)
        /// How long servers need to find a new leader.
        public var election: ClosedRange<Duration> = .milliseconds(300)...(.seconds(2))

        /// Creates the configuration of three servers of a local network.
        public init() {}
    }

    /// What of a connection still works.
    public enum Link: Hashable, Sendable, CaseIterable {
        /// Everything arrives.
        case open
        /// Nothing arrives, and nobody is told.
        case silent
        /// Only what the client sends arrives.
        case outwardOnly
        /// Only what the server sends arrives.
        case inwardOnly
    }

    /// Largest write in bytes: as a session with a real server, which takes no request above 1 MiB, refuses it.
    public static let writeBytesMax = InMemoryEnsemble.writeBytesMax

    /// Clients and servers look after their connections this often.
    static let heartbeat = Duration.milliseconds(100)

    let state: Mutex<SimulatedEnsembleState>
    let clock: SimulationClock

    /// The timeout every session is granted.
    public let sessionTimeout: Duration

    /// Starts an ensemble with an empty tree.
    public init(
        clock: SimulationClock,
        configuration: Configuration = Configuration(),
        generator: SeededGenerator
    ) {
        self.clock = clock
        sessionTimeout = configuration.sessionTimeout
        state = Mutex(SimulatedEnsembleState(configuration: configuration, generator: generator))
        beat()
    }

    /// Makes the connector of a process: its sessions share the process's network and are paused with it.
    public func connector(of process: SimulationExecutor) -> any ZooKeeperConnector & SimulatedClient {
        Connector(ensemble: self, client: state.withLock { $0.addClient(process) })
    }

    private func beat() {
        clock.schedule(after: Self.heartbeat) { [weak self] in
            guard let self else { return }
            act { $0.beat() }
            beat()
        }
    }

    /// Changes the state and has the clock call what follows from that later.
    @discardableResult
    func act<Value: Sendable>(_ body: (inout SimulatedEnsembleState) throws(ZooKeeperError) -> Value)
        throws(ZooKeeperError)
        -> Value
    {
        let (result, later) = state.withLock {
            state -> (Result<Value, ZooKeeperError>, [SimulatedEnsembleState.Later]) in
            state.now = clock.now.offset
            let result = Result { () throws(ZooKeeperError) in try body(&state) }
            return (result, state.takeLater())
        }
        for entry in later {
            clock.schedule(after: entry.delay) { [weak self] in self?.act { entry.action(&$0) } }
        }
        return try result.get()
    }

    /// As the throwing one.
    func act(_ body: (inout SimulatedEnsembleState) -> Void) {
        let later = state.withLock { state in
            state.now = clock.now.offset
            body(&state)
            return state.takeLater()
        }
        for entry in later {
            clock.schedule(after: entry.delay) { [weak self] in self?.act { entry.action(&$0) } }
        }
    }
}

/// The network of one process, to be disturbed.
public protocol SimulatedClient: Sendable {
    /// Changes what of the connections to one server (to all when `server` is `nil`) works.
    func setLink(_ link: SimulatedEnsemble.Link, to server: Int?)

    /// Breaks the connections of the process; it may connect again at once.
    func reset()

    /// The live sessions of the process, oldest first.
    var sessions: [Int64] { get }
}

private struct Connector: ZooKeeperConnector, SimulatedClient {
    let ensemble: SimulatedEnsemble
    let client: Int

    func connect(resuming: SessionIdentity?) async throws(ZooKeeperError) -> any ZooKeeperSession {
        let (handle, identity) = try ensemble.act { state throws(ZooKeeperError) in
            state.open(resuming: resuming, client: client)
        }
        return SimulatedSession(ensemble: ensemble, id: handle, knownIdentity: identity)
    }

    func setLink(_ link: SimulatedEnsemble.Link, to server: Int?) {
        ensemble.act { $0.setLink(link, client: client, server: server) }
    }

    func reset() {
        ensemble.act { state in
            for handle in state.liveHandles(of: client) { state.breakConnection(handle) }
        }
    }

    var sessions: [Int64] { ensemble.state.withLock { $0.liveSessions(of: client) } }
}
