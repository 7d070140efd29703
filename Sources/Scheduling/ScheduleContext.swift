/// What a schedule's fires depend on beside the schedule itself.
public struct ScheduleContext: Hashable, Sendable {
    /// The name of the task whose schedule it is.
    ///
    /// `H` fields and `jitter` are functions of it. The name rather than the task's uid decides, because people know
    /// it before the task exists: a preview, another cluster and a task deleted and created anew then agree.
    public var task: String

    /// Creates the context of a task.
    public init(task: String) {
        self.task = task
    }

    /// The context of schedules that depend on nothing but themselves.
    public static let none = ScheduleContext(task: "")
}
