public import Scheduling

/// Where a run stands.
public enum RunState: String, Codable, Hashable, Sendable, CaseIterable {
    /// An attempt is due at an agent, and waits there for a slot, for units or for its turn.
    case waiting
    /// An attempt's process runs.
    case running
    /// The last attempt failed, and another one follows.
    case retrying
    /// The last attempt ended with exit code 0.
    case succeeded
    /// The last attempt ended otherwise, or could not be started.
    case failed
    /// The last attempt was stopped because its timeout passed.
    case timedOut = "timed-out"
    /// The last attempt was stopped because somebody asked for it.
    case stopped
    /// Deliberately not launched.
    case skipped
    /// Nobody could launch it in time.
    case missed
    /// Nobody knows the outcome of the last attempt.
    case lost

    /// Whether nothing is expected to follow (a late truth may still correct `lost`).
    public var isFinal: Bool { self != .waiting && self != .running && self != .retrying }
}

/// The record of one fire or request: what people look at.
public struct Run: Hashable, Sendable, Codable {
    /// The run's identity.
    public var id: RunID
    /// The task's name.
    public var task: TaskID
    /// The task's uid.
    public var uid: TaskUID
    /// Shard or broadcast part, else 0.
    public var part: Int
    /// The task's runtime.
    public var runtime: RuntimeID
    /// The due instant; for a request, when it was requested.
    public var due: Instant
    /// Why it exists.
    public var trigger: Trigger
    /// Where it stands.
    public var state: RunState
    /// Why it was skipped or missed.
    public var reason: String?
    /// For a range that was missed or skipped: how many due instants this record stands for; else 1.
    public var count: Int
    /// For a range that was missed or skipped: the first due instant it stands for, of which `due` is the last.
    public var since: Instant?
    /// Its attempts, sorted by number.
    public var attempts: [RunAttempt]
    /// What it belongs to, as far as that is not its own due instant or request.
    public var origin: RunOrigin?
    /// What it was given beyond its task.
    public var terms: RunTerms?
    /// What its latest attempt that told something has told, which lists of runs leave out; `nil` for nothing.
    public var account: RunAccount?

    /// Creates a run.
    public init(
        id: RunID,
        task: TaskID,
        uid: TaskUID,
        part: Int,
        runtime: RuntimeID,
        due: Instant,
        trigger: Trigger,
        state: RunState,
        reason: String? = nil,
        count: Int = 1,
        since: Instant? = nil,
        attempts: [RunAttempt] = [],
        origin: RunOrigin? = nil,
        terms: RunTerms? = nil,
        account: RunAccount? = nil
    ) {
        self.id = id
        self.task = task
        self.uid = uid
        self.part = part
        self.runtime = runtime
        self.due = due
        self.trigger = trigger
        self.state = state
        self.reason = reason
        self.count = count
        self.since = since
        self.attempts = attempts
        self.origin = origin
        self.terms = terms
        self.account = account
    }
}

/// One attempt in a run's record.
public struct RunAttempt: Hashable, Sendable, Codable {
    /// Counted from 1.
    public var number: Int
    /// Where it ran.
    public var agent: AgentID
    /// Which start of the agent.
    public var incarnation: Incarnation
    /// The revision it ran with.
    public var revision: Int
    /// When the process was started.
    public var startedAt: Instant?
    /// The result, once it is over.
    public var result: AttemptResult?
    /// The record that it was lost, and why; stays when a true result corrects it, so that both facts are kept.
    public var lost: AttemptResult?

    /// Whether the attempt was recorded as lost and what became of it is known all the same.
    public var isCorrected: Bool { lost != nil && result?.outcome != .lost }

    /// Creates an attempt.
    public init(
        number: Int,
        agent: AgentID,
        incarnation: Incarnation,
        revision: Int,
        startedAt: Instant? = nil,
        result: AttemptResult? = nil,
        lost: AttemptResult? = nil
    ) {
        self.number = number
        self.agent = agent
        self.incarnation = incarnation
        self.revision = revision
        self.startedAt = startedAt
        self.result = result
        self.lost = lost
    }
}
