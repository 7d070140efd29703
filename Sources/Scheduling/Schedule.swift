/// When a task is due: a timing, and what is done with its fires.
public struct Schedule: Sendable {
    /// The instants to begin with.
    public enum Timing: Hashable, Sendable {
        /// At the local times an expression describes.
        case cron(CronSchedule)
        /// Every so long.
        case every(IntervalSchedule)
        /// At one instant and never again.
        case once(Instant)
        /// At local times of days chosen by the calendar.
        case calendar(CalendarSchedule)
        /// A while after the end of the run before.
        case afterCompletion(CompletionSchedule)
        /// At every start of the agent that owns the task.
        case onAgentStart(AgentStartSchedule)
    }

    /// The instants to begin with.
    public var timing: Timing { didSet { binding = nil } }

    /// What is done with their fires: at most one element, in a list because most schedules have none and a million of
    /// them should stay small.
    private var changes: [Changes] = [] { didSet { binding = nil } }

    /// The fires worked out for one task; remembering them changes no result.
    private var binding: Binding?

    /// Creates a schedule.
    public init(_ timing: Timing, jitter: Duration? = nil) {
        self.timing = timing
        self.jitter = jitter
    }

    /// At the local times an expression describes.
    public static func cron(_ cron: CronSchedule) -> Schedule { Schedule(.cron(cron)) }

    /// Every so long.
    public static func every(_ interval: IntervalSchedule) -> Schedule { Schedule(.every(interval)) }

    /// At one instant and never again.
    public static func once(_ due: Instant) -> Schedule { Schedule(.once(due)) }

    /// At local times of days chosen by the calendar.
    public static func calendar(_ calendar: CalendarSchedule) -> Schedule { Schedule(.calendar(calendar)) }

    /// Most fires that are counted: each is looked at when the schedule is read.
    public static let maxRunsMax = 10_000

    /// The longest spread: a fire should stay on the day it was meant for.
    public static let jitterMax = Duration.seconds(86_400)
}

extension Schedule {
    private struct Changes: Hashable, Sendable {
        var jitter: Duration?
        var exclude: DaySelection?
        var include: DaySelection?
        var selectionZone: TimeZoneID?
        var maxRuns: Int?
    }

    private func changed<Value>(_ path: WritableKeyPath<Changes, Value>, to value: Value) -> [Changes] {
        var changed = changes.first ?? Changes()
        changed[keyPath: path] = value
        return changed == Changes() ? [] : [changed]
    }

    /// The span over which the fires of different tasks are spread, if any.
    ///
    /// Each task is late by the same part of it every time, which its name decides.
    public var jitter: Duration? {
        get { changes.first?.jitter }
        set { changes = changed(\.jitter, to: newValue) }
    }

    /// Days on which it does not fire; by their nominal instants, and of a window by the day it begins on.
    public var exclude: DaySelection? {
        get { changes.first?.exclude }
        set { changes = changed(\.exclude, to: newValue) }
    }

    /// Days on which it fires at its usual times even if they are excluded or the timing leaves them out.
    public var include: DaySelection? {
        get { changes.first?.include }
        set { changes = changed(\.include, to: newValue) }
    }

    /// Whose days are excluded and included, for timings without a zone of their own.
    public var selectionZone: TimeZoneID? {
        get { changes.first?.selectionZone }
        set { changes = changed(\.selectionZone, to: newValue) }
    }

    /// How many times it fires, counted from its start.
    public var maxRuns: Int? {
        get { changes.first?.maxRuns }
        set { changes = changed(\.maxRuns, to: newValue) }
    }
}

extension Schedule: Hashable {
    /// Equal schedules say the same, whether or not their fires were worked out.
    public static func == (left: Schedule, right: Schedule) -> Bool {
        left.timing == right.timing && left.changes == right.changes
    }

    /// Hashes what the schedule says.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(timing)
        hasher.combine(changes)
    }
}

extension Schedule {
    /// The first fire strictly after `instant`; `nil` means never again.
    ///
    /// A schedule that depends on its task is asked `next(after:in:)`, or bound to the task first.
    public func next(after instant: Instant) -> Instant? {
        isPlain ? timing.next(after: instant) : times(in: nil).next(after: instant)
    }

    /// The first fire at or after `instant`; `nil` means never again.
    public func next(atOrAfter instant: Instant) -> Instant? {
        isPlain ? timing.next(atOrAfter: instant) : times(in: nil).next(atOrAfter: instant)
    }

    /// The first fire of a task strictly after `instant`; `nil` means never again.
    public func next(after instant: Instant, in context: ScheduleContext) -> Instant? {
        isPlain ? timing.next(after: instant) : times(in: context).next(after: instant)
    }

    /// The first fire of a task at or after `instant`; `nil` means never again.
    public func next(atOrAfter instant: Instant, in context: ScheduleContext) -> Instant? {
        isPlain ? timing.next(atOrAfter: instant) : times(in: context).next(atOrAfter: instant)
    }

    /// The same schedule with its fires worked out for one task, so that asking for them costs no more than the search.
    public func bound(to context: ScheduleContext) -> Schedule {
        guard !isPlain else { return self }
        var bound = self
        bound.binding = Binding(context: context, times: FireTimes(self, in: context))
        return bound
    }

    /// Whether the fires depend on the task's name.
    public var dependsOnTask: Bool {
        if jitter != nil { return true }
        guard case .cron(let cron) = timing else { return false }
        return cron.expression.dependsOnTask
    }

    /// Whether the timing alone decides the fires.
    public var isPlain: Bool { changes.isEmpty && !dependsOnTask }

    /// Whether its fires were worked out for a task of this name.
    public func isBound(to task: String) -> Bool { binding?.context.task == task }

    /// Whose days are excluded and included.
    public var dayZone: TimeZoneID {
        switch timing {
        case .cron(let cron): cron.expression.options.timeZone
        case .calendar(let calendar): calendar.timeZone
        case .every, .once, .afterCompletion, .onAgentStart: selectionZone ?? .utc
        }
    }

    /// Whether it depends on shared calendars; cheaper to know than their names.
    public var namesCalendars: Bool {
        guard !changes.isEmpty else { return false }
        return exclude?.calendars.isEmpty == false || include?.calendars.isEmpty == false
    }

    /// The names of the shared calendars it depends on, each once.
    public var calendarNames: [String] {
        Set((exclude?.calendars ?? []) + (include?.calendars ?? [])).sorted()
    }

    /// The days left out and put in, if any; a calendar that the context does not know has no days.
    func filter(in context: ScheduleContext) -> DayFilter? {
        func sets(_ selection: DaySelection?) -> [DaySet] {
            guard let selection else { return [] }
            return [DaySet(selection)] + selection.calendars.compactMap { context.calendars[$0] }
        }
        guard exclude != nil || include != nil else { return nil }
        return DayFilter(excluded: sets(exclude), included: sets(include))
    }

    private func times(in context: ScheduleContext?) -> FireTimes {
        if let binding, context == nil || binding.context == context { return binding.times }
        return FireTimes(self, in: context ?? .none)
    }

    /// Shared, so that a bound schedule is hardly larger than another.
    private final class Binding: Sendable {
        let context: ScheduleContext
        let times: FireTimes

        init(context: ScheduleContext, times: FireTimes) {
            self.context = context
            self.times = times
        }
    }
}

extension Schedule {
    /// When the run after one that ended at `completed` is due; `nil` when it is not, or the schedule is of another kind.
    ///
    /// - Parameters:
    ///   - completed: The end of the run before; `nil` when there was none since `effectiveFrom`.
    ///   - effectiveFrom: Since when the schedule counts.
    ///   - context: Whose schedule it is.
    /// - Returns: The instant of the next fire.
    public func due(
        afterCompletion completed: Instant?,
        effectiveFrom: Instant,
        in context: ScheduleContext
    ) -> Instant? {
        guard case .afterCompletion(let schedule) = timing else { return nil }
        let delay = completed == nil ? .zero : schedule.delay
        let times = times(in: context)
        return times.due(delay, after: completed ?? effectiveFrom, start: schedule.start, end: schedule.end)
    }

    /// When the run is due that an agent's start at `started` leads to; `nil` for schedules of another kind.
    public func due(afterAgentStart started: Instant, in context: ScheduleContext) -> Instant? {
        guard case .onAgentStart(let schedule) = timing else { return nil }
        return times(in: context).due(schedule.delay, after: started, start: nil, end: nil)
    }
}

extension Schedule.Timing {
    /// The first instant that may fire, if any.
    public var start: Instant? {
        switch self {
        case .cron(let cron): cron.start
        case .every(let interval): interval.start
        case .calendar(let calendar): calendar.start
        case .afterCompletion(let completion): completion.start
        case .once, .onAgentStart: nil
        }
    }

    /// Whether events decide the fires, not time alone: `next` knows none of them.
    public var followsEvents: Bool {
        switch self {
        case .afterCompletion, .onAgentStart: true
        case .cron, .every, .once, .calendar: false
        }
    }

    /// The first fire strictly after `instant`; `nil` means never again.
    public func next(after instant: Instant) -> Instant? {
        switch self {
        case .cron(let cron): cron.next(after: instant)
        case .every(let interval): interval.next(after: instant)
        case .once(let due): due > instant ? due : nil
        case .calendar(let calendar): calendar.next(after: instant)
        case .afterCompletion, .onAgentStart: nil
        }
    }

    /// The first fire at or after `instant`; `nil` means never again.
    public func next(atOrAfter instant: Instant) -> Instant? {
        switch self {
        case .cron(let cron): cron.next(atOrAfter: instant)
        case .every(let interval): interval.next(atOrAfter: instant)
        case .once(let due): due >= instant ? due : nil
        case .calendar(let calendar): calendar.next(atOrAfter: instant)
        case .afterCompletion, .onAgentStart: nil
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
