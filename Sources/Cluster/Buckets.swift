import Crypto
public import Domain

/// Which bucket something belongs to.
///
/// Bucketing is part of the stored format: changing it needs a new schema version.
public enum Buckets {
    /// Buckets of dispatch markers.
    public static let dispatchedCount = 256
    /// Buckets of a checkpoint: 64 of at most 64 KiB hold about 100,000 cursors.
    public static let checkpointCount = 64

    /// The bucket of a task's definition: the leading bits of the SHA-256 of its name, as docs/architecture.md §5 says.
    public static func task(_ task: TaskID, count: Int) -> Int { leadingBits(of: task.text) % count }

    /// The bucket of a part's row, of an agent's allocation or of the parked rows: those of one task are spread over all buckets, for
    /// there may be as many of them as one bucket cannot hold.
    public static func allocation(_ part: TaskPart, count: Int) -> Int {
        (leadingBits(of: part.uid.text) + part.part) % count
    }

    /// The bucket of a part's cursor and open fires in a checkpoint.
    public static func checkpoint(_ part: TaskPart) -> Int {
        (leadingBits(of: part.uid.text) + part.part) % checkpointCount
    }

    /// The bucket of a run's dispatch marker.
    public static func dispatched(_ run: RunID) -> Int { leadingBits(of: run.text) % dispatchedCount }

    /// The first twelve bits of the text's SHA-256.
    private static func leadingBits(of text: String) -> Int {
        var bytes = SHA256.hash(data: Array(text.utf8)).makeIterator()
        let high = Int(bytes.next() ?? 0)
        let low = Int(bytes.next() ?? 0)
        return high << 4 | low >> 4
    }
}
