import Scheduling

/// Cron expressions as other schedulers write them.
enum ForeignCron {
    /// How a scheduler reads its expressions.
    struct Reading {
        /// The zone of expressions that name none.
        var timeZone: TimeZoneID
        /// Whether the zone was given beside the expression, so that it may contradict one in it.
        var isZoneGiven = false
        var dialect = Dialect.unix
        var gap = GapRule.run
        var overlap = OverlapRule.auto
    }

    /// The schedule of a text such as `0 2 * * *`, `@every 90m` or `CRON_TZ=Europe/Berlin 0 2 * * *`.
    static func schedule(_ text: String, _ reading: Reading) throws(ScheduleError) -> Schedule {
        var expression = text
        var zone = reading.timeZone
        let words = text.split(maxSplits: 1, whereSeparator: \.isWhitespace)
        if let first = words.first, let prefix = ["CRON_TZ=", "TZ="].first(where: { first.hasPrefix($0) }) {
            zone = try TimeZoneID(String(first.dropFirst(prefix.count)))
            expression = words.count > 1 ? String(words[1]) : ""
            guard !reading.isZoneGiven || zone == reading.timeZone else {
                throw ScheduleError(
                    "the expression names the zone \(zone), its definition \(reading.timeZone): keep one"
                )
            }
        }
        if let interval = try interval(expression) { return .every(interval) }
        // Where clocks are never changed the rules for it say nothing.
        let isUTC = zone == .utc || zone.identifier == "Etc/UTC"
        let options = CronOptions(
            timeZone: zone,
            gap: isUTC ? nil : reading.gap,
            overlap: isUTC ? nil : reading.overlap,
            dialect: reading.dialect
        )
        return .cron(CronSchedule(try CronExpression(expression, options: options)))
    }

    /// The interval of `@every 1h30m`; `nil` when the text is no interval.
    private static func interval(_ text: String) throws(ScheduleError) -> IntervalSchedule? {
        let words = text.split(whereSeparator: \.isWhitespace)
        guard words.count == 2, words[0].lowercased() == "@every" else { return nil }
        return try IntervalSchedule(every: try DurationText(parsing: words[1]).duration)
    }
}
