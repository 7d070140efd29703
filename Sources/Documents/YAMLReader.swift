import Yams

/// Reads the YAML documents of a text with their places.
///
/// The text is split into documents first: a mistake in one does not hide those of the others.
struct YAMLReader {
    /// A syntax mistake, and where.
    struct Failure: Error {
        var message: String
        var line: Int
        var column: Int
    }

    /// What became of one document of the text.
    typealias Outcome = Result<SourceNode, Failure>

    /// Nodes of one text, aliases counted as often as they are used: a small text must not become a large tree.
    static let nodesMax = 4_000_000
    /// Deeper values are refused: no document of ours is nested as deeply.
    static let depthMax = 64
    /// Aliases in one document.
    ///
    /// The parser compares the keys of a mapping by value, whose cost grows up to
    /// threefold with every third alias in them.
    static let aliasesMax = 30

    private var nodesLeft = nodesMax

    /// Every document of the text that is not empty, or what is wrong with it.
    mutating func readAll(_ text: String) -> [Outcome] {
        var outcomes: [Outcome] = []
        for chunk in YAMLChunk.split(text) {
            do throws(Failure) {
                outcomes += try read(chunk).filter { !$0.isNull }.map { .success($0) }
            } catch {
                outcomes.append(.failure(error))
            }
        }
        return outcomes
    }

    private mutating func read(_ chunk: YAMLChunk) throws(Failure) -> [SourceNode] {
        if let line = chunk.lineOfTooManyAliases(max: Self.aliasesMax) {
            let message = "more than \(Self.aliasesMax) aliases in one document: write the values out"
            throw Failure(message: message, line: line, column: 1)
        }
        var nodes: [Node] = []
        do {
            // The encoding is given because the default one is looked up in the environment. Without rules nothing
            // is resolved: numbers and truth values keep the text they were written with.
            let parser = try Parser(yaml: chunk.text, resolver: .basic, encoding: .utf8)
            while let node = try parser.nextRoot() { nodes.append(node) }
        } catch let error as YamlError {
            throw Self.failure(error, lineOffset: chunk.lineOffset)
        } catch {
            throw Failure(
                message: "the document cannot be read: \(error)",
                line: chunk.lineOffset + 1,
                column: 1
            )
        }
        var converted: [SourceNode] = []
        for node in nodes { converted.append(try convert(node, depth: 0, lineOffset: chunk.lineOffset)) }
        return converted
    }

    private mutating func convert(_ node: Node, depth: Int, lineOffset: Int) throws(Failure) -> SourceNode {
        let line = (node.mark?.line ?? 1) + lineOffset
        let column = node.mark?.column ?? 1
        nodesLeft -= 1
        guard nodesLeft > 0 else {
            throw Failure(message: "too many values: split the file", line: line, column: column)
        }
        guard depth < Self.depthMax else {
            let message = "the value is nested too deeply: at most \(Self.depthMax) levels"
            throw Failure(message: message, line: line, column: column)
        }
        switch node {
        case .scalar(let scalar):
            return SourceNode(content: .scalar(Self.convert(scalar)), line: line, column: column)
        case .sequence(let sequence):
            var elements: [SourceNode] = []
            for element in sequence {
                elements.append(try convert(element, depth: depth + 1, lineOffset: lineOffset))
            }
            return SourceNode(content: .sequence(elements), line: line, column: column)
        case .mapping(let mapping):
            var entries: [SourceNode.Entry] = []
            for (key, value) in mapping {
                entries.append(
                    .init(
                        key: try convert(key, depth: depth + 1, lineOffset: lineOffset),
                        value: try convert(value, depth: depth + 1, lineOffset: lineOffset)
                    )
                )
            }
            return SourceNode(content: .mapping(entries), line: line, column: column)
        case .alias:
            throw Failure(
                message: "the alias cannot be resolved: write the value out",
                line: line,
                column: column
            )
        }
    }

    private static func convert(_ scalar: Node.Scalar) -> Scalar {
        let isPlain = scalar.style == .plain || scalar.style == .any
        let isQuoted = scalar.style == .singleQuoted || scalar.style == .doubleQuoted
        let isVerbatim = !scalar.string.contains { $0.isNewline || $0 == "\\" || $0 == "\"" || $0 == "'" }
        let offset: Int? = isVerbatim ? (isPlain ? 0 : isQuoted ? 1 : nil) : nil
        return Scalar(text: scalar.string, isPlain: isPlain, textOffset: offset)
    }
}

extension YAMLReader {
    private static func failure(_ error: YamlError, lineOffset: Int) -> Failure {
        switch error {
        case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _),
            .composer(let context, let problem, let mark, _):
            let message =
                "this is not YAML: \(problem)\(context.map { " \($0.text)" } ?? "")\(hint(problem, context?.text))"
            return Failure(message: message, line: mark.line + lineOffset, column: mark.column)
        case .duplicatedKeysInMapping(let keys, let context):
            let key = keys.first ?? ""
            return Failure(
                message: "'\(key)' is given more than once in one mapping: keep one",
                line: context.mark.line + lineOffset,
                column: context.mark.column
            )
        case .reader(let problem, let offset, _, let yaml):
            let (line, column) = place(ofByte: offset ?? 0, in: yaml)
            return Failure(message: "this is not YAML: \(problem)", line: line + lineOffset, column: column)
        default:
            return Failure(message: "the document cannot be read: \(error)", line: lineOffset + 1, column: 1)
        }
    }

    private static func hint(_ problem: String, _ context: String?) -> String {
        if context?.contains("alias") == true {
            return ": quote texts that begin with '*', such as \"* * * * *\""
        }
        if context?.contains("anchor") == true { return ": quote texts that begin with '&'" }
        if problem.contains("cannot start any token") {
            return ": indent with spaces, not tabs, and quote texts that begin with '@', '`' or '%'"
        }
        if problem.contains("mapping values are not allowed") { return ": quote texts that contain ': '" }
        if problem.contains("undefined alias") { return ": quote texts that begin with '*'" }
        return ""
    }

    private static func place(ofByte offset: Int, in text: String) -> (line: Int, column: Int) {
        let before = text.utf8.prefix(offset)
        let line = before.count { $0 == UInt8(ascii: "\n") } + 1
        let lineStart =
            before.lastIndex(of: UInt8(ascii: "\n")).map(text.utf8.index(after:)) ?? text.startIndex
        return (line, text.unicodeScalars[lineStart..<before.endIndex].count + 1)
    }
}
