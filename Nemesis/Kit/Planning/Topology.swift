/// Who is in the cluster under test.
public struct Topology: Hashable, Sendable {
    /// The names of the agents.
    public let agents = (1...5).map { "agent-\($0)" }
    /// The names of the centers.
    public let centers = (1...3).map { "center-\($0)" }
    /// The names of ZooKeeper's servers.
    public let servers = (1...3).map { "zookeeper-\($0)" }
    /// How long a silent session is kept.
    public let sessionTimeout = Duration.seconds(4)

    /// Creates the topology.
    public init() {}

    /// Everybody with a session.
    public var clients: [String] { centers + agents }
}
