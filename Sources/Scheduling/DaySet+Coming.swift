extension DaySet {
    /// The first days of the set from a day on, each as a range of one day; at most `count`, all within a century.
    ///
    /// - Parameters:
    ///   - start: The range on whose first day the search begins.
    ///   - count: How many days are wanted.
    /// - Returns: The days, ascending.
    public func days(from start: DayRange, count: Int) -> [DayRange] {
        let first = start.days.lowerBound
        var month = CivilDate(daysSinceEpoch: first)
        month.day = 1
        let lastYear = min(month.year + Self.yearsSearched, CronPattern.yearMax)
        var found: [DayRange] = []
        while month.year <= lastYear, found.count < count {
            let firstDay = month.daysSinceEpoch
            let mask = mask(ofMonth: month, firstDay: firstDay)
            for day in 1...31 where mask.contains(day) && firstDay + day > first && found.count < count {
                found.append(DayRange(firstDay + day - 1...firstDay + day - 1))
            }
            month = CivilDate(
                year: month.month == 12 ? month.year + 1 : month.year,
                month: month.month % 12 + 1,
                day: 1
            )
        }
        return found
    }

    /// Rules that come later than that are not what anybody asks for.
    private static let yearsSearched = 100
}

extension DayRange {
    /// The day of the week of its first day.
    public var firstWeekday: Weekday {
        // The remainder is always one of the seven.
        Weekday(rawValue: CivilDate.weekday(daysSinceEpoch: days.lowerBound)) ?? .sunday
    }
}

extension DaySelection {
    /// Without the dates that are over well before `start` or come well after `end`; other days stay.
    ///
    /// A schedule that counts between the two instants only finds the same fires with them. What is written down names
    /// at least one day, so one date stays where none would be left.
    ///
    /// - Parameters:
    ///   - start: The first instant that matters; `nil` when all before `end` do.
    ///   - end: The last instant that matters.
    /// - Returns: The selection.
    public func trimmed(from start: Instant?, to end: Instant) -> DaySelection {
        let first = start.map { Self.day(of: $0) - Self.marginDays }
        let last = Self.day(of: end) + Self.marginDays
        var trimmed = self
        trimmed.dates = dates.filter { range in
            range.days.lowerBound <= last && first.map { $0 <= range.days.upperBound } ?? true
        }
        if trimmed.isEmpty { trimmed.dates = Array(dates.prefix(1)) }
        return trimmed
    }

    private static func day(of instant: Instant) -> Int {
        Int(instant.millisecondsSinceEpoch.dividedRoundingDown(by: 86_400_000))
    }

    /// A day of jitter, one of a window that crosses midnight, and one for the zone.
    private static let marginDays = 4
}
