/// Days that a person picked: dates, weekdays, days of every year, and named calendars.
public struct DaySelection: Hashable, Sendable {
    /// Dates and ranges of dates.
    public var dates: [DayRange]
    /// Days of the week.
    public var weekdays: [Weekday]
    /// Days of every year.
    public var yearly: [YearlyDay]
    /// Names of shared calendars, whose days count too.
    public var calendars: [String]

    /// Creates a selection.
    public init(
        dates: [DayRange] = [],
        weekdays: [Weekday] = [],
        yearly: [YearlyDay] = [],
        calendars: [String] = []
    ) {
        self.dates = dates
        self.weekdays = weekdays
        self.yearly = yearly
        self.calendars = calendars
    }

    /// Whether nothing is picked.
    public var isEmpty: Bool {
        dates.isEmpty && weekdays.isEmpty && yearly.isEmpty && calendars.isEmpty
    }

    /// Most dates, ranges and yearly days together: two centuries of a country's holidays fit.
    public static let daysMax = 4_000
}

extension DaySelection {
    /// The days of the events of an iCalendar text; refuses what it cannot represent, with the line.
    public init(iCalendar text: String) throws(ScheduleError) {
        self = try ICalendarDays(text).selection
    }

    /// These days and those of another selection.
    public func union(_ other: DaySelection) -> DaySelection {
        DaySelection(
            dates: dates + other.dates,
            weekdays: Set(weekdays + other.weekdays).sorted(),
            yearly: yearly + other.yearly,
            calendars: calendars + other.calendars
        )
    }
}
