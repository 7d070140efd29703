public import Domain
public import Scheduling

/// A request to run the fires of a past span of a task's schedule, or to say what that would be.
public struct BackfillBody: Hashable, Sendable, Codable {
    /// The first instant of the span.
    public var from: Instant
    /// The last instant of the span.
    public var to: Instant
    /// The same key means the same backfill, however often it is asked; drawn by the server when absent.
    public var key: String?
    /// How many fires may be under way at a time; 1 unless given.
    public var parallel: Int?
    /// The name or the number of the only shard that is run; absent for all parts of the task.
    public var shard: String?
    /// Whether fires that ran are run again; absent for no.
    public var again: Bool?
    /// Values of the task's parameters.
    public var parameters: [String: ParameterValue]?
    /// Why.
    public var note: String?
    /// Who asks, in their own words.
    public var by: String?
    /// Whether nothing is to be begun; absent for no.
    public var dryRun: Bool?
    /// Whether as many fires are meant as the span has; absent for no.
    public var confirm: Bool?

    /// Creates a request.
    public init(
        from: Instant,
        to: Instant,
        key: String? = nil,
        parallel: Int? = nil,
        shard: String? = nil,
        isRepeating: Bool = false,
        parameters: [String: String] = [:],
        note: String? = nil,
        by: String? = nil,
        isDryRun: Bool = false,
        isConfirmed: Bool = false
    ) {
        self.from = from
        self.to = to
        self.key = key
        self.parallel = parallel
        self.shard = shard
        again = isRepeating ? true : nil
        self.parameters = parameters.isEmpty ? nil : parameters.mapValues(ParameterValue.init)
        self.note = note
        self.by = by
        dryRun = isDryRun ? true : nil
        confirm = isConfirmed ? true : nil
    }

    /// What the runs are given.
    public var terms: RunTerms {
        RunTerms(parameters: (parameters ?? [:]).mapValues(\.text), note: note, requestedBy: by)
    }
}

/// What a backfill would do, as the API shows it.
public struct BackfillPlanPayload: Hashable, Sendable, Codable {
    /// The task.
    public var task: TaskID
    /// Its revision, whose schedule counts.
    public var revision: Int
    /// How many fires the span has.
    public var fires: Int
    /// The first of them.
    public var first: Instant
    /// The last of them.
    public var last: Instant
    /// How many of them ran, as far as the history knows; absent when there are too many to look at.
    public var existing: Int?
    /// How many runs they are; absent when each fire is one.
    public var runs: Int?
    /// How many of the runs were made, as far as the history knows; absent when each fire is one, or there are too many to look at.
    public var existingRuns: Int?

    /// Creates a payload.
    public init(
        task: TaskID,
        revision: Int,
        fires: Int,
        first: Instant,
        last: Instant,
        existing: Int?,
        runs: Int? = nil,
        existingRuns: Int? = nil
    ) {
        self.task = task
        self.revision = revision
        self.fires = fires
        self.first = first
        self.last = last
        self.existing = existing
        self.runs = runs
        self.existingRuns = existingRuns
    }
}

/// A backfill as the API shows it.
public struct BackfillPayload: Hashable, Sendable, Codable {
    /// Its identity.
    public var id: BackfillID
    /// The task.
    public var task: TaskID
    /// The task's revision that it has.
    public var revision: Int
    /// The first instant of the span.
    public var from: Instant
    /// The last instant of the span.
    public var to: Instant
    /// Where it stands.
    public var state: Backfill.State
    /// Why it is paused or stopped; absent when nobody said so.
    public var reason: String?
    /// What keeps its next run from being dispatched now; absent for nothing.
    public var obstacle: String?
    /// How many fires may be under way at a time.
    public var parallel: Int
    /// How many shards the task has; absent for a task without shards, whose fires are one run each.
    public var shards: Int?
    /// The number of the only shard that is run; absent for all of them.
    public var shard: Int?
    /// What has become of the runs of shards; absent before anything has.
    public var runs: Backfill.ShardCounts?
    /// Whether fires that ran are run again.
    public var again: Bool
    /// How many fires the span has.
    public var fires: Int
    /// How many of them nobody has seen to yet.
    public var waiting: Int
    /// How many are under way.
    public var running: Int
    /// How many have succeeded, with all their runs.
    public var succeeded: Int
    /// How many have ended otherwise, at least one of their runs.
    public var failed: Int
    /// How many were not launched, or not with all their runs: by the task's concurrency, because it was too late, or by a stop.
    public var skipped: Int
    /// How many had run before and were left alone.
    public var existing: Int
    /// The fires that are under way.
    public var active: [Backfill.Active]
    /// The latest runs that did not succeed, oldest first.
    public var failures: [Backfill.Failure]
    /// The values of the task's parameters; absent for its defaults.
    public var parameters: [String: String]?
    /// Why it was asked for.
    public var note: String?
    /// Who asked for it, in their own words.
    public var requestedBy: String?
    /// When it was asked for.
    public var createdAt: Instant
    /// When it came to its end; absent before.
    public var endedAt: Instant?

    /// Creates the payload of a backfill.
    public init(_ backfill: Backfill, obstacle: String? = nil) {
        id = backfill.id
        task = backfill.task
        revision = backfill.revision
        from = backfill.from
        to = backfill.to
        state = backfill.state
        reason = backfill.reason
        self.obstacle = obstacle
        parallel = backfill.parallel
        shards = backfill.shards
        shard = backfill.shard
        runs = backfill.shardCounts
        again = backfill.isRepeating
        fires = backfill.total
        waiting = backfill.waiting
        running = backfill.active.count
        succeeded = backfill.succeeded
        failed = backfill.failed
        skipped = backfill.skipped
        existing = backfill.existing
        active = backfill.active
        failures = backfill.failures
        parameters = backfill.terms.parameters.isEmpty ? nil : backfill.terms.parameters
        note = backfill.terms.note
        requestedBy = backfill.terms.requestedBy
        createdAt = backfill.createdAt
        endedAt = backfill.endedAt
    }
}

/// A request to pause, resume or stop a backfill.
public struct BackfillChange: Hashable, Sendable, Codable {
    /// Whether what runs is killed; absent for no, and only for a stop.
    public var kill: Bool?
    /// Why.
    public var reason: String?
    /// Who asks, in their own words.
    public var author: String?

    /// Creates a request.
    public init(kill: Bool = false, reason: String? = nil, author: String? = nil) {
        self.kill = kill ? true : nil
        self.reason = reason
        self.author = author
    }
}
