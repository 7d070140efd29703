/// The fields of an expression compiled to bit sets, and the search for the next local time that matches.
struct CronPattern: LocalPattern, DayPattern, Hashable, Sendable {
    /// Bit n is set when second n matches.
    private let seconds: UInt64
    private let minutes: UInt64
    private let hours: UInt64
    private let months: UInt64
    private let days: CronDays
    /// The matching years in ascending order; `nil` when all match.
    private let years: [Int]?
    /// The second of the day of the first match within a day.
    private let firstSecondOfDay: Int
    /// The days left out and put in, if any.
    var filter: DayFilter?

    /// No match is looked for after this year.
    ///
    /// Which days of a month match depends only on its length and the weekday it begins with. Every such month
    /// comes again within 12 years, but for February of a leap year: within 28, or 40 when a century without a
    /// leap year intervenes. So an expression without a year field that does not match within 40 years never
    /// does, and a search over at most 300 years of 12 masks each ends within microseconds.
    static let yearMax = 2_199

    /// No match is looked for before this year, where the tables of the zones begin.
    static let yearMin = 1_900

    /// Compiles `fields`.
    init(_ fields: CronFields, days rule: DaysRule, dialect: Dialect) {
        func mask(_ field: CronField, _ kind: CronFieldKind) -> UInt64 {
            .mask(of: field.terms.flatMap { $0.values(among: kind.values(in: .unix)) })
        }
        seconds = mask(fields.second, .second)
        minutes = mask(fields.minute, .minute)
        hours = mask(fields.hour, .hour)
        months = mask(fields.month, .month)
        days = CronDays(dayOfMonth: fields.dayOfMonth, dayOfWeek: fields.dayOfWeek, rule: rule)
        years = fields.year.flatMap { year in
            let range = CronFieldKind.year.values(in: dialect)
            return year.hasFullWildcard ? nil : year.terms.flatMap { $0.values(among: range) }.sorted()
        }
        firstSecondOfDay =
            hours.trailingZeroBitCount * 3_600 + minutes.trailingZeroBitCount * 60
            + seconds.trailingZeroBitCount
        assert(seconds != 0 && minutes != 0 && hours != 0 && months != 0, "every field has a value")
    }

    /// The first matching local second at or after `local`, both counted from 1970-01-01T00:00:00 local time.
    func nextLocal(atOrAfter local: Int) -> Int? {
        let earliest = CivilDate(year: Self.yearMin, month: 1, day: 1).daysSinceEpoch
        let day = max(local.dividedRoundingDown(by: 86_400), earliest)
        let date = CivilDate(daysSinceEpoch: day)
        guard date.year <= Self.yearMax else { return nil }
        if matches(date, daysSinceEpoch: day),
            let second = nextSecondOfDay(atOrAfter: max(0, local - day * 86_400))
        {
            return day * 86_400 + second
        }
        return nextDay(after: date, daysSinceEpoch: day).map { $0 * 86_400 + firstSecondOfDay }
    }

    func mask(ofMonth month: CivilDate, firstDay: Int) -> UInt64 {
        guard months.contains(month.month), years?.contains(month.year) ?? true else { return 0 }
        return days.mask(ofMonth: month, firstDay: firstDay)
    }

    /// The first matching second of a day at or after `second`.
    private func nextSecondOfDay(atOrAfter second: Int) -> Int? {
        let hour = second / 3_600
        let minute = second / 60 % 60
        if hours.contains(hour) {
            if minutes.contains(minute), let next = seconds.next(atOrAfter: second % 60) {
                return hour * 3_600 + minute * 60 + next
            }
            if let next = minutes.next(atOrAfter: minute + 1) {
                return hour * 3_600 + next * 60 + seconds.trailingZeroBitCount
            }
        }
        guard let next = hours.next(atOrAfter: hour + 1) else { return nil }
        return next * 3_600 + minutes.trailingZeroBitCount * 60 + seconds.trailingZeroBitCount
    }

    func nextYear(atOrAfter year: Int) -> Int? {
        guard let years else { return year <= Self.yearMax ? year : nil }
        return years.first { $0 >= year }
    }
}

extension UInt64 {
    /// The set of some numbers below 64.
    static func mask(of numbers: [Int]) -> UInt64 {
        numbers.reduce(0) { $0 | 1 << UInt64($1) }
    }

    /// Whether bit `number` is set.
    func contains(_ number: Int) -> Bool {
        self & (1 << UInt64(number)) != 0
    }

    /// The lowest set bit at or above `number`, which may be 64.
    func next(atOrAfter number: Int) -> Int? {
        let rest = self & (~UInt64(0) << UInt64(number))
        return rest == 0 ? nil : rest.trailingZeroBitCount
    }
}
