public import Scheduling

/// The identity of one fire: this part of this task at this instant.
public struct FireKey: Hashable, Comparable, Sendable {
    /// The task, by uid.
    public var uid: TaskUID
    /// Shard or broadcast part, else 0.
    public var part: Int
    /// The due instant.
    public var due: Instant

    /// Creates an identity.
    public init(uid: TaskUID, part: Int = 0, due: Instant) {
        self.uid = uid
        self.part = part
        self.due = due
    }

    /// Orders by identity, for stable output.
    public static func < (left: FireKey, right: FireKey) -> Bool {
        (left.due, left.uid, left.part) < (right.due, right.uid, right.part)
    }
}

/// The identity of a run: derived from the fire's identity, or from a caller's idempotency key.
///
/// Scheduled: `<uid>-<part>-<milliseconds since 1970>`. Requested: `r-<32 hexadecimal digits>`.
public struct RunID: Hashable, Comparable, Sendable {
    /// The identity as text; a valid znode and file name.
    public let text: String

    /// The run of a fire: equal on every node that computes it.
    public init(_ key: FireKey) {
        text = "\(key.uid)-\(key.part)-\(key.due.millisecondsSinceEpoch)"
    }

    /// A run that somebody requested.
    public init(request: RandomID<NonceKind>) {
        text = "r-" + request.text
    }

    /// Accepts text of either form; `nil` for anything else.
    public init?(_ text: String) {
        if text.hasPrefix("r-"), RandomID<NonceKind>(String(text.dropFirst(2))) != nil {
            self.text = text
        } else if RunID.fireKey(of: text) != nil {
            self.text = text
        } else {
            return nil
        }
    }

    /// The fire this run belongs to; `nil` for a requested run.
    public var fireKey: FireKey? { RunID.fireKey(of: text) }

    /// Orders by identity, for stable output.
    public static func < (left: RunID, right: RunID) -> Bool { left.text < right.text }

    private static func fireKey(of text: String) -> FireKey? {
        let pieces = text.split(separator: "-", maxSplits: 2, omittingEmptySubsequences: false)
        guard pieces.count == 3, let uid = TaskUID(String(pieces[0])), let part = Int(pieces[1]), part >= 0,
            let milliseconds = Int64(pieces[2])
        else { return nil }
        let key = FireKey(uid: uid, part: part, due: Instant(millisecondsSinceEpoch: milliseconds))
        return RunID(key).text == text ? key : nil
    }
}

extension RunID: CustomStringConvertible {
    /// The text that people and logs see.
    public var description: String { text }
}

extension RunID: Codable {
    /// Decodes the value; fails with the coding path of what is wrong.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let id = RunID(text) else {
            throw DecodingError.dataCorruptedError(
                in: container,
                debugDescription: "\"\(text)\" is not a run ID"
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

/// One process start of a run.
public struct AttemptID: Hashable, Comparable, Sendable, Codable, CustomStringConvertible {
    /// The run.
    public var run: RunID
    /// Counted from 1.
    public var number: Int

    /// Creates an attempt's identity.
    public init(run: RunID, number: Int) {
        self.run = run
        self.number = number
    }

    /// The text that people and logs see.
    public var description: String { "\(run)-\(number)" }

    /// Orders by identity, for stable output.
    public static func < (left: AttemptID, right: AttemptID) -> Bool {
        (left.run, left.number) < (right.run, right.number)
    }
}
