public import Agent
public import Domain
import Glibc

/// A piece of a log file.
public struct LogBytes: Hashable, Sendable {
    /// The bytes from the offset asked for; empty at the end.
    public var bytes: [UInt8]
    /// How many bytes the file had when it was read.
    public var size: Int64

    /// Creates a chunk.
    public init(bytes: [UInt8], size: Int64) {
        self.bytes = bytes
        self.size = size
    }
}

/// Reads the attempts' log files, also while they grow.
public struct LogReader: Sendable {
    /// Where the files lie.
    public let files: LogFiles

    /// Most bytes of one read, whatever the caller asks for: they are held in memory.
    public static let bytesMax = 1 << 20

    /// Reads the log files of an agent's data directory.
    public init(files: LogFiles) { self.files = files }

    /// At most `limit` bytes of an attempt's log from `offset` on; `nil` when there is no such log (any more).
    ///
    /// To follow a growing log, ask again from the end of the last chunk.
    public func read(
        _ attempt: AttemptID,
        _ stream: LogStream,
        offset: Int64,
        limit: Int
    ) throws(ExecutorError) -> LogBytes? {
        guard let path = files.find(attempt, stream) else { return nil }
        let file = try Descriptor.open(path, O_RDONLY)
        defer { close(file) }
        var status = stat()
        guard unsafe fstat(file, &status) == 0 else { throw ExecutorError("examine", path, code: errno) }
        let size = Int64(status.st_size)
        let count = min(Int64(min(limit, Self.bytesMax)), size - offset)
        guard count > 0, offset >= 0 else { return LogBytes(bytes: [], size: size) }
        return LogBytes(bytes: try Self.read(file, Int(count), offset: offset, path: path), size: size)
    }

    /// At most `count` bytes of an open file from `offset` on.
    static func read(
        _ file: Int32,
        _ count: Int,
        offset: Int64,
        path: String
    ) throws(ExecutorError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        let filled = try read(file, into: &bytes, count, offset: offset, path: path)
        return Array(bytes.prefix(filled))
    }

    /// Fills at most `count` of the bytes from `offset` on; how many there were.
    static func read(
        _ file: Int32,
        into bytes: inout [UInt8],
        _ count: Int,
        offset: Int64,
        path: String
    ) throws(ExecutorError) -> Int {
        var filled = 0
        while filled < count {
            let got = unsafe bytes.withUnsafeMutableBytes { buffer in
                unsafe pread(
                    file,
                    buffer.baseAddress?.advanced(by: filled),
                    count - filled,
                    off_t(offset) + off_t(filled)
                )
            }
            if got == 0 { break }
            if got < 0, errno != EINTR { throw ExecutorError("read", path, code: errno) }
            filled += max(0, got)
        }
        return filled
    }
}
