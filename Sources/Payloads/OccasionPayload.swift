public import Domain

/// The runs that belong together with one, as the API shows them.
public struct OccasionPayload: Hashable, Sendable, Codable {
    /// A task and its run.
    public struct Step: Hashable, Sendable, Codable {
        /// The task.
        public var task: TaskID
        /// Its run; absent when it has none.
        public var run: RunID?
        /// The state of its run, or `waiting` (for runs it comes after), `ready` (it waits for an agent), `dispatched`, `none`.
        public var state: String
        /// Why it was skipped or missed.
        public var reason: String?

        /// Creates a step.
        public init(task: TaskID, run: RunID?, state: String, reason: String? = nil) {
            self.task = task
            self.run = run
            self.state = state
            self.reason = reason
        }
    }

    /// What the runs have in common.
    public var occasion: String
    /// Why the rest of it is not run; absent when it was not cancelled.
    public var cancelled: String?
    /// The tasks, each behind those it comes after.
    public var steps: [Step]

    /// Creates a payload.
    public init(occasion: String, cancelled: String?, steps: [Step]) {
        self.occasion = occasion
        self.cancelled = cancelled
        self.steps = steps
    }
}

/// A request to cancel what belongs to a run, or to repeat it from what failed on.
public struct OccasionRequest: Hashable, Sendable, Codable {
    /// The same key means the same repetition, however often it is asked; drawn by the server when absent.
    public var key: String?
    /// Why.
    public var note: String?
    /// Who asks, in their own words.
    public var by: String?

    /// Creates a request.
    public init(key: String? = nil, note: String? = nil, by: String? = nil) {
        self.key = key
        self.note = note
        self.by = by
    }
}

/// What a repetition has begun.
public struct OccasionRepeated: Hashable, Sendable, Codable {
    /// What the new runs have in common.
    public var occasion: String
    /// The runs that were dispatched at once.
    public var runs: [RunID]
    /// The tasks that are run, or decided, again.
    public var tasks: [TaskID]

    /// Creates an answer.
    public init(occasion: String, runs: [RunID], tasks: [TaskID]) {
        self.occasion = occasion
        self.runs = runs
        self.tasks = tasks
    }
}
