/// What a schedule's fires depend on beside the schedule itself.
public struct ScheduleContext: Hashable, Sendable {
    /// The name of the task whose schedule it is.
    ///
    /// `H` fields and `jitter` are functions of it. The name rather than the task's uid decides, because people know
    /// it before the task exists: a preview, another cluster and a task deleted and created anew then agree.
    public var task: String

    /// The days of the shared calendars that its schedules name.
    public var calendars: [String: DaySet]

    /// Creates the context of a task.
    public init(task: String, calendars: [String: DaySet] = [:]) {
        self.task = task
        self.calendars = calendars
    }

    /// The context of schedules that depend on nothing but themselves.
    public static let none = ScheduleContext(task: "")
}
