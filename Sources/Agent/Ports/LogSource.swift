public import Domain
public import Foundation

/// One of the two streams a process writes.
public enum LogStream: String, Hashable, Sendable, CaseIterable {
    /// Standard output.
    case out
    /// Standard error.
    case err
}

/// A piece of what an attempt wrote.
public struct LogChunk: Hashable, Sendable {
    /// Where in the stream the bytes begin.
    public var offset: Int64
    /// The bytes, exactly as written; empty when there is nothing (yet) at the offset.
    public var bytes: Data
    /// Whether nothing follows these bytes, now or later.
    public var isComplete: Bool

    /// Creates a chunk.
    public init(offset: Int64, bytes: Data, isComplete: Bool) {
        self.offset = offset
        self.bytes = bytes
        self.isComplete = isComplete
    }
}

/// Reads what attempts wrote, while they run and afterwards.
public protocol LogSource: Sendable {
    /// At most `limit` bytes of the attempt's stream from `offset` on; `nil` when nothing is known of the attempt.
    ///
    /// An offset beyond the end gives an empty chunk at that offset.
    func read(_ attempt: AttemptID, stream: LogStream, offset: Int64, limit: Int) async throws -> LogChunk?
}
