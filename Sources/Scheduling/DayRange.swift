/// Consecutive days of the calendar, written `2026-12-24` or `2026-12-24..2027-01-01`.
public struct DayRange: Hashable, Sendable {
    /// The days, counted from 1970-01-01.
    let days: ClosedRange<Int>

    /// The days of a closed range, counted from 1970-01-01.
    init(_ days: ClosedRange<Int>) {
        self.days = days
    }

    /// Parses a date or two joined by `..`; the second must not be earlier.
    public init(parsing text: String) throws(ScheduleError) {
        var cursor = TextCursor(text)
        guard let first = Self.date(&cursor) else { throw Self.unreadable(text) }
        if cursor.isAtEnd {
            days = first...first
            return
        }
        guard cursor.take("."), cursor.take("."), let last = Self.date(&cursor), cursor.isAtEnd else {
            throw Self.unreadable(text)
        }
        guard first <= last else {
            throw ScheduleError("the range '\(text)' ends before it begins: write the earlier date first")
        }
        days = first...last
    }

    /// A date of the years that are searched, in days since 1970-01-01.
    private static func date(_ cursor: inout TextCursor) -> Int? {
        guard let days = PreciseInstant.takeDate(&cursor) else { return nil }
        let year = CivilDate(daysSinceEpoch: days).year
        return (CronPattern.yearMin...CronPattern.yearMax).contains(year) ? days : nil
    }

    private static func unreadable(_ text: String) -> ScheduleError {
        ScheduleError("'\(text)' is no date: write 2026-12-24 or 2026-12-24..2027-01-01")
    }
}

extension DayRange: CustomStringConvertible {
    /// As documents write it.
    public var description: String {
        let first = CivilDate(daysSinceEpoch: days.lowerBound).text
        return days.count == 1 ? first : first + ".." + CivilDate(daysSinceEpoch: days.upperBound).text
    }
}

extension CivilDate {
    /// `2026-12-24`.
    var text: String {
        Instant(secondsSinceEpoch: daysSinceEpoch * 86_400).formatted().prefix(10).description
    }
}
