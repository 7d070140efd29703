import Domain
import Scheduling

/// A trigger of Quartz's XML job data: when its job is due.
enum QuartzTrigger {
    static func read(
        _ trigger: PlainXML,
        _ options: ImportOptions,
        into candidate: inout TaskCandidate
    ) {
        let name = trigger["name"]?.trimmed ?? trigger.name
        do throws(ScheduleError) {
            let bounds = try Bounds(trigger, options.timeZone)
            if let text = trigger["cron-expression"]?.trimmed {
                candidate.schedules.append(try cron(text, trigger, bounds, options))
            } else if let schedule = try repeated(trigger, bounds, &candidate) {
                candidate.schedules.append(schedule)
            }
        } catch {
            candidate.refuse("the trigger \(name)", error.message, "correct the trigger", line: trigger.line)
        }
        for (key, why, advice) in withoutCounterpart {
            guard let value = trigger[key]?.trimmed else { continue }
            candidate.drop("\(key) \(value) of trigger \(name)", why, advice, line: trigger.line)
        }
    }

    private static let withoutCounterpart = [
        (
            "calendar-name", "the calendar is kept by the scheduler and is not part of the file",
            "save a document with kind: Calendar and name it in the schedule's exclude"
        ),
        (
            "priority",
            "it ranks triggers of one moment, while a task's priority ranks all that wait for a slot",
            "write priority: into the task if it matters"
        ),
        (
            "start-time-seconds-in-future", "it counts from the moment at which the scheduler reads the file",
            "give the schedule a start:"
        ),
    ]

    private static func cron(
        _ text: String,
        _ trigger: PlainXML,
        _ bounds: Bounds,
        _ options: ImportOptions
    ) throws(ScheduleError) -> Schedule {
        let zone = try trigger["time-zone"]?.trimmed.map { name throws(ScheduleError) in
            try TimeZoneID(name)
        }
        let reading = ForeignCron.Reading(timeZone: zone ?? options.timeZone, dialect: .quartz)
        let schedule = try ForeignCron.schedule(text, reading)
        guard case .cron(var cron) = schedule.timing else { return schedule }
        cron.start = bounds.start
        cron.end = bounds.end
        return .cron(cron)
    }

    /// What repeats without an expression; `nil` for what was reported instead.
    private static func repeated(
        _ trigger: PlainXML,
        _ bounds: Bounds,
        _ candidate: inout TaskCandidate
    ) throws(ScheduleError) -> Schedule? {
        let name = trigger["name"]?.trimmed ?? trigger.name
        let number = trigger["repeat-interval"]?.trimmed.flatMap { Int($0) } ?? 0
        // Such a trigger has repeats without end, and its own end is the first instant at which it is silent.
        let end = bounds.end.map { $0 + .milliseconds(-1) }
        switch trigger.name {
        case "simple":
            let count = trigger["repeat-count"]?.trimmed.flatMap { Int($0) } ?? 0
            return try simple(count: count, milliseconds: number, bounds.start, end, trigger, &candidate)
        case "calendar-interval":
            let unit = trigger["repeat-interval-unit"]?.trimmed ?? "DAY"
            if let seconds = ["SECOND": 1, "MINUTE": 60, "HOUR": 3_600][unit] {
                let every = Duration.seconds(min(max(number, 0), Int(Int32.max)) * seconds)
                return .every(try IntervalSchedule(every: every, start: bounds.start, end: end))
            }
            candidate.drop(
                "the trigger \(name), every \(number) \(unit)",
                "days, weeks and months are chosen by the calendar, at a time that has to be said",
                "write calendar: with daily, weekly or monthly, at: and a start:",
                line: trigger.line
            )
        default: candidate.drop(.setting, "the \(trigger.name) trigger \(name)", line: trigger.line)
        }
        return nil
    }

    /// An interval that is repeated `count` times after the first fire, below 0 for ever.
    private static func simple(
        count: Int,
        milliseconds: Int,
        _ start: Instant?,
        _ end: Instant?,
        _ trigger: PlainXML,
        _ candidate: inout TaskCandidate
    ) throws(ScheduleError) -> Schedule? {
        guard count < 0 || start != nil else {
            let name = trigger["name"]?.trimmed ?? trigger.name
            candidate.drop(
                "the trigger \(name) with repeat-count \(count)",
                "it counts from the moment at which the scheduler reads the file",
                "give the trigger a start-time, or the task a schedule with start: and maxRuns: \(count &+ 1)",
                line: trigger.line
            )
            return nil
        }
        if count == 0, let start { return .once(start) }
        guard milliseconds > 0 else { throw ScheduleError("it is repeated but has no repeat-interval") }
        let every = Duration.milliseconds(milliseconds)
        var schedule = Schedule.every(try IntervalSchedule(every: every, start: start, end: end))
        if count >= 0, let start {
            if count < Schedule.maxRunsMax {
                schedule.maxRuns = count + 1
            } else if let last = last(of: count, milliseconds, from: start) {
                let bound = min(last, end ?? last)
                schedule = .every(try IntervalSchedule(every: every, start: start, end: bound))
            }
        }
        return schedule
    }

    /// The last fire of many; `nil` when it is centuries away.
    private static func last(of count: Int, _ milliseconds: Int, from start: Instant) -> Instant? {
        let (product, overflows) = count.multipliedReportingOverflow(by: milliseconds)
        let duration = Duration.milliseconds(product)
        return overflows || duration > IntervalSchedule.everyMax ? nil : start + duration
    }
}

/// Between which instants a trigger fires.
private struct Bounds {
    var start: Instant?
    var end: Instant?

    init(_ trigger: PlainXML, _ zone: TimeZoneID) throws(ScheduleError) {
        start = try Self.instant("start-time", of: trigger, zone)
        end = try Self.instant("end-time", of: trigger, zone)
    }

    /// A time with or without an offset; without one it is local.
    private static func instant(
        _ key: String,
        of trigger: PlainXML,
        _ zone: TimeZoneID
    ) throws(ScheduleError) -> Instant? {
        guard let text = trigger[key]?.trimmed else { return nil }
        if let instant = Instant(rfc3339: text) { return instant }
        // The offset of the zone at about that time, then at that time.
        var instant = Instant(rfc3339: text + "Z")
        for _ in 0..<2 {
            instant = instant.flatMap { Instant(rfc3339: text + $0.formatted(in: zone).suffix(6)) }
        }
        guard let instant else {
            throw ScheduleError("\(key) '\(text)' is no time: write it like 2026-03-29T01:00:00Z")
        }
        return instant
    }
}
