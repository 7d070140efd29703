import Domain
import Scheduling

/// Reads typed values from nodes and collects what is wrong with them.
struct FieldReader {
    /// The file as the user named it.
    let file: String
    /// What was found so far.
    private(set) var problems: [DocumentProblem] = []

    init(file: String) {
        self.file = file
    }

    /// Notes a problem at a node, or at a place of its text given as a UTF-8 offset.
    mutating func refuse(_ node: SourceNode, _ field: String, _ message: String, at position: Int? = nil) {
        var column = node.column
        if let position, let scalar = node.scalar, let offset = scalar.textOffset {
            let before = String(decoding: scalar.text.utf8.prefix(position), as: UTF8.self)
            column += offset + before.unicodeScalars.count
        }
        refuse(line: node.line, column: column, field, message)
    }

    /// Notes a problem at a line and column.
    mutating func refuse(line: Int, column: Int, _ field: String, _ message: String) {
        let location = SourceLocation(file: file, line: line, column: column)
        problems.append(DocumentProblem(location: location, field: field, message: message))
    }

    /// Leaves out, of the problems behind the first `count`, what was noted before: a value that several things share is wrong once.
    mutating func removeRepeats(after count: Int) {
        var seen: Set<DocumentProblem> = []
        let kept = problems[count...].filter { problem in
            seen.insert(DocumentProblem(location: problem.location, field: "", message: problem.message))
                .inserted
        }
        problems.replaceSubrange(count..., with: kept)
    }

    /// Text; numbers are taken as they were written.
    mutating func text(_ node: SourceNode, _ field: String, _ expected: String) -> String? {
        guard let scalar = node.scalar else { return mismatch(node, field, expected) }
        switch scalar.meaning {
        case .text, .number: return scalar.text
        case .null: return mismatch(node, field, expected)
        case .bool:
            refuse(
                node,
                field,
                "\(field) must be \(expected): quote it, as in \"\(scalar.text)\", if the text is meant"
            )
            return nil
        }
    }

    /// `true` or `false`.
    mutating func bool(_ node: SourceNode, _ field: String) -> Bool? {
        if case .bool(let flag)? = node.scalar?.meaning { return flag }
        return mismatch(node, field, "true or false")
    }

    /// A whole number within `range`.
    mutating func integer(_ node: SourceNode, _ field: String, in range: ClosedRange<Int>) -> Int? {
        let expected = "a whole number from \(range.lowerBound) to \(range.upperBound)"
        guard let text = text(node, field, expected) else { return nil }
        if let number = Int(text), range.contains(number) { return number }
        refuse(node, field, "\(field) cannot be '\(text.prefix(80))': write \(expected)")
        return nil
    }

    /// A number from 0 to 1.
    mutating func fraction(_ node: SourceNode, _ field: String) -> Double? {
        let expected = "a number from 0 to 1"
        guard let text = text(node, field, expected) else { return nil }
        if let number = Double(text), (0...1).contains(number) { return number }
        refuse(node, field, "\(field) cannot be '\(text.prefix(80))': write \(expected)")
        return nil
    }

    /// A name that follows the rule for names.
    mutating func name<Kind>(_ node: SourceNode, _ field: String, of kind: Kind.Type) -> Name<Kind>? {
        guard let text = text(node, field, "a name") else { return nil }
        if let name = Name<Kind>(text) { return name }
        refuse(node, field, "'\(text.prefix(80))' is not a valid name: \(NameRule.text)")
        return nil
    }

    /// One of the words of an option.
    mutating func choice<Option>(_ node: SourceNode, _ field: String) -> Option?
    where Option: RawRepresentable<String> & CaseIterable {
        let words = Option.allCases.map(\.rawValue)
        guard let text = text(node, field, Nearest.list(words)) else { return nil }
        if let option = Option(rawValue: text) { return option }
        let hint = Nearest.suggestion(for: text, among: words)
        refuse(node, field, "\(field) cannot be '\(text.prefix(80))': \(hint)")
        return nil
    }

    /// A duration such as `1h30m`.
    mutating func duration(_ node: SourceNode, _ field: String) -> Duration? {
        guard let text = text(node, field, "a duration such as 90s or 1h30m") else { return nil }
        if Int(text) != nil, text != "0" {
            refuse(node, field, "\(field) has no unit: write \(text)s, \(text)m or \(text)h")
            return nil
        }
        if text == "0" { return .zero }
        do throws(ScheduleError) {
            return try DurationText(parsing: text).duration
        } catch {
            refuse(node, field, error.message, at: error.position)
            return nil
        }
    }

    /// A time such as `2026-03-29T01:00:00Z`.
    mutating func instant(_ node: SourceNode, _ field: String) -> Instant? {
        guard let text = text(node, field, "a time such as 2026-03-29T01:00:00Z") else { return nil }
        if let instant = Instant(rfc3339: text) { return instant }
        refuse(node, field, "'\(text.prefix(80))' is not a time: write it like 2026-03-29T01:00:00Z")
        return nil
    }

    /// The elements of a list.
    mutating func elements(_ node: SourceNode, _ field: String, _ expected: String) -> [SourceNode]? {
        if case .sequence(let elements) = node.content { return elements }
        return mismatch(node, field, expected)
    }

    /// A list of texts.
    mutating func texts(_ node: SourceNode, _ field: String, _ expected: String) -> [String]? {
        guard let elements = elements(node, field, expected) else { return nil }
        let texts = elements.enumerated().map { index, element in
            text(element, "\(field)[\(index)]", "a text")
        }
        return texts.contains(nil) ? nil : texts.compactMap(\.self)
    }

    /// A mapping of texts to texts, with the nodes of its keys.
    mutating func textMap(_ node: SourceNode, _ field: String) -> (
        values: [String: String], keys: [String: SourceNode]
    )? {
        guard case .mapping(let entries) = node.content else {
            return mismatch(node, field, "a mapping such as {LANG: C.UTF-8}")
        }
        var values: [String: String] = [:]
        var keys: [String: SourceNode] = [:]
        for entry in entries {
            guard let key = text(entry.key, field + " key", "a text") else { continue }
            if let first = keys[key] {
                refuse(
                    entry.key,
                    "\(field).\(key)",
                    "'\(key)' is given twice, first on line \(first.line): keep one"
                )
            }
            keys[key] = entry.key
            values[key] = text(entry.value, "\(field).\(key)", "a text")
        }
        return (values, keys)
    }

    /// Notes that a node has the wrong type.
    mutating func mismatch<Value>(_ node: SourceNode, _ field: String, _ expected: String) -> Value? {
        refuse(node, field, "\(field) must be \(expected), not \(node.sort)")
        return nil
    }
}
