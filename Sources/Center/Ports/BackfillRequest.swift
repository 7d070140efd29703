public import Domain
public import Scheduling

/// A wish to run the fires of a past span of a task's schedule.
public struct BackfillRequest: Hashable, Sendable {
    /// The task.
    public var task: TaskID
    /// The same key means the same backfill, however often it is asked.
    public var key: String
    /// The first instant of the span.
    public var from: Instant
    /// The last instant of the span.
    public var to: Instant
    /// How many fires may be under way at a time.
    public var parallel: Int
    /// The name or the number of the only shard that is run; `nil` for all parts of the task.
    public var shard: String?
    /// Whether fires that ran are run again.
    public var isRepeating: Bool
    /// What the runs are given, and who asks for it why.
    public var terms: RunTerms
    /// Whether as many fires are meant as the span has.
    public var isConfirmed: Bool

    /// Creates a request.
    public init(
        task: TaskID,
        key: String,
        from: Instant,
        to: Instant,
        parallel: Int = 1,
        shard: String? = nil,
        isRepeating: Bool = false,
        terms: RunTerms = RunTerms(),
        isConfirmed: Bool = false
    ) {
        self.task = task
        self.key = key
        self.from = from
        self.to = to
        self.parallel = parallel
        self.shard = shard
        self.isRepeating = isRepeating
        self.terms = terms
        self.isConfirmed = isConfirmed
    }
}

/// What a backfill would do.
public struct BackfillPlan: Hashable, Sendable, Codable {
    /// The task.
    public var task: TaskID
    /// Its revision, whose schedule counts.
    public var revision: Int
    /// How many instants of the schedule the span has.
    public var count: Int
    /// The first of them.
    public var first: Instant
    /// The last of them.
    public var last: Instant
    /// How many runs they are: each shard of a fire is one.
    public var runs: Int
    /// How many of them ran, as far as the history knows; `nil` when there are too many to look at.
    public var existing: Int?
    /// How many of the runs were made; `nil` when there are too many to look at.
    public var existingRuns: Int?

    /// Creates a plan.
    public init(
        task: TaskID,
        revision: Int,
        count: Int,
        runs: Int,
        first: Instant,
        last: Instant,
        existing: Int? = nil,
        existingRuns: Int? = nil
    ) {
        self.task = task
        self.revision = revision
        self.count = count
        self.runs = runs
        self.first = first
        self.last = last
        self.existing = existing
        self.existingRuns = existingRuns
    }
}

/// A backfill as people see it.
public struct BackfillView: Hashable, Sendable {
    /// The backfill.
    public var backfill: Backfill
    /// What keeps its next run from being dispatched now; `nil` for nothing.
    public var obstacle: String?

    /// Creates a view.
    public init(_ backfill: Backfill, obstacle: String? = nil) {
        self.backfill = backfill
        self.obstacle = obstacle
    }
}

/// A change of a backfill that is not over.
public enum BackfillCommand: Hashable, Sendable {
    /// Dispatch no further run until it is resumed.
    case pause
    /// Go on, with the task as it is now.
    case resume
    /// Dispatch no further run ever; what runs ends by itself, or is killed.
    case stop(kill: Bool)
}
