/// The days of the events of an iCalendar text (RFC 5545).
///
/// Events last whole days: of times only the date counts. Yearly recurrence is understood as far as `YearlyDay` can say
/// it; whatever cannot be represented is refused with the line it stands on, never left out.
struct ICalendarDays {
    /// The days of all events but cancelled ones.
    private(set) var selection = DaySelection()

    /// Reads a text.
    init(_ text: String) throws(ScheduleError) {
        var stack: [String] = []
        var event = Event()
        for line in Self.unfolded(text) {
            switch line.name {
            case "BEGIN":
                stack.append(line.value.uppercased())
                if stack.last == "VEVENT" { event = Event(line: line.number) }
            case "END":
                guard let open = stack.popLast(), open == line.value.uppercased() else {
                    throw line.error("END:\(line.value) closes nothing that is open")
                }
                if open == "VEVENT" { try add(event) }
            case _ where stack.isEmpty:
                throw line.error(
                    "'\(line.name.prefix(40))' stands outside of BEGIN:VCALENDAR, this is no iCalendar text"
                )
            case _ where stack.last == "VEVENT": try event.take(line)
            default: break
            }
        }
        guard stack.isEmpty else {
            throw ScheduleError("the iCalendar text ends within \(stack[stack.count - 1])")
        }
        guard !selection.isEmpty else { throw ScheduleError("the iCalendar text has no events (VEVENT)") }
    }

    private mutating func add(_ event: Event) throws(ScheduleError) {
        guard !event.isCancelled else { return }
        guard let start = event.start else {
            throw ScheduleError("the event on line \(event.line) of the iCalendar text has no DTSTART")
        }
        // An event that ends where it begins takes its day.
        let last = max((event.end ?? start + (event.length ?? 1)) - 1, start)
        guard event.end ?? start >= start else {
            throw ScheduleError("the event on line \(event.line) of the iCalendar text ends before it begins")
        }
        if let rule = event.rule {
            selection.yearly += try RecurrenceRule(rule, start: start, count: last - start + 1).days
        } else {
            selection.dates.append(DayRange(start...last))
        }
    }

    /// One logical line: `NAME;PARAMETER=VALUE:VALUE`.
    struct Line {
        let number: Int
        let name: String
        let parameters: String
        let value: String

        func error(_ message: String) -> ScheduleError {
            ScheduleError("\(message) (line \(number) of the iCalendar text)")
        }
    }

    /// The lines, those joined that were folded.
    private static func unfolded(_ text: String) -> [Line] {
        var lines: [(number: Int, text: String)] = []
        let physical = text.replacing("\r\n", with: "\n").split(
            separator: "\n",
            omittingEmptySubsequences: false
        )
        for (index, line) in physical.enumerated() {
            if let first = line.first, first == " " || first == "\t", !lines.isEmpty {
                lines[lines.count - 1].text += line.dropFirst()
            } else if line.contains(where: { !$0.isWhitespace }) {
                lines.append((index + 1, String(line)))
            }
        }
        return lines.map { line in
            let parts = line.text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            let head = parts[0].split(separator: ";", maxSplits: 1, omittingEmptySubsequences: false)
            return Line(
                number: line.number,
                name: head[0].uppercased(),
                parameters: head.count > 1 ? head[1].uppercased() : "",
                value: parts.count > 1 ? parts[1].trimmingSpaces : ""
            )
        }
    }
}

extension ICalendarDays {
    /// What matters of an event.
    private struct Event {
        var line = 0
        var start: Int?
        /// The first day after it.
        var end: Int?
        var length: Int?
        var rule: Line?
        var isCancelled = false

        mutating func take(_ line: Line) throws(ScheduleError) {
            switch line.name {
            case "DTSTART": start = try Self.day(line).day
            case "DTEND":
                // The end is the first moment after the event.
                let (day, isMidnight) = try Self.day(line)
                end = isMidnight ? day : day + 1
            case "DURATION": length = try Self.days(line)
            case "RRULE":
                guard rule == nil else { throw line.error("an event has one RRULE at most: make two events") }
                rule = line
            case "STATUS": isCancelled = line.value.uppercased() == "CANCELLED"
            case "EXDATE", "RDATE", "EXRULE", "RECURRENCE-ID":
                throw line.error("\(line.name) is not understood: write the days as events of their own")
            default: break
            }
        }

        private static func day(_ line: Line) throws(ScheduleError) -> (day: Int, isMidnight: Bool) {
            guard let (day, time) = ICalendarDays.date(line.value) else {
                throw line.error("'\(line.value.prefix(40))' is no date: it is written like 20261224")
            }
            guard !line.value.uppercased().hasSuffix("Z") else {
                throw line.error("\(line.name) in UTC is another day elsewhere: write the date alone")
            }
            return (day, time.isEmpty || time == "000000")
        }

        private static func days(_ line: Line) throws(ScheduleError) -> Int {
            var cursor = TextCursor(line.value)
            if cursor.take("P"), let number = cursor.takeNumber(), (1...366).contains(number) {
                if cursor.take("D"), cursor.isAtEnd { return number }
                if cursor.take("W"), cursor.isAtEnd { return number * 7 }
            }
            throw line.error("DURATION must be whole days or weeks, such as P1D or P2W")
        }
    }

    /// The day of `YYYYMMDD` or `YYYYMMDDTHHMMSS`, and the digits of the time.
    fileprivate static func date(_ text: String) -> (day: Int, time: String)? {
        var cursor = TextCursor(text)
        guard let year = cursor.takeNumber(digits: 4), YearlyDay.allYears.contains(year),
            let month = cursor.takeNumber(digits: 2), (1...12).contains(month),
            let day = cursor.takeNumber(digits: 2),
            (1...CivilDate.daysInMonth(month, ofYear: year)).contains(day)
        else { return nil }
        let days = CivilDate(year: year, month: month, day: day).daysSinceEpoch
        guard cursor.take("T") else { return cursor.isAtEnd ? (days, "") : nil }
        let digits = cursor.takeWhile(\.isDigit)
        _ = cursor.take("Z")
        guard digits.count == 6, cursor.isAtEnd else { return nil }
        return (days, String(decoding: digits, as: UTF8.self))
    }
}

/// A yearly `RRULE` as days of the year.
private struct RecurrenceRule {
    let days: [YearlyDay]
    private let line: ICalendarDays.Line
    private var parts: [String: String] = [:]

    /// Reads the rule of an event of `count` days that begins on day `start`.
    init(_ line: ICalendarDays.Line, start: Int, count: Int) throws(ScheduleError) {
        self.line = line
        for part in line.value.uppercased().split(separator: ";") {
            let pair = part.split(separator: "=", maxSplits: 1)
            guard pair.count == 2 else { throw line.error("'\(part)' in RRULE is no NAME=VALUE") }
            parts[String(pair[0])] = String(pair[1])
        }
        let known: Set = [
            "FREQ", "INTERVAL", "UNTIL", "COUNT", "BYMONTH", "BYMONTHDAY", "BYDAY", "BYSETPOS", "WKST",
        ]
        if let other = parts.keys.filter({ !known.contains($0) }).min() {
            throw line.error("\(other) in RRULE is not understood: write the days as events of their own")
        }
        guard parts["FREQ"] == "YEARLY" else {
            throw line.error(
                "FREQ=\(parts["FREQ"] ?? "") is not understood, only YEARLY: for days of the week use weekdays"
            )
        }
        let first = CivilDate(daysSinceEpoch: start)
        let (parts, line) = (parts, line)
        func number(_ key: String, _ range: ClosedRange<Int>, _ usual: Int) throws(ScheduleError) -> Int {
            guard let text = parts[key] else { return usual }
            guard let number = Int(text), range.contains(number) else {
                throw line.error("\(key)=\(text) in RRULE is out of range")
            }
            return number
        }
        let interval = try number("INTERVAL", 1...100, 1)
        let months = try Self.months(parts["BYMONTH"], line) ?? [first.month]
        let monthDays = try Self.monthDays(parts, line) ?? [.day(first.day)]
        if parts["BYDAY"] != nil, parts["BYMONTH"] == nil {
            throw line.error("BYDAY without BYMONTH is not understood: add BYMONTH")
        }
        var base = months.flatMap { month in monthDays.map { (month: month, day: $0) } }
        if count > 1 { base = try Self.spanning(base, from: start, count: count, line) }
        guard parts["COUNT"] == nil || (months.count == 1 && monthDays.count == 1 && parts["UNTIL"] == nil)
        else {
            throw line.error("COUNT is understood of one day a year only, without UNTIL: use UNTIL")
        }
        let countMax = try number("COUNT", 1...1_000, 1_000)
        guard parts["COUNT"] == nil || first.month != 2 || first.day != 29 else {
            throw line.error("COUNT of 29 February is not understood: use UNTIL")
        }
        var until = Int.max
        if let text = parts["UNTIL"] {
            guard let day = ICalendarDays.date(text)?.day else {
                throw line.error("UNTIL=\(text) in RRULE is no date")
            }
            // A later part of an event that began in time belongs to it.
            until = day + count - 1
        }
        days = base.compactMap { part in
            Self.day(part.month, part.day, from: start, until: until, interval: interval, countMax: countMax)
        }
    }

    /// The day with the years it comes in; `nil` when there is none.
    private static func day(
        _ month: Int,
        _ day: MonthDay,
        from start: Int,
        until: Int,
        interval: Int,
        countMax: Int
    ) -> YearlyDay? {
        func instance(_ year: Int) -> Int? {
            let firstDay = CivilDate(year: year, month: month, day: 1).daysSinceEpoch
            let weekday = CivilDate.weekday(daysSinceEpoch: firstDay)
            return day.day(length: CivilDate.daysInMonth(month, ofYear: year), firstWeekday: weekday)
                .map { firstDay + $0 - 1 }
        }
        let firstYear = CivilDate(daysSinceEpoch: start).year
        let years = Array(stride(from: firstYear, through: YearlyDay.allYears.upperBound, by: interval))
        // Years without the day, such as those without 29 February, neither begin nor end the rule.
        guard let first = years.first(where: { (instance($0) ?? start) >= start }) else { return nil }
        let last = years.last { $0 >= first && (instance($0) ?? .min) <= until && instance($0) != nil } ?? 0
        let counted = first + (countMax - 1) * interval
        let end = min(last, counted)
        guard first <= end else { return nil }
        let isOpen = until == .max && countMax == 1_000
        let comes = first...(isOpen ? YearlyDay.allYears.upperBound : end)
        return YearlyDay(month: month, day: day, years: comes, interval: interval)
    }

    /// The days of an event that lasts several, each by its own date.
    private static func spanning(
        _ base: [(month: Int, day: MonthDay)],
        from start: Int,
        count: Int,
        _ line: ICalendarDays.Line
    ) throws(ScheduleError) -> [(month: Int, day: MonthDay)] {
        let first = CivilDate(daysSinceEpoch: start)
        guard base.count == 1, base[0].month == first.month, case .day(first.day) = base[0].day else {
            throw line.error(
                "an event of several days is understood on a fixed date only: make an event of each day"
            )
        }
        let dates = (0..<count).map { CivilDate(daysSinceEpoch: start + $0) }
        let crossesLeapDay = zip(dates, dates.dropFirst()).contains { $0.month == 2 && $1.month == 3 }
        guard count <= 31, !crossesLeapDay, !dates.contains(where: { $0.month == 2 && $0.day == 29 }) else {
            throw line.error(
                "an event over the end of February changes its length: make an event of each day"
            )
        }
        return dates.map { ($0.month, .day($0.day)) }
    }

    private static func months(_ text: String?, _ line: ICalendarDays.Line) throws(ScheduleError) -> [Int]? {
        guard let text else { return nil }
        let months = text.split(separator: ",").map { Int($0) ?? 0 }
        guard !months.isEmpty, months.allSatisfy((1...12).contains) else {
            throw line.error("BYMONTH=\(text) in RRULE is out of range")
        }
        return months
    }

    private static func monthDays(
        _ parts: [String: String],
        _ line: ICalendarDays.Line
    ) throws(ScheduleError) -> [MonthDay]? {
        guard parts["BYMONTHDAY"] == nil || parts["BYDAY"] == nil else {
            throw line.error(
                "BYMONTHDAY together with BYDAY is not understood: write the days as events of their own"
            )
        }
        if let text = parts["BYMONTHDAY"] {
            return try text.split(separator: ",").map { word throws(ScheduleError) in
                switch Int(word) ?? 0 {
                case let day where (1...31).contains(day): .day(day)
                case let day where (-31 ... -1).contains(day): .last(minus: -day - 1)
                default: throw line.error("BYMONTHDAY=\(text) in RRULE is out of range")
                }
            }
        }
        guard let text = parts["BYDAY"] else { return nil }
        return try text.split(separator: ",").map { word throws(ScheduleError) in
            try nth(String(word), parts["BYSETPOS"], line)
        }
    }

    /// `2TU`, `-1MO`, or `TU` with the number as `BYSETPOS`.
    private static func nth(
        _ word: String,
        _ position: String?,
        _ line: ICalendarDays.Line
    ) throws(ScheduleError) -> MonthDay {
        let names = ["SU", "MO", "TU", "WE", "TH", "FR", "SA"]
        guard let index = names.firstIndex(of: String(word.suffix(2))),
            let weekday = Weekday(rawValue: index),
            let number = Int(word.count > 2 ? String(word.dropLast(2)) : position ?? ""),
            number == -1 || (1...5).contains(number)
        else {
            throw line.error(
                "BYDAY=\(word) in RRULE is not understood: write the 1st to 5th or last, as 2TU or -1MO"
            )
        }
        return number == -1 ? .lastOf(weekday) : .nth(number, weekday)
    }
}

extension StringProtocol {
    /// The text without spaces at its ends.
    fileprivate var trimmingSpaces: String {
        let start = drop { $0.isWhitespace }
        return String(start.reversed().drop { $0.isWhitespace }.reversed())
    }
}
