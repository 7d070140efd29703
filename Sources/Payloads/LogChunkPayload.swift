public import Foundation

/// A piece of an attempt's output.
public struct LogChunkPayload: Hashable, Sendable, Codable {
    /// Where in the stream the bytes begin.
    public var offset: Int64
    /// The bytes, base64 in JSON; empty when there is nothing (yet) at the offset.
    public var bytes: Data
    /// Whether nothing follows these bytes, now or later.
    public var isComplete: Bool
    /// Whether the attempt wrote more than was kept.
    public var isTruncated: Bool

    /// Creates a chunk.
    public init(offset: Int64, bytes: Data, isComplete: Bool, isTruncated: Bool = false) {
        self.offset = offset
        self.bytes = bytes
        self.isComplete = isComplete
        self.isTruncated = isTruncated
    }

    /// Where to ask for the next piece.
    public var nextOffset: Int64 { offset + Int64(bytes.count) }
}

/// One of the two streams a process writes.
public enum LogStreamName: String, Hashable, Sendable, Codable, CaseIterable {
    /// Standard output.
    case out
    /// Standard error.
    case err
}
