/// A value of a document with its place, whichever syntax it was written in.
struct SourceNode: Hashable, Sendable {
    /// What the value is.
    var content: Content
    /// The line of its first character, from 1.
    var line: Int
    /// The column of its first character, from 1.
    var column: Int

    enum Content: Hashable, Sendable {
        case scalar(Scalar)
        case sequence([SourceNode])
        case mapping([Entry])
    }

    struct Entry: Hashable, Sendable {
        var key: SourceNode
        var value: SourceNode
    }
}

/// Text that is not a collection.
struct Scalar: Hashable, Sendable {
    /// The text without quotes.
    var text: String
    /// Whether it was written without quotes, so that it may be a number, a truth value or nothing.
    var isPlain: Bool
    /// How many columns after the node's the text begins; `nil` when it is not verbatim in the source.
    var textOffset: Int?

    /// What a plain scalar stands for.
    enum Meaning { case null, bool(Bool), number, text }

    /// What the scalar stands for; the words that only older YAML takes for truth values are text.
    var meaning: Meaning {
        guard isPlain else { return .text }
        switch text {
        case "", "~", "null", "Null", "NULL": return .null
        case "true", "True", "TRUE": return .bool(true)
        case "false", "False", "FALSE": return .bool(false)
        default: return Double(text) != nil && text.utf8.contains(where: Self.isDigit) ? .number : .text
        }
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }
}

extension SourceNode {
    /// The scalar, if it is one.
    var scalar: Scalar? {
        if case .scalar(let scalar) = content { scalar } else { nil }
    }

    /// Whether there is nothing, as in an empty document.
    var isNull: Bool {
        if case .null? = scalar?.meaning { true } else { false }
    }

    /// What it is, for messages: "a list".
    var sort: String {
        switch content {
        case .sequence: return "a list"
        case .mapping: return "a mapping"
        case .scalar(let scalar):
            switch scalar.meaning {
            case .null: return "nothing"
            case .bool: return "the truth value \(scalar.text)"
            case .number: return "the number \(scalar.text)"
            case .text: return "the text '\(scalar.text.prefix(40))'"
            }
        }
    }
}
