public import Domain

/// What an agent tells about itself to whoever stands before its machine.
public struct AgentStatus: Hashable, Sendable {
    /// The agent's name.
    public var agent: AgentID
    /// The agent's runtime.
    public var runtime: RuntimeID
    /// This start of its process; `nil` until it is registered.
    public var incarnation: Incarnation?
    /// Why it launches nothing now, one sentence; `nil` while it works.
    public var obstacle: String?
    /// How many tasks it owns.
    public var taskCount: Int
    /// Attempts that are running now, sorted.
    public var running: [AttemptID]
    /// How far those of them are that say so, sorted.
    public var progress: [ProgressNote]

    /// Creates a status.
    public init(
        agent: AgentID,
        runtime: RuntimeID,
        incarnation: Incarnation?,
        obstacle: String?,
        taskCount: Int,
        running: [AttemptID],
        progress: [ProgressNote] = []
    ) {
        self.agent = agent
        self.runtime = runtime
        self.incarnation = incarnation
        self.obstacle = obstacle
        self.taskCount = taskCount
        self.running = running
        self.progress = progress
    }
}

/// Knows the agent's status; the agent's service implements it.
public protocol AgentStatusSource: Sendable {
    /// The status now.
    func status() async -> AgentStatus

    /// What waits at the agent, at most so many entries.
    func queue(limit: Int) async -> AgentQueue
}
