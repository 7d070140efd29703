/// Which days of a month match the day-of-month and day-of-week fields.
struct CronDays: Hashable, Sendable {
    /// Bit n is set when day n matches in every month.
    private let fixed: UInt64
    /// Bit n is set when the n-th day before the last matches.
    private let fromLast: UInt64
    /// The days whose nearest weekday matches.
    private let nearest: [Int]
    /// The same, counted back from the last day.
    private let nearestFromLast: [Int]
    /// Bit n is set when weekday n matches in every week; Sunday is 0.
    private let weekdays: UInt64
    /// Bit n is set when the last weekday n of the month matches.
    private let lastWeekdays: UInt64
    /// Bit 7 (n - 1) + w is set when the n-th weekday w of the month matches.
    private let nthWeekdays: UInt64
    /// Whether a day matches when one of the fields does; else both must.
    private let isEitherEnough: Bool
    /// Whether neither field depends on anything but the day's number.
    private let isEveryWeekday: Bool

    init(dayOfMonth: CronField, dayOfWeek: CronField, rule: DaysRule) {
        let days = dayOfMonth.terms
        let week = dayOfWeek.terms
        fixed = .mask(of: days.flatMap { $0.values(among: 1...31) })
        fromLast = .mask(of: days.compactMap { if case .lastDay(let minus) = $0 { minus } else { nil } })
        nearest = days.compactMap { if case .nearestWeekday(let day) = $0 { day } else { nil } }
        nearestFromLast = days.compactMap {
            if case .nearestWeekdayToLast(let minus) = $0 { minus } else { nil }
        }
        weekdays = .mask(of: week.flatMap { $0.values(among: 0...6) })
        lastWeekdays = .mask(of: week.compactMap { if case .lastWeekday(let day) = $0 { day } else { nil } })
        nthWeekdays = .mask(
            of: week.compactMap {
                if case .nthWeekday(let day, let number) = $0 { 7 * (number - 1) + day } else { nil }
            }
        )
        isEveryWeekday = weekdays == 0b111_1111
        isEitherEnough = Self.isEitherEnough(dayOfMonth, dayOfWeek, rule: rule)
    }

    /// Whether a day matches when one of the two fields does.
    static func isEitherEnough(_ dayOfMonth: CronField, _ dayOfWeek: CronField, rule: DaysRule) -> Bool {
        switch rule {
        case .both: false
        case .cron: !dayOfMonth.beginsWithWildcard && !dayOfWeek.beginsWithWildcard
        case .either: !dayOfMonth.hasFullWildcard && !dayOfWeek.hasFullWildcard
        }
    }

    /// The matching days of the month of `date`, as bits 1 to 31; `firstDay` is its first day since the epoch.
    func mask(ofMonth date: CivilDate, firstDay: Int) -> UInt64 {
        let length = CivilDate.daysInMonth(date.month, ofYear: date.year)
        let weekday = CivilDate.weekday(daysSinceEpoch: firstDay)
        let byDay = daysByNumber(length: length, firstWeekday: weekday)
        if isEveryWeekday { return (isEitherEnough ? ~0 : byDay) & UInt64.days(length) }
        let byWeekday = daysByWeekday(length: length, firstWeekday: weekday)
        return (isEitherEnough ? byDay | byWeekday : byDay & byWeekday) & UInt64.days(length)
    }

    private func daysByNumber(length: Int, firstWeekday: Int) -> UInt64 {
        var mask = fixed
        var rest = fromLast
        while rest != 0 {
            let minus = rest.trailingZeroBitCount
            rest &= rest - 1
            if minus < length { mask |= 1 << UInt64(length - minus) }
        }
        for day in nearest where day <= length {
            mask |= 1 << UInt64(Self.nearestWeekday(to: day, length: length, firstWeekday: firstWeekday))
        }
        for minus in nearestFromLast where minus < length {
            let day = Self.nearestWeekday(to: length - minus, length: length, firstWeekday: firstWeekday)
            mask |= 1 << UInt64(day)
        }
        return mask
    }

    private func daysByWeekday(length: Int, firstWeekday: Int) -> UInt64 {
        var mask: UInt64 = 0
        for weekday in 0...6 {
            let first = (weekday - firstWeekday + 7) % 7 + 1
            if weekdays.contains(weekday) { mask |= UInt64.everySeventhDay << UInt64(first) }
            if lastWeekdays.contains(weekday) { mask |= 1 << UInt64(first + (length - first) / 7 * 7) }
            for number in 0...4 where nthWeekdays.contains(7 * number + weekday) {
                mask |= 1 << UInt64(first + 7 * number)
            }
        }
        return mask
    }

    /// The day from Monday to Friday nearest to `day` that does not leave the month.
    private static func nearestWeekday(to day: Int, length: Int, firstWeekday: Int) -> Int {
        switch (firstWeekday + day - 1) % 7 {
        case 6: day > 1 ? day - 1 : day + 2
        case 0: day < length ? day + 1 : day - 2
        default: day
        }
    }
}
