public import Domain
public import Scheduling

/// What one incarnation of an agent owns, has decided and has not yet been relieved of.
///
/// The rules of the launch protocol that need no I/O are here: cursors only rise and advance only with a committed segment;
/// a composed segment is frozen until its outcome is known; a fire stays open until the leader has accepted what became of it;
/// segments go only with the last bucket that changed before they were begun to be folded. Transitions of the write in hand:
/// `none → segment → none` (`compose`, then `committed` or `rejected`) and `none → checkpoint → none` likewise.
public struct AgentLedger: Sendable {
    /// Limits, each with its reason.
    public enum Limit {
        /// Fires of one segment: about 330 bytes each, so that a multi stays under 256 KiB.
        public static let firesPerSegment = 400
        /// Results that travel with a segment: about 400 bytes each.
        public static let resultsPerSegment = 100
        /// Inbox entries taken with one segment: each is an operation of the multi.
        public static let takenPerSegment = 100
        /// Cursors and open fires that one checkpoint write should not exceed, so that it holds up no journal write.
        public static let entriesPerCheckpoint = 1_000
        /// Open fires of one checkpoint bucket, so that it stays a writable node; more have to wait for the leader.
        public static let openPerBucket = 200
        /// How much later than another run one is due that does not hold it up although it was launched first, in milliseconds.
        ///
        /// Ten times the longest look-ahead: only a clock that was ahead launches as early as that.
        public static let aheadMilliseconds: Int64 = 10_000
    }

    /// A row of the agent's table with what is derived from it.
    struct Part {
        var row: AllocationRow
        var tableBucket: Int
        var checkpointBucket: Int
        var cursor: Instant
        var isAdvanced = false
        var next: Instant?
        var pace = Pace.ahead
        /// Until when its fires had to wait for a run to end; those up to then are not late.
        var waitedUntil: Instant?

        /// Stands for the moment at which it is looked at next.
        static let now = Instant(millisecondsSinceEpoch: .max)
    }

    /// When the next fire of a part is decided.
    enum Pace: Hashable, Sendable {
        /// Within the look-ahead.
        case ahead
        /// When it is due, because a run lives that may have ended by then.
        case exact
        /// When the run that lives has ended.
        case held
    }

    /// A run that was launched here and is not over.
    struct LivingRun: Hashable, Sendable {
        /// Its latest attempt.
        var number: Int
        var due: Instant
        /// Whether an attempt of it was let begin; before, it waits for its instant.
        var hasBegun: Bool
        /// Whether its last attempt has ended, and the next one has not been launched.
        var isResting = false
        /// Whether it lives only as long as its task is kept running here as it was when it began.
        var isResident: Bool
    }

    struct Due: Comparable, Sendable {
        var instant: Instant
        var key: TaskPart

        static func < (left: Due, right: Due) -> Bool {
            (left.instant, left.key) < (right.instant, right.key)
        }
    }

    /// A checkpoint that takes several writes: the segments may go when the remaining buckets are written.
    struct CheckpointRound {
        var segments: [Int]
        var remaining: Set<Int>
    }

    /// A write whose outcome is not known yet.
    enum InHand {
        case segment(JournalSegment, parts: [TaskPart])
        case checkpoint(CheckpointPlan, resultCount: Int)
    }

    /// How late fires are treated.
    public let enumerator: FireEnumerator
    /// When the cluster's timeline began: what was due until then is missed, never launched (rule T3); `nil` for the first.
    public var floor: Instant?
    let checkpointBucket: @Sendable (TaskPart) -> Int
    var parts: [TaskPart: Part] = [:]
    var definitions: [TaskUID: TaskDefinition] = [:]
    var undefined: Set<TaskPart> = []
    var blocked: Set<TaskPart> = []
    var due = MinHeap<Due>()
    /// The parts whose next fire is decided when it is due, not before.
    var exact = MinHeap<Due>()
    /// The runs of each part that this incarnation has launched and that are not over; one that is to be attempted again is not over.
    var living: [TaskPart: [RunID: LivingRun]] = [:]
    /// Parts that were given up while runs of theirs lived.
    var leftBehind: Set<TaskPart> = []
    /// Runs whose next attempt waits in the inbox.
    var awaited: [TaskPart: Set<RunID>] = [:]
    /// Runs that the segment in hand launches.
    var launching: [TaskPart: Set<RunID>] = [:]
    /// Parts whose living run is being stopped in favour of a newer one, and the attempts that were not yet named to anybody.
    var replacing: Set<TaskPart> = []
    var unnamedReplacements: [AttemptID] = []
    /// Attempts of resident tasks that are not to go on, which were not yet named to anybody.
    var unnamedStops: [AttemptID: ResidentStop] = [:]
    /// Parts of which attempts of an owner that was cut off may still live, with the number of the wait for them.
    var inGrace: [TaskPart: Int] = [:]
    var graces = 0
    var isReleased = false
    var open: [AttemptID: OpenFire] = [:]
    var openOfBucket: [Int: Set<AttemptID>] = [:]
    var partsOfBucket: [Int: Set<TaskPart>] = [:]
    var partsOfTable: [Int: Set<TaskPart>] = [:]
    var changed: Set<Int> = []
    var segments: [Int] = []
    var round: CheckpointRound?
    var nextSegment = 1
    var unjournaledResults: [AttemptResult] = []
    var inHand: InHand?

    /// Creates the ledger of a new incarnation.
    ///
    /// - Parameters:
    ///   - enumerator: How late fires are treated.
    ///   - checkpointBucket: The bucket of a part in the checkpoint; part of the stored format.
    public init(enumerator: FireEnumerator, checkpointBucket: @escaping @Sendable (TaskPart) -> Int) {
        self.enumerator = enumerator
        self.checkpointBucket = checkpointBucket
    }

    /// Whether no write is in hand.
    public var isIdle: Bool { if case nil = inHand { true } else { false } }
    /// How many parts the incarnation may journal.
    public var ownedCount: Int { parts.values.count { $0.row.state == .active } }
    /// How many rows the agent's table has, revoked ones included.
    public var partCount: Int { parts.count }
    /// How many fires wait for the leader to accept what became of them.
    public var openCount: Int { open.count }
    /// How many committed segments have not been folded into the checkpoint.
    public var segmentCount: Int { segments.count }
    /// Whether a checkpoint was begun that needs further writes.
    public var isInCheckpoint: Bool { round != nil }
    /// Whether the checkpoint is behind.
    public var needsCheckpoint: Bool { !segments.isEmpty || !changed.isEmpty }
    /// How many parts wait because too many of their fires are open.
    public var blockedCount: Int { blocked.count }
    /// The cursor of a part in the table; `nil` for others.
    public func cursor(of key: TaskPart) -> Instant? { parts[key]?.cursor }
    /// The open fire of an attempt; `nil` when there is none.
    public func openFire(_ attempt: AttemptID) -> OpenFire? { open[attempt] }
    /// The newest definition that was given for a task.
    public func definition(_ uid: TaskUID) -> TaskDefinition? { definitions[uid] }
}
