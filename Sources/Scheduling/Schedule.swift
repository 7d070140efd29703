/// When a task is due: by a cron expression, at a fixed interval, or once.
public enum Schedule: Hashable, Sendable {
    /// At the local times an expression describes.
    case cron(CronSchedule)
    /// Every so long.
    case every(IntervalSchedule)
    /// At one instant and never again.
    case once(Instant)

    /// The first fire strictly after `instant`; `nil` means never again.
    public func next(after instant: Instant) -> Instant? {
        switch self {
        case .cron(let cron): cron.next(after: instant)
        case .every(let interval): interval.next(after: instant)
        case .once(let due): due > instant ? due : nil
        }
    }

    /// The first fire at or after `instant`; `nil` means never again.
    public func next(atOrAfter instant: Instant) -> Instant? {
        switch self {
        case .cron(let cron): cron.next(atOrAfter: instant)
        case .every(let interval): interval.next(atOrAfter: instant)
        case .once(let due): due >= instant ? due : nil
        }
    }
}

/// A cron expression that holds between two instants.
public struct CronSchedule: Hashable, Sendable {
    /// What fires.
    public var expression: CronExpression
    /// The first instant that may fire, if any.
    public var start: Instant?
    /// The last instant that may fire, if any; a fire at `end` itself still fires.
    public var end: Instant?

    /// Creates a schedule, unbounded unless bounds are given.
    public init(_ expression: CronExpression, start: Instant? = nil, end: Instant? = nil) {
        self.expression = expression
        self.start = start
        self.end = end
    }

    /// The first fire strictly after `instant`; `nil` means never again.
    public func next(after instant: Instant) -> Instant? {
        if let start, instant < start { return next(atOrAfter: start) }
        return bounded(expression.next(after: instant))
    }

    /// The first fire at or after `instant`; `nil` means never again.
    public func next(atOrAfter instant: Instant) -> Instant? {
        bounded(expression.next(atOrAfter: max(instant, start ?? instant)))
    }

    private func bounded(_ fire: Instant?) -> Instant? {
        guard let fire, let end else { return fire }
        return fire <= end ? fire : nil
    }
}

/// A fixed interval between two instants.
///
/// Fires are whole intervals after `start`, which is the first of them, or after the epoch when there is no start.
/// They follow elapsed time and know no time zone.
public struct IntervalSchedule: Hashable, Sendable {
    /// The time from one fire to the next, in whole milliseconds.
    public let every: Duration
    /// The first fire, if any.
    public var start: Instant?
    /// The last instant that may fire, if any; a fire at `end` itself still fires.
    public var end: Instant?

    /// The shortest interval: a scheduler of processes keeps no finer time.
    public static let everyMin = Duration.milliseconds(100)

    /// The longest interval, so that no sum of an instant and an interval overflows.
    public static let everyMax = Duration.seconds(36_525 * 86_400)

    /// Creates a schedule; refuses intervals that are too short, too long or finer than a millisecond.
    public init(every: Duration, start: Instant? = nil, end: Instant? = nil) throws(ScheduleError) {
        guard every >= Self.everyMin, every <= Self.everyMax else {
            throw ScheduleError("the interval \(DurationText(every)) is out of range: use 100ms to 36525d")
        }
        guard every == .milliseconds(every.wholeMilliseconds) else {
            throw ScheduleError("the interval \(every) is finer than a millisecond: use whole milliseconds")
        }
        self.every = every
        self.start = start
        self.end = end
    }

    /// The first fire strictly after `instant`; `nil` means never again.
    public func next(after instant: Instant) -> Instant? {
        guard instant.millisecondsSinceEpoch < Self.latest else { return nil }
        return next(atOrAfter: Instant(millisecondsSinceEpoch: instant.millisecondsSinceEpoch + 1))
    }

    /// The first fire at or after `instant`; `nil` means never again.
    public func next(atOrAfter instant: Instant) -> Instant? {
        if let start, instant <= start { return bounded(start) }
        guard abs(instant.millisecondsSinceEpoch) < Self.latest else { return nil }
        let anchor = (start ?? .epoch).millisecondsSinceEpoch
        let interval = every.wholeMilliseconds
        let elapsed = (instant.millisecondsSinceEpoch - anchor).remainderRoundingDown(by: interval)
        let wait = elapsed == 0 ? 0 : interval - elapsed
        return bounded(Instant(millisecondsSinceEpoch: instant.millisecondsSinceEpoch + wait))
    }

    /// Beyond this, about 100 million years from now, nothing fires and nothing overflows.
    private static let latest = Int64.max / 3

    private func bounded(_ fire: Instant) -> Instant? {
        guard let end else { return fire }
        return fire <= end ? fire : nil
    }
}
