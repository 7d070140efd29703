public import ZooKeeper

/// Where the ensemble is and how a session with it behaves.
public struct ZooKeeperConfiguration: Sendable {
    /// The servers as `host:port,host:port`, optionally followed by a chroot that exists, such as `/production`.
    public var hosts: String
    /// How long the ensemble keeps a silent session alive; the server clamps it (see `negotiatedTimeout`).
    public var sessionTimeout: Duration
    /// Proofs of identity, presented on every connection.
    public var credentials: [Credential]
    /// How long a call may take, waiting for its turn included, whatever ZooKeeper does.
    public var requestTimeout: Duration
    /// Bounds that keep the client and the server out of known trouble.
    public var limits: Limits

    /// Creates a configuration; the defaults suit production.
    public init(
        hosts: String,
        sessionTimeout: Duration = .seconds(10),
        credentials: [Credential] = [],
        requestTimeout: Duration = .seconds(15),
        limits: Limits = Limits()
    ) {
        self.hosts = hosts
        self.sessionTimeout = sessionTimeout
        self.credentials = credentials
        self.requestTimeout = requestTimeout
        self.limits = limits
    }
}

extension ZooKeeperConfiguration {
    /// Bounds of one session; a call that would exceed one fails with `.limitExceeded`.
    public struct Limits: Hashable, Sendable {
        /// Requests given to the C library and not yet answered; further calls wait their turn in order.
        ///
        /// Beyond about 65,000 the library's wake-up pipe fills and it closes a socket that its other thread still uses.
        public var requestsInFlightMax: Int
        /// Calls waiting for their turn; one more fails instead of waiting.
        public var requestsWaitingMax: Int
        /// Sum of the lengths of watched paths.
        ///
        /// After a reconnect the library sends all of them in one packet; beyond the server's `jute.maxbuffer` (1 MiB) it would
        /// reconnect for ever (ZOOKEEPER-706).
        public var watchedPathBytesMax: Int
        /// Sum of the lengths of the paths of ephemeral nodes.
        ///
        /// The transaction that ends the session names them all; beyond `jute.maxbuffer` the server cannot restart (ZOOKEEPER-4306).
        public var ephemeralPathBytesMax: Int
        /// Size of one write: paths and data of a `create`, `set` or `multi`.
        ///
        /// Beyond `jute.maxbuffer` the server drops the connection without naming the cause.
        public var writeBytesMax: Int

        /// Creates limits; the defaults are the largest values known to be safe with an unconfigured server.
        public init(
            requestsInFlightMax: Int = 1_000,
            requestsWaitingMax: Int = 20_000,
            watchedPathBytesMax: Int = 512 * 1_024,
            ephemeralPathBytesMax: Int = 256 * 1_024,
            writeBytesMax: Int = 1_000_000
        ) {
            precondition(
                requestsInFlightMax >= 1 && requestsInFlightMax <= 1_000,
                "1 to 1,000 requests in flight"
            )
            self.requestsInFlightMax = requestsInFlightMax
            self.requestsWaitingMax = requestsWaitingMax
            self.watchedPathBytesMax = watchedPathBytesMax
            self.ephemeralPathBytesMax = ephemeralPathBytesMax
            self.writeBytesMax = writeBytesMax
        }
    }
}

extension ZooKeeperConfiguration {
    /// The chroot at the end of `hosts`; `nil` when there is none.
    ///
    /// - Throws: `ZooKeeperError` with code `.badArguments` when `hosts` cannot be a list of servers.
    func validatedChroot() throws(ZooKeeperError) -> ZNodePath? {
        let slash = hosts.firstIndex(of: "/") ?? hosts.endIndex
        let servers = hosts[..<slash].split(separator: ",", omittingEmptySubsequences: false)
        for server in servers where !Self.isServer(server) {
            throw ZooKeeperError(.badArguments, detail: "'\(server)' in '\(hosts)' is not host:port")
        }
        let chroot = hosts[slash...]
        return chroot.isEmpty || chroot == "/" ? nil : try ZNodePath(String(chroot))
    }

    private static func isServer(_ text: Substring) -> Bool {
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]) else {
            return false
        }
        let host = text[..<colon]
        return port > 0 && !host.isEmpty
            && host.unicodeScalars.allSatisfy { $0.value > 0x20 && $0.value < 0x7F }
    }
}
