/// What the processes of an attempt used, as the kernel counted it.
///
/// Of an attempt in a control group of its own that is what all its processes used; of others what the first process used, and those of its
/// descendants that were waited for.
public struct AttemptUsage: Hashable, Sendable {
    /// Processor time in the program, in milliseconds.
    public var userMilliseconds: Int
    /// Processor time in the kernel on its behalf, in milliseconds.
    public var systemMilliseconds: Int
    /// The most memory in use: of the largest process, or of all together in a control group that limits memory.
    public var memoryPeak: ByteSize
    /// Bytes read from storage, caches left out.
    public var read: ByteSize
    /// Bytes written to storage, also those that caches keep for a while.
    public var written: ByteSize

    /// Creates a usage.
    public init(
        userMilliseconds: Int = 0,
        systemMilliseconds: Int = 0,
        memoryPeak: ByteSize = ByteSize(0),
        read: ByteSize = ByteSize(0),
        written: ByteSize = ByteSize(0)
    ) {
        self.userMilliseconds = userMilliseconds
        self.systemMilliseconds = systemMilliseconds
        self.memoryPeak = memoryPeak
        self.read = read
        self.written = written
    }
}

extension AttemptUsage: Codable {
    /// Short, because journals have it too; numbers are left out when they are 0.
    private enum Key: String, CodingKey {
        case userMs, systemMs, peakBytes, readBytes, writtenBytes
    }

    /// Decodes the value.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        func number(_ key: Key) throws -> Int { try container.decodeIfPresent(Int.self, forKey: key) ?? 0 }
        self.init(
            userMilliseconds: try number(.userMs),
            systemMilliseconds: try number(.systemMs),
            memoryPeak: ByteSize(try number(.peakBytes)),
            read: ByteSize(try number(.readBytes)),
            written: ByteSize(try number(.writtenBytes))
        )
    }

    /// Encodes the value in the form it is decoded from.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        let numbers: [(Key, Int)] = [
            (.userMs, userMilliseconds), (.systemMs, systemMilliseconds), (.peakBytes, memoryPeak.bytes),
            (.readBytes, read.bytes), (.writtenBytes, written.bytes),
        ]
        for (key, number) in numbers where number != 0 { try container.encode(number, forKey: key) }
    }
}
