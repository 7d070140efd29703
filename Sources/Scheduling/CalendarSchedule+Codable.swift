/// What stands under `calendar`: the days and the times, without zone and bounds.
struct CalendarBody: Codable {
    let days: CalendarSchedule.Days
    let times: CalendarSchedule.Times

    init(_ schedule: CalendarSchedule) {
        days = schedule.days
        times = schedule.times
    }

    private static let modes = [
        "daily": ["daily"], "weekly": ["weekly", "weeks"], "monthly": ["monthly", "months"],
    ]

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: DocumentKey.self)
        let mode = try container.onlyKey(
            of: ["daily", "weekly", "monthly"],
            none: "a calendar needs one of daily, weekly or monthly, such as daily: 1",
            remedy: "write two schedules"
        )
        let own = Self.modes[mode] ?? []
        try container.refuseKeys(notIn: own + ["at", "windows"], of: "a calendar with '\(mode)'")
        switch mode {
        case "daily": days = .daily(every: try container.decode(Int.self, forKey: "daily"))
        case "weekly":
            let weekdays = try container.list("weekly") { text throws(ScheduleError) in
                try Weekday.parsing(text)
            }
            let weeks = try container.decodeIfPresent(Int.self, forKey: "weeks") ?? 1
            days = .weekly(Set((weekdays ?? []).flatMap(\.self)).sorted(), every: weeks)
        default:
            let monthDays = try container.list("monthly") { text throws(ScheduleError) in
                try MonthDay(parsing: text)
            }
            let months = try container.list("months") { text throws(ScheduleError) in try Self.month(text) }
            days = .monthly(monthDays ?? [], months: Set(months ?? []).sorted())
        }
        let form = try container.onlyKey(
            of: ["at", "windows"],
            none: "a calendar needs at or windows, such as at: \"09:30\"",
            remedy: "write two schedules"
        )
        if form == "at" {
            times = .at(
                try container.list("at") { text throws(ScheduleError) in try TimeOfDay(parsing: text) } ?? []
            )
        } else {
            times = .windows(try container.decode([DailyWindow].self, forKey: "windows"))
        }
    }

    private static func month(_ text: String) throws(ScheduleError) -> Int {
        if let number = Int(text), (1...12).contains(number) { return number }
        guard let month = CronFieldKind.month.value(named: text, in: .unix) else {
            throw ScheduleError("'\(text)' is no month: write jan, feb, … dec or 1 to 12")
        }
        return month
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: DocumentKey.self)
        switch days {
        case .daily(let count): try container.encode(count, forKey: "daily")
        case .weekly(let weekdays, let count):
            try container.encode(weekdays.map(\.short), forKey: "weekly")
            if count != 1 { try container.encode(count, forKey: "weeks") }
        case .monthly(let monthDays, let months):
            try container.encode(monthDays.map(\.description), forKey: "monthly")
            let names = months.map { CronFieldKind.month.names[$0 - 1].prefix(3).lowercased() }
            if !months.isEmpty { try container.encode(names, forKey: "months") }
        }
        switch times {
        case .at(let times): try container.encode(times.map(\.description), forKey: "at")
        case .windows(let windows): try container.encode(windows, forKey: "windows")
        }
    }
}

extension DailyWindow: Codable {
    /// Decodes `{from, to, every}`; without `from` or `to` it begins or ends with the day.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: DocumentKey.self)
        try container.refuseKeys(notIn: ["from", "to", "every"], of: "a window")
        func time(_ key: DocumentKey, _ usual: TimeOfDay) throws -> TimeOfDay {
            try container.list(key) { text throws(ScheduleError) in try TimeOfDay(parsing: text) }?.first
                ?? usual
        }
        let every = try container.decode(DurationText.self, forKey: "every").duration
        let (from, to) = (try time("from", TimeOfDay(seconds: 0)), try time("to", .endOfDay))
        self = try container.naming(from == to ? "to" : "every") { () throws(ScheduleError) in
            try DailyWindow(from: from, to: to, every: every)
        }
    }

    /// Encodes the form it is decoded from, with all keys.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: DocumentKey.self)
        try container.encode(from.description, forKey: "from")
        try container.encode(to.description, forKey: "to")
        try container.encode(DurationText(every), forKey: "every")
    }
}
