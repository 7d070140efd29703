/// A duration that is written like `90s`, `10m`, `1h30m`, `250ms`, `2d` or `1w` in documents and options.
///
/// The units are w, d, h, m, s and ms; each is a whole number, larger units come first, none comes twice.
/// A day is 24 hours.
public struct DurationText: Hashable, Sendable, Codable, CustomStringConvertible {
    /// The duration the text stands for.
    public var duration: Duration

    /// Wraps a duration for writing; fractions of a millisecond are not written.
    public init(_ duration: Duration) {
        self.duration = duration
    }

    /// Parses a duration; the error says what is wrong with the text.
    public init(parsing text: some StringProtocol) throws(ScheduleError) {
        var parser = Parser(cursor: TextCursor(text))
        duration = .milliseconds(try parser.milliseconds())
    }

    /// The canonical form: the largest units that fit, as in `1m30s` for 90 seconds.
    public var text: String {
        var rest = duration.wholeMilliseconds.magnitude
        guard rest > 0 else { return "0s" }
        var parts = duration < .zero ? "-" : ""
        for unit in Unit.allCases where rest >= unit.milliseconds {
            parts += "\(rest / UInt64(unit.milliseconds))\(unit.rawValue)"
            rest %= UInt64(unit.milliseconds)
        }
        return parts
    }

    /// The canonical form.
    public var description: String { text }

    /// Decodes a string such as `1h30m`.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        do throws(ScheduleError) {
            try self.init(parsing: text)
        } catch {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: error.message, underlyingError: error)
            )
        }
    }

    /// Encodes the canonical form.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }
}

extension DurationText {
    /// The units from the largest to the smallest.
    private enum Unit: String, CaseIterable {
        case week = "w"
        case day = "d"
        case hour = "h"
        case minute = "m"
        case second = "s"
        case millisecond = "ms"

        var milliseconds: Int64 {
            switch self {
            case .week: 604_800_000
            case .day: 86_400_000
            case .hour: 3_600_000
            case .minute: 60_000
            case .second: 1_000
            case .millisecond: 1
            }
        }
    }

    private struct Parser {
        var cursor: TextCursor
        private var smallest: Unit?

        init(cursor: TextCursor) {
            self.cursor = cursor
        }

        /// The longest duration accepted: about 273 years, far below where milliseconds overflow.
        private static let millisecondsMax: Int64 = 100_000 * 86_400_000

        mutating func milliseconds() throws(ScheduleError) -> Int64 {
            guard !cursor.isAtEnd else {
                throw ScheduleError("the duration is empty: write it like 90s or 1h30m", at: 0)
            }
            var total: Int64 = 0
            while !cursor.isAtEnd {
                let start = cursor.position
                let part = try component()
                guard part <= Self.millisecondsMax - total else {
                    throw ScheduleError("the duration is too long: at most 100000d", at: start)
                }
                total += part
            }
            return total
        }

        private mutating func component() throws(ScheduleError) -> Int64 {
            let start = cursor.position
            guard let count = cursor.takeNumber() else { throw unexpected() }
            let unitStart = cursor.position
            let unit = try unit()
            if let smallest, smallest.milliseconds <= unit.milliseconds {
                let reason =
                    "'\(unit.rawValue)' cannot follow '\(smallest.rawValue)': write larger units first, each once"
                throw ScheduleError(reason, at: unitStart)
            }
            smallest = unit
            let (product, overflows) = Int64(count).multipliedReportingOverflow(by: unit.milliseconds)
            guard !overflows else {
                throw ScheduleError("the duration is too long: at most 100000d", at: start)
            }
            return product
        }

        private mutating func unit() throws(ScheduleError) -> Unit {
            let start = cursor.position
            let letters = cursor.takeLetters()
            if let unit = Unit(rawValue: letters) { return unit }
            cursor.rewind(to: start)
            guard letters.isEmpty else {
                throw ScheduleError(
                    "unknown unit '\(letters)' in a duration: use w, d, h, m, s or ms",
                    at: start
                )
            }
            if cursor.isAtEnd {
                throw ScheduleError("the duration ends without a unit: append w, d, h, m, s or ms", at: start)
            }
            throw unexpected()
        }

        private func unexpected() -> ScheduleError {
            let found = cursor.nextCharacter.map { "unexpected '\($0)'" } ?? "unexpected end"
            return ScheduleError("\(found) in a duration: write it like 90s or 1h30m", at: cursor.position)
        }
    }
}
