import CProcess
import Domain
import Glibc

/// Finds what a process tells of itself among the lines of its standard output, in whatever pieces they come.
///
/// A line counts that begins with `::progress`, `::status` or `::set` and is written as `OutputCommand` has it. A line ends with LF or CR LF, or
/// where the output ends. Everything else is ordinary output; what begins so and is written otherwise is counted. However much is read,
/// no more is kept than `Limit` says.
struct OutputScanner {
    /// Limits, each with its reason.
    enum Limit {
        /// Longest line that is understood: a value as long as all outputs may be, and room for its name.
        static let lineBytesMax = AttemptAccount.outputsBytesMax + 256
        /// Lines that begin with `::` and are looked at: more keep the reader busy, and whoever waits for it.
        static let linesMax = 1_000_000
        /// So much of a line that was not understood is shown.
        static let sampleMax = 80
    }

    /// The values that were set; later ones have replaced earlier ones.
    private(set) var values: [String: String] = [:]
    /// How many lines were not understood, and the beginning of the first.
    private(set) var malformed: (count: Int, sample: String) = (0, "")
    /// How many values there was no room for, and the name of the first.
    private(set) var refused: (count: Int, sample: String) = (0, "")
    /// How often a progress was told.
    private(set) var progressCount = 0
    /// How often a status was told.
    private(set) var statusCount = 0
    /// How often a value was set.
    private(set) var setCount = 0
    private var latest: (percent: Double, text: [UInt8]) = (0, [])
    private var latestStatus: [UInt8] = []
    private var bytes = 0
    private var place = Place.lineStart
    private var line: [UInt8] = []
    private var lineCount = 0

    private enum Place {
        /// At the beginning of a line.
        case lineStart
        /// After one colon at the beginning of a line.
        case colon
        /// Behind two colons.
        case command
        /// In a line that is ordinary output.
        case ordinary
    }

    /// Whether nothing more is looked at.
    var isExhausted: Bool { lineCount >= Limit.linesMax }

    /// The latest progress; `nil` while none was told.
    var progress: (percent: Double, text: String?)? {
        progressCount > 0 ? (latest.percent, OutputCommand.shownText(latest.text)) : nil
    }

    /// The latest status; `nil` while none was told, or people would see nothing of it.
    var status: String? { OutputCommand.shownText(latestStatus) }

    /// Reads the next piece of the output.
    mutating func read(_ piece: [UInt8], count: Int) {
        unsafe piece.withUnsafeBytes { buffer in
            unsafe read(UnsafeRawBufferPointer(rebasing: buffer.prefix(count)))
        }
    }

    /// The output has ended: what came after the last line's end is a line, too.
    mutating func finish() {
        if place == .command { finishLine() }
        place = .lineStart
    }

    /// The output was cut off and begins anew.
    mutating func restart() { place = .lineStart }

    private mutating func read(_ piece: UnsafeRawBufferPointer) {
        var index = 0
        while index < piece.count, !isExhausted {
            switch place {
            case .lineStart:
                switch unsafe piece[index] {
                case UInt8(ascii: ":"): (place, index) = (.colon, index + 1)
                case UInt8(ascii: "\n"): index += 1
                default: place = .ordinary
                }
            case .colon:
                if unsafe piece[index] == UInt8(ascii: ":") {
                    begin()
                    index += 1
                } else {
                    place = .ordinary
                }
            case .ordinary: index = unsafe skip(piece, from: index)
            case .command: index = unsafe collect(piece, from: index)
            }
        }
    }

    private mutating func begin() {
        place = .command
        line.removeAll(keepingCapacity: true)
    }

    /// Goes behind the next line's two colons, or to the end.
    private mutating func skip(_ piece: UnsafeRawBufferPointer, from index: Int) -> Int {
        let rest = unsafe UnsafeRawBufferPointer(rebasing: piece[index...])
        let found = unsafe ct_find(rest.baseAddress, Int64(rest.count), "\n::", 3)
        if found >= 0 {
            begin()
            return index + Int(found) + 3
        }
        if unsafe rest.last == UInt8(ascii: "\n") {
            place = .lineStart
        } else if unsafe rest.count >= 2 && rest.suffix(2).elementsEqual("\n:".utf8) {
            place = .colon
        }
        return piece.count
    }

    /// Takes up the rest of a line.
    private mutating func collect(_ piece: UnsafeRawBufferPointer, from index: Int) -> Int {
        let rest = unsafe UnsafeRawBufferPointer(rebasing: piece[index...])
        let found = unsafe ct_find(rest.baseAddress, Int64(rest.count), "\n", 1)
        let length = found >= 0 ? Int(found) : rest.count
        // One byte more than is allowed says that it is too long.
        unsafe line.append(contentsOf: rest.prefix(min(length, Limit.lineBytesMax + 1 - line.count)))
        guard found >= 0 else { return piece.count }
        finishLine()
        place = .lineStart
        return index + length + 1
    }

    private mutating func finishLine() {
        lineCount += 1
        if line.last == UInt8(ascii: "\r") { line.removeLast() }
        switch OutputCommand(line, isTooLong: line.count > Limit.lineBytesMax) {
        case .other: break
        case .malformed:
            if malformed.count == 0 {
                malformed.sample = "::" + OutputCommand.shown(line.prefix(Limit.sampleMax))
            }
            malformed.count += 1
        case .progress(let percent, let text):
            latest = (percent, Array(text))
            progressCount += 1
        case .status(let text):
            latestStatus = Array(text)
            statusCount += 1
        case .set(let name, let value): set(name, value)
        }
    }

    private mutating func set(_ name: String, _ value: String) {
        let former = values[name].map { OutputValue.bytes(of: name, .text($0)) } ?? 0
        let added = OutputValue.bytes(of: name, .text(value))
        guard bytes - former + added <= AttemptAccount.outputsBytesMax else {
            if refused.count == 0 { refused.sample = name }
            refused.count += 1
            return
        }
        bytes += added - former
        setCount += 1
        values[name] = value
    }
}
