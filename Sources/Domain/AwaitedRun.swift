public import Scheduling

/// A run that waits for the ends of several others, or for an agent that may run it.
public struct AwaitedRun: Hashable, Sendable, Codable {
    /// What is dispatched then.
    public var run: DispatchedRun
    /// The ends it has heard of, sorted by task.
    public var arrivals: [DependencyArrival]
    /// Whether only an agent is missing.
    public var isReady: Bool
    /// When it began to wait, by the leader's clock.
    public var since: Instant

    /// Creates a run that waits.
    public init(run: DispatchedRun, arrivals: [DependencyArrival] = [], isReady: Bool, since: Instant) {
        self.run = run
        self.arrivals = arrivals.sorted { $0.task < $1.task }
        self.isReady = isReady
        self.since = since
    }

    private enum CodingKeys: String, CodingKey {
        case run, arrivals, since
        case isReady = "ready"
    }
}

/// The end of a run that another comes after.
public struct DependencyArrival: Hashable, Sendable, Codable {
    /// The task that has run.
    public var task: TaskID
    /// The run.
    public var run: RunID
    /// What its end means.
    public var verdict: DependencyVerdict
    /// Whose report told of it.
    public var agent: AgentID
    /// Which start of the agent.
    public var incarnation: Incarnation

    /// Creates an arrival.
    public init(
        task: TaskID,
        run: RunID,
        verdict: DependencyVerdict,
        agent: AgentID,
        incarnation: Incarnation
    ) {
        self.task = task
        self.run = run
        self.verdict = verdict
        self.agent = agent
        self.incarnation = incarnation
    }
}
