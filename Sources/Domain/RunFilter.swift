public import Scheduling

/// Which runs to show.
public struct RunFilter: Hashable, Sendable {
    /// Only runs of this task.
    public var task: TaskID?
    /// Only runs of this runtime.
    public var runtime: RuntimeID?
    /// Only runs with an attempt on this agent.
    public var agent: AgentID?
    /// Only runs in one of these states; empty for all.
    public var states: [RunState]
    /// Only runs due at or after this instant.
    public var since: Instant?
    /// Only runs due at or before this instant.
    public var until: Instant?

    /// Creates a filter; everything left out does not restrict.
    public init(
        task: TaskID? = nil,
        runtime: RuntimeID? = nil,
        agent: AgentID? = nil,
        states: [RunState] = [],
        since: Instant? = nil,
        until: Instant? = nil
    ) {
        self.task = task
        self.runtime = runtime
        self.agent = agent
        self.states = states
        self.since = since
        self.until = until
    }
}
