/// A rule for days that is known month by month, and the search among them.
protocol DayPattern {
    /// The days left out and put in, if any.
    var filter: DayFilter? { get }

    /// The days of a month the rule itself means, as bits 1 to 31; `firstDay` is its first day since the epoch.
    func mask(ofMonth month: CivilDate, firstDay: Int) -> UInt64

    /// The first year from `year` on in which the rule means some day; `nil` when there is none to look at.
    func nextYear(atOrAfter year: Int) -> Int?
}

extension DayPattern {
    /// Whether a day is meant.
    func matches(_ date: CivilDate, daysSinceEpoch day: Int) -> Bool {
        filteredMask(ofMonth: date, firstDay: day - date.day + 1).contains(date.day)
    }

    /// Whether a day is meant, outside the searched years never.
    func matches(daysSinceEpoch day: Int) -> Bool {
        let date = CivilDate(daysSinceEpoch: day)
        guard (CronPattern.yearMin...CronPattern.yearMax).contains(date.year) else { return false }
        return matches(date, daysSinceEpoch: day)
    }

    /// The first day meant after `date`, counted from 1970-01-01.
    ///
    /// It looks at most at the months of 300 years, each with a few operations on bits.
    func nextDay(after date: CivilDate, daysSinceEpoch day: Int) -> Int? {
        var month = CivilDate(year: date.year, month: date.month, day: 1)
        var firstDay = day - date.day + 1
        var earliest = date.day + 1
        while let year = nextFilteredYear(atOrAfter: month.year) {
            if year > month.year {
                month = CivilDate(year: year, month: 1, day: 1)
                firstDay = month.daysSinceEpoch
                earliest = 1
            }
            let mask = filteredMask(ofMonth: month, firstDay: firstDay)
            if let next = mask.next(atOrAfter: earliest) { return firstDay + next - 1 }
            firstDay += CivilDate.daysInMonth(month.month, ofYear: month.year)
            month =
                month.month < 12
                ? CivilDate(year: month.year, month: month.month + 1, day: 1)
                : CivilDate(year: month.year + 1, month: 1, day: 1)
            earliest = 1
        }
        return nil
    }

    private func filteredMask(ofMonth month: CivilDate, firstDay: Int) -> UInt64 {
        let own = mask(ofMonth: month, firstDay: firstDay)
        guard let filter else { return own }
        return filter.mask(own, ofMonth: month, firstDay: firstDay)
    }

    private func nextFilteredYear(atOrAfter year: Int) -> Int? {
        guard let filter, filter.includesDays else { return nextYear(atOrAfter: year) }
        return year <= CronPattern.yearMax ? year : nil
    }
}
