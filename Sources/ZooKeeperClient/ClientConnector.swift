public import Logging
import Synchronization
public import ZooKeeper

/// Makes sessions with a real ensemble, through ZooKeeper's C library.
public struct ClientConnector: ZooKeeperConnector {
    private let configuration: ZooKeeperConfiguration
    private let logger: Logger

    /// Creates a connector; the library's own log lines go to `logger` too.
    public init(_ configuration: ZooKeeperConfiguration, logger: Logger) {
        self.configuration = configuration
        self.logger = logger
        LogForwarding.start(logger)
    }

    /// Starts a session; returns as soon as the host names are resolved, in state `connecting`.
    ///
    /// Whoever calls it must close the session.
    ///
    /// - Throws: `ZooKeeperError` with code `.badArguments` for malformed hosts, `.hostsUnresolved` when no host name resolves.
    public func connect(resuming: SessionIdentity?) async throws(ZooKeeperError) -> any ZooKeeperSession {
        try await open(resuming: resuming)
    }

    /// As `connect`, and gives the concrete session.
    public func open(resuming: SessionIdentity? = nil) async throws(ZooKeeperError) -> ClientSession {
        let chroot = try configuration.validatedChroot()
        let core = SessionCore(configuration: configuration, chroot: chroot, logger: logger)
        try await core.open(resuming: resuming)
        return ClientSession(core)
    }

    /// Requests that this process has sent, over all sessions.
    ///
    /// The library numbers requests with 32 bits per process, starting at the time of day: a process should be replaced
    /// before about two billion (ZOOKEEPER-3286).
    public static var requestCount: UInt64 { SessionCore.requestCount.load(ordering: .relaxed) }
}
