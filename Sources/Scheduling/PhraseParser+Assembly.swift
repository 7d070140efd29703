/// Puts together what the clauses of a phrase have said.
extension PhraseParser {
    /// The timing of what was said.
    func assembled() throws(ScheduleError) -> Schedule.Timing {
        if let timing { return timing }
        if let delay { return .afterCompletion(try CompletionSchedule(delay: delay, start: start, end: end)) }
        let namesDays =
            !weekdays.isEmpty || !monthDays.isEmpty || !months.isEmpty || days != nil || weeks != nil
            || gap != nil || overlap != nil
        if windows.count == 1, windows[0].bounds == nil, times.isEmpty, !namesDays, zone == nil {
            return .every(try IntervalSchedule(every: windows[0].every, start: start, end: end))
        }
        return .calendar(
            try CalendarSchedule(
                days: try chosenDays(),
                times: try chosenTimes(),
                timeZone: zone ?? usualZone,
                gap: gap ?? .run,
                overlap: overlap ?? .auto,
                start: start,
                end: end
            )
        )
    }

    private func chosenTimes() throws(ScheduleError) -> CalendarSchedule.Times {
        guard times.isEmpty || windows.isEmpty else {
            throw ScheduleError("the phrase has single times and an interval: write two schedules")
        }
        if !times.isEmpty { return .at(times) }
        guard !windows.isEmpty else {
            throw ScheduleError("the phrase says no time of day: add one, as in 'at 08:00'")
        }
        var list: [DailyWindow] = []
        for window in windows {
            let (from, to) = window.bounds ?? (TimeOfDay(seconds: 0), .endOfDay)
            list.append(try DailyWindow(from: from, to: to, every: window.every))
        }
        return .windows(list)
    }

    private func chosenDays() throws(ScheduleError) -> CalendarSchedule.Days {
        let kinds = [!weekdays.isEmpty || weeks != nil, !monthDays.isEmpty || !months.isEmpty, days ?? 1 > 1]
        guard kinds.count(where: { $0 }) <= 1 else {
            throw ScheduleError(
                "the phrase mixes days of the week, of the month and intervals: write two schedules"
            )
        }
        if weeks != nil, weekdays.isEmpty {
            throw ScheduleError("the phrase names no day of the week: add one, as in 'on monday'")
        }
        if !weekdays.isEmpty { return .weekly(Set(weekdays).sorted(), every: weeks ?? 1) }
        if !months.isEmpty, monthDays.isEmpty {
            throw ScheduleError("the phrase names no day of the month: add some, as in 'on day 1'")
        }
        if !monthDays.isEmpty { return .monthly(monthDays, months: Set(months).sorted()) }
        return .daily(every: days ?? 1)
    }
}
