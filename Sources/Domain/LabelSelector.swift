/// Which labels a task must have, written `team=data,env!=prod`; all conditions must hold.
public struct LabelSelector: Hashable, Sendable {
    /// One condition.
    public struct Condition: Hashable, Sendable {
        /// The label's name.
        public var key: String
        /// Its value; `nil` for any.
        public var value: String?
        /// Whether it must be so, or must not.
        public var isWanted: Bool

        /// Creates a condition.
        public init(key: String, value: String?, isWanted: Bool = true) {
            self.key = key
            self.value = value
            self.isWanted = isWanted
        }

        func holds(for labels: [String: String]) -> Bool {
            let isThere = value.map { labels[key] == $0 } ?? (labels[key] != nil)
            return isThere == isWanted
        }
    }

    /// The conditions.
    public var conditions: [Condition]

    /// Selects everything.
    public static let all = LabelSelector(conditions: [])

    /// Creates a selector.
    public init(conditions: [Condition]) { self.conditions = conditions }

    /// Parses conditions separated by commas: `key=value`, `key!=value`, `key` (it is there) or `!key` (it is not).
    ///
    /// - Parameter text: The conditions.
    /// - Throws: The first that is wrong, and what to write.
    public init(parsing text: String) throws(ValidationProblem) {
        conditions = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            conditions.append(try Self.condition(String(part.trimmingSpaces)))
        }
    }

    private static func condition(_ text: String) throws(ValidationProblem) -> Condition {
        var condition: Condition
        if let equals = text.firstIndex(of: "=") {
            var key = text[..<equals]
            let isWanted = key.last != "!"
            if !isWanted { key.removeLast() }
            let value = text[text.index(after: equals)...].drop { $0 == "=" }
            condition = Condition(
                key: String(key.trimmingSpaces),
                value: String(value.trimmingSpaces),
                isWanted: isWanted
            )
        } else {
            let isWanted = text.first != "!"
            condition = Condition(key: String(isWanted ? text[...] : text.dropFirst()), value: nil)
            condition.isWanted = isWanted
        }
        guard LabelRule.isKey(condition.key), condition.value.map(LabelRule.isValue) ?? true else {
            let message = "'\(text)' is no condition on labels: write team=data, team!=data, team or !team"
            throw ValidationProblem(field: "labels", message: message)
        }
        return condition
    }

    /// Whether labels meet all conditions.
    public func matches(_ labels: [String: String]) -> Bool {
        conditions.allSatisfy { $0.holds(for: labels) }
    }
}

extension LabelSelector: CustomStringConvertible {
    /// As it is parsed.
    public var description: String {
        conditions.map { condition in
            guard let value = condition.value else { return (condition.isWanted ? "" : "!") + condition.key }
            return condition.key + (condition.isWanted ? "=" : "!=") + value
        }.joined(separator: ",")
    }
}

/// What the labels of a task may be, so that selectors can name them.
public enum LabelRule {
    /// Labels of one task.
    public static let countMax = 32
    private static let bytesMax = 63

    /// The rule in words.
    static let text =
        "use 1 to 63 letters, digits, dots, underscores, slashes and hyphens, beginning with a letter or digit"

    /// Whether a task may have a label of this name with this value.
    public static func isLabel(_ key: String, _ value: String) -> Bool { isKey(key) && isValue(value) }

    static func isKey(_ text: String) -> Bool {
        guard let first = text.utf8.first, isAlphanumeric(first) else { return false }
        return isValue(text)
    }

    static func isValue(_ text: String) -> Bool {
        text.utf8.count <= bytesMax && text.utf8.allSatisfy { isAlphanumeric($0) || "._/-".utf8.contains($0) }
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: false
        }
    }
}

extension Substring {
    fileprivate var trimmingSpaces: Substring {
        var text = drop { $0 == " " }
        while text.last == " " { text.removeLast() }
        return text
    }
}

extension TaskSpecification {
    /// What is wrong with the labels.
    var labelProblems: [ValidationProblem] {
        if labels.count > LabelRule.countMax {
            let message =
                "\(labels.count) labels are more than the \(LabelRule.countMax) allowed; remove some"
            return [.init(field: "labels", message: message)]
        }
        return labels.keys.sorted().compactMap { key in
            if !LabelRule.isKey(key) {
                return .init(field: "labels.\(key)", message: "\"\(key)\" is no label: \(LabelRule.text)")
            }
            guard let value = labels[key], !LabelRule.isValue(value) else { return nil }
            let message = "the value \"\(value)\" of label \(key) cannot be selected: \(LabelRule.text)"
            return .init(field: "labels.\(key)", message: message)
        }
    }
}
