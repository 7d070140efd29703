public import Cluster
public import Domain

/// What a center is told when it starts.
public struct CenterConfiguration: Sendable {
    /// The center's name, unique in its workspace.
    public var center: CenterID
    /// Base URL of its HTTP API, as agents and other centers reach it.
    public var url: String
    /// The workspace's part of ZooKeeper.
    public var tree: Tree
    /// The program's version.
    public var version: String
    /// The machine's name.
    public var host: String
    /// The process.
    public var processID: Int32
    /// How much history is kept.
    public var retention: HistoryRetention

    /// Creates a configuration.
    public init(
        center: CenterID,
        url: String,
        tree: Tree,
        version: String,
        host: String,
        processID: Int32,
        retention: HistoryRetention = HistoryRetention()
    ) {
        self.center = center
        self.url = url
        self.tree = tree
        self.version = version
        self.host = host
        self.processID = processID
        self.retention = retention
    }
}

/// How a center is doing: what its readiness and liveness probes say.
public struct CenterStatus: Hashable, Sendable {
    /// Whether ZooKeeper serves the center's session now.
    public var isConnected: Bool
    /// Whether the catalog was read: the center could lead.
    public var isWarm: Bool
    /// Whether the center leads, and under which epoch.
    public var epoch: Epoch?
    /// What keeps the center from being ready, for people; `nil` when it is.
    public var problem: String?

    /// Whether the center can answer for its workspace.
    ///
    /// A process that is not ready is still alive: it goes on trying.
    public var isReady: Bool { isConnected && isWarm && problem == nil }
}
