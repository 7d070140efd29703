public import Foundation

extension Instant {
    /// The instant an RFC 3339 date-time stands for; `nil` when the text is not one.
    ///
    /// Fractions of a millisecond are dropped.
    public init?(rfc3339 text: some StringProtocol) {
        guard let parsed = PreciseInstant(rfc3339: text) else { return nil }
        self = parsed.floor
    }

    /// The instant in UTC with milliseconds, as in `2026-03-29T01:00:00.000Z`.
    public func formatted() -> String {
        let (seconds, milliseconds) = wholeSeconds
        return Instant.dateTime(localSeconds: seconds) + "." + milliseconds.padded(3) + "Z"
    }

    /// The local time in `timeZone` with its numeric offset, as in `2026-03-29T03:00:00+02:00`.
    ///
    /// Milliseconds are written only when there are any.
    public func formatted(in timeZone: TimeZone) -> String {
        formatted(offsetSeconds: timeZone.secondsFromGMT(for: date))
    }

    /// The local time in `timeZone` with its numeric offset, as in `2026-03-29T03:00:00+02:00`.
    public func formatted(in timeZone: TimeZoneID) -> String {
        formatted(offsetSeconds: timeZone.transitions.offset(atSecond: wholeSeconds.seconds))
    }

    /// The seconds since the epoch, rounded down, and the milliseconds that remain.
    var wholeSeconds: (seconds: Int, milliseconds: Int) {
        let milliseconds = Int(millisecondsSinceEpoch)
        return (milliseconds.dividedRoundingDown(by: 1_000), milliseconds.remainderRoundingDown(by: 1_000))
    }

    /// The instant `seconds` seconds after the epoch.
    init(secondsSinceEpoch seconds: Int) {
        self.init(millisecondsSinceEpoch: Int64(seconds) * 1_000)
    }

    private func formatted(offsetSeconds: Int) -> String {
        // RFC 3339 has no seconds in an offset; those of local mean times are left out, the instant stays exact.
        let minutes = offsetSeconds / 60
        let (seconds, milliseconds) = wholeSeconds
        let fraction = milliseconds == 0 ? "" : "." + milliseconds.padded(3)
        let sign = minutes < 0 ? "-" : "+"
        let offset = (abs(minutes) / 60).padded(2) + ":" + (abs(minutes) % 60).padded(2)
        return Instant.dateTime(localSeconds: seconds + minutes * 60) + fraction + sign + offset
    }

    private static func dateTime(localSeconds: Int) -> String {
        let days = localSeconds.dividedRoundingDown(by: 86_400)
        let second = localSeconds - days * 86_400
        let date = CivilDate(daysSinceEpoch: days)
        let day = date.year.padded(4) + "-" + date.month.padded(2) + "-" + date.day.padded(2)
        let time =
            (second / 3_600).padded(2) + ":" + (second / 60 % 60).padded(2) + ":" + (second % 60).padded(2)
        return day + "T" + time
    }
}

extension Instant: CustomStringConvertible {
    /// The instant in UTC with milliseconds.
    public var description: String { formatted() }
}

extension Instant: Codable {
    /// Decodes an RFC 3339 string.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let instant = Instant(rfc3339: text) else {
            let reason = "'\(text)' is not an RFC 3339 time: write it like 2026-03-29T01:00:00Z"
            throw DecodingError.dataCorruptedError(in: container, debugDescription: reason)
        }
        self = instant
    }

    /// Encodes the instant in UTC with milliseconds.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(formatted())
    }
}

/// An instant as it was written, which may be finer than a millisecond.
struct PreciseInstant {
    /// The instant rounded down to the millisecond.
    let floor: Instant
    /// Whether the text stood for a slightly later time.
    let hasRemainder: Bool

    /// The first whole millisecond at or after the time.
    var ceiling: Instant {
        hasRemainder ? Instant(millisecondsSinceEpoch: floor.millisecondsSinceEpoch + 1) : floor
    }

    /// Parses `YYYY-MM-DDThh:mm:ss[.fraction](Z|±hh:mm)`.
    init?(rfc3339 text: some StringProtocol) {
        var cursor = TextCursor(text)
        guard let days = Self.takeDate(&cursor), cursor.take("T"),
            let second = Self.takeTime(&cursor),
            let fraction = Self.takeFraction(&cursor),
            let offset = Self.takeOffset(&cursor), cursor.isAtEnd
        else { return nil }
        let seconds = days * 86_400 + second - offset
        floor = Instant(millisecondsSinceEpoch: Int64(seconds) * 1_000 + Int64(fraction.milliseconds))
        hasRemainder = fraction.hasRemainder
    }

    /// Moves over `YYYY-MM-DD` and returns it in days since the epoch.
    static func takeDate(_ cursor: inout TextCursor) -> Int? {
        guard let year = cursor.takeNumber(digits: 4), cursor.take("-"),
            let month = cursor.takeNumber(digits: 2), cursor.take("-"),
            let day = cursor.takeNumber(digits: 2),
            (1...12).contains(month),
            (1...CivilDate.daysInMonth(month, ofYear: year)).contains(day)
        else { return nil }
        return CivilDate(year: year, month: month, day: day).daysSinceEpoch
    }

    private static func takeTime(_ cursor: inout TextCursor) -> Int? {
        guard let hour = cursor.takeNumber(digits: 2), cursor.take(":"),
            let minute = cursor.takeNumber(digits: 2), cursor.take(":"),
            let second = cursor.takeNumber(digits: 2),
            hour < 24, minute < 60, second < 60
        else { return nil }
        return hour * 3_600 + minute * 60 + second
    }

    private static func takeFraction(_ cursor: inout TextCursor) -> (milliseconds: Int, hasRemainder: Bool)? {
        guard cursor.take(".") else { return (0, false) }
        let digits = cursor.takeWhile(\.isDigit).map { Int($0 - UInt8(ascii: "0")) }
        guard !digits.isEmpty else { return nil }
        let milliseconds = (digits + [0, 0]).prefix(3).reduce(0) { $0 * 10 + $1 }
        return (milliseconds, digits.dropFirst(3).contains { $0 != 0 })
    }

    private static func takeOffset(_ cursor: inout TextCursor) -> Int? {
        if cursor.take("Z") { return 0 }
        let sign = cursor.take("+") ? 1 : cursor.take("-") ? -1 : 0
        guard sign != 0, let hours = cursor.takeNumber(digits: 2), cursor.take(":"),
            let minutes = cursor.takeNumber(digits: 2), hours < 24, minutes < 60
        else { return nil }
        return sign * (hours * 3_600 + minutes * 60)
    }
}

extension Int {
    /// The number with leading zeros, at least `width` digits long.
    fileprivate func padded(_ width: Int) -> String {
        let digits = String(magnitude)
        let zeros = String(repeating: "0", count: Swift.max(0, width - digits.count))
        return (self < 0 ? "-" : "") + zeros + digits
    }
}
