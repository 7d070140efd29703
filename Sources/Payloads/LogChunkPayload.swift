public import Foundation

/// A piece of an attempt's output.
public struct LogChunkPayload: Hashable, Sendable, Codable {
    /// Most bytes of a piece: it is held in memory as a whole, and base64 in JSON.
    public static let bytesMax = 1_024 * 1_024
    /// Bytes of a piece when the request does not say.
    public static let bytesStandard = 256 * 1_024

    /// Where in the stream the bytes begin.
    public var offset: Int64
    /// The bytes, base64 in JSON; empty when there is nothing (yet) at the offset.
    public var bytes: Data
    /// Whether nothing follows these bytes, now or later.
    public var isComplete: Bool

    /// Creates a chunk.
    public init(offset: Int64, bytes: Data, isComplete: Bool) {
        self.offset = offset
        self.bytes = bytes
        self.isComplete = isComplete
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
