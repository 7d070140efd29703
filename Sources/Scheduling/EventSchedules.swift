/// A fixed delay after the end of the run before; the first run comes at the start, or at once without one.
///
/// Time alone does not decide these fires: whoever knows that a run ended asks `Schedule.due(afterCompletion:…)`.
public struct CompletionSchedule: Hashable, Sendable {
    /// From the end of a run to the next fire.
    public let delay: Duration
    /// The first instant that may fire, if any.
    public let start: Instant?
    /// The last instant that may fire, if any; a fire at `end` itself still fires.
    public let end: Instant?

    /// Creates a schedule; refuses delays an interval could not have.
    public init(delay: Duration, start: Instant? = nil, end: Instant? = nil) throws(ScheduleError) {
        _ = try IntervalSchedule(every: delay)
        self.delay = delay
        self.start = start
        self.end = end
    }
}

/// One fire at every start of an agent that owns the task, some time after it.
///
/// Time alone does not decide these fires: the agent asks `Schedule.due(afterAgentStart:…)`.
public struct AgentStartSchedule: Hashable, Sendable {
    /// From the agent's start to the fire.
    public let delay: Duration

    /// The longest delay: whoever waits longer means another schedule.
    public static let delayMax = Duration.seconds(86_400)

    /// Creates a schedule.
    public init(delay: Duration = .zero) throws(ScheduleError) {
        guard delay >= .zero, delay <= Self.delayMax else {
            throw ScheduleError("the delay \(DurationText(delay)) is out of range: use 0s to 1d")
        }
        self.delay = delay
    }
}
