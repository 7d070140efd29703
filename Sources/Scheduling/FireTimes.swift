/// The instants at which one task's schedule is due: a schedule with everything it depends on worked in.
///
/// A fire's nominal instant is the one its timing describes; bounds are about nominal instants. The fire is due later
/// than that by the task's share of the spread, which is the same for all its fires: their order stays, and none is
/// lost or doubled, however long the spread is.
public struct FireTimes: Sendable {
    private let timing: Schedule.Timing
    /// How much later than their nominal instants fires are due, in milliseconds.
    private let offset: Int64

    /// Works out when `schedule` is due in `context`.
    public init(_ schedule: Schedule, in context: ScheduleContext) {
        let hash = SpreadHash(task: context.task)
        timing = schedule.timing.spread(by: hash)
        offset = Self.offset(within: schedule.jitter, by: hash)
    }

    /// How much later than nominal the fires of a task are due when they are spread over `jitter`.
    private static func offset(within jitter: Duration?, by hash: SpreadHash) -> Int64 {
        guard let jitter, jitter.wholeMilliseconds > 0 else { return 0 }
        return Int64(hash.value(for: "jitter", below: Int(jitter.wholeMilliseconds)))
    }

    /// The first fire strictly after `instant`; `nil` means never again.
    public func next(after instant: Instant) -> Instant? {
        timing.next(after: nominal(instant)).map(due)
    }

    /// The first fire at or after `instant`; `nil` means never again.
    public func next(atOrAfter instant: Instant) -> Instant? {
        timing.next(atOrAfter: nominal(instant)).map(due)
    }

    private func nominal(_ due: Instant) -> Instant {
        let (milliseconds, overflows) = due.millisecondsSinceEpoch.subtractingReportingOverflow(offset)
        return Instant(millisecondsSinceEpoch: overflows ? .min : milliseconds)
    }

    private func due(_ nominal: Instant) -> Instant {
        Instant(millisecondsSinceEpoch: nominal.millisecondsSinceEpoch + offset)
    }
}

extension Schedule.Timing {
    /// The timing with what depends on the task's name decided.
    fileprivate func spread(by hash: SpreadHash) -> Schedule.Timing {
        guard case .cron(var cron) = self, cron.expression.dependsOnTask else { return self }
        cron.expression = cron.expression.spread(by: hash)
        return .cron(cron)
    }
}
