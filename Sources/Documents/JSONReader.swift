/// Reads JSON values with their places; a text may hold several values one after the other.
///
/// Foundation's parser says nothing about places, and YAML's does not accept every JSON string.
struct JSONReader {
    /// A syntax mistake, and where.
    struct Failure: Error {
        var message: String
        var line: Int
        var column: Int
    }

    private let bytes: [UInt8]
    private var position = 0
    private var line = 1
    private var lineStart = 0

    /// Deeper values are refused: no document of ours is nested as deeply, and reading is recursive.
    static let depthMax = 64

    init(_ text: String) {
        bytes = Array(text.utf8)
    }

    /// All values of the text; the elements of an outermost list are values of their own.
    mutating func readAll() throws(Failure) -> [SourceNode] {
        var values: [SourceNode] = []
        skipSpace()
        while position < bytes.count {
            let value = try read(depth: 0)
            if case .sequence(let elements) = value.content {
                values += elements
            } else {
                values.append(value)
            }
            skipSpace()
        }
        return values
    }

    private mutating func read(depth: Int) throws(Failure) -> SourceNode {
        guard depth < Self.depthMax else {
            throw failure("the value is nested too deeply: at most \(Self.depthMax) levels")
        }
        guard let byte = peek else { throw failure("the text ends where a value is expected") }
        let (line, column) = (line, column)
        let content: SourceNode.Content
        switch byte {
        case UInt8(ascii: "{"): content = .mapping(try mapping(depth: depth))
        case UInt8(ascii: "["): content = .sequence(try sequence(depth: depth))
        case UInt8(ascii: "\""):
            let (text, isVerbatim) = try string()
            content = .scalar(Scalar(text: text, isPlain: false, textOffset: isVerbatim ? 1 : nil))
        default: content = .scalar(Scalar(text: try word(), isPlain: true, textOffset: 0))
        }
        return SourceNode(content: content, line: line, column: column)
    }

    private mutating func mapping(depth: Int) throws(Failure) -> [SourceNode.Entry] {
        var entries: [SourceNode.Entry] = []
        position += 1
        skipSpace()
        if take("}") { return entries }
        while true {
            skipSpace()
            guard peek == UInt8(ascii: "\"") else { throw failure("a key in double quotes is expected here") }
            let key = try read(depth: depth + 1)
            skipSpace()
            guard take(":") else { throw failure("':' is expected after a key") }
            skipSpace()
            entries.append(.init(key: key, value: try read(depth: depth + 1)))
            skipSpace()
            if take("}") { return entries }
            guard take(",") else { throw failure("',' or '}' is expected here") }
        }
    }

    private mutating func sequence(depth: Int) throws(Failure) -> [SourceNode] {
        var elements: [SourceNode] = []
        position += 1
        skipSpace()
        if take("]") { return elements }
        while true {
            skipSpace()
            elements.append(try read(depth: depth + 1))
            skipSpace()
            if take("]") { return elements }
            guard take(",") else { throw failure("',' or ']' is expected here") }
        }
    }

    private mutating func word() throws(Failure) -> String {
        let start = position
        while let byte = peek, Self.isWordByte(byte) { position += 1 }
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        let isNumber = Double(text) != nil && (text.first?.isNumber == true || text.first == "-")
        guard ["true", "false", "null"].contains(text) || isNumber else {
            position = start
            throw failure(
                text.isEmpty ? "a value is expected here" : "'\(text)' is not a JSON value: quote texts"
            )
        }
        return text
    }

    private static func isWordByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: byte == UInt8(ascii: "+") || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".")
        }
    }
}

extension JSONReader {
    private mutating func string() throws(Failure) -> (text: String, isVerbatim: Bool) {
        var collected: [UInt8] = []
        var isVerbatim = true
        position += 1
        while let byte = peek {
            switch byte {
            case UInt8(ascii: "\""):
                position += 1
                return (String(decoding: collected, as: UTF8.self), isVerbatim)
            case UInt8(ascii: "\\"):
                isVerbatim = false
                position += 1
                collected += Array(String(try escape()).utf8)
            case 0..<0x20:
                throw failure(
                    "a line break or control character stands in a text: write it as an escape such as \\n"
                )
            default:
                collected.append(byte)
                position += 1
            }
        }
        throw failure("the text ends within quotes: add the closing quote")
    }

    private mutating func escape() throws(Failure) -> Unicode.Scalar {
        guard let byte = peek else { throw failure("the text ends within quotes: add the closing quote") }
        position += 1
        switch byte {
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{c}"
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(byte)
        case UInt8(ascii: "u"): return try codePoint()
        default: throw failure("'\\\(Character(Unicode.Scalar(byte)))' is not an escape of JSON")
        }
    }

    /// Reads the digits of a `\u` escape, and those of a second one that completes a pair of surrogates.
    private mutating func codePoint() throws(Failure) -> Unicode.Scalar {
        let first = try hexadecimal()
        if let scalar = Unicode.Scalar(first) { return scalar }
        guard first < 0xDC00, take("\\"), take("u") else {
            throw failure("half of a surrogate pair stands alone")
        }
        let second = try hexadecimal()
        guard (0xDC00...0xDFFF).contains(second) else {
            throw failure("half of a surrogate pair stands alone")
        }
        let combined = 0x10000 + (first - 0xD800) * 0x400 + (second - 0xDC00)
        guard let scalar = Unicode.Scalar(combined) else { throw failure("the escape is no character") }
        return scalar
    }

    private mutating func hexadecimal() throws(Failure) -> UInt32 {
        let digits = bytes[position..<min(position + 4, bytes.count)]
        guard digits.count == 4, let value = UInt32(String(decoding: digits, as: UTF8.self), radix: 16) else {
            throw failure("four hexadecimal digits are expected after \\u")
        }
        position += 4
        return value
    }

    private var peek: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard let byte = peek, Unicode.Scalar(byte) == character else { return false }
        position += 1
        return true
    }

    private mutating func skipSpace() {
        while let byte = peek {
            switch byte {
            case UInt8(ascii: "\n"):
                position += 1
                line += 1
                lineStart = position
            case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"): position += 1
            default: return
            }
        }
    }

    private var column: Int {
        String(decoding: bytes[lineStart..<position], as: UTF8.self).unicodeScalars.count + 1
    }

    private func failure(_ message: String) -> Failure {
        Failure(message: message, line: line, column: column)
    }
}
