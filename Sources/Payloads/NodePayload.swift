public import Domain
public import Scheduling

/// An agent as the API shows it.
public struct NodePayload: Hashable, Sendable, Codable {
    /// The agent's name.
    public var agent: AgentID
    /// The agent's runtime.
    public var runtime: RuntimeID
    /// Whether its process is registered now; the fields after `tasks` are absent when it is not.
    public var online: Bool
    /// Whether it takes no new work.
    public var drained: Bool
    /// How many tasks it owns.
    public var tasks: Int
    /// This start of its process.
    public var incarnation: Incarnation?
    /// Labels that placements refer to.
    public var labels: [String: String]?
    /// Where the machine is.
    public var region: String?
    /// Where in the region the machine is.
    public var zone: String?
    /// How many attempts it runs at a time.
    public var slots: Int?
    /// Base URL of its HTTP API.
    public var url: String?
    /// The program's version.
    public var version: String?
    /// The machine's name.
    public var host: String?
    /// The process.
    public var processID: Int32?
    /// When the process started.
    public var startedAt: Instant?
    /// When it ended without having been drained; absent while it is there, and when that is not remembered.
    public var goneSince: Instant?
    /// How many tasks it owned when it ended; absent unless `goneSince` is there.
    public var tasksThen: Int?
    /// Until when it gets no tasks because it started too often lately; absent when it gets them.
    public var heldUntil: Instant?

    /// Creates the payload of an agent.
    public init(
        agent: AgentID,
        runtime: RuntimeID,
        registration: AgentRegistration?,
        isDrained: Bool,
        taskCount: Int,
        heldUntil: Instant? = nil,
        goneSince: Instant? = nil,
        tasksThen: Int? = nil
    ) {
        self.agent = agent
        self.runtime = runtime
        online = registration != nil
        drained = isDrained
        tasks = taskCount
        incarnation = registration?.incarnation
        labels = registration?.labels
        region = registration?.region
        zone = registration?.zone
        slots = registration?.slots
        url = registration?.url
        version = registration?.version
        host = registration?.host
        processID = registration?.processID
        startedAt = registration?.startedAt
        self.heldUntil = heldUntil
        self.goneSince = goneSince
        self.tasksThen = tasksThen
    }
}
