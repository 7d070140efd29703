/// The days and times of a calendar schedule, and the search for the next local time among them.
struct CalendarPattern: LocalPattern, DayPattern, Hashable, Sendable {
    private let days: CalendarSchedule.Days
    private let times: CalendarSchedule.Times
    /// The day from which days and weeks are counted.
    private let anchorDay: Int
    /// The first and the last second that may fire, counted from a day's midnight.
    private let firstSecond: Int
    private let lastSecond: Int
    /// The days left out and put in, if any.
    var filter: DayFilter?

    init(_ days: CalendarSchedule.Days, _ times: CalendarSchedule.Times, anchorDay: Int) {
        self.days = days
        self.anchorDay = anchorDay
        switch times {
        case .at(let list):
            let sorted = list.sorted()
            self.times = .at(sorted)
            firstSecond = sorted.first?.seconds ?? 0
            lastSecond = sorted.last?.seconds ?? 0
        case .windows(let list):
            self.times = times
            firstSecond = list.map(\.from.seconds).min() ?? 0
            lastSecond = list.map(\.last).max() ?? 0
        }
    }

    func nextLocal(atOrAfter local: Int) -> Int? {
        let earliest = CivilDate(year: CronPattern.yearMin, month: 1, day: 1).daysSinceEpoch
        let day = max(local.dividedRoundingDown(by: 86_400), earliest)
        guard CivilDate(daysSinceEpoch: day).year <= CronPattern.yearMax else { return nil }
        // A window of the day before may last into this day, one of this day beyond the next one's first time.
        let known = [day - 1, day].compactMap { next(onDay: $0, atOrAfter: local) }.min()
        if let known, known < (day + 1) * 86_400 { return known }
        let later = nextDay(after: CivilDate(daysSinceEpoch: day), daysSinceEpoch: day)
        return [known, later.map { $0 * 86_400 + firstSecond }].compactMap(\.self).min()
    }

    /// The first time at or after `local` that belongs to a day.
    private func next(onDay day: Int, atOrAfter local: Int) -> Int? {
        let second = local - day * 86_400
        guard second <= lastSecond, matches(daysSinceEpoch: day) else { return nil }
        let next: Int? =
            switch times {
            case .at(let times): times.first { $0.seconds >= second }?.seconds
            case .windows(let windows): windows.compactMap { $0.next(atOrAfter: second) }.min()
            }
        return next.map { day * 86_400 + $0 }
    }

    func nextYear(atOrAfter year: Int) -> Int? {
        year <= CronPattern.yearMax ? year : nil
    }

    func mask(ofMonth month: CivilDate, firstDay: Int) -> UInt64 {
        let length = CivilDate.daysInMonth(month.month, ofYear: month.year)
        switch days {
        case .daily(1): return .days(length)
        case .daily(let count):
            let wait = (anchorDay - firstDay).remainderRoundingDown(by: count)
            return .mask(of: Array(stride(from: wait + 1, through: length, by: count)))
        case .weekly(let weekdays, let count):
            let firstWeekday = CivilDate.weekday(daysSinceEpoch: firstDay)
            let mask = weekdays.reduce(UInt64(0)) { mask, weekday in
                mask | UInt64.everySeventhDay << UInt64((weekday.rawValue - firstWeekday + 7) % 7 + 1)
            }
            return mask & .days(length) & (count == 1 ? ~0 : weekMask(firstDay, length, every: count))
        case .monthly(let monthDays, let months):
            guard months.isEmpty || months.contains(month.month) else { return 0 }
            let firstWeekday = CivilDate.weekday(daysSinceEpoch: firstDay)
            return .mask(of: monthDays.compactMap { $0.day(length: length, firstWeekday: firstWeekday) })
        }
    }

    /// The days of a month that lie in one of every `count` weeks, counted from the anchor's.
    private func weekMask(_ firstDay: Int, _ length: Int, every count: Int) -> UInt64 {
        let anchor = Self.week(ofDay: anchorDay)
        return (1...length).reduce(0) { mask, day in
            let weeks = Self.week(ofDay: firstDay + day - 1) - anchor
            return weeks.remainderRoundingDown(by: count) == 0 ? mask | 1 << UInt64(day) : mask
        }
    }

    /// The number of the week of a day; 1970-01-01 was a Thursday, so weeks beginning on Monday begin three days before.
    private static func week(ofDay day: Int) -> Int {
        (day + 3).dividedRoundingDown(by: 7)
    }
}
