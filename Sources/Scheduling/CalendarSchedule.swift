/// Days chosen by the calendar, and local times on each of them.
public struct CalendarSchedule: Hashable, Sendable {
    /// Which days.
    public enum Days: Hashable, Sendable {
        /// Every so many days, counted from the start's.
        case daily(every: Int)
        /// Some weekdays of every so many weeks, counted from the start's; weeks begin on Monday.
        case weekly([Weekday], every: Int)
        /// Some days of the month, in some months (all when none is given).
        case monthly([MonthDay], months: [Int])
    }

    /// When on each day.
    public enum Times: Hashable, Sendable {
        /// At single times.
        case at([TimeOfDay])
        /// Every so often within windows, which belong to the day they begin on.
        case windows([DailyWindow])
    }

    /// Which days.
    public let days: Days
    /// When on each day.
    public let times: Times
    /// The zone whose days and times these are.
    public let timeZone: TimeZoneID
    /// What happens to times skipped by the zone.
    public let gap: GapRule
    /// What happens to times repeated by the zone; `auto` fires single times once, windows both times.
    public let overlap: OverlapRule
    /// The first instant that may fire, and the day and week that are counted from.
    public let start: Instant?
    /// The last instant that may fire, if any; a fire at `end` itself still fires.
    public let end: Instant?

    var pattern: CalendarPattern

    /// Creates a schedule; refuses empty lists and counts out of range.
    public init(
        days: Days,
        times: Times,
        timeZone: TimeZoneID = .utc,
        gap: GapRule = .run,
        overlap: OverlapRule = .auto,
        start: Instant? = nil,
        end: Instant? = nil
    ) throws(ScheduleError) {
        try Self.check(days)
        try Self.check(times)
        self.days = days
        self.times = times
        self.timeZone = timeZone
        self.gap = gap
        self.overlap = overlap
        self.start = start
        self.end = end
        let anchor = start?.wholeSeconds.seconds ?? 0
        let local = start == nil ? 0 : anchor + timeZone.transitions.offset(atSecond: anchor)
        pattern = CalendarPattern(days, times, anchorDay: local.dividedRoundingDown(by: 86_400))
    }

    /// The first fire strictly after `instant`; `nil` means never again.
    public func next(after instant: Instant) -> Instant? {
        next(atOrAfter: instant + .milliseconds(1))
    }

    /// The first fire at or after `instant`; `nil` means never again.
    public func next(atOrAfter instant: Instant) -> Instant? {
        let search = LocalSearch(
            transitions: timeZone.transitions,
            gap: gap,
            firesTwiceInOverlaps: firesTwiceInOverlaps
        )
        let fire = search.next(of: pattern, atOrAfter: max(instant, start ?? instant))
        guard let fire, let end else { return fire }
        return fire <= end ? fire : nil
    }

    var firesTwiceInOverlaps: Bool {
        switch (overlap, times) {
        case (.both, _), (.auto, .windows): true
        case (.first, _), (.auto, .at): false
        }
    }
}

extension CalendarSchedule {
    /// Most times or windows of a day, so that a document stays one a person reads.
    public static let timesMax = 100

    private static func check(_ days: Days) throws(ScheduleError) {
        switch days {
        case .daily(let count):
            guard (1...366).contains(count) else {
                throw ScheduleError("daily cannot be \(count): write every how many days, 1 to 366")
            }
        case .weekly(let weekdays, let count):
            guard !weekdays.isEmpty else {
                throw ScheduleError("weekly names no day: write at least one such as [mon]")
            }
            guard (1...53).contains(count) else {
                throw ScheduleError("weeks cannot be \(count): write every how many weeks, 1 to 53")
            }
        case .monthly(let monthDays, _):
            guard !monthDays.isEmpty else {
                throw ScheduleError(
                    "monthly names no day: write at least one such as [1], [last] or [2nd tue]"
                )
            }
        }
    }

    private static func check(_ times: Times) throws(ScheduleError) {
        let count =
            switch times {
            case .at(let times): times.count
            case .windows(let windows): windows.count
            }
        guard (1...timesMax).contains(count) else {
            throw ScheduleError("a day cannot have \(count) times or windows: write 1 to \(timesMax)")
        }
        if case .at(let times) = times, times.contains(.endOfDay) {
            throw ScheduleError("24:00 is no time to fire at: write 00:00 of the next day")
        }
    }
}
