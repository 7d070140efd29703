/// Writes values as YAML that reads back as the same values, in a layout for people.
struct YAMLWriter {
    private var lines: [String] = []

    /// The text of a value; ends with a line break.
    static func text(of node: SourceNode) -> String {
        var writer = YAMLWriter()
        writer.write(node, indent: 0, prefix: "")
        return writer.lines.joined(separator: "\n") + "\n"
    }

    /// Writes `node` after `prefix`, which ends in `:` or `- ` or is empty.
    private mutating func write(_ node: SourceNode, indent: Int, prefix: String) {
        let margin = String(repeating: "  ", count: indent)
        switch node.content {
        case .scalar(let scalar): write(scalar, margin: margin, prefix: prefix)
        case .sequence(let elements):
            if let words = Self.flow(elements) {
                lines.append(join(margin, prefix, "[" + words.joined(separator: ", ") + "]"))
                return
            }
            if !prefix.isEmpty { lines.append(margin + prefix) }
            for element in elements { write(element, indent: indent + (prefix.isEmpty ? 0 : 1), prefix: "-") }
        case .mapping(let entries):
            if entries.isEmpty {
                lines.append(join(margin, prefix, "{}"))
            } else if prefix == "-" {
                writeElement(entries, indent: indent)
            } else {
                if !prefix.isEmpty { lines.append(margin + prefix) }
                for entry in entries {
                    write(
                        entry.value,
                        indent: indent + (prefix.isEmpty ? 0 : 1),
                        prefix: Self.key(entry.key) + ":"
                    )
                }
            }
        }
    }

    /// Writes a mapping as an element of a list: its first key stands beside the hyphen.
    private mutating func writeElement(_ entries: [SourceNode.Entry], indent: Int) {
        let start = lines.count
        for entry in entries { write(entry.value, indent: indent + 1, prefix: Self.key(entry.key) + ":") }
        let margin = String(repeating: "  ", count: indent)
        lines[start] = margin + "- " + lines[start].dropFirst(margin.count + 2)
    }

    private mutating func write(_ scalar: Scalar, margin: String, prefix: String) {
        guard !scalar.isPlain, let block = Self.block(scalar.text) else {
            lines.append(join(margin, prefix, Self.inline(scalar)))
            return
        }
        lines.append(join(margin, prefix, block.header))
        for line in block.lines { lines.append(line.isEmpty ? "" : margin + "  " + line) }
    }

    private func join(_ margin: String, _ prefix: String, _ value: String) -> String {
        prefix.isEmpty ? margin + value : margin + prefix + " " + value
    }

    private static func key(_ node: SourceNode) -> String {
        inline(node.scalar ?? Scalar(text: "", isPlain: false))
    }

    /// The elements written beside each other; `nil` when they are long or not scalars.
    private static func flow(_ elements: [SourceNode]) -> [String]? {
        var words: [String] = []
        for element in elements {
            guard let scalar = element.scalar, !scalar.text.contains(where: \.isNewline) else { return nil }
            words.append(inline(scalar))
        }
        return words.reduce(0) { $0 + $1.count + 2 } <= flowColumnsMax ? words : nil
    }

    /// Longest list on one line.
    private static let flowColumnsMax = 90

    /// A text of several lines as a literal block; `nil` when a block cannot hold it exactly.
    private static func block(_ text: String) -> (header: String, lines: [Substring])? {
        let isPrintable = text.unicodeScalars.allSatisfy {
            $0 == "\n" || ($0.value >= 0x20 && $0.value < 0x7F) || isSafe($0)
        }
        guard isPrintable, text.contains("\n"), let first = text.first, first != " ", first != "\n" else {
            return nil
        }
        let body = text.hasSuffix("\n") ? text.dropLast() : text[...]
        guard let last = body.last, last != "\n" else { return nil }
        return (
            text.hasSuffix("\n") ? "|" : "|-", body.split(separator: "\n", omittingEmptySubsequences: false)
        )
    }

    private static func isSafe(_ scalar: Unicode.Scalar) -> Bool {
        (0xA0...0xD7FF).contains(scalar.value) && scalar.value != 0x2028 && scalar.value != 0x2029
    }

    private static func inline(_ scalar: Scalar) -> String {
        if scalar.isPlain { return scalar.text.isEmpty ? "null" : scalar.text }
        return isSafePlain(scalar.text) ? scalar.text : quoted(scalar.text)
    }

    /// Whether the text can stand without quotes anywhere and is taken for text by every reader of YAML.
    private static func isSafePlain(_ text: String) -> Bool {
        if isDuration(text) { return true }
        guard let first = text.unicodeScalars.first, first == "/" || first == "_" || isLetter(first) else {
            return false
        }
        let isSimple = text.unicodeScalars.allSatisfy {
            isLetter($0) || ("0"..."9").contains($0) || "/_.-+@=".unicodeScalars.contains($0)
        }
        return isSimple && !reserved.contains(text.lowercased())
    }

    /// Whether the text is digits that end in a unit: no reader takes it for a number.
    private static func isDuration(_ text: String) -> Bool {
        guard let first = text.first, let last = text.last, ("0"..."9").contains(first),
            "wdhms".contains(last)
        else { return false }
        return text.allSatisfy { ("0"..."9").contains($0) || "wdhms".contains($0) }
    }

    private static let reserved: Set<String> = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"]

    private static func isLetter(_ scalar: Unicode.Scalar) -> Bool {
        ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar)
    }

    private static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\t": result += "\\t"
            case _ where scalar.value < 0x20 || (0x7F..<0xA0).contains(scalar.value):
                result += "\\x" + hexadecimal(scalar.value, digits: 2)
            case "\u{2028}", "\u{2029}", "\u{FEFF}", "\u{FFFE}", "\u{FFFF}":
                result += "\\u" + hexadecimal(scalar.value, digits: 4)
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }

    private static func hexadecimal(_ value: UInt32, digits: Int) -> String {
        let text = String(value, radix: 16)
        return String(repeating: "0", count: max(0, digits - text.count)) + text
    }
}
