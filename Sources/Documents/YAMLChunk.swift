/// One document's part of a YAML text.
///
/// A line that begins with `---` separates documents wherever it stands: YAML forbids it within values.
struct YAMLChunk {
    /// The document's text, its marker and directives included.
    var text: String
    /// How many lines stand before it.
    var lineOffset: Int

    static func split(_ text: String) -> [YAMLChunk] {
        var chunks: [YAMLChunk] = []
        var chunkStart = text.hasPrefix("\u{FEFF}") ? text.index(after: text.startIndex) : text.startIndex
        var lineStart = chunkStart
        var (chunkLine, line) = (0, 0)
        var isPreamble = true
        while lineStart < text.endIndex {
            let lineEnd = text.utf8[lineStart...].firstIndex(of: UInt8(ascii: "\n")) ?? text.endIndex
            let content = text[lineStart..<lineEnd]
            if isMarker(content) {
                if !isPreamble {
                    chunks.append(
                        YAMLChunk(text: String(text[chunkStart..<lineStart]), lineOffset: chunkLine)
                    )
                    (chunkStart, chunkLine) = (lineStart, line)
                }
                isPreamble = false
            } else if isPreamble, !isBlank(content), !content.hasPrefix("%") {
                isPreamble = false
            }
            lineStart = lineEnd < text.endIndex ? text.utf8.index(after: lineEnd) : lineEnd
            line += 1
        }
        chunks.append(YAMLChunk(text: String(text[chunkStart...]), lineOffset: chunkLine))
        return chunks
    }

    /// The line of the first alias beyond `max` in a document that has anchors; `nil` when there are fewer.
    func lineOfTooManyAliases(max: Int) -> Int? {
        guard text.utf8.contains(UInt8(ascii: "&")) else { return nil }
        var count = 0
        var line = lineOffset + 1
        var previous = UInt8(ascii: "\n")
        for byte in text.utf8 {
            if previous == UInt8(ascii: "*"), Self.isNameByte(byte) { count += 1 }
            if count > max { return line }
            if byte == UInt8(ascii: "\n") { line += 1 }
            previous = byte
        }
        return nil
    }

    private static func isMarker(_ line: Substring) -> Bool {
        line.hasPrefix("---") && (line.dropFirst(3).first?.isWhitespace ?? true)
    }

    private static func isBlank(_ line: Substring) -> Bool {
        let first = line.first { !$0.isWhitespace }
        return first == nil || first == "#"
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
            true
        default: false
        }
    }
}
