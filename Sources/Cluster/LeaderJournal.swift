public import Domain
import Mutations
public import Scheduling

/// What an incarnation left in its journal: checkpoint and segments, and what they say together.
public struct LeaderJournal: Sendable {
    /// Whose journal it is.
    public let id: JournalID
    /// The checkpoint's buckets that exist, with their versions.
    public internal(set) var checkpoint: [Int: Versioned<CheckpointBucket>]
    /// The segments that are not part of the checkpoint yet, in the order they were written.
    public internal(set) var segments: [JournalSegment]

    /// Puts together what was read.
    public init(id: JournalID, checkpoint: [Int: Versioned<CheckpointBucket>], segments: [JournalSegment]) {
        self.id = id
        self.checkpoint = checkpoint
        self.segments = segments.sorted { $0.number < $1.number }
    }

    /// The last decided instant of every part the journal mentions (rule L5: checkpoint and segments).
    public var cursors: [TaskPart: Instant] {
        var cursors: [TaskPart: Instant] = [:]
        for bucket in checkpoint.values {
            for entry in bucket.value.cursors { cursors.raise(entry.key, to: entry.cursor) }
        }
        for segment in segments {
            for fire in segment.fires where fire.advancesCursor { cursors.raise(fire.key, to: fire.due) }
        }
        if Mutation.readsCursorShort.isOn { return cursors.mapValues { $0 - .milliseconds(1) } }
        return cursors
    }

    /// The checkpoint with the first `count` segments folded into it: only the buckets that change, sorted.
    public func folded(_ count: Int) -> [(bucket: Int, content: CheckpointBucket)] {
        var fold = CheckpointFold(checkpoint.mapValues(\.value))
        for segment in segments.prefix(count) { fold.add(segment) }
        return fold.changed
    }

    /// Fires whose result nobody has accepted, sorted by attempt; those of segments too.
    public var open: [OpenFire] {
        var fold = CheckpointFold(checkpoint.mapValues(\.value))
        for segment in segments { fold.add(segment) }
        return fold.open
    }
}

extension JournaledFire {
    /// Whether it decided an instant of the task's schedules.
    ///
    /// A request is due when somebody asks, and decides nothing else.
    var advancesCursor: Bool { trigger == .schedule }
}

extension Dictionary where Key == TaskPart, Value == Instant {
    /// Raises a cursor, never lowers it.
    public mutating func raise(_ key: TaskPart, to instant: Instant) {
        self[key] = Swift.max(self[key] ?? instant, instant)
    }
}

/// Segments being folded into a checkpoint.
struct CheckpointFold {
    private var cursors: [Int: [TaskPart: Instant]] = [:]
    private var fires: [Int: [AttemptID: OpenFire]] = [:]
    private var bucketOf: [AttemptID: Int] = [:]
    private var through: [Int: Int] = [:]
    private var folded = 0
    private var touched: Set<Int> = []

    init(_ buckets: [Int: CheckpointBucket]) {
        for (bucket, content) in buckets {
            cursors[bucket] = Dictionary(content.cursors.map { ($0.key, $0.cursor) }, uniquingKeysWith: max)
            fires[bucket] = Dictionary(content.open.map { ($0.fire.attempt, $0) }) { first, _ in first }
            for open in content.open { bucketOf[open.fire.attempt] = bucket }
            through[bucket] = content.through
        }
    }

    /// The buckets that are not what they were, sorted.
    var changed: [(bucket: Int, content: CheckpointBucket)] {
        touched.sorted().map { bucket in
            let cursors = (cursors[bucket] ?? [:]).map { CheckpointCursor(key: $0.key, cursor: $0.value) }
            let fires = (fires[bucket] ?? [:]).values.sorted { $0.fire.attempt < $1.fire.attempt }
            let content = CheckpointBucket(
                cursors: cursors.sorted { $0.key < $1.key },
                open: fires,
                through: max(through[bucket] ?? 0, folded)
            )
            return (bucket, content)
        }
    }

    /// All open fires, sorted by attempt.
    var open: [OpenFire] {
        fires.values.flatMap(\.values).sorted { $0.fire.attempt < $1.fire.attempt }
    }

    /// Adds the next segment: they come in the order they were written.
    mutating func add(_ segment: JournalSegment) {
        for fire in segment.fires { add(fire, of: segment.number) }
        for result in segment.ended { add(result) }
        folded = max(folded, segment.number)
    }

    private mutating func add(_ fire: JournaledFire, of segment: Int) {
        let bucket = Buckets.checkpoint(fire.key)
        touched.insert(bucket)
        if fire.advancesCursor { cursors[bucket, default: [:]].raise(fire.key, to: fire.due) }
        // What the bucket accounts for and does not hold was accepted.
        guard bucketOf[fire.attempt] == nil, segment > through[bucket] ?? 0 else { return }
        bucketOf[fire.attempt] = bucket
        fires[bucket, default: [:]][fire.attempt] = OpenFire(fire: fire)
    }

    private mutating func add(_ result: AttemptResult) {
        guard let bucket = bucketOf[result.attempt] else { return }
        fires[bucket]?[result.attempt]?.result = result
        touched.insert(bucket)
    }
}
