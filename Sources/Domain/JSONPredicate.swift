import Foundation

/// The way to a part of a JSON value: `job.items[0].state`.
///
/// Names consist of letters, digits, underscores and hyphens, other ones are quoted: `job["first name"]`.
public struct JSONPath: Hashable, Sendable {
    /// One step of the way.
    enum Step: Hashable, Sendable {
        case name(String)
        case index(Int)
    }

    /// The text it was read from.
    public let text: String
    let steps: [Step]

    /// What is wrong with a path or a predicate.
    public struct Mistake: Error, Hashable, Sendable {
        /// One clause.
        public var message: String
    }

    /// Reads a path.
    public init(_ text: String) throws(Mistake) {
        var rest = text[...]
        steps = try Self.steps(&rest)
        guard rest.isEmpty else {
            throw Mistake(message: "'\(rest.prefix(40))' is no part of a path such as job.items[0].state")
        }
        self.text = text
    }

    /// Reads as much of the text as is a path.
    static func steps(_ rest: inout Substring) throws(Mistake) -> [Step] {
        var steps: [Step] = []
        while let first = rest.first {
            if first == "[" {
                steps.append(try bracket(&rest))
                continue
            }
            let isFurther = !steps.isEmpty
            if isFurther, first != "." { break }
            if isFurther { rest.removeFirst() }
            let name = rest.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_" || $0 == "-") }
            if name.isEmpty, isFurther { throw Mistake(message: "a '.' has no name behind it") }
            guard !name.isEmpty else { break }
            steps.append(.name(String(name)))
            rest = rest[name.endIndex...]
        }
        guard !steps.isEmpty, steps.count <= stepsMax else {
            throw Mistake(message: "it does not begin with a path such as job.items[0].state")
        }
        return steps
    }

    private static func bracket(_ rest: inout Substring) throws(Mistake) -> Step {
        guard let close = rest.firstIndex(of: "]") else {
            throw Mistake(message: "a '[' has no ']' behind it")
        }
        let inner = rest[rest.index(after: rest.startIndex)..<close]
        rest = rest[rest.index(after: close)...]
        if let index = Int(inner), index >= 0 { return .index(index) }
        if inner.count > 2, inner.first == "\"", inner.last == "\"" {
            return .name(String(inner.dropFirst().dropLast()))
        }
        throw Mistake(message: "'[\(inner.prefix(40))]' is neither a number nor a quoted name")
    }

    private static let stepsMax = 32

    /// The part of a value; `nil` when there is none.
    public func value(in root: OutputValue) -> OutputValue? {
        steps.reduce(root) { value, step in
            switch (value, step) {
            case (.object(let values)?, .name(let name)): values[name]
            case (.list(let values)?, .index(let index)) where index < values.count: values[index]
            default: nil
            }
        }
    }
}

/// What must hold of a JSON value: `job.state == "done"`, `rows >= 1`, or a path alone, which must be there and neither false nor null.
///
/// A comparison with a part that is not there never holds, `!=` included. Numbers are ordered, and so are texts, by their characters' numbers.
public struct JSONPredicate: Hashable, Sendable {
    /// How a part is compared with the value.
    enum Relation: String, CaseIterable, Sendable {
        case equal = "=="
        case unequal = "!="
        case atMost = "<="
        case atLeast = ">="
        case less = "<"
        case greater = ">"
    }

    /// The text it was read from.
    public let text: String
    private let path: JSONPath
    private let relation: Relation?
    private let value: OutputValue

    /// Reads a predicate.
    public init(_ text: String) throws(JSONPath.Mistake) {
        var rest = text.drop { $0 == " " }
        let before = rest
        _ = try JSONPath.steps(&rest)
        path = try JSONPath(String(before[..<rest.startIndex]))
        rest = rest.drop { $0 == " " }
        self.text = text
        guard !rest.isEmpty else {
            (relation, value) = (nil, .null)
            return
        }
        guard let relation = Relation.allCases.first(where: { rest.hasPrefix($0.rawValue) }) else {
            let list = Relation.allCases.map(\.rawValue).joined(separator: " ")
            throw .init(message: "'\(rest.prefix(40))' is no comparison: write one of \(list) and a value")
        }
        self.relation = relation
        value = try Self.literal(rest.dropFirst(relation.rawValue.count))
    }

    private static func literal(_ text: Substring) throws(JSONPath.Mistake) -> OutputValue {
        let word = text.filter { $0 != " " }.isEmpty ? "" : "[\(text)]"
        guard let list = try? JSONDecoder().decode([OutputValue].self, from: Data(word.utf8)), list.count == 1
        else {
            let found = text.drop { $0 == " " }.prefix(40)
            throw .init(
                message:
                    "'\(found)' is no JSON value: write \"text\" in quotes, a number, true, false or null"
            )
        }
        return list[0]
    }

    /// Whether it holds.
    public func holds(in root: OutputValue) -> Bool {
        guard let part = path.value(in: root) else { return false }
        guard let relation else { return part != .null && part != .boolean(false) }
        switch relation {
        case .equal: return part.isEqual(to: value)
        case .unequal: return !part.isEqual(to: value)
        case .less: return part.isLess(than: value) ?? false
        case .greater: return value.isLess(than: part) ?? false
        case .atMost: return value.isLess(than: part).map(!) ?? false
        case .atLeast: return part.isLess(than: value).map(!) ?? false
        }
    }

    /// The part that it is about, for people; `nil` when there is none.
    public func part(of root: OutputValue) -> OutputValue? { path.value(in: root) }
}

extension OutputValue {
    private var double: Double? {
        switch self {
        case .integer(let number): Double(number)
        case .number(let number): number
        default: nil
        }
    }

    /// Whether two values are the same; numbers are, however they are written.
    fileprivate func isEqual(to other: OutputValue) -> Bool {
        switch (self, other) {
        case (.integer(let left), .integer(let right)): return left == right
        case (.integer, .number), (.number, .integer), (.number, .number): return double == other.double
        case (.list(let left), .list(let right)):
            return left.count == right.count && zip(left, right).allSatisfy { $0.isEqual(to: $1) }
        case (.object(let left), .object(let right)):
            return left.count == right.count
                && left.allSatisfy { name, value in right[name].map(value.isEqual) ?? false }
        default: return self == other
        }
    }

    /// Whether it comes before another; `nil` when they have no order.
    fileprivate func isLess(than other: OutputValue) -> Bool? {
        switch (self, other) {
        case (.integer(let left), .integer(let right)): return left < right
        case (.text(let left), .text(let right)):
            return left.unicodeScalars.lexicographicallyPrecedes(right.unicodeScalars)
        default:
            guard let left = double, let right = other.double else { return nil }
            return left < right
        }
    }
}
