/// A user-supplied name that is safe in a znode path, a URL and a file name.
///
/// Matches `[a-z0-9][a-z0-9._-]{0,62}`. The phantom `Kind` keeps names of different things apart.
public struct Name<Kind>: Hashable, Comparable, Sendable {
    /// The name's text.
    public let text: String

    /// Creates a name from untrusted text; `nil` when it is not one (see `NameRule.text` for what to tell the user).
    public init?(_ text: String) {
        guard NameRule.accepts(text) else { return nil }
        self.text = text
    }

    /// Orders by identity, for stable output.
    public static func < (left: Name, right: Name) -> Bool { left.text < right.text }
}

/// The rule for names, once for code and once for people.
public enum NameRule {
    /// Longest name in characters.
    public static let lengthMax = 63

    /// The rule in words, to be appended to "… is not a valid name: ".
    public static let text =
        "use 1 to 63 lower-case letters, digits, dots, underscores and hyphens, starting with a letter or digit"

    /// Whether `text` follows the rule.
    public static func accepts(_ text: String) -> Bool {
        let bytes = text.utf8
        guard let first = bytes.first, bytes.count <= lengthMax, isLetterOrDigit(first) else { return false }
        return bytes.allSatisfy {
            isLetterOrDigit($0) || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "_")
                || $0 == UInt8(ascii: "-")
        }
    }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
            || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }
}

extension Name: CustomStringConvertible {
    /// The text that people and logs see.
    public var description: String { text }
}

extension Name: Codable {
    /// Decodes the value; fails with the coding path of what is wrong.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let name = Name(text) else {
            throw DecodingError.dataCorruptedError(
                in: container,
                debugDescription: "\"\(text)\" is not a valid name: \(NameRule.text)"
            )
        }
        self = name
    }

    /// Encodes the value in the form it is decoded from.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }
}

extension Name: CodingKeyRepresentable {
    /// The value as a key of a JSON object.
    public var codingKey: any CodingKey { TextKey(text) }

    /// The value of a key of a JSON object.
    public init?(codingKey: some CodingKey) { self.init(codingKey.stringValue) }
}

/// A coding key that is just its text.
struct TextKey: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }

    init(_ text: String) { stringValue = text }
    init?(stringValue: String) { self.init(stringValue) }
    init?(intValue: Int) { nil }
}

/// Kind of a task's name.
public enum TaskKind: Sendable {}
/// Kind of a runtime's name.
public enum RuntimeKind: Sendable {}
/// Kind of a group's name.
public enum GroupKind: Sendable {}
/// Kind of a calendar's name.
public enum CalendarKind: Sendable {}
/// Kind of the name of a pool or an exclusive key.
public enum PoolKind: Sendable {}
/// Kind of an agent's name.
public enum AgentKind: Sendable {}
/// Kind of a center's name.
public enum CenterKind: Sendable {}
/// Kind of a workspace's name.
public enum WorkspaceKind: Sendable {}

/// A task's name, unique in its workspace.
public typealias TaskID = Name<TaskKind>
/// A runtime's name.
public typealias RuntimeID = Name<RuntimeKind>
/// A group's name.
public typealias GroupID = Name<GroupKind>
/// A calendar's name.
public typealias CalendarID = Name<CalendarKind>
/// The name of a pool, or of an exclusive key.
public typealias PoolID = Name<PoolKind>
/// An agent's name, unique in its runtime.
public typealias AgentID = Name<AgentKind>
/// A center's name.
public typealias CenterID = Name<CenterKind>
/// A workspace's name.
public typealias WorkspaceID = Name<WorkspaceKind>

extension Name where Kind == RuntimeKind {
    /// The runtime of tasks and agents that name none.
    public static var standard: RuntimeID { Name(known: "default") }
}

extension Name where Kind == GroupKind {
    /// The group of tasks that name none.
    public static var standard: GroupID { Name(known: "default") }
}

extension Name where Kind == WorkspaceKind {
    /// The workspace of processes that name none.
    public static var standard: WorkspaceID { Name(known: "default") }
}

extension Name {
    /// Creates a name from a literal of this module, known to be valid.
    private init(known text: String) {
        precondition(NameRule.accepts(text), "not a valid name: \(text)")
        self.text = text
    }
}
