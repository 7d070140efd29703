/// The instants at which one task's schedule is due: a schedule with everything it depends on worked in.
///
/// A fire's nominal instant is the one its timing describes; bounds, days and `maxRuns` are about nominal instants. The
/// fire is due later than that by the task's share of the spread, which is the same for all its fires: their order
/// stays, and none is lost or doubled, however long the spread is.
public struct FireTimes: Sendable {
    private let timing: Schedule.Timing
    /// How much later than their nominal instants fires are due, in milliseconds.
    private let offset: Int64
    /// The days left out, for timings that follow elapsed time; local ones have theirs worked in.
    private let filter: DayFilter?
    /// Whose days these are.
    private let zone: ZoneTransitions
    /// The nominal instant of the last fire, when their number is limited.
    private let last: Instant?

    /// Works out when `schedule` is due in `context`.
    ///
    /// With `maxRuns` this looks at as many fires; all else costs the same whatever the schedule.
    public init(_ schedule: Schedule, in context: ScheduleContext) {
        let hash = SpreadHash(task: context.task)
        let filter = schedule.filter(in: context)
        timing = schedule.timing.worked(hash: hash, filter: filter)
        offset = Self.offset(within: schedule.jitter, by: hash)
        self.filter = filter
        zone = schedule.dayZone.transitions
        last = Self.last(of: schedule.maxRuns, timing, filter, zone)
    }

    /// How much later than nominal the fires of a task are due when they are spread over `jitter`.
    private static func offset(within jitter: Duration?, by hash: SpreadHash) -> Int64 {
        guard let jitter, jitter.wholeMilliseconds > 0 else { return 0 }
        return Int64(hash.value(for: "jitter", below: Int(jitter.wholeMilliseconds)))
    }

    private static func last(
        of count: Int?,
        _ timing: Schedule.Timing,
        _ filter: DayFilter?,
        _ zone: ZoneTransitions
    ) -> Instant? {
        guard let count, count > 0, let start = timing.start else { return nil }
        if case .every(let interval) = timing, filter == nil {
            let length = interval.every.wholeMilliseconds * Int64(count - 1)
            return Instant(millisecondsSinceEpoch: start.millisecondsSinceEpoch + length)
        }
        var last: Instant?
        var next = timing.next(atOrAfter: start, filter, zone)
        for _ in 0..<count {
            guard let fire = next else { break }
            last = fire
            next = timing.next(atOrAfter: fire + .milliseconds(1), filter, zone)
        }
        return last
    }

    /// The first fire strictly after `instant`; `nil` means never again.
    public func next(after instant: Instant) -> Instant? {
        guard instant.millisecondsSinceEpoch < .max else { return nil }
        return next(atOrAfter: Instant(millisecondsSinceEpoch: instant.millisecondsSinceEpoch + 1))
    }

    /// The first fire at or after `instant`; `nil` means never again.
    public func next(atOrAfter instant: Instant) -> Instant? {
        let (milliseconds, overflows) = instant.millisecondsSinceEpoch.subtractingReportingOverflow(offset)
        let nominal = Instant(millisecondsSinceEpoch: overflows ? .min : milliseconds)
        guard let fire = timing.next(atOrAfter: nominal, filter, zone) else { return nil }
        if let last, fire > last { return nil }
        return Instant(millisecondsSinceEpoch: fire.millisecondsSinceEpoch + offset)
    }

    /// The fire that an event at `instant` leads to, `delay` after it, on a day and between bounds that allow it.
    func due(_ delay: Duration, after instant: Instant, start: Instant?, end: Instant?) -> Instant? {
        let earliest = max(instant + delay, start ?? .init(millisecondsSinceEpoch: .min))
        guard let nominal = zone.firstInstant(atOrAfter: earliest, on: filter) else { return nil }
        if let end, nominal > end { return nil }
        return Instant(millisecondsSinceEpoch: nominal.millisecondsSinceEpoch + offset)
    }
}

extension Schedule.Timing {
    /// The timing with what depends on the task's name decided and, where it knows days, these chosen.
    fileprivate func worked(hash: SpreadHash, filter: DayFilter?) -> Schedule.Timing {
        switch self {
        case .cron(var cron):
            cron.expression = cron.expression.spread(by: hash)
            cron.expression.pattern.filter = filter
            return .cron(cron)
        case .calendar(var calendar):
            calendar.pattern.filter = filter
            return .calendar(calendar)
        case .every, .once, .afterCompletion, .onAgentStart: return self
        }
    }

    /// The first instant at or after `instant` on a day that `filter` allows.
    fileprivate func next(atOrAfter instant: Instant, _ filter: DayFilter?, _ zone: ZoneTransitions)
        -> Instant?
    {
        guard let filter else { return next(atOrAfter: instant) }
        switch self {
        case .cron, .calendar, .afterCompletion, .onAgentStart: return next(atOrAfter: instant)
        case .every, .once: break
        }
        var candidate = next(atOrAfter: max(instant, ZoneTransitions.earliest))
        while let fire = candidate {
            guard let allowed = zone.firstInstant(atOrAfter: fire, on: filter) else { return nil }
            if allowed == fire { return fire }
            candidate = next(atOrAfter: allowed)
        }
        return nil
    }
}

extension ZoneTransitions {
    /// The beginning of the years that are searched.
    static let earliest = Instant(
        secondsSinceEpoch: CivilDate(year: CronPattern.yearMin, month: 1, day: 1).daysSinceEpoch * 86_400
    )

    /// The first instant at or after `instant` whose local day `filter` allows; `nil` when no day comes.
    func firstInstant(atOrAfter instant: Instant, on filter: DayFilter?) -> Instant? {
        guard let filter else { return instant }
        let days = EveryDay(filter: filter)
        var second = instant.wholeSeconds.seconds
        var day = (second + offset(atSecond: second)).dividedRoundingDown(by: 86_400)
        if days.matches(daysSinceEpoch: day) { return instant }
        guard let next = days.nextDay(after: CivilDate(daysSinceEpoch: day), daysSinceEpoch: day) else {
            return nil
        }
        // Spans of constant offset end: what is left of the way is gone in the next one.
        while day < next {
            let span = span(containing: second)
            let midnight = next * 86_400 - span.offset
            second = midnight < span.end ? midnight : span.end
            day = (second + offset(atSecond: second)).dividedRoundingDown(by: 86_400)
        }
        return Instant(secondsSinceEpoch: second)
    }
}
