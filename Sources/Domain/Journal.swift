import Mutations
public import Scheduling

/// Why a run exists.
public enum Trigger: String, Codable, Hashable, Sendable {
    /// A schedule's due instant.
    case schedule
    /// Somebody asked for it.
    case request
    /// A while has passed since the end of the run before (`afterCompletion`).
    case completion
    /// A run of a task it comes after has ended (`after`).
    case dependency
    /// The process of its agent has started (`onAgentStart`).
    case start
    /// A fire of the past is made up for.
    case backfill

    /// Whether its runs are known before they are due, and begin then.
    public var isAhead: Bool {
        switch self {
        case .schedule, .completion, .start: true
        case .request, .dependency, .backfill: false
        }
    }

    /// Whether an attempt of such a run waits until the run is due.
    ///
    /// An instant of a schedule is awaited by every attempt: an agent whose clock is ahead can lose the first one before anybody else
    /// would have begun it. Other instants were dated by somebody's clock, and the first attempt has awaited them.
    public func isAwaited(byAttempt number: Int) -> Bool {
        self == .schedule || (isAhead && number == 1)
    }
}

/// What an agent decided about a fire.
public enum FireDecision: Hashable, Sendable, Codable {
    /// It is launched, once committed.
    case launch
    /// It is deliberately not launched. With a range, stands for its due instants, up to the fire's own.
    case skipped(reason: String, range: FireRange? = nil)
    /// Nobody could launch it in time. Stands for `count` due instants from `since` up to the fire's own.
    case missed(reason: String, since: Instant, count: Int)

    /// The first of the due instants that it stands for; `nil` when the fire's own is the only one.
    public var since: Instant? {
        switch self {
        case .launch: nil
        case .skipped(_, let range): range?.since
        case .missed(_, let since, _): since
        }
    }
}

/// Several due instants that were decided together, the last of which is the fire's own.
public struct FireRange: Hashable, Sendable, Codable {
    /// The first of them.
    public var since: Instant
    /// How many there are, as far as they were counted.
    public var count: Int

    /// Creates a range.
    public init(since: Instant, count: Int) {
        self.since = since
        self.count = count
    }
}

/// A decided fire (or a taken dispatch) as the journal keeps it.
public struct JournaledFire: Hashable, Sendable, Codable {
    /// The run and the attempt.
    public var attempt: AttemptID
    /// The task's name.
    public var task: TaskID
    /// The task's uid.
    public var uid: TaskUID
    /// Shard or broadcast part, else 0.
    public var part: Int
    /// The revision it is launched with.
    public var revision: Int
    /// The due instant; for a request, when it was requested, or the later instant at which it is to start.
    public var due: Instant
    /// Why the run exists.
    public var trigger: Trigger
    /// What happens to the fire if its outcome cannot be known.
    public var delivery: Delivery
    /// What was decided.
    public var decision: FireDecision
    /// What it belongs to, as far as that is not its own due instant or request: what runs come after.
    public var origin: RunOrigin?
    /// What the run was given beyond its task; in reports only, the journal does without it.
    public var terms: RunTerms?

    /// Creates a journal entry.
    public init(
        attempt: AttemptID,
        task: TaskID,
        uid: TaskUID,
        part: Int = 0,
        revision: Int,
        due: Instant,
        trigger: Trigger,
        delivery: Delivery,
        decision: FireDecision,
        origin: RunOrigin? = nil,
        terms: RunTerms? = nil
    ) {
        self.attempt = attempt
        self.task = task
        self.uid = uid
        self.part = part
        self.revision = revision
        self.due = due
        self.trigger = trigger
        self.delivery = delivery
        self.decision = decision
        self.origin = origin
        self.terms = terms
    }

    /// The entry of a dispatched attempt, with what is known of its task; without what the run was given, which only reports have.
    public init(_ run: DispatchedRun, _ task: TaskDefinition?, decision: FireDecision) {
        self.init(
            attempt: run.attempt,
            task: run.task,
            uid: run.uid,
            part: run.part,
            revision: task?.revision ?? run.revision,
            due: run.due,
            trigger: run.trigger,
            delivery: task?.specification.delivery ?? .atMostOnce,
            decision: decision,
            origin: run.origin
        )
    }

    /// The part of the task whose cursor this entry advances.
    public var key: TaskPart { TaskPart(uid: uid, part: part) }

    /// Whether another attempt has to follow one that ended like this.
    public func demandsAnotherAttempt(after result: AttemptResult) -> Bool {
        guard decision == .launch else { return false }
        if result.retryAt != nil { return true }
        return result.isInconclusive && (delivery == .atLeastOnce || Mutation.repeatsEverything.isOn)
    }
}

/// A write-ahead segment: fires in the order of their cursors, committed before any of them is launched.
public struct JournalSegment: Hashable, Sendable, Codable {
    /// The segment's number, counted by the incarnation from 1.
    public var number: Int
    /// Random, to recognise one's own write after a lost reply.
    public var nonce: Nonce
    /// The decided fires.
    public var fires: [JournaledFire]
    /// Attempts that ended since the last segment or checkpoint.
    public var ended: [AttemptResult]

    /// Creates a segment.
    public init(number: Int, nonce: Nonce, fires: [JournaledFire], ended: [AttemptResult] = []) {
        self.number = number
        self.nonce = nonce
        self.fires = fires
        self.ended = ended
    }
}

/// A fire of a checkpoint whose result the leader has not yet accepted.
public struct OpenFire: Hashable, Sendable, Codable {
    /// The journal entry.
    public var fire: JournaledFire
    /// The result, once there is one.
    public var result: AttemptResult?

    /// Creates an open fire.
    public init(fire: JournaledFire, result: AttemptResult? = nil) {
        self.fire = fire
        self.result = result
    }
}

/// The cursor of one part in a checkpoint.
public struct CheckpointCursor: Hashable, Sendable, Codable {
    /// The task's uid.
    public var uid: TaskUID
    /// Shard or broadcast part, else 0.
    public var part: Int
    /// The last decided instant.
    public var cursor: Instant

    /// Creates a cursor.
    public init(key: TaskPart, cursor: Instant) {
        uid = key.uid
        part = key.part
        self.cursor = cursor
    }

    /// The part it belongs to.
    public var key: TaskPart { TaskPart(uid: uid, part: part) }
}

/// One bucket of an incarnation's checkpoint.
public struct CheckpointBucket: Hashable, Sendable, Codable {
    /// Cursors that the incarnation advanced, sorted by part.
    public var cursors: [CheckpointCursor]
    /// Fires without an accepted result, sorted by attempt.
    public var open: [OpenFire]
    /// The last segment the bucket accounts for; `nil` for none.
    ///
    /// A fire of that segment or an earlier one that is not open has been accepted, even while its segment still stands:
    /// a big checkpoint takes several writes, and the segments go with the last.
    public var through: Int?

    /// Creates a bucket.
    public init(cursors: [CheckpointCursor] = [], open: [OpenFire] = [], through: Int? = nil) {
        self.cursors = cursors
        self.open = open
        self.through = through
    }
}

/// The content of an incarnation's fence node, whose data version is the fence.
public struct FenceRecord: Hashable, Sendable, Codable {
    /// Whether the incarnation may never journal again.
    public var isSealed: Bool

    /// Creates a record.
    public init(isSealed: Bool = false) { self.isSealed = isSealed }

    private enum CodingKeys: String, CodingKey {
        case isSealed = "sealed"
    }
}
