import Scheduling

/// A value that a run of a task may be given.
public struct Parameter: Hashable, Sendable {
    /// Which texts are values.
    public enum Kind: String, Codable, Hashable, Sendable, CaseIterable {
        /// Any text.
        case string
        /// A decimal number such as `12` or `-0.5`.
        case number
        /// `true` or `false`.
        case boolean
        /// One of a list of texts.
        case choice
        /// A day such as `2026-03-29`.
        case date
    }

    /// Its name, by which templates and callers know it.
    public var name: String
    /// Which texts are values.
    public var kind: Kind
    /// The value of runs that are given none; `nil` for none.
    public var defaultValue: String?
    /// Whether every run must be given a value.
    public var isRequired: Bool
    /// The values of a choice.
    public var choices: [String]
    /// The least value of a number or a date.
    public var least: String?
    /// The greatest value of a number or a date.
    public var greatest: String?
    /// What the whole of a string must match.
    public var pattern: String?
    /// Free text for people.
    public var description: String?

    /// Creates a parameter; everything but its name has its documented default.
    public init(
        name: String,
        kind: Kind = .string,
        defaultValue: String? = nil,
        isRequired: Bool = false,
        choices: [String] = [],
        least: String? = nil,
        greatest: String? = nil,
        pattern: String? = nil,
        description: String? = nil
    ) {
        self.name = name
        self.kind = kind
        self.defaultValue = defaultValue
        self.isRequired = isRequired
        self.choices = choices
        self.least = least
        self.greatest = greatest
        self.pattern = pattern
        self.description = description
    }

    /// The variable in which an attempt finds the value.
    public var variable: String { Self.variable(of: name) }

    /// The variable in which an attempt finds the value of the parameter of a name.
    public static func variable(of name: String) -> String {
        let text = name.uppercased().map { $0 == "-" || $0 == "." ? "_" : $0 }
        return "CLOUDTASK_PARAM_" + String(text)
    }

    /// Limits, each with its reason.
    public enum Limit {
        /// Parameters of one task: people fill them in.
        public static let countMax = 64
        /// Choices of one parameter.
        public static let choicesMax = 200
        /// Values of one run together, with their names: they travel with every attempt and every report.
        public static let bytesMax = 16 * 1_024
    }
}

extension Parameter {
    /// What is wrong with a value, as a clause that follows its name; `nil` when it may be given.
    public func fault(of value: String) -> String? {
        switch kind {
        case .string: return stringFault(of: value)
        case .number:
            guard let number = Self.number(value) else {
                return "must be a number such as 12 or -0.5, not \(Self.quoted(value))"
            }
            if let least, let bound = Self.number(least), number < bound {
                return "must be at least \(least), not \(value)"
            }
            if let greatest, let bound = Self.number(greatest), number > bound {
                return "must be at most \(greatest), not \(value)"
            }
            return nil
        case .boolean:
            return value == "true" || value == "false"
                ? nil : "must be true or false, not \(Self.quoted(value))"
        case .choice:
            if choices.contains(value) { return nil }
            return "must be one of \(choices.joined(separator: ", ")), not \(Self.quoted(value))"
        case .date:
            guard let date = Self.date(value) else {
                return "must be a day such as 2026-03-29, not \(Self.quoted(value))"
            }
            if let least, let bound = Self.date(least), date < bound {
                return "must be \(least) or later, not \(value)"
            }
            if let greatest, let bound = Self.date(greatest), date > bound {
                return "must be \(greatest) or earlier, not \(value)"
            }
            return nil
        }
    }

    private func stringFault(of value: String) -> String? {
        if value.utf8.contains(0) { return "contains a NUL character, which no program can receive" }
        // A pattern that cannot be read is a problem of its own.
        guard let pattern, let matcher = try? ParameterPattern(pattern) else { return nil }
        return matcher.matches(value) ? nil : "must match \(pattern), which \(Self.quoted(value)) does not"
    }

    static func number(_ text: String) -> Double? {
        // Double also reads hexadecimal digits, infinity and not-a-number.
        let signs = text.utf8.allSatisfy { byte in
            (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || "+-.eE".utf8.contains(byte)
        }
        guard signs, let number = Double(text), number.isFinite else { return nil }
        return number
    }

    static func date(_ text: String) -> Instant? {
        guard text.utf8.count == 10 else { return nil }
        return Instant(rfc3339: text + "T00:00:00Z")
    }

    private static func quoted(_ value: String) -> String { "'\(value.prefix(80))'" }

    static func isName(_ text: String) -> Bool {
        func isLetter(_ byte: UInt8) -> Bool {
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
        }
        guard let first = text.utf8.first, isLetter(first), text.utf8.count <= 63 else { return false }
        return text.utf8.allSatisfy {
            isLetter($0) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) || "._-".utf8.contains($0)
        }
    }
}

extension Parameter {
    /// What is wrong with the parameter itself: the key, and a sentence.
    var problems: [(key: String, message: String)] {
        var found: [(key: String, message: String)] = []
        if !Self.isName(name) {
            let rule = "use 1 to 63 letters, digits, dots, underscores and hyphens, starting with a letter"
            found.append(("name", "'\(name.prefix(80))' is not a parameter's name: \(rule)"))
        }
        if isRequired, defaultValue != nil {
            found.append(("required", "parameter \(name) is required and has a default: remove one of them"))
        }
        found += limitProblems + choiceProblems + patternProblems
        if found.isEmpty, let defaultValue, let fault = fault(of: defaultValue) {
            found.append(("default", "the default of parameter \(name) \(fault)"))
        }
        return found
    }

    private var limitProblems: [(key: String, message: String)] {
        var found: [(key: String, message: String)] = []
        for (key, bound) in [("min", least), ("max", greatest)] {
            guard let bound else { continue }
            switch kind {
            case .number where Self.number(bound) == nil:
                found.append((key, "'\(bound.prefix(80))' is not a number, as parameter \(name) is"))
            case .date where Self.date(bound) == nil:
                found.append(
                    (key, "'\(bound.prefix(80))' is not a day such as 2026-03-29, as parameter \(name) is")
                )
            case .number, .date: break
            default:
                found.append(
                    (
                        key,
                        "only numbers and dates have '\(key)', parameter \(name) is a \(kind.rawValue): remove it"
                    )
                )
            }
        }
        if found.isEmpty, let least, let greatest {
            let isBackwards =
                kind == .number
                ? (Self.number(least) ?? 0) > (Self.number(greatest) ?? 0)
                : (Self.date(least) ?? .epoch) > (Self.date(greatest) ?? .epoch)
            if isBackwards {
                found.append(
                    (
                        "min",
                        "min \(least) of parameter \(name) is greater than max \(greatest): exchange them"
                    )
                )
            }
        }
        return found
    }

    private var choiceProblems: [(key: String, message: String)] {
        guard kind == .choice else {
            if choices.isEmpty { return [] }
            return [
                ("choices", "parameter \(name) has choices and is a \(kind.rawValue): write type: choice")
            ]
        }
        if choices.isEmpty {
            return [("choices", "parameter \(name) has no choices: add some such as choices: [fast, full]")]
        }
        if choices.count > Limit.choicesMax {
            return [
                (
                    "choices",
                    "parameter \(name) has \(choices.count) choices, more than the \(Limit.choicesMax) allowed"
                )
            ]
        }
        if Set(choices).count < choices.count {
            return [("choices", "a choice of parameter \(name) is given twice: remove one")]
        }
        return []
    }

    private var patternProblems: [(key: String, message: String)] {
        guard let pattern else { return [] }
        guard kind == .string else {
            return [
                ("pattern", "only strings have a pattern, parameter \(name) is a \(kind.rawValue): remove it")
            ]
        }
        do throws(ParameterPattern.Mistake) {
            _ = try ParameterPattern(pattern)
            return []
        } catch {
            return [("pattern", "the pattern of parameter \(name) cannot be read: \(error.message)")]
        }
    }
}

extension Parameter: Codable {
    private enum Key: String, CodingKey {
        case name, type, `default`, required, choices, min, max, pattern, description
    }

    /// Decodes the value; fails with the coding path of what is wrong.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        self.init(
            name: try container.decode(String.self, forKey: .name),
            kind: try container.decodeIfPresent(Kind.self, forKey: .type) ?? .string,
            defaultValue: try container.decodeIfPresent(ParameterValue.self, forKey: .default)?.text,
            isRequired: try container.decodeIfPresent(Bool.self, forKey: .required) ?? false,
            choices: try container.decodeIfPresent([ParameterValue].self, forKey: .choices)?.map(\.text)
                ?? [],
            least: try container.decodeIfPresent(ParameterValue.self, forKey: .min)?.text,
            greatest: try container.decodeIfPresent(ParameterValue.self, forKey: .max)?.text,
            pattern: try container.decodeIfPresent(String.self, forKey: .pattern),
            description: try container.decodeIfPresent(String.self, forKey: .description)
        )
    }

    /// Encodes the value in the form it is decoded from.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(name, forKey: .name)
        try container.encode(kind, forKey: .type)
        try container.encodeIfPresent(defaultValue, forKey: .default)
        if isRequired { try container.encode(isRequired, forKey: .required) }
        if !choices.isEmpty { try container.encode(choices, forKey: .choices) }
        try container.encodeIfPresent(least, forKey: .min)
        try container.encodeIfPresent(greatest, forKey: .max)
        try container.encodeIfPresent(pattern, forKey: .pattern)
        try container.encodeIfPresent(description, forKey: .description)
    }
}

/// A value as JSON has it: a text, a number or a truth value, all of which are kept as text.
public struct ParameterValue: Hashable, Sendable, Codable {
    /// The value as text.
    public var text: String

    /// Creates a value.
    public init(_ text: String) { self.text = text }

    /// Decodes the value; fails with the coding path of what is wrong.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let text = try? container.decode(String.self) {
            self.text = text
        } else if let flag = try? container.decode(Bool.self) {
            text = String(flag)
        } else if let number = try? container.decode(Int64.self) {
            text = String(number)
        } else {
            text = String(try container.decode(Double.self))
        }
    }

    /// Encodes the text.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }
}
