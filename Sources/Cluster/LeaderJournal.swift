public import Domain
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
        return fold.buckets.values.flatMap(\.open).sorted { $0.fire.attempt < $1.fire.attempt }
    }
}

extension JournaledFire {
    /// Whether it decided an instant of the task's schedules. A request is due when somebody asks, and decides nothing else.
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
    private(set) var buckets: [Int: CheckpointBucket]
    private var touched: Set<Int> = []

    init(_ buckets: [Int: CheckpointBucket]) { self.buckets = buckets }

    /// The buckets that are not what they were, sorted.
    var changed: [(bucket: Int, content: CheckpointBucket)] {
        touched.sorted().map { ($0, buckets[$0] ?? CheckpointBucket()) }
    }

    mutating func add(_ segment: JournalSegment) {
        for fire in segment.fires { add(fire) }
        for result in segment.ended { add(result) }
    }

    private mutating func add(_ fire: JournaledFire) {
        let bucket = Buckets.checkpoint(fire.key)
        var content = buckets[bucket] ?? CheckpointBucket()
        if fire.advancesCursor {
            var cursors: [TaskPart: Instant] = [:]
            for entry in content.cursors { cursors.raise(entry.key, to: entry.cursor) }
            cursors.raise(fire.key, to: fire.due)
            content.cursors = cursors.map { CheckpointCursor(key: $0.key, cursor: $0.value) }.sorted {
                $0.key < $1.key
            }
        }
        if !content.open.contains(where: { $0.fire.attempt == fire.attempt }) {
            content.open.append(OpenFire(fire: fire))
            content.open.sort { $0.fire.attempt < $1.fire.attempt }
        }
        buckets[bucket] = content
        touched.insert(bucket)
    }

    private mutating func add(_ result: AttemptResult) {
        for bucket in buckets.keys.sorted() {
            guard let index = buckets[bucket]?.open.firstIndex(where: { $0.fire.attempt == result.attempt })
            else { continue }
            buckets[bucket]?.open[index].result = result
            touched.insert(bucket)
            return
        }
    }
}
