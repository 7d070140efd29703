/// What a run tells under a name: any JSON value.
public indirect enum OutputValue: Hashable, Sendable {
    /// Nothing.
    case null
    /// A truth value.
    case boolean(Bool)
    /// A whole number of at most 64 bits.
    case integer(Int64)
    /// Any other number.
    case number(Double)
    /// A text.
    case text(String)
    /// Values in order.
    case list([OutputValue])
    /// Values by name.
    case object([String: OutputValue])
}

extension OutputValue {
    /// The value as JSON without spaces, its names sorted.
    public var json: String {
        switch self {
        case .null: "null"
        case .boolean(let value): String(value)
        case .integer(let value): String(value)
        case .number(let value): value.isFinite ? "\(value)" : "null"
        case .text(let value): Self.quoted(value)
        case .list(let values): "[" + values.map(\.json).joined(separator: ",") + "]"
        case .object(let values):
            "{"
                + values.sorted { $0.key < $1.key }.map { Self.quoted($0.key) + ":" + $0.value.json }
                .joined(separator: ",") + "}"
        }
    }

    /// The value as a program's argument or variable has it: a text as it is, anything else as JSON.
    public var plainText: String {
        if case .text(let value) = self { value } else { json }
    }

    /// Whether an output may have this name: the rule of parameters' names.
    public static func isName(_ text: String) -> Bool { Parameter.isName(text) }

    /// How large values are together, with their names.
    public static func bytes(of values: [String: OutputValue]) -> Int {
        values.reduce(0) { $0 + bytes(of: $1.key, $1.value) }
    }

    /// How large one value is, with its name.
    public static func bytes(of name: String, _ value: OutputValue) -> Int {
        name.utf8.count + value.json.utf8.count
    }

    private static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case "\n": quoted += "\\n"
            case "\r": quoted += "\\r"
            case "\t": quoted += "\\t"
            case _ where scalar.value < 0x20:
                let digits = String(scalar.value, radix: 16)
                quoted += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}

extension OutputValue: Codable {
    /// Decodes the value; fails with the coding path of what is wrong.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let value = try? container.decode(Bool.self) {
            self = .boolean(value)
        } else if let value = try? container.decode(Int64.self) {
            self = .integer(value)
        } else if let value = try? container.decode(Double.self) {
            self = .number(value)
        } else if let value = try? container.decode(String.self) {
            self = .text(value)
        } else if let values = try? container.decode([OutputValue].self) {
            self = .list(values)
        } else {
            self = .object(try container.decode([String: OutputValue].self))
        }
    }

    /// Encodes the value as the JSON that it is.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .null: try container.encodeNil()
        case .boolean(let value): try container.encode(value)
        case .integer(let value): try container.encode(value)
        case .number(let value): try container.encode(value)
        case .text(let value): try container.encode(value)
        case .list(let values): try container.encode(values)
        case .object(let values): try container.encode(values)
        }
    }
}
