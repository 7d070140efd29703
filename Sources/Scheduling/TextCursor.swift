/// A position in a text, counted in UTF-8 bytes; the parsers of this module read through it.
struct TextCursor {
    private let bytes: [UInt8]
    private(set) var position: Int
    private let end: Int

    /// Reads `text` from its beginning to its end.
    init(_ text: some StringProtocol) {
        bytes = Array(text.utf8)
        position = 0
        end = bytes.count
    }

    /// Reads only `range` of what `whole` reads; positions stay those of the whole.
    init(_ whole: TextCursor, range: Range<Int>) {
        bytes = whole.bytes
        position = range.lowerBound
        end = range.upperBound
    }

    var isAtEnd: Bool { position == end }

    /// The byte at the position, or `nil` at the end.
    var next: UInt8? { position < end ? bytes[position] : nil }

    /// Moves over one byte, if there is one.
    mutating func skip() {
        if position < end { position += 1 }
    }

    /// Moves over `byte` in either case if it is next, and says whether it was.
    mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard let next, next.lowercased == UInt8(ascii: character).lowercased else { return false }
        position += 1
        return true
    }

    /// Moves over decimal digits and returns their value; `nil` when none is next.
    ///
    /// A value too large to be meant is capped, which every range check refuses.
    mutating func takeNumber() -> Int? {
        let digits = takeWhile(\.isDigit)
        guard !digits.isEmpty else { return nil }
        return digits.reduce(0) { min($0 * 10 + Int($1 - UInt8(ascii: "0")), 1_000_000_000_000) }
    }

    /// Moves over exactly `count` digits and returns their value; moves over nothing when there are fewer.
    mutating func takeNumber(digits count: Int) -> Int? {
        guard position + count <= end else { return nil }
        let digits = bytes[position..<position + count]
        guard digits.allSatisfy(\.isDigit) else { return nil }
        position += count
        return digits.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
    }

    /// Moves over ASCII letters and returns them in lower case.
    mutating func takeLetters() -> String {
        String(decoding: takeWhile(\.isLetter).map(\.lowercased), as: UTF8.self)
    }

    /// Moves over the bytes for which `condition` holds and returns them.
    mutating func takeWhile(_ condition: (UInt8) -> Bool) -> ArraySlice<UInt8> {
        let start = position
        while position < end, condition(bytes[position]) { position += 1 }
        return bytes[start..<position]
    }

    /// Goes back to a position returned earlier.
    mutating func rewind(to position: Int) {
        self.position = position
    }

    /// The whole character at the position, for messages.
    var nextCharacter: Character? {
        String(decoding: bytes[position..<end], as: UTF8.self).first
    }
}

extension UInt8 {
    var isDigit: Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self) }
    var isLetter: Bool { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(lowercased) }
    var isSpace: Bool { self == UInt8(ascii: " ") || (9...13).contains(self) }
    var lowercased: UInt8 { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(self) ? self + 32 : self }
}
