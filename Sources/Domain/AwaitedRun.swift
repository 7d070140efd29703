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
    /// What the run told; `nil` for nothing.
    public var outputs: [String: OutputValue]?
    /// Which of its parts have ended, of a task with several; the verdict is that of all of them.
    public var parts: ArrivedParts?

    /// Creates an arrival.
    public init(
        task: TaskID,
        run: RunID,
        verdict: DependencyVerdict,
        agent: AgentID,
        incarnation: Incarnation,
        outputs: [String: OutputValue]? = nil,
        parts: ArrivedParts? = nil
    ) {
        self.task = task
        self.run = run
        self.verdict = verdict
        self.agent = agent
        self.incarnation = incarnation
        self.outputs = outputs
        self.parts = parts
    }
}

extension TaskOutputs {
    /// What the runs told that have arrived.
    public init(_ arrivals: [DependencyArrival]) {
        self.init(Dictionary(arrivals.map { ($0.task, $0.outputs ?? [:]) }) { _, last in last })
    }
}

extension [DependencyArrival] {
    /// The arrivals with another one, instead of an earlier one of its task; together they keep no more outputs than a run is given.
    ///
    /// An end that is told again may have lost what its run told: what was heard first stays.
    public func adding(
        _ arrival: DependencyArrival,
        on condition: Dependencies.Condition = .succeeded,
        first needed: Set<TaskOutput>
    ) -> [DependencyArrival] {
        var added = arrival
        let former = first { $0.task == arrival.task }
        if let former { added = added.joined(to: former, condition) }
        if added.outputs == nil, former?.run == arrival.run { added.outputs = former?.outputs }
        var arrivals = filter { $0.task != arrival.task } + [added]
        let kept = TaskOutputs(arrivals).fitting(first: needed)
        for index in arrivals.indices { arrivals[index].outputs = kept.values[arrivals[index].task] }
        return arrivals
    }
}
