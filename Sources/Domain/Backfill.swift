public import Scheduling

/// The fires of a past span of a task's schedule, run one after the other: what was asked for, and how far it is.
///
/// Only the leader writes it. Every change of `cursor` and `active` goes into the write that dispatches the run, so that whoever leads
/// next goes on where this one stands.
public struct Backfill: Hashable, Sendable, Codable {
    /// Where a backfill stands.
    public enum State: String, Hashable, Sendable, Codable, CaseIterable {
        /// Runs are dispatched. Can transition to any other state.
        case running
        /// No further run is dispatched until it is resumed. Can transition to `running`, `stopping` and `stopped`.
        case paused
        /// No further run is ever dispatched; what runs is waited for. Can transition to `stopped`.
        case stopping
        /// It was stopped, and nothing of it runs. Final.
        case stopped
        /// Every fire of the span was seen to, and nothing of it runs. Final.
        case finished

        /// Whether nothing is expected to follow.
        public var isFinal: Bool { self == .stopped || self == .finished }
    }

    /// A fire that was dispatched and has not ended.
    public struct Active: Hashable, Sendable, Codable {
        /// The instant that is made up for.
        public var due: Instant
        /// Its run; of a fire with shards, what their runs follow from.
        public var run: RunID
        /// When it was dispatched, by the leader's clock; of a fire with shards, the first of them.
        public var since: Instant
        /// How the runs of its shards stand; `nil` for a fire that is one run.
        public internal(set) var shards: ShardRuns?

        /// Creates an active fire.
        public init(due: Instant, run: RunID, since: Instant, shards: ShardRuns? = nil) {
            self.due = due
            self.run = run
            self.since = since
            self.shards = shards
        }
    }

    /// A run that did not succeed.
    public struct Failure: Hashable, Sendable, Codable {
        /// The instant that was to be made up for.
        public var due: Instant
        /// The run.
        public var run: RunID
        /// Its shard; `nil` for the only run of a fire.
        public var shard: Int?
        /// How it ended; `nil` when it was not launched.
        public var outcome: AttemptOutcome?

        /// Creates a failure.
        public init(due: Instant, run: RunID, shard: Int? = nil, outcome: AttemptOutcome?) {
            self.due = due
            self.run = run
            self.shard = shard
            self.outcome = outcome
        }
    }

    /// Its identity.
    public var id: BackfillID
    /// The task's name.
    public var task: TaskID
    /// The task's uid.
    public var uid: TaskUID
    /// The task's revision whose schedule counts and whose command is run.
    public var revision: Int
    /// The timeline of the cluster that it belongs to; `nil` for any.
    public var timeline: Nonce?
    /// The first instant of the span.
    public var from: Instant
    /// The last instant of the span.
    public var to: Instant
    /// How many of its fires may be under way at a time.
    public var parallel: Int
    /// How many shards the task has at the revision; `nil` for a task without shards, whose fires are one run each.
    public internal(set) var shards: Int?
    /// The only shard that is run; `nil` for all there are.
    public var shard: Int?
    /// Whether fires that ran are run again.
    public var isRepeating: Bool
    /// What its runs are given, and who asked for it why.
    public var terms: RunTerms
    /// When it was asked for.
    public var createdAt: Instant
    /// How many instants of the schedule the span has.
    public var total: Int

    /// Where it stands.
    public internal(set) var state = State.running
    /// Why it is paused or stopped.
    public internal(set) var reason: String?
    /// Whether what runs is to be killed.
    public internal(set) var isKilling = false
    /// The last instant that was seen to; `nil` at first.
    public internal(set) var cursor: Instant?
    /// The fires that are under way, in the order of their instants.
    public internal(set) var active: [Active] = []
    /// How many fires had run before and were left alone.
    public internal(set) var existing = 0
    /// How many fires have succeeded, with all their runs.
    public internal(set) var succeeded = 0
    /// How many fires have ended otherwise: at least one of their runs has.
    public internal(set) var failed = 0
    /// How many fires were not launched, or not with all their runs.
    public internal(set) var skipped = 0
    /// What has become of the runs of shards; `nil` for none.
    public internal(set) var shardCounts: ShardCounts?
    /// The latest runs that did not succeed, oldest first.
    public internal(set) var failures: [Failure] = []
    /// When it came to its end.
    public internal(set) var endedAt: Instant?

    /// Creates a backfill of which nothing has happened.
    public init(
        id: BackfillID,
        task: TaskDefinition,
        timeline: Nonce? = nil,
        from: Instant,
        to: Instant,
        parallel: Int = 1,
        shard: Int? = nil,
        isRepeating: Bool = false,
        terms: RunTerms = RunTerms(),
        createdAt: Instant,
        total: Int
    ) {
        self.id = id
        self.task = task.name
        uid = task.uid
        revision = task.revision
        self.timeline = timeline
        self.from = from
        self.to = to
        self.parallel = parallel
        shards = task.specification.shards?.total
        self.shard = shard
        self.isRepeating = isRepeating
        self.terms = terms
        self.createdAt = createdAt
        self.total = total
    }

    /// Limits, each with its reason.
    public enum Limit {
        /// Fires that are under way at a time: each is named in one node.
        public static let parallelMax = 100
        /// Runs that are under way at a time, where fires have several: the shard of each stands in that node.
        public static let runsMax = 1_000
        /// Runs of a span unless somebody has said that they mean so many.
        public static let firesUnconfirmed = 10_000
        /// Runs of a span at all: more are not for one request.
        public static let firesMax = 100_000
        /// The latest runs that are named which did not succeed.
        public static let failuresMax = 10
        /// How long ago a span ends at least: fires that came due since are still the schedule's own.
        public static let age = Duration.seconds(60)
    }

    private enum CodingKeys: String, CodingKey {
        case id, task, uid, revision, timeline, from, to, parallel, shards, shard, terms, createdAt, total
        case state, reason, cursor, active, existing, succeeded, failed, skipped, shardCounts, failures
        case endedAt
        case isRepeating = "again"
        case isKilling = "killing"
    }
}

extension Backfill {
    /// How many fires nobody has seen to yet.
    public var waiting: Int { max(0, total - existing - succeeded - failed - skipped - active.count) }

    /// Whether another fire may be dispatched now.
    public var hasRoom: Bool { state == .running && active.count < parallel }

    /// The next instant to see to; `nil` when there is none.
    public func next(of task: TaskDefinition) -> Instant? {
        let last = cursor ?? from - .milliseconds(1)
        guard let due = task.nextDue(after: last), due <= to else { return nil }
        return due
    }

    /// Notes that a fire has run before and is left alone.
    public mutating func leave(_ due: Instant) {
        precondition(cursor.map { $0 < due } ?? true, "\(due) of backfill \(id) was seen to before")
        cursor = due
        existing += 1
    }

    /// Notes that a run is dispatched for a fire.
    public mutating func dispatch(_ run: RunID, for due: Instant, now: Instant) {
        precondition(hasRoom, "backfill \(id) has no room for \(due)")
        precondition(cursor.map { $0 < due } ?? true, "\(due) of backfill \(id) was seen to before")
        cursor = due
        active.append(Active(due: due, run: run, since: now))
    }

    /// Notes the end of a run; `false` when it was noted before, or is none of these.
    public mutating func end(_ run: RunID, _ outcome: AttemptOutcome?) -> Bool {
        guard let index = active.firstIndex(where: { $0.run == run && $0.shards == nil }) else {
            return false
        }
        let fire = active.remove(at: index)
        switch outcome {
        case .succeeded:
            succeeded += 1
            return true
        case nil, .missed: skipped += 1
        default: failed += 1
        }
        name(Failure(due: fire.due, run: run, outcome: outcome))
        return true
    }

    /// Names a run that did not succeed, among the latest.
    mutating func name(_ failure: Failure) {
        failures = (failures + [failure]).suffix(Limit.failuresMax)
    }

    /// Notes what follows from everything else: that it is over.
    public mutating func settle(isExhausted: Bool, now: Instant) {
        guard active.isEmpty else { return }
        switch state {
        case .running where isExhausted: state = .finished
        case .stopping: state = .stopped
        default: return
        }
        endedAt = now
    }

    /// Lets no further run be dispatched until it is resumed.
    public mutating func pause(because reason: String?) {
        precondition(!state.isFinal, "backfill \(id) is over")
        guard state == .running else { return }
        state = .paused
        self.reason = reason
    }

    /// Goes on with the task as it is now, with so many shards, or none.
    public mutating func resume(revision: Int, timeline: Nonce?, shards: Int? = nil) {
        precondition(state == .paused, "backfill \(id) is not paused")
        state = .running
        reason = nil
        self.revision = revision
        self.timeline = timeline
        self.shards = shards
    }

    /// Lets no further run be dispatched ever.
    public mutating func stop(kill: Bool, because reason: String?, now: Instant) {
        precondition(!state.isFinal, "backfill \(id) is over")
        state = .stopping
        isKilling = isKilling || kill
        self.reason = reason ?? self.reason
        endStoppedFires()
        settle(isExhausted: false, now: now)
    }
}

extension TaskDefinition {
    /// The task as a backfill takes it: its schedules count at any time, also while it is paused, and no fire is different from the others.
    public func backfilled(from: Instant) -> TaskDefinition {
        var specification = specification
        specification.isEnabled = true
        return TaskDefinition(
            specification: specification,
            uid: uid,
            revision: revision,
            effectiveFrom: from - .milliseconds(1),
            createdAt: createdAt,
            calendars: calendars
        )
    }

    /// Whether the runs of another revision of the task are the same: its schedules, pauses and words for people do not matter.
    public func runsAlike(_ other: TaskDefinition) -> Bool { bare == other.bare }

    private var bare: TaskSpecification {
        var bare = specification
        bare.schedules = []
        bare.isEnabled = true
        bare.misfire = Misfire()
        bare.labels = [:]
        bare.description = nil
        bare.group = .standard
        return bare
    }

    /// This revision with the schedules of a backfill.
    public func scheduled(like former: TaskDefinition) -> TaskDefinition {
        var specification = specification
        specification.schedules = former.specification.schedules
        specification.isEnabled = true
        return TaskDefinition(
            specification: specification,
            uid: uid,
            revision: revision,
            effectiveFrom: former.effectiveFrom,
            createdAt: createdAt,
            calendars: former.calendars
        )
    }
}
