extension Schedule {
    /// The schedule that an English phrase describes, such as "weekdays at 09:30 Europe/Berlin".
    ///
    /// The sentences of `explained` are such phrases, but for the cron expressions that no phrase can say.
    ///
    /// - Parameters:
    ///   - phrase: The phrase.
    ///   - timeZone: Whose times these are when the phrase names no zone.
    ///   - now: What "in 5 minutes" counts from; without it such phrases are refused.
    /// - Throws: What is wrong; the position is a UTF-8 offset in the phrase.
    public init(phrase: String, timeZone: TimeZoneID = .utc, now: Instant? = nil) throws(ScheduleError) {
        var parser = PhraseParser(phrase, timeZone: timeZone, now: now)
        self = try parser.schedule()
    }
}

/// Reads a phrase clause by clause, in any order, and puts together what was said.
struct PhraseParser {
    let usualZone: TimeZoneID
    private let now: Instant?
    private var cursor: PhraseCursor
    var windows: [(every: Duration, bounds: (TimeOfDay, TimeOfDay)?)] = []
    var times: [TimeOfDay] = []
    var weekdays: [Weekday] = []
    var monthDays: [MonthDay] = []
    var months: [Int] = []
    var days: Int?
    var weeks: Int?
    var zone: TimeZoneID?
    var start: Instant?
    var end: Instant?
    /// A timing that is complete by itself.
    var timing: Schedule.Timing?
    /// The delay of a timing that follows ends of runs, which may still be given bounds.
    var delay: Duration?
    private var changed = Schedule(.once(.epoch))
    /// What is said of clock changes.
    var gap: GapRule?
    var overlap: OverlapRule?

    init(_ phrase: String, timeZone: TimeZoneID, now: Instant?) {
        usualZone = timeZone
        self.now = now
        cursor = PhraseCursor(phrase)
    }

    mutating func schedule() throws(ScheduleError) -> Schedule {
        guard !cursor.isAtEnd else { throw ScheduleError("the phrase is empty: \(Self.example)", at: 0) }
        while !cursor.isAtEnd {
            guard try clause() else {
                let word = cursor.original ?? ""
                throw ScheduleError("'\(word)' is not understood here: \(Self.example)", at: cursor.position)
            }
        }
        var schedule = changed
        schedule.timing = try assembled()
        return schedule
    }

    private static let example = "write it like 'weekdays at 09:30 Europe/Berlin' or 'every 15 minutes'"
    private static let fillers = [",", "and", "on", "the", "of", "in", "a"]

    /// Reads one clause; `false` when the next word begins none.
    private mutating func clause() throws(ScheduleError) -> Bool {
        if try event() { return true }
        if try relativeMoment() { return true }
        if try moment() { return true }
        if clockChange() { return true }
        if try change() { return true }
        if try interval() { return true }
        if day() || month() { return true }
        if let found = try cursor.takeZone() {
            guard zone == nil || zone == found else {
                throw ScheduleError("the phrase names two time zones: keep one", at: cursor.position)
            }
            zone = found
            _ = cursor.take("time")
            return true
        }
        return cursor.take(oneOf: Self.fillers)
    }
}

extension PhraseParser {
    /// "5m after the end of the run before", "at every start of the agent".
    private mutating func event() throws(ScheduleError) -> Bool {
        let begin = cursor.index
        let wait = cursor.take("at") ? .zero : cursor.takeDuration()
        guard let wait, wait == .zero || cursor.take("after") else {
            cursor.rewind(to: begin)
            return false
        }
        if cursor.take("every", "start", "of", "the", "agent") {
            timing = .onAgentStart(try AgentStartSchedule(delay: wait))
            return true
        }
        if wait > .zero,
            cursor.take("the", "end", "of", "the", "run", "before") || cursor.take("each", "run")
                || cursor.take("completion") || cursor.take("every", "run")
        {
            delay = wait
            return true
        }
        cursor.rewind(to: begin)
        return false
    }

    /// "in 5 minutes".
    private mutating func relativeMoment() throws(ScheduleError) -> Bool {
        let begin = cursor.index
        // "in second place" names no duration.
        guard cursor.take("in"), cursor.peek() != "second", let wait = cursor.takeDuration() else {
            return undo(begin)
        }
        guard let now else {
            cursor.rewind(to: begin)
            throw ScheduleError("say when, as in 'at 2026-01-01T00:00:00Z'", at: cursor.position)
        }
        timing = .once(now + wait)
        return true
    }

    /// "left out when clocks skip the time", "twice when clocks repeat the time".
    private mutating func clockChange() -> Bool {
        if cursor.take("left", "out", "when", "clocks", "skip", "the", "time") {
            gap = .skip
        } else if cursor.take("once", "when", "clocks", "repeat", "the", "time") {
            overlap = .first
        } else if cursor.take("twice", "when", "clocks", "repeat", "the", "time") {
            overlap = .both
        } else {
            return false
        }
        return true
    }

    /// "at 8 and 17:30", "from 8 to 18", "from 2026-01-01T00:00:00Z on", "until …", "once, at …".
    private mutating func moment() throws(ScheduleError) -> Bool {
        let begin = cursor.index
        if cursor.take("once") {
            _ = cursor.take(",")
            if cursor.take("at"), let due = cursor.takeInstant() {
                timing = .once(due)
                return true
            }
        }
        cursor.rewind(to: begin)
        if cursor.take("at") {
            if let due = cursor.takeInstant() {
                timing = .once(due)
                return true
            }
            guard var time = cursor.takeTime() else { return undo(begin) }
            while true {
                times.append(time)
                let comma = cursor.index
                let isJoined = cursor.take(",") || cursor.take("and")
                guard isJoined, let next = cursor.takeTime(), cursor.peek() != "times" else {
                    cursor.rewind(to: comma)
                    return true
                }
                time = next
            }
        }
        if cursor.take("counted", "from"), let anchor = cursor.takeInstant() {
            guard anchor == .epoch else { return undo(begin) }
            return true
        }
        if cursor.take(oneOf: ["from", "between", "starting"]) {
            if let instant = cursor.takeInstant() {
                start = instant
                _ = cursor.take("on")
                return true
            }
            guard let from = cursor.takeTime(), cursor.take(oneOf: ["to", "until", "till", "and", "-"]),
                let to = cursor.takeTime()
            else { return undo(begin) }
            guard let last = windows.last else {
                throw ScheduleError(
                    "say how often, as in 'every 15 minutes from \(from) to \(to)'",
                    at: cursor.position
                )
            }
            if last.bounds == nil { windows.removeLast() }
            windows.append((last.every, (from, to)))
            return true
        }
        if cursor.take(oneOf: ["until", "till"]), let instant = cursor.takeInstant() {
            end = instant
            return true
        }
        return undo(begin)
    }

    private mutating func undo(_ index: Int) -> Bool {
        cursor.rewind(to: index)
        return false
    }

    /// "every 15 minutes", "every other day", "hourly", "of every 2 weeks".
    private mutating func interval() throws(ScheduleError) -> Bool {
        let begin = cursor.index
        if cursor.take("hourly") {
            windows.append((.seconds(3_600), nil))
            return true
        }
        if cursor.take("daily") {
            days = 1
            return true
        }
        if cursor.take("weekly") || cursor.take("monthly") { return true }
        _ = cursor.take("of")
        guard cursor.take(oneOf: ["every", "each"]) else { return undo(begin) }
        // Before durations, for "every second day" names no seconds.
        if try ordinalInterval() { return true }
        if let every = cursor.takeDuration() {
            windows.append((every, nil))
            return true
        }
        let count = cursor.take("other") ? 2 : cursor.takeNumber() ?? 1
        switch cursor.peek() {
        case "day", "days": days = count
        case "week", "weeks": weeks = count
        case "month" where count == 1: break
        case "month", "months", "year", "years":
            throw ScheduleError(
                "months are named one by one: write 'in january, april and july'",
                at: cursor.position
            )
        default:
            if count > 1, let found = cursor.takeWeekdays() {
                weekdays += found
                weeks = count
                return true
            }
            cursor.rewind(to: begin)
            return everyDay()
        }
        cursor.skip()
        return true
    }

    /// The "3rd day" of "every 3rd day", which counts days on over the ends of months.
    private mutating func ordinalInterval() throws(ScheduleError) -> Bool {
        let begin = cursor.index
        guard let count = cursor.takeOrdinal(), count > 1, let unit = cursor.peek(),
            ["day", "week"].contains(unit)
        else { return undo(begin) }
        let position = cursor.position
        cursor.skip()
        guard cursor.peek() != "of" else {
            let instead = "write 'on day 1, day 4 and day 7 of the month', or 'every 3 days' across months"
            throw ScheduleError("days of the month are named one by one: \(instead)", at: position)
        }
        if unit == "day" { days = count } else { weeks = count }
        return true
    }

    /// "every monday", "every 2nd tuesday".
    private mutating func everyDay() -> Bool {
        let begin = cursor.index
        guard cursor.take(oneOf: ["every", "each"]) else { return false }
        return day() || undo(begin)
    }

    /// "weekdays", "monday to friday", "last day of the month".
    private mutating func day() -> Bool {
        if let found = cursor.takeWeekdays() {
            weekdays += found
            return true
        }
        if let found = cursor.takeMonthDay() {
            monthDays.append(found)
            return true
        }
        return cursor.take("of", "the", "month") || cursor.take("of", "every", "month")
            || cursor.take("of", "each", "month") || cursor.take("of", "month")
    }

    private mutating func month() -> Bool {
        guard let month = cursor.takeMonth() else { return false }
        months.append(month)
        return true
    }
}

extension PhraseParser {
    /// "except on …", "also on …", "3 times", "up to 5m later".
    private mutating func change() throws(ScheduleError) -> Bool {
        let begin = cursor.index
        if cursor.take("except") || cursor.take("but", "not") || cursor.take("not", "on") {
            _ = cursor.take("on")
            changed.exclude = try selection()
            return true
        }
        if cursor.take("also") {
            _ = cursor.take("on")
            changed.include = try selection()
            return true
        }
        if cursor.take("up", "to"), let jitter = cursor.takeDuration(), cursor.take("later") {
            changed.jitter = jitter
            return true
        }
        cursor.rewind(to: begin)
        if cursor.take("by", "the", "task's", "name") { return true }
        if cursor.take("by"), let zone = try cursor.takeZone(), cursor.take("days") {
            changed.selectionZone = zone
            return true
        }
        cursor.rewind(to: begin)
        if cursor.take("once") {
            changed.maxRuns = 1
            return true
        }
        if let count = cursor.takeNumber(), cursor.take("times") {
            changed.maxRuns = count
            return true
        }
        return undo(begin)
    }

    /// Days joined by commas and "and".
    private mutating func selection() throws(ScheduleError) -> DaySelection {
        var selection = DaySelection()
        var end = cursor.index
        while try item(into: &selection) {
            end = cursor.index
            guard cursor.take(",") || cursor.take("and") else { break }
        }
        cursor.rewind(to: end)
        selection.weekdays = Set(selection.weekdays).sorted()
        guard !selection.isEmpty else {
            throw ScheduleError(
                "say which days, as in 'except on sundays and 2026-12-24'",
                at: cursor.position
            )
        }
        return selection
    }

    private mutating func item(into selection: inout DaySelection) throws(ScheduleError) -> Bool {
        let begin = cursor.index
        if cursor.take("the", "days", "of", "calendar") || cursor.take("calendar"), let name = cursor.original
        {
            cursor.skip()
            selection.calendars.append(name)
            return true
        }
        cursor.rewind(to: begin)
        _ = cursor.take("every")
        // The longest text that is a day of the year: "4th thu nov from 2020 until 2030 every 2 years".
        for count in (1...10).reversed() {
            guard let text = cursor.joined(count), let day = try? YearlyDay(parsing: text) else { continue }
            cursor.skip(count)
            selection.yearly.append(day)
            return true
        }
        if let found = cursor.takeWeekdays() {
            selection.weekdays += found
            return true
        }
        cursor.rewind(to: begin)
        guard let first = cursor.peek(), (try? DayRange(parsing: first)) != nil else { return false }
        cursor.skip()
        let text = cursor.peek() == "to" ? cursor.peek(1).map { first + ".." + $0 } ?? first : first
        if text != first { cursor.skip(2) }
        selection.dates.append(try DayRange(parsing: text))
        return true
    }
}
