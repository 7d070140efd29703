/// The days that are left out of a schedule, and those that are put in whatever else says.
struct DayFilter: Hashable, Sendable {
    /// No fires on days in any of these.
    let excluded: [DaySet]
    /// Fires on days in any of these, excluded or not.
    let included: [DaySet]

    /// Whether days are put in.
    var includesDays: Bool { !included.isEmpty }

    /// What becomes of the days `own` of a month.
    func mask(_ own: UInt64, ofMonth month: CivilDate, firstDay: Int) -> UInt64 {
        var mask = own
        for set in excluded where mask != 0 { mask &= ~set.mask(ofMonth: month, firstDay: firstDay) }
        for set in included { mask |= set.mask(ofMonth: month, firstDay: firstDay) }
        return mask
    }
}

/// Every day but those a filter leaves out, for schedules that follow elapsed time.
struct EveryDay: DayPattern {
    let filter: DayFilter?

    func mask(ofMonth month: CivilDate, firstDay: Int) -> UInt64 {
        UInt64.days(CivilDate.daysInMonth(month.month, ofYear: month.year))
    }

    func nextYear(atOrAfter year: Int) -> Int? {
        year <= CronPattern.yearMax ? year : nil
    }
}

extension UInt64 {
    /// The bits 0, 7, 14, 21 and 28.
    static let everySeventhDay: UInt64 = 0x1020_4081

    /// The bits of the days of a month of `length` days.
    static func days(_ length: Int) -> UInt64 {
        (1 << UInt64(length + 1)) - 2
    }
}
