public import Scheduling

/// One task's place: in exactly one bucket of one agent's allocation, or parked.
public struct AllocationRow: Hashable, Sendable, Codable {
    /// Whether the owner may still journal fires of the task.
    public enum State: String, Codable, Hashable, Sendable {
        /// The owner journals and launches.
        case active
        /// The fence was raised: the owner must stop, the leader settles the row next.
        case revoked
    }

    /// The task's name.
    public var task: TaskID
    /// The task's uid.
    public var uid: TaskUID
    /// Shard or broadcast part, else 0.
    public var part: Int
    /// The revision of the definition that the owner must use.
    public var revision: Int
    /// The last instant that has been decided: the next owner continues after it.
    public var cursor: Instant
    /// Whether the owner may journal.
    public var state: State
    /// What may still live of the part that the owner knows nothing of; `nil` when nothing does.
    public var hold: RowHold?

    /// Creates a row.
    public init(
        task: TaskID,
        uid: TaskUID,
        part: Int = 0,
        revision: Int,
        cursor: Instant,
        state: State = .active,
        hold: RowHold? = nil
    ) {
        self.task = task
        self.uid = uid
        self.part = part
        self.revision = revision
        self.cursor = cursor
        self.state = state
        self.hold = hold
    }

    /// What the row is about.
    public var key: TaskPart { TaskPart(uid: uid, part: part) }

    /// How many owners were cut off whose attempts may live.
    public var cutOffs: Int { hold?.cutOffs ?? 0 }
}

/// An attempt that lives with a former owner of a row, or waits in its inbox.
public struct HeldAttempt: Hashable, Sendable, Codable {
    /// The attempt.
    public var attempt: AttemptID
    /// Whose journal or inbox it is in.
    public var runtime: RuntimeID
    /// Whose journal or inbox it is in.
    public var agent: AgentID
    /// The agent's incarnation.
    public var incarnation: Incarnation

    /// Creates the note of an attempt.
    public init(_ attempt: AttemptID, runtime: RuntimeID, agent: AgentID, incarnation: Incarnation) {
        self.attempt = attempt
        self.runtime = runtime
        self.agent = agent
        self.incarnation = incarnation
    }
}

/// What may still live of a part outside of its owner's knowledge: counted against the task's concurrency.
public struct RowHold: Hashable, Sendable, Codable {
    /// The attempts that live with a former owner or wait in its inbox; each goes when its end is known.
    public var attempts: [HeldAttempt]
    /// How many owners were cut off while attempts of theirs were running, which may live on until they are killed: whenever there is
    /// another one, whoever owns the row waits as long as that can take, from when it reads so first.
    public var cutOffs: Int

    /// Creates a hold; the attempts are sorted.
    public init(attempts: [HeldAttempt] = [], cutOffs: Int = 0) {
        self.attempts = attempts.sorted { $0.attempt < $1.attempt }
        self.cutOffs = cutOffs
    }

    /// Whether nothing is held.
    public var isEmpty: Bool { attempts.isEmpty && cutOffs == 0 }
}

/// A part of a task: the unit of ownership.
public struct TaskPart: Hashable, Comparable, Sendable {
    /// The task's uid.
    public var uid: TaskUID
    /// Shard or broadcast part, else 0.
    public var part: Int

    /// Creates the name of a part.
    public init(uid: TaskUID, part: Int = 0) {
        self.uid = uid
        self.part = part
    }

    /// Orders by identity, for stable output.
    public static func < (left: TaskPart, right: TaskPart) -> Bool {
        (left.uid, left.part) < (right.uid, right.part)
    }
}

/// The head of an agent's allocation: the one node of it that the agent watches.
public struct AllocationHead: Hashable, Sendable, Codable {
    /// The incarnation for which the rows are valid.
    public var incarnation: Incarnation
    /// Raised by every change of the allocation.
    public var generation: Int
    /// The epoch of the leader that wrote it.
    public var epoch: Epoch
    /// Number of buckets the rows are spread over.
    public var bucketCount: Int
    /// For each bucket that exists the generation that last changed it.
    public var buckets: [Int: Int]
    /// The start of the agent's process that `onAgentStart` schedules were followed for; `nil` before the first.
    public var followedStart: StartID?

    /// Creates a head.
    public init(
        incarnation: Incarnation,
        generation: Int,
        epoch: Epoch,
        bucketCount: Int,
        buckets: [Int: Int] = [:],
        followedStart: StartID? = nil
    ) {
        self.incarnation = incarnation
        self.generation = generation
        self.epoch = epoch
        self.bucketCount = bucketCount
        self.buckets = buckets
        self.followedStart = followedStart
    }
}

/// One bucket of rows, of an agent's allocation or of the parked rows.
public struct AllocationBucket: Hashable, Sendable, Codable {
    /// The rows, sorted by task name and part.
    public var rows: [AllocationRow]

    /// Creates a bucket; the rows are sorted.
    public init(rows: [AllocationRow]) {
        self.rows = rows.sorted { ($0.task, $0.part) < ($1.task, $1.part) }
    }
}
