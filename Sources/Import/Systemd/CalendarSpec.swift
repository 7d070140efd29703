import Scheduling

/// A calendar event as `OnCalendar=` describes it.
struct CalendarSpec {
    /// One element of a component: a value, a range, or either with a step.
    struct Element: Hashable {
        var first: Int
        /// The end of a range.
        var last: Int?
        var step: Int?
    }

    /// The components; `nil` stands for `*`.
    var years: [Element]?
    var months: [Element]?
    var days: [Element]?
    /// Whether days are counted back from the end of the month.
    var countsFromEnd = false
    var hours: [Element]? = [Element(first: 0)]
    var minutes: [Element]? = [Element(first: 0)]
    var seconds: [Element]? = [Element(first: 0)]
    /// The weekdays, Monday being 0; empty for all.
    var weekdays: Set<Int> = []
    /// The zone that is named.
    var timeZone: TimeZoneID?

    static let weekdayNames = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
}

extension CalendarSpec {
    /// The form `systemd-analyze calendar` prints.
    var normalized: String {
        var parts: [String] = []
        if !weekdays.isEmpty, weekdays.count < 7 { parts.append(Self.weekdayText(weekdays, "..")) }
        let date = [
            Self.text(years, width: 4), Self.text(months), Self.text(days),
        ]
        parts.append(date[0] + "-" + date[1] + (countsFromEnd ? "~" : "-") + date[2])
        parts.append([hours, minutes, seconds].map { Self.text($0) }.joined(separator: ":"))
        if let timeZone { parts.append(timeZone.identifier) }
        return parts.joined(separator: " ")
    }

    private static func text(_ elements: [Element]?, width: Int = 2) -> String {
        guard let elements else { return "*" }
        return elements.map { element in
            padded(element.first, width) + (element.last.map { ".." + padded($0, width) } ?? "")
                + (element.step.map { "/\($0)" } ?? "")
        }.joined(separator: ",")
    }

    private static func padded(_ number: Int, _ width: Int) -> String {
        let text = String(number)
        return String(repeating: "0", count: max(0, width - text.count)) + text
    }

    /// Names of weekdays, neighbours of three and more as a range.
    static func weekdayText(_ weekdays: Set<Int>, _ rangeSign: String) -> String {
        var parts: [String] = []
        var rest = weekdays.sorted()[...]
        while let first = rest.first {
            let run = rest.enumerated().prefix { $0.element == first + $0.offset }.count
            let count = run >= 3 ? run : 1
            let last = weekdayNames[first + count - 1]
            parts.append(count == 1 ? weekdayNames[first] : weekdayNames[first] + rangeSign + last)
            rest = rest.dropFirst(count)
        }
        return parts.joined(separator: ",")
    }
}

extension CalendarSpec {
    /// The schedule that is due at the same instants.
    ///
    /// systemd wants both, the weekday and the day of the month, and leaves out times that clocks jump over.
    func schedule(timeZone usual: TimeZoneID) throws(ScheduleError) -> Schedule {
        let zone = timeZone ?? usual
        let restrictsBoth = days != nil && !weekdays.isEmpty
        let isUTC = zone == .utc || zone.identifier == "Etc/UTC"
        let options = CronOptions(
            timeZone: zone,
            days: restrictsBoth ? .both : nil,
            gap: isUTC ? nil : .skip
        )
        return .cron(CronSchedule(try CronExpression(cron, options: options)))
    }

    /// The same as a cron expression of five, six or seven fields.
    var cron: String {
        let day = countsFromEnd ? Self.cronFromEnd(days) : Self.cron(days, 31)
        let weekday = weekdays.isEmpty || weekdays.count == 7 ? "*" : Self.weekdayText(weekdays, "-")
        let five = [
            Self.cron(minutes, 59), Self.cron(hours, 23), day, Self.cron(months, 12), weekday.uppercased(),
        ]
        let second = Self.cron(seconds, 59)
        let year = years == nil ? nil : Self.cron(years, 2_099)
        if let year { return ([second] + five + [year]).joined(separator: " ") }
        return (second == "0" ? five : [second] + five).joined(separator: " ")
    }

    private static func cron(_ elements: [Element]?, _ max: Int) -> String {
        guard let elements else { return "*" }
        return elements.map { element in
            guard let step = element.step else {
                return "\(element.first)" + (element.last.map { "-\($0)" } ?? "")
            }
            let last = min(element.last ?? max, max)
            return element.first + step > last ? "\(element.first)" : "\(element.first)-\(last)/\(step)"
        }.joined(separator: ",")
    }

    /// Days counted from the end: the last is 1 there and `L` here; a step goes on to the end.
    private static func cronFromEnd(_ elements: [Element]?) -> String {
        guard let elements else { return "*" }
        let days = elements.flatMap { element -> [Int] in
            if let step = element.step {
                return Array(stride(from: element.first, through: element.last ?? 1, by: -step))
            }
            let other = element.last ?? element.first
            return Array(min(element.first, other)...max(element.first, other))
        }
        return Set(days).sorted(by: >).map { $0 == 1 ? "L" : "L-\($0 - 1)" }.joined(separator: ",")
    }
}
