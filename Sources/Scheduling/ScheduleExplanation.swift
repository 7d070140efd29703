/// A schedule in plain English, for people who check what they wrote.
public struct ScheduleExplanation: Hashable, Sendable, CustomStringConvertible {
    /// One sentence, ending in a period.
    public let sentence: String

    /// Explains a schedule.
    public init(_ schedule: Schedule) {
        let days =
            (schedule.exclude.map { ", except on \($0.phrase)" } ?? "")
            + (schedule.include.map { ", also on \($0.phrase)" } ?? "")
            + (schedule.selectionZone.map { ", by \($0) days" } ?? "")
        let count = schedule.maxRuns.map { ", \($0 == 1 ? "once" : "\($0) times")" } ?? ""
        sentence = Self.clause(of: schedule.timing) + days + count + Self.spread(schedule.jitter) + "."
    }

    private static func clause(of timing: Schedule.Timing) -> String {
        switch timing {
        case .cron(let cron):
            let options = cron.expression.options
            return CronPhrases(cron.expression).clause
                + clockChanges(options.timeZone, options.gap, options.overlap)
                + bounds(start: cron.start, end: cron.end)
        case .every(let interval):
            let anchor = interval.start == nil ? ", counted from \(Instant.epoch)" : ""
            let bounds = bounds(start: interval.start, end: interval.end)
            return "Every \(DurationText(interval.every))" + anchor + bounds
        case .once(let due):
            return "Once, at \(due)"
        case .calendar(let calendar):
            return CalendarPhrases(calendar).clause
                + clockChanges(calendar.timeZone, calendar.gap, calendar.overlap)
                + bounds(start: calendar.start, end: calendar.end)
        case .afterCompletion(let completion):
            return DurationText(completion.delay).text + " after the end of the run before"
                + bounds(start: completion.start, end: completion.end)
        case .onAgentStart(let start):
            let delay = start.delay == .zero ? "At" : DurationText(start.delay).text + " after"
            return delay + " every start of the agent"
        }
    }

    /// What happens when clocks change, as far as it is not what always happens; clocks of UTC never do.
    private static func clockChanges(_ zone: TimeZoneID, _ gap: GapRule, _ overlap: OverlapRule) -> String {
        guard zone != .utc else { return "" }
        let repeated =
            switch overlap {
            case .auto: ""
            case .first: ", once when clocks repeat the time"
            case .both: ", twice when clocks repeat the time"
            }
        return (gap == .skip ? ", left out when clocks skip the time" : "") + repeated
    }

    private static func spread(_ jitter: Duration?) -> String {
        jitter.map { ", up to \(DurationText($0)) later, by the task's name" } ?? ""
    }

    /// The sentence.
    public var description: String { sentence }

    private static func bounds(start: Instant?, end: Instant?) -> String {
        (start.map { ", from \($0) on" } ?? "") + (end.map { ", until \($0)" } ?? "")
    }
}

extension Schedule {
    /// The schedule in one plain English sentence.
    public var explained: String { ScheduleExplanation(self).sentence }
}

/// The parts of the sentence about a cron expression.
private struct CronPhrases {
    /// The whole clause, without a period.
    let clause: String

    init(_ expression: CronExpression) {
        let options = expression.options
        // An expression keeps only what searching needs; it was parsed when it was made and parses again.
        guard let fields = try? CronFields(expression.text, dialect: options.dialect) else {
            clause = expression.text
            return
        }
        guard !fields.isEvent else {
            clause = "When the machine starts, at no time of the clock"
            return
        }
        let day = DayPhrase(fields, rule: fields.daysRule(options.days)).text
        let months = fields.month.hasFullWildcard ? nil : "in " + fields.month.listed(.month)
        let years = fields.year.flatMap { $0.hasFullWildcard ? nil : "in " + $0.listed(.year) }
        let parts = [TimePhrase(fields).text, day, months, years].compactMap(\.self)
        clause = parts.joined(separator: " ") + ", \(options.timeZone) time"
    }
}

/// When within a day, as in "At 02:00" or "Every 5 minutes during hours 9 to 17".
private struct TimePhrase {
    let text: String

    /// More clock times than this are not listed one by one.
    private static let timesMax = 6

    init(_ fields: CronFields) {
        text = Self.clockTimes(fields) ?? Self.interval(fields) ?? Self.fieldByField(fields)
    }

    private static func clockTimes(_ fields: CronFields) -> String? {
        let all = [fields.hour, fields.minute, fields.second]
        guard let hours = all[0].plainValues, let minutes = all[1].plainValues,
            let seconds = all[2].plainValues,
            hours.count * minutes.count * seconds.count <= timesMax
        else { return nil }
        let times = hours.flatMap { hour in
            minutes.flatMap { minute in
                seconds.map { second in
                    let short = twoDigits(hour) + ":" + twoDigits(minute)
                    return fields.hasSeconds && seconds != [0] ? short + ":" + twoDigits(second) : short
                }
            }
        }
        return "At " + listed(times)
    }

    /// Steps that divide their unit evenly, the coarser fields being free.
    private static func interval(_ fields: CronFields) -> String? {
        if fields.second.plainValues != [0] {
            guard let step = fields.second.evenStep(of: 60), fields.minute.isFree else { return nil }
            return every(step, "second") + during(fields.hour)
        }
        if fields.minute.plainValues != [0] {
            guard let step = fields.minute.evenStep(of: 60) else { return nil }
            return every(step, "minute") + during(fields.hour)
        }
        return fields.hour.evenStep(of: 24).map { every($0, "hour") }
    }

    private static func fieldByField(_ fields: CronFields) -> String {
        let second = fields.second.plainValues == [0] ? nil : "at " + fields.second.listed(.second)
        let minute = fields.minute.isFree ? "of every minute" : "at " + fields.minute.listed(.minute)
        let hour = fields.hour.isFree ? "of every hour" : "of " + fields.hour.listed(.hour)
        let text = [second, minute, hour].compactMap(\.self).joined(separator: " ")
        return text.prefix(1).uppercased() + text.dropFirst()
    }

    private static func every(_ step: Int, _ unit: String) -> String {
        step == 1 ? "Every \(unit)" : "Every \(step) \(unit)s"
    }

    private static func during(_ hour: CronField) -> String {
        hour.isFree ? "" : " of " + hour.listed(.hour)
    }
}

/// On which days, as in "on Monday to Friday"; nothing is said about every day.
private struct DayPhrase {
    let text: String?

    init(_ fields: CronFields, rule: DaysRule) {
        let day = fields.dayOfMonth.hasFullWildcard ? nil : "on " + fields.dayOfMonth.listed(.dayOfMonth)
        let week = fields.dayOfWeek.hasFullWildcard ? nil : fields.dayOfWeek.listed(.dayOfWeek)
        guard let day, let week else {
            text = day ?? week.map { "on " + $0 }
            return
        }
        let isEitherEnough = CronDays.isEitherEnough(fields.dayOfMonth, fields.dayOfWeek, rule: rule)
        text = isEitherEnough ? "\(day) or on \(week)" : "\(day) if that is \(week)"
    }
}

extension CronField {
    /// The values, when the field lists nothing but single ones.
    fileprivate var plainValues: [Int]? {
        var values: [Int] = []
        for term in terms {
            guard case .value(let value) = term else { return nil }
            values.append(value)
        }
        return values.sorted()
    }

    /// Whether the field is `*` or `?`.
    fileprivate var isFree: Bool { hasFullWildcard }

    /// The step of `*/n` or `0/n` when whole steps make up the unit, 1 for `*`.
    fileprivate func evenStep(of count: Int) -> Int? {
        guard terms.count == 1 else { return nil }
        return switch terms[0] {
        case .any(let step) where count % step == 0: step
        case .range(0, count - 1, let step) where count % step == 0: step
        default: nil
        }
    }

    /// The terms in words, as in "minutes 5, 10 to 20 and 50".
    fileprivate func listed(_ kind: CronFieldKind) -> String {
        switch kind {
        case .second, .minute, .hour:
            // Steps name their unit themselves, so a list with one repeats it.
            let unit = terms.count == 1 && plainValues != nil ? kind.name : kind.name + "s"
            func isStep(_ term: CronTerm) -> Bool {
                let phrase = term.phrase(kind)
                return phrase.hasPrefix("every") || phrase.hasPrefix("one")
            }
            let isStepped = terms.contains(where: isStep)
            let phrases = terms.map { term in
                isStepped && !isStep(term)
                    ? "\(kind.name) \(term.phrase(kind))" : term.phrase(kind)
            }
            return (isStepped ? "" : unit + " ") + Scheduling.listed(phrases)
        case .dayOfMonth:
            let phrases = terms.map { $0.phrase(kind) }
            return Scheduling.listed(phrases) + " of the month"
        default:
            return Scheduling.listed(terms.map { $0.phrase(kind) })
        }
    }
}

extension CronTerm {
    fileprivate func phrase(_ kind: CronFieldKind) -> String {
        let prefix = kind == .dayOfMonth ? "day " : ""
        return switch self {
        case .any(let step): step == 1 ? "every \(kind.noun)" : "every \(ordinal(step)) \(kind.noun)"
        case .value(let value): prefix + kind.word(value)
        case .range(let first, let last, 1): prefix + "\(kind.word(first)) to \(kind.word(last))"
        case .range(let first, let last, let step):
            "every \(ordinal(step)) \(kind.noun) from \(kind.word(first)) to \(kind.word(last))"
        case .hash(let first, let last, let step, let isWhole):
            (step == 1 ? "one \(kind.noun)" : "every \(ordinal(step)) \(kind.noun)")
                + (isWhole ? "" : " from \(kind.hashWord(first)) to \(kind.hashWord(last))")
                + " by the task's name"
        case .lastDay(let minus): minus == 0 ? "the last day" : "the \(ordinal(minus)) day before the last"
        case .nearestWeekday(let day): "the weekday nearest to day \(day)"
        case .nearestWeekdayToLast(0): "the last weekday"
        case .nearestWeekdayToLast(let minus):
            "the weekday nearest to the \(ordinal(minus)) day before the last"
        case .nthWeekday(let day, let number): "the \(ordinal(number)) \(kind.word(day)) of the month"
        case .lastWeekday(let day): "the last \(kind.word(day)) of the month"
        }
    }
}

extension CronFieldKind {
    /// The word for one value in a count.
    fileprivate var noun: String {
        switch self {
        case .dayOfMonth: "day"
        case .dayOfWeek: "day of the week"
        default: name
        }
    }

    /// A value of the range of `H`, which counts weekdays beyond Saturday.
    fileprivate func hashWord(_ value: Int) -> String {
        word(self == .dayOfWeek ? value % 7 : value)
    }

    /// A value as it is spoken of: names for months and weekdays.
    fileprivate func word(_ value: Int) -> String {
        switch self {
        case .month: names[value - 1]
        case .dayOfWeek: names[value]
        default: "\(value)"
        }
    }
}
