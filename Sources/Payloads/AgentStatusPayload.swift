public import Domain

/// What an agent tells about itself.
public struct AgentStatusPayload: Hashable, Sendable, Codable {
    /// The agent's name.
    public var agent: AgentID
    /// The agent's runtime.
    public var runtime: RuntimeID
    /// This start of its process; absent until it is registered.
    public var incarnation: Incarnation?
    /// Whether it launches tasks now.
    public var ready: Bool
    /// Why it launches nothing now.
    public var obstacle: String?
    /// How many tasks it owns.
    public var tasks: Int
    /// Attempts that are running now, as `<run>-<number>`, sorted.
    public var running: [String]
    /// How far those of them are that say so; absent when none does.
    public var progress: [ProgressNote]?

    /// Creates a status.
    public init(
        agent: AgentID,
        runtime: RuntimeID,
        incarnation: Incarnation?,
        obstacle: String?,
        tasks: Int,
        running: [String],
        progress: [ProgressNote] = []
    ) {
        self.agent = agent
        self.runtime = runtime
        self.incarnation = incarnation
        ready = obstacle == nil
        self.obstacle = obstacle
        self.tasks = tasks
        self.running = running
        self.progress = progress.isEmpty ? nil : progress
    }
}
