public import Domain
public import Scheduling

/// A workflow as the API shows it.
public struct WorkflowPayload: Hashable, Sendable, Codable {
    /// One time that it began.
    public struct Occasion: Hashable, Sendable, Codable {
        /// A step's run.
        public struct Step: Hashable, Sendable, Codable {
            /// The step.
            public var step: StepID
            /// Its latest run of the occasion.
            public var run: RunID
            /// Where that stands.
            public var state: RunState
            /// Why it was skipped or missed.
            public var reason: String?

            /// Creates a step.
            public init(step: StepID, run: RunID, state: RunState, reason: String? = nil) {
                self.step = step
                self.run = run
                self.state = state
                self.reason = reason
            }
        }

        /// The run that began it, or its last repetition: what is to be cancelled or repeated.
        public var run: RunID
        /// When it was due, or requested.
        public var due: Instant
        /// Why it began.
        public var trigger: Trigger
        /// `running`, `succeeded`, `failed` or `skipped`.
        public var state: String
        /// The steps that have a run, sorted by name.
        public var steps: [Step]

        /// Creates an occasion.
        public init(run: RunID, due: Instant, trigger: Trigger, state: String, steps: [Step]) {
            self.run = run
            self.due = due
            self.trigger = trigger
            self.state = state
            self.steps = steps
        }
    }

    /// The name.
    public var name: WorkflowID
    /// How many steps it has.
    public var steps: Int
    /// When it is due next; absent when it is not.
    public var next: Instant?
    /// Why its schedules do not count; absent when they do.
    public var pause: PauseRecord?
    /// True while its group or its runtime is paused; absent otherwise.
    public var suspended: Bool?
    /// True when only a part of it was saved, so that nothing begins it; absent otherwise.
    public var incomplete: Bool?
    /// What its document is compiled to; absent in lists.
    public var definition: Workflow?
    /// Its last occasions, latest first; absent in lists.
    public var occasions: [Occasion]?

    /// Creates a payload.
    public init(
        name: WorkflowID,
        steps: Int,
        next: Instant? = nil,
        pause: PauseRecord? = nil,
        suspended: Bool? = nil,
        incomplete: Bool? = nil,
        definition: Workflow? = nil,
        occasions: [Occasion]? = nil
    ) {
        self.name = name
        self.steps = steps
        self.next = next
        self.pause = pause
        self.suspended = suspended
        self.incomplete = incomplete
        self.definition = definition
        self.occasions = occasions
    }
}

/// What became of a workflow that was saved.
public struct WorkflowResult: Hashable, Sendable, Codable {
    /// The workflow.
    public var workflow: WorkflowID
    /// What changed.
    public var change: ApplyResult.Change
    /// How many steps it has now.
    public var steps: Int
    /// The tasks of the steps that it has no more; absent when there are none.
    public var removed: [TaskID]?

    /// Creates a result.
    public init(workflow: WorkflowID, change: ApplyResult.Change, steps: Int, removed: [TaskID]? = nil) {
        self.workflow = workflow
        self.change = change
        self.steps = steps
        self.removed = removed
    }
}

/// A request to delete a workflow.
public struct WorkflowDeletionRequest: Hashable, Sendable, Codable {
    /// Whether nothing is deleted.
    public var dryRun: Bool?
    /// How many tasks the caller knows it deletes; needed where those are many.
    public var confirm: Int?
    /// Who deletes it.
    public var author: String?
    /// What for.
    public var message: String?

    /// Creates a request.
    public init(dryRun: Bool? = nil, confirm: Int? = nil, author: String? = nil, message: String? = nil) {
        self.dryRun = dryRun
        self.confirm = confirm
        self.author = author
        self.message = message
    }
}

/// The tasks of a workflow that are gone.
public struct WorkflowDeleted: Hashable, Sendable, Codable {
    /// Their names, sorted.
    public var tasks: [TaskID]

    /// Creates an answer.
    public init(tasks: [TaskID]) { self.tasks = tasks }
}
