/// A pattern that a whole text must match: a small regular expression whose matching takes time in proportion to the text.
///
/// It knows characters, `.`, classes `[a-z0-9_]` and `[^/]`, `\d \w \s`, a backslash before any other sign, groups, `|`, and the
/// repetitions `* + ? {3} {2,} {2,5}`. Patterns come from users and are matched by every center, so nothing here backtracks:
/// the states of the automaton are followed side by side (Thompson, "Regular expression search algorithm", 1968).
public struct ParameterPattern: Hashable, Sendable {
    /// What is wrong with a pattern.
    public struct Mistake: Error, Hashable, Sendable {
        /// One clause.
        public var message: String
    }

    /// Longest pattern in bytes.
    public static let bytesMax = 256
    /// Steps of a pattern with its repetitions written out: what one character of a text may cost at most.
    static let stepsMax = 2_000

    private var steps: [Step] = []

    /// Reads a pattern.
    public init(_ text: String) throws(Mistake) {
        guard text.utf8.count <= Self.bytesMax else {
            throw Mistake(message: "the pattern has more than \(Self.bytesMax) bytes")
        }
        var parser = PatternParser(text)
        let node = try parser.parse()
        try add(node)
        steps.append(.accept)
    }

    /// Whether the whole of `text` matches.
    public func matches(_ text: String) -> Bool {
        var (present, isPresent) = ([Int](), [Bool](repeating: false, count: steps.count))
        follow(0, &present, &isPresent)
        for character in text.unicodeScalars {
            var (next, isNext) = ([Int](), [Bool](repeating: false, count: steps.count))
            for step in present {
                guard case .one(let test) = steps[step], test.accepts(character) else { continue }
                follow(step + 1, &next, &isNext)
            }
            (present, isPresent) = (next, isNext)
            if present.isEmpty { return false }
        }
        return isPresent[steps.count - 1]
    }

    private func follow(_ start: Int, _ found: inout [Int], _ isFound: inout [Bool]) {
        var waiting = [start]
        while let step = waiting.popLast() {
            if isFound[step] { continue }
            isFound[step] = true
            switch steps[step] {
            case .one, .accept: found.append(step)
            case .go(let to): waiting.append(to)
            case .either(let left, let right): waiting += [right, left]
            }
        }
    }

    private enum Step: Hashable, Sendable {
        case one(PatternTest)
        case go(Int)
        case either(Int, Int)
        case accept
    }

    private mutating func append(_ step: Step) throws(Mistake) {
        guard steps.count < Self.stepsMax else {
            throw Mistake(message: "its repetitions are too large together")
        }
        steps.append(step)
    }

    private mutating func add(_ node: PatternNode) throws(Mistake) {
        switch node {
        case .one(let test): try append(.one(test))
        case .sequence(let nodes): for node in nodes { try add(node) }
        case .choice(let nodes): try addChoice(nodes[...])
        case .repeated(let node, let least, let most):
            for _ in 0..<least { try add(node) }
            if let most {
                for _ in 0..<(most - least) { try addOptional(node) }
            } else {
                let start = steps.count
                try append(.accept)
                try add(node)
                try append(.go(start))
                steps[start] = .either(start + 1, steps.count)
            }
        }
    }

    private mutating func addOptional(_ node: PatternNode) throws(Mistake) {
        let start = steps.count
        try append(.accept)
        try add(node)
        steps[start] = .either(start + 1, steps.count)
    }

    private mutating func addChoice(_ nodes: ArraySlice<PatternNode>) throws(Mistake) {
        guard let first = nodes.first else { return }
        if nodes.count == 1 { return try add(first) }
        let start = steps.count
        try append(.accept)
        try add(first)
        let end = steps.count
        try append(.accept)
        steps[start] = .either(start + 1, steps.count)
        try addChoice(nodes.dropFirst())
        steps[end] = .go(steps.count)
    }
}

/// Which characters one place of a pattern accepts.
struct PatternTest: Hashable, Sendable {
    var ranges: [ClosedRange<UInt32>]
    var isNegated = false

    func accepts(_ character: Unicode.Scalar) -> Bool {
        ranges.contains { $0.contains(character.value) } != isNegated
    }

    static let any = PatternTest(ranges: [], isNegated: true)

    static func ranges(ofClass letter: Unicode.Scalar) -> [ClosedRange<UInt32>]? {
        switch letter {
        case "d": [0x30...0x39]
        case "w": [0x30...0x39, 0x41...0x5A, 0x5F...0x5F, 0x61...0x7A]
        case "s": [0x09...0x0D, 0x20...0x20]
        default: nil
        }
    }
}

/// The structure of a pattern.
indirect enum PatternNode {
    case one(PatternTest)
    case sequence([PatternNode])
    case choice([PatternNode])
    case repeated(PatternNode, Int, Int?)
}

/// Reads the structure of a pattern.
private struct PatternParser {
    private let text: [Unicode.Scalar]
    private var place = 0
    private var depth = 0

    init(_ text: String) { self.text = Array(text.unicodeScalars) }

    private var next: Unicode.Scalar? { place < text.count ? text[place] : nil }

    private func mistake(_ message: String) -> ParameterPattern.Mistake { .init(message: message) }

    mutating func parse() throws(ParameterPattern.Mistake) -> PatternNode {
        let node = try choice()
        guard next == nil else { throw mistake("a ')' has no '(' before it") }
        return node
    }

    private mutating func choice() throws(ParameterPattern.Mistake) -> PatternNode {
        var branches = [try sequence()]
        while next == "|" {
            place += 1
            branches.append(try sequence())
        }
        return branches.count == 1 ? branches[0] : .choice(branches)
    }

    private mutating func sequence() throws(ParameterPattern.Mistake) -> PatternNode {
        var nodes: [PatternNode] = []
        // A pattern matches the whole text anyway.
        if next == "^", place == 0 { place += 1 }
        while let sign = next, sign != "|", sign != ")" {
            if sign == "$", place == text.count - 1 {
                place += 1
                break
            }
            nodes.append(try repeated(try piece()))
        }
        return .sequence(nodes)
    }

    private mutating func repeated(_ node: PatternNode) throws(ParameterPattern.Mistake) -> PatternNode {
        let result: PatternNode
        switch next {
        case "*": result = .repeated(node, 0, nil)
        case "+": result = .repeated(node, 1, nil)
        case "?": result = .repeated(node, 0, 1)
        case "{": return .repeated(node, try braces())
        default: return node
        }
        place += 1
        return result
    }

    private mutating func braces() throws(ParameterPattern.Mistake) -> (Int, Int?) {
        place += 1
        guard let end = text[place...].firstIndex(of: "}") else { throw mistake("a '{' is not closed") }
        let body = String(String.UnicodeScalarView(text[place..<end]))
        place = end + 1
        let parts = body.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) }
        let isOpen = body.hasSuffix(",")
        guard (1...2).contains(parts.count), let least = parts[0], (0...1_000).contains(least) else {
            throw mistake("'{\(body)}' is no repetition: write {3}, {2,} or {2,5}")
        }
        if parts.count == 1 { return (least, least) }
        if isOpen { return (least, nil) }
        guard let most = parts[1], (least...1_000).contains(most) else {
            throw mistake("'{\(body)}' is no repetition: write {3}, {2,} or {2,5}")
        }
        return (least, most)
    }

    private mutating func piece() throws(ParameterPattern.Mistake) -> PatternNode {
        guard let sign = next else { throw mistake("it ends too early") }
        place += 1
        switch sign {
        case ".": return .one(.any)
        case "[": return .one(try characterClass())
        case "\\": return .one(try escape())
        case "(":
            depth += 1
            guard depth <= 20 else { throw mistake("its groups are nested too deeply") }
            if next == "?" { throw mistake("'(?' is not supported: groups are only groups") }
            let node = try choice()
            guard next == ")" else { throw mistake("a '(' is not closed") }
            place += 1
            depth -= 1
            return node
        case "*", "+", "?", "{": throw mistake("there is nothing before '\(sign)' to repeat")
        default: return .one(PatternTest(ranges: [sign.value...sign.value]))
        }
    }

    private mutating func escape() throws(ParameterPattern.Mistake) -> PatternTest {
        guard let sign = next else { throw mistake("a backslash stands at its end") }
        place += 1
        if let ranges = PatternTest.ranges(ofClass: sign) { return PatternTest(ranges: ranges) }
        if sign.properties.isAlphabetic || ("0"..."9").contains(sign) {
            throw mistake("'\\\(sign)' is not supported: there are \\d, \\w and \\s")
        }
        return PatternTest(ranges: [sign.value...sign.value])
    }

    private mutating func characterClass() throws(ParameterPattern.Mistake) -> PatternTest {
        var test = PatternTest(ranges: [])
        if next == "^" {
            test.isNegated = true
            place += 1
        }
        var isFirst = true
        while let sign = next, sign != "]" || isFirst {
            isFirst = false
            place += 1
            if sign == "\\" {
                test.ranges += try escape().ranges
            } else if next == "-", place + 1 < text.count, text[place + 1] != "]" {
                let end = text[place + 1]
                guard sign.value <= end.value else { throw mistake("'\(sign)-\(end)' is a range backwards") }
                test.ranges.append(sign.value...end.value)
                place += 2
            } else {
                test.ranges.append(sign.value...sign.value)
            }
        }
        guard next == "]" else { throw mistake("a '[' is not closed") }
        place += 1
        return test
    }
}

extension PatternNode {
    fileprivate static func repeated(_ node: PatternNode, _ bounds: (Int, Int?)) -> PatternNode {
        .repeated(node, bounds.0, bounds.1)
    }
}
