/// A random identifier written as lower-case hexadecimal digits.
///
/// The bits are a parameter: the core draws no randomness of its own.
public struct RandomID<Kind>: Hashable, Comparable, Sendable {
    /// The digits.
    public let text: String

    /// Accepts 16 to 64 lower-case hexadecimal digits; `nil` for anything else.
    public init?(_ text: String) {
        guard (16...64).contains(text.utf8.count), text.utf8.allSatisfy(Self.isDigit) else { return nil }
        self.text = text
    }

    /// Creates an identifier of 64 random bits.
    public init(bits: UInt64) {
        text = Self.digits(bits)
    }

    /// Creates an identifier of 128 random bits.
    public init(high: UInt64, low: UInt64) {
        text = Self.digits(high) + Self.digits(low)
    }

    /// Orders by identity, for stable output.
    public static func < (left: RandomID, right: RandomID) -> Bool { left.text < right.text }

    private static func digits(_ bits: UInt64) -> String {
        let digits = String(bits, radix: 16)
        return String(repeating: "0", count: 16 - digits.utf8.count) + digits
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
            || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
    }
}

extension RandomID: CustomStringConvertible {
    /// The text that people and logs see.
    public var description: String { text }
}

extension RandomID: Codable {
    /// Decodes the value; fails with the coding path of what is wrong.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let id = RandomID(text) else {
            throw DecodingError.dataCorruptedError(
                in: container,
                debugDescription: "\"\(text)\" is not an identifier"
            )
        }
        self = id
    }

    /// Encodes the value in the form it is decoded from.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }
}

extension RandomID: CodingKeyRepresentable {
    /// The value as a key of a JSON object.
    public var codingKey: any CodingKey { TextKey(text) }

    /// The value of a key of a JSON object.
    public init?(codingKey: some CodingKey) { self.init(codingKey.stringValue) }
}

/// Kind of a task's uid.
public enum TaskUIDKind: Sendable {}
/// Kind of an incarnation.
public enum IncarnationKind: Sendable {}
/// Kind of a start of a process.
public enum StartKind: Sendable {}
/// Kind of a backfill.
public enum BackfillKind: Sendable {}
/// Kind of a nonce.
public enum NonceKind: Sendable {}

/// Random at a task's creation (64 bits): a deleted and recreated task is another task.
public typealias TaskUID = RandomID<TaskUIDKind>
/// Random at every registration of an agent process (128 bits), never stored or reused.
public typealias Incarnation = RandomID<IncarnationKind>
/// Random at every start of an agent's process (128 bits); its incarnations share it.
public typealias StartID = RandomID<StartKind>
/// What a backfill is called: 64 bits that its request decides.
public typealias BackfillID = RandomID<BackfillKind>
/// Random content that proves who wrote a node after a lost reply.
public typealias Nonce = RandomID<NonceKind>
