public import Domain

/// The runs that belong together with one, as people see them.
public struct OccasionView: Hashable, Sendable {
    /// A task and its run.
    public struct Step: Hashable, Sendable {
        /// The task.
        public var task: TaskID
        /// Its run; `nil` for none.
        public var run: RunID?
        /// Where it stands.
        public var state: State
        /// Why it was skipped or missed.
        public var reason: String?

        /// Creates a step.
        public init(task: TaskID, run: RunID?, state: State, reason: String? = nil) {
            self.task = task
            self.run = run
            self.state = state
            self.reason = reason
        }
    }

    /// Where a step stands.
    public enum State: Hashable, Sendable {
        /// Its run has this state.
        case run(RunState)
        /// It waits for runs it comes after.
        case waiting
        /// It waits for an agent.
        case ready
        /// It was dispatched, and has not begun as far as is known.
        case dispatched
        /// It has no run, and none was needed yet.
        case absent
    }

    /// What the runs have in common.
    public var occasion: String
    /// Why the rest of it is not run; `nil` when it was not cancelled.
    public var cancelled: String?
    /// The tasks, each behind those it comes after.
    public var steps: [Step]

    /// Creates a view.
    public init(occasion: String, cancelled: String?, steps: [Step]) {
        self.occasion = occasion
        self.cancelled = cancelled
        self.steps = steps
    }
}

/// What a repetition from the failed runs on has begun.
public struct OccasionRepetition: Hashable, Sendable {
    /// What the new runs have in common.
    public var occasion: String
    /// The runs that were dispatched at once, sorted.
    public var runs: [RunID]
    /// The tasks that are run, or decided, again, sorted.
    public var tasks: [TaskID]

    /// Creates a repetition.
    public init(occasion: String, runs: [RunID], tasks: [TaskID]) {
        self.occasion = occasion
        self.runs = runs
        self.tasks = tasks
    }
}
