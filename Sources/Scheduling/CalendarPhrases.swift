/// The parts of the sentence about a calendar schedule.
struct CalendarPhrases {
    /// The whole clause, without bounds and period.
    let clause: String

    init(_ schedule: CalendarSchedule) {
        let parts = [Self.times(schedule.times), Self.days(schedule.days)].compactMap(\.self)
        clause = parts.joined(separator: " ") + ", \(schedule.timeZone) time"
    }

    private static func times(_ times: CalendarSchedule.Times) -> String {
        switch times {
        case .at(let times): return "At " + listed(times.map(\.description))
        case .windows(let windows):
            let text = listed(windows.map(window))
            return text.prefix(1).uppercased() + text.dropFirst()
        }
    }

    private static func window(_ window: DailyWindow) -> String {
        let every = "every " + interval(window.every)
        guard window.from.seconds != 0 || window.to != .endOfDay else { return every }
        return every + " from \(window.from) to \(window.to)"
    }

    private static func days(_ days: CalendarSchedule.Days) -> String? {
        switch days {
        case .daily(let count): return count == 1 ? nil : "every \(count) days"
        case .weekly(let weekdays, let count):
            return "on " + names(of: weekdays) + (count == 1 ? "" : " of every \(count) weeks")
        case .monthly(let monthDays, let months):
            let names = months.map { CronFieldKind.month.names[$0 - 1] }
            let days = "on " + listed(monthDays.map(\.phrase)) + " of the month"
            return months.isEmpty ? days : days + " in " + listed(names)
        }
    }

    /// "Monday to Friday", "Tuesday and Sunday".
    static func names(of weekdays: [Weekday]) -> String {
        guard let first = weekdays.first, let last = weekdays.last, weekdays.count > 2,
            last.daysSinceMonday - first.daysSinceMonday == weekdays.count - 1
        else { return listed(weekdays.map(\.name)) }
        return first.name + " to " + last.name
    }

    /// "15 minutes", "hour", "1h30m".
    static func interval(_ duration: Duration) -> String {
        let units = [(86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second")]
        let seconds = Int(duration.components.seconds)
        guard duration == .seconds(seconds), seconds > 0,
            let (length, unit) = units.first(where: { seconds % $0.0 == 0 })
        else { return DurationText(duration).text }
        let count = seconds / length
        // Beyond two days of hours, or an hour of seconds, the short form is the clearer one.
        if count > 99 { return DurationText(duration).text }
        return count == 1 ? unit : "\(count) \(unit)s"
    }
}

extension DaySelection {
    /// The days in words, as in "Saturday, Sunday and 2026-12-24 to 2026-12-26".
    var phrase: String {
        let dates = dates.map { $0.description.replacing("..", with: " to ") }
        let yearly = yearly.map { "every \($0)" }
        return listed(weekdays.map(\.name) + dates + yearly + calendars.map { "the days of calendar \($0)" })
    }
}
