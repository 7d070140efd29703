extension Schedule: Codable {
    /// Decodes one of the document forms `{"cron": …}`, `{"every": …}`, `{"at": …}`, `{"calendar": …}`,
    /// `{"afterCompletion": …}` and `{"onAgentStart": …}`.
    ///
    /// Keys that the form does not know, and mixtures of forms, are refused at the offending key.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: DocumentKey.self)
        let form = try Form(of: container)
        let selectsDays = container.contains("exclude") || container.contains("include")
        try container.refuseKeys(
            notIn: form.keys(selectsDays: selectsDays),
            of: "a schedule with '\(form.rawValue)'"
        )
        self.init(try Self.timing(form, in: container))
        jitter = try container.decodeIfPresent(DurationText.self, forKey: "jitter")?.duration
        exclude = try container.decodeIfPresent(DaySelection.self, forKey: "exclude")
        include = try container.decodeIfPresent(DaySelection.self, forKey: "include")
        maxRuns = try container.decodeIfPresent(Int.self, forKey: "maxRuns")
        if !form.hasZone {
            selectionZone = try container.decodeIfPresent(TimeZoneID.self, forKey: "timeZone")
        }
    }

    /// Encodes the document form; options that have their default are left out.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: DocumentKey.self)
        try Self.encode(timing, to: &container)
        try container.encodeIfPresent(jitter.map(DurationText.init), forKey: "jitter")
        try container.encodeIfPresent(exclude, forKey: "exclude")
        try container.encodeIfPresent(include, forKey: "include")
        try container.encodeIfPresent(maxRuns, forKey: "maxRuns")
        try container.encodeIfPresent(selectionZone, forKey: "timeZone")
    }

    /// The keys a form may have, in the order of their documentation; `nil` when there is no such form.
    public static func documentKeys(ofForm form: String, selectsDays: Bool) -> [String]? {
        Form(rawValue: form)?.keys(selectsDays: selectsDays)
    }

    /// The main keys, one of which every schedule has.
    public static let documentForms = Form.allCases.map(\.rawValue)
}

/// The forms of a schedule's document, each named by its main key.
private enum Form: String, CaseIterable {
    case cron, every, at, calendar, afterCompletion, onAgentStart

    /// The form whose main key is present; exactly one must be.
    init(of container: KeyedDecodingContainer<DocumentKey>) throws {
        let key = try container.onlyKey(
            of: Form.allCases.map(\.rawValue),
            none: "a schedule needs one of cron, every or at, or calendar, afterCompletion or onAgentStart",
            remedy: "write two schedules"
        )
        guard let form = Form(rawValue: key) else { preconditionFailure("'\(key)' is one of the forms") }
        self = form
    }

    /// Whether the timing has a zone of its own.
    var hasZone: Bool { self == .cron || self == .calendar }

    /// The keys of the form; a form without a zone has one only to say whose days are selected.
    func keys(selectsDays: Bool) -> [String] {
        let zone = selectsDays ? ["timeZone"] : []
        return switch self {
        case .cron:
            ["cron", "timeZone", "days", "gap", "overlap", "dialect", "start", "end"] + Self.common + [
                "maxRuns"
            ]
        case .calendar:
            ["calendar", "timeZone", "gap", "overlap", "start", "end"] + Self.common + ["maxRuns"]
        case .every: ["every", "start", "end"] + Self.common + ["maxRuns"] + zone
        case .at: ["at", "jitter", "exclude"] + zone
        case .afterCompletion: ["afterCompletion", "start", "end"] + Self.common + zone
        case .onAgentStart: ["onAgentStart", "jitter"]
        }
    }

    private static let common = ["jitter", "exclude", "include"]
}

extension Schedule {
    private static func timing(_ form: Form, in container: KeyedDecodingContainer<DocumentKey>) throws
        -> Timing
    {
        let start = try container.decodeIfPresent(Instant.self, forKey: "start")
        let end = try container.decodeIfPresent(Instant.self, forKey: "end")
        switch form {
        case .cron: return .cron(CronSchedule(try expression(in: container), start: start, end: end))
        case .at: return .once(try container.decode(Instant.self, forKey: "at"))
        case .calendar: return .calendar(try calendar(in: container, start: start, end: end))
        case .every:
            let every = try container.decode(DurationText.self, forKey: "every").duration
            return try container.naming("every") { () throws(ScheduleError) in
                .every(try IntervalSchedule(every: every, start: start, end: end))
            }
        case .afterCompletion:
            let delay = try container.decode(DurationText.self, forKey: "afterCompletion").duration
            return try container.naming("afterCompletion") { () throws(ScheduleError) in
                .afterCompletion(try CompletionSchedule(delay: delay, start: start, end: end))
            }
        case .onAgentStart:
            let delay = try container.decode(AgentStartDelay.self, forKey: "onAgentStart").duration
            return try container.naming("onAgentStart") { () throws(ScheduleError) in
                .onAgentStart(try AgentStartSchedule(delay: delay))
            }
        }
    }

    private static func expression(in container: KeyedDecodingContainer<DocumentKey>) throws -> CronExpression
    {
        let options = CronOptions(
            timeZone: try container.decodeIfPresent(TimeZoneID.self, forKey: "timeZone") ?? .utc,
            days: try container.choice("days"),
            gap: try container.choice("gap"),
            overlap: try container.choice("overlap"),
            dialect: try container.choice("dialect") ?? .unix
        )
        let text = try container.decode(String.self, forKey: "cron")
        return try container.naming("cron") { () throws(ScheduleError) in
            try CronExpression(text, options: options)
        }
    }

    private static func calendar(
        in container: KeyedDecodingContainer<DocumentKey>,
        start: Instant?,
        end: Instant?
    ) throws -> CalendarSchedule {
        let body = try container.decode(CalendarBody.self, forKey: "calendar")
        let zone = try container.decodeIfPresent(TimeZoneID.self, forKey: "timeZone") ?? .utc
        let gap: GapRule = try container.choice("gap") ?? .run
        let overlap: OverlapRule = try container.choice("overlap") ?? .auto
        return try container.naming("calendar") { () throws(ScheduleError) in
            try CalendarSchedule(
                days: body.days,
                times: body.times,
                timeZone: zone,
                gap: gap,
                overlap: overlap,
                start: start,
                end: end
            )
        }
    }

    private static func encode(_ timing: Timing, to container: inout KeyedEncodingContainer<DocumentKey>)
        throws
    {
        func encode<Value: Encodable & Equatable>(_ value: Value, _ usual: Value, _ key: DocumentKey) throws {
            if value != usual { try container.encode(value, forKey: key) }
        }
        func encodeBounds(_ start: Instant?, _ end: Instant?) throws {
            try container.encodeIfPresent(start, forKey: "start")
            try container.encodeIfPresent(end, forKey: "end")
        }
        switch timing {
        case .cron(let cron):
            let options = cron.expression.options
            let defaults = CronOptions(dialect: options.dialect)
            try container.encode(cron.expression.text, forKey: "cron")
            try encode(options.timeZone, defaults.timeZone, "timeZone")
            try encode(options.days, defaults.days, "days")
            try encode(options.gap, defaults.gap, "gap")
            try encode(options.overlap, defaults.overlap, "overlap")
            try encode(options.dialect, .unix, "dialect")
            try encodeBounds(cron.start, cron.end)
        case .every(let interval):
            try container.encode(DurationText(interval.every), forKey: "every")
            try encodeBounds(interval.start, interval.end)
        case .once(let due):
            try container.encode(due, forKey: "at")
        case .calendar(let calendar):
            try container.encode(CalendarBody(calendar), forKey: "calendar")
            try encode(calendar.timeZone, .utc, "timeZone")
            try encode(calendar.gap, .run, "gap")
            try encode(calendar.overlap, .auto, "overlap")
            try encodeBounds(calendar.start, calendar.end)
        case .afterCompletion(let completion):
            try container.encode(DurationText(completion.delay), forKey: "afterCompletion")
            try encodeBounds(completion.start, completion.end)
        case .onAgentStart(let start):
            try container.encode(AgentStartDelay(duration: start.delay), forKey: "onAgentStart")
        }
    }
}

/// `true`, or how long after the start.
private struct AgentStartDelay: Codable {
    let duration: Duration

    init(duration: Duration) { self.duration = duration }

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        // What is no truth value must be a duration, whose error is the one to report.
        guard let flag = try? container.decode(Bool.self) else {
            duration = try container.decode(DurationText.self).duration
            return
        }
        guard flag else {
            let reason =
                "onAgentStart cannot be false: write true, a delay such as 30s, or remove the schedule"
            throw DecodingError.dataCorruptedError(in: container, debugDescription: reason)
        }
        duration = .zero
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        if duration == .zero {
            try container.encode(true)
        } else {
            try container.encode(DurationText(duration))
        }
    }
}
