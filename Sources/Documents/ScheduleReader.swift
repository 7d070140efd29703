import Scheduling

/// Reads one element of a task's `schedules`.
enum ScheduleReader {
    /// A schedule, and the node of the text that says when it is due.
    struct Reading {
        var schedule: Schedule
        var place: SourceNode
    }

    private static let forms = Schedule.documentForms
    private static let allKeys = [
        "cron", "every", "at", "calendar", "afterCompletion", "onAgentStart", "timeZone", "days", "gap",
        "overlap",
        "dialect", "start", "end", "jitter", "exclude", "include", "maxRuns",
    ]

    static func read(_ node: SourceNode, _ field: String, _ reader: inout FieldReader) -> Reading? {
        let problemCount = reader.problems.count
        guard let fields = Fields(node, keys: allKeys, path: field, what: "a schedule", &reader),
            let form = form(of: node, fields, field, &reader),
            let place = fields[form]
        else { return nil }
        refuseForeignKeys(node, fields, form: form, field, &reader)
        let bounds = bounds(fields, field, &reader)
        var schedule: Schedule? =
            switch form {
            case "cron": cron(place, fields, field, bounds, &reader)
            case "every": interval(place, field, bounds, &reader)
            case "calendar", "afterCompletion", "onAgentStart":
                // What is wrong already would be told once more.
                reader.problems.count == problemCount ? reader.decode(node, field, as: Schedule.self) : nil
            default: reader.instant(place, "\(field).at").map(Schedule.once)
            }
        readChanges(into: &schedule, fields, field, &reader)
        guard let schedule, reader.problems.count == problemCount else { return nil }
        return Reading(schedule: schedule, place: place)
    }

    private static func form(
        of node: SourceNode,
        _ fields: Fields,
        _ field: String,
        _ reader: inout FieldReader
    ) -> String? {
        let present = forms.filter { fields[$0] != nil }
        guard let form = present.first else {
            let list = "cron, every or at, or calendar, afterCompletion or onAgentStart"
            reader.refuse(node, field, "a schedule needs one of \(list), such as every: 90s")
            return nil
        }
        if present.count > 1, let other = fields[present[1]] {
            let message = "'\(present[1])' cannot stand beside '\(form)': write two schedules"
            reader.refuse(other, "\(field).\(present[1])", message)
            return nil
        }
        return form
    }

    private static func refuseForeignKeys(
        _ node: SourceNode,
        _ fields: Fields,
        form: String,
        _ field: String,
        _ reader: inout FieldReader
    ) {
        let selectsDays = fields["exclude"] != nil || fields["include"] != nil
        guard let own = Schedule.documentKeys(ofForm: form, selectsDays: selectsDays),
            case .mapping(let entries) = node.content
        else { return }
        for entry in entries {
            guard let key = entry.key.scalar?.text, allKeys.contains(key), !own.contains(key) else {
                continue
            }
            let isCount = key == "maxRuns" && ["afterCompletion", "onAgentStart"].contains(form)
            let message =
                isCount
                ? Schedule.maxRunsMisplaced(ofForm: form)
                : "a schedule with '\(form)' has no '\(key)': it may have \(Nearest.list(own))"
            reader.refuse(entry.key, "\(field).\(key)", message)
        }
    }

    private static func bounds(
        _ fields: Fields,
        _ field: String,
        _ reader: inout FieldReader
    ) -> (start: Instant?, end: Instant?) {
        let start = fields["start"].flatMap { reader.instant($0, "\(field).start") }
        let end = fields["end"].flatMap { reader.instant($0, "\(field).end") }
        if let start, let end, end < start, let node = fields["end"] {
            reader.refuse(node, "\(field).end", "the schedule ends before it starts: swap start and end")
        }
        return (start, end)
    }

    private static func cron(
        _ place: SourceNode,
        _ fields: Fields,
        _ field: String,
        _ bounds: (start: Instant?, end: Instant?),
        _ reader: inout FieldReader
    ) -> Schedule? {
        let dialect: Dialect = fields["dialect"].flatMap { reader.choice($0, "\(field).dialect") } ?? .unix
        let options = CronOptions(
            timeZone: fields["timeZone"].flatMap { zone($0, "\(field).timeZone", &reader) } ?? .utc,
            days: fields["days"].flatMap { reader.choice($0, "\(field).days") },
            gap: fields["gap"].flatMap { reader.choice($0, "\(field).gap") },
            overlap: fields["overlap"].flatMap { reader.choice($0, "\(field).overlap") },
            dialect: dialect
        )
        guard let text = reader.text(place, "\(field).cron", "a cron expression such as \"0 2 * * 1-5\"")
        else { return nil }
        do throws(ScheduleError) {
            return .cron(
                CronSchedule(try CronExpression(text, options: options), start: bounds.start, end: bounds.end)
            )
        } catch {
            reader.refuse(place, "\(field).cron", error.message, at: error.position)
            return nil
        }
    }

    private static func interval(
        _ place: SourceNode,
        _ field: String,
        _ bounds: (start: Instant?, end: Instant?),
        _ reader: inout FieldReader
    ) -> Schedule? {
        guard let every = reader.duration(place, "\(field).every") else { return nil }
        do throws(ScheduleError) {
            return .every(try IntervalSchedule(every: every, start: bounds.start, end: bounds.end))
        } catch {
            reader.refuse(place, "\(field).every", error.message, at: error.position)
            return nil
        }
    }

    /// Reads what can be said about any schedule.
    private static func readChanges(
        into schedule: inout Schedule?,
        _ fields: Fields,
        _ field: String,
        _ reader: inout FieldReader
    ) {
        if let node = fields["jitter"] { schedule?.jitter = jitter(node, "\(field).jitter", &reader) }
        if let node = fields["exclude"] {
            schedule?.exclude = reader.decode(node, "\(field).exclude", as: DaySelection.self)
        }
        if let node = fields["include"] {
            schedule?.include = reader.decode(node, "\(field).include", as: DaySelection.self)
        }
        if let node = fields["maxRuns"] {
            schedule?.maxRuns = reader.integer(node, "\(field).maxRuns", in: 1...Schedule.maxRunsMax)
        }
        if let node = fields["timeZone"], fields["cron"] == nil, fields["calendar"] == nil {
            schedule?.selectionZone = zone(node, "\(field).timeZone", &reader)
        }
    }

    private static func jitter(
        _ node: SourceNode,
        _ field: String,
        _ reader: inout FieldReader
    ) -> Duration? {
        guard let jitter = reader.duration(node, field) else { return nil }
        guard jitter >= .milliseconds(1), jitter <= Schedule.jitterMax else {
            reader.refuse(node, field, "the jitter \(DurationText(jitter)) is out of range: use 1ms to 1d")
            return nil
        }
        return jitter
    }

    private static func zone(_ node: SourceNode, _ field: String, _ reader: inout FieldReader) -> TimeZoneID?
    {
        guard let text = reader.text(node, field, "a time zone such as Europe/Berlin") else { return nil }
        do throws(ScheduleError) {
            return try TimeZoneID(text)
        } catch {
            reader.refuse(node, field, error.message)
            return nil
        }
    }
}
