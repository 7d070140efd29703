import Domain

/// A line of standard output by which a process tells something, without the two colons it begins with.
///
/// ```
/// ::progress 40 copying
/// ::status serving 12 clients
/// ::set rows=1207
/// ```
enum OutputCommand: Equatable {
    /// The word `progress`, spaces, a number from 0 to 100 that may have decimals and a percent sign, and after spaces any text.
    case progress(percent: Double, text: ArraySlice<UInt8>)
    /// The word `status`, and after spaces any text but none.
    case status(text: ArraySlice<UInt8>)
    /// The word `set`, spaces, a name, `=`, and a value up to the end of the line.
    case set(name: String, value: String)
    /// Begins with one of these words and is written otherwise.
    case malformed
    /// Something else.
    case other

    /// Reads a line.
    init(_ line: [UInt8], isTooLong: Bool = false) {
        let word = line.prefix { $0 != UInt8(ascii: " ") }
        let rest = line[word.endIndex...]
        if word.elementsEqual("progress".utf8) {
            self = isTooLong ? .malformed : Self.progress(rest)
        } else if word.elementsEqual("status".utf8) {
            self = isTooLong ? .malformed : Self.status(rest)
        } else if word.elementsEqual("set".utf8) {
            self = isTooLong ? .malformed : Self.set(rest)
        } else {
            self = .other
        }
    }

    private static func progress(_ rest: ArraySlice<UInt8>) -> OutputCommand {
        let words = rest.drop { $0 == UInt8(ascii: " ") }
        var number = words.prefix { $0 != UInt8(ascii: " ") }
        let text = words[number.endIndex...].drop { $0 == UInt8(ascii: " ") }
        if number.last == UInt8(ascii: "%") { number.removeLast() }
        guard let percent = percent(number) else { return .malformed }
        return .progress(percent: percent, text: text)
    }

    /// A number from 0 to 100, cut to two decimals.
    private static func percent(_ digits: ArraySlice<UInt8>) -> Double? {
        let whole = digits.prefix { $0 != UInt8(ascii: ".") }
        let fraction = digits[whole.endIndex...].dropFirst()
        guard (1...3).contains(whole.count), whole.endIndex == digits.endIndex || !fraction.isEmpty,
            (whole + fraction).allSatisfy((UInt8(ascii: "0")...UInt8(ascii: "9")).contains)
        else { return nil }
        var hundredths = 0
        for digit in whole { hundredths = hundredths * 10 + Int(digit - UInt8(ascii: "0")) }
        for digit in (Array(fraction.prefix(2)) + [48, 48]).prefix(2) {
            hundredths = hundredths * 10 + Int(digit - UInt8(ascii: "0"))
        }
        let isBeyond = hundredths > 10_000 || (hundredths == 10_000 && fraction.contains { $0 != 48 })
        return isBeyond ? nil : Double(hundredths) / 100
    }

    private static func status(_ rest: ArraySlice<UInt8>) -> OutputCommand {
        let text = rest.drop { $0 == UInt8(ascii: " ") }
        return text.isEmpty ? .malformed : .status(text: text)
    }

    private static func set(_ rest: ArraySlice<UInt8>) -> OutputCommand {
        let pair = rest.drop { $0 == UInt8(ascii: " ") }
        guard let equals = pair.firstIndex(of: UInt8(ascii: "=")), !rest.isEmpty else { return .malformed }
        let value = pair[(equals + 1)...]
        // What no program could be given, or would not be what was written, is not taken.
        guard let name = String(validating: pair[..<equals], as: UTF8.self), OutputValue.isName(name),
            !value.contains(0), let text = String(validating: value, as: UTF8.self)
        else { return .malformed }
        return .set(name: name, value: text)
    }

    /// The text of a progress or a status as people see it; `nil` when there is none.
    static func shownText(_ bytes: [UInt8]) -> String? {
        // A character has at most four bytes.
        let text = shown(bytes.prefix(4 * RunProgress.textMax)).unicodeScalars.prefix(RunProgress.textMax)
        let trimmed = String(String.UnicodeScalarView(text)).trimmingSpaces
        return trimmed.isEmpty ? nil : trimmed
    }

    /// Bytes as people see them: what is no UTF-8 is replaced, and so is what a terminal would obey.
    static func shown(_ bytes: some Collection<UInt8>) -> String {
        let scalars = String(decoding: bytes, as: UTF8.self).unicodeScalars.map { scalar -> Unicode.Scalar in
            scalar.value < 0x20 || (0x7F..<0xA0).contains(scalar.value) ? " " : scalar
        }
        return String(String.UnicodeScalarView(scalars))
    }
}

extension String {
    fileprivate var trimmingSpaces: String {
        guard let last = lastIndex(where: { $0 != " " }) else { return "" }
        return String(self[...last].drop { $0 == " " })
    }
}
