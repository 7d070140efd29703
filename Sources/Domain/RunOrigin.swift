public import Scheduling

/// What led to a run that neither the clock nor a person asked for.
public struct RunOrigin: Hashable, Sendable, Codable {
    /// Since when the chain is counted in which the run stands; `nil` when it stands in none.
    public var chain: Instant?
    /// How many restarts in a row, of a resident task, have followed short lives; `nil` for none.
    public var restarts: Int?
    /// Which runs of different tasks belong together: see `JournaledFire.occasion`.
    public var occasion: String?
    /// How many parts of the fire are run on the occasion, where that is not for the task to say: a backfill leaves those alone that ran.
    public var parts: Int?
    /// The runs whose ends led to it, sorted.
    public var parents: [RunID]?
    /// The start of an agent's process that it follows: only that process may run it.
    public var start: AgentStart?
    /// The backfill that it belongs to.
    public var backfill: BackfillID?
    /// The instant that it is meant for, when that is not the due instant: what comes after it is meant for the same.
    public var meantFor: Instant?

    /// Creates an origin.
    public init(
        chain: Instant? = nil,
        restarts: Int? = nil,
        occasion: String? = nil,
        parts: Int? = nil,
        parents: [RunID]? = nil,
        start: AgentStart? = nil,
        backfill: BackfillID? = nil,
        meantFor: Instant? = nil
    ) {
        self.chain = chain
        self.restarts = restarts
        self.occasion = occasion
        self.parts = parts
        self.parents = parents
        self.start = start
        self.backfill = backfill
        self.meantFor = meantFor
    }
}

/// Which start of which agent a run follows.
public struct AgentStart: Hashable, Sendable, Codable {
    /// The agent.
    public var agent: AgentID
    /// The start of its process.
    public var id: StartID

    /// Names a start.
    public init(agent: AgentID, id: StartID) {
        self.agent = agent
        self.id = id
    }
}

extension JournaledFire {
    /// Which runs of different tasks belong together: those of one due instant, and those that one request led to.
    public var occasion: String {
        if let occasion = origin?.occasion { return occasion }
        switch trigger {
        case .request, .start, .backfill: return attempt.run.text
        case .schedule, .completion, .dependency: return String(due.millisecondsSinceEpoch)
        }
    }
}
