public import Domain
public import Scheduling

/// A workflow, as people see it.
public struct WorkflowView: Hashable, Sendable {
    /// The workflow's name.
    public var name: WorkflowID
    /// What its document says; `nil` when the task is gone that begins it.
    public var definition: Workflow?
    /// How many steps there are.
    public var stepCount: Int
    /// When it is due next; `nil` when it is not.
    public var nextDue: Instant?
    /// Why its schedules do not count now; `nil` when they do.
    public var pause: PauseRecord?
    /// Whether its group or runtime is paused.
    public var isSuspended: Bool
    /// Its last occasions, latest first; empty unless they were asked for.
    public var occasions: [WorkflowOccasion]

    /// Whether only a part of it is there, so that nothing begins it.
    public var isIncomplete: Bool { definition?.isIncomplete ?? true }

    /// Creates a view.
    public init(
        name: WorkflowID,
        definition: Workflow?,
        stepCount: Int,
        nextDue: Instant? = nil,
        pause: PauseRecord? = nil,
        isSuspended: Bool = false,
        occasions: [WorkflowOccasion] = []
    ) {
        self.name = name
        self.definition = definition
        self.stepCount = stepCount
        self.nextDue = nextDue
        self.pause = pause
        self.isSuspended = isSuspended
        self.occasions = occasions
    }
}

/// One time that a workflow began, and how far it has come, its repetitions included.
public struct WorkflowOccasion: Hashable, Sendable {
    /// Where it stands as a whole.
    public enum State: String, Hashable, Sendable, Codable {
        /// A step runs, or is to come.
        case running
        /// Everything that was to run has succeeded.
        case succeeded
        /// A step has failed, was stopped, missed or lost, for good.
        case failed
        /// Nothing has failed, and a step was skipped.
        case skipped
    }

    /// The run that began it, or its last repetition: what is to be cancelled or repeated.
    public var run: RunID
    /// When it was due, or requested.
    public var due: Instant
    /// Why it began.
    public var trigger: Trigger
    /// Where it stands.
    public var state: State
    /// The latest run of each step that has one, by the step's task.
    public var steps: [TaskID: Run]

    /// Creates an occasion.
    public init(run: RunID, due: Instant, trigger: Trigger, state: State, steps: [TaskID: Run]) {
        self.run = run
        self.due = due
        self.trigger = trigger
        self.state = state
        self.steps = steps
    }
}

/// A request to delete a workflow.
public struct WorkflowDeletion: Hashable, Sendable {
    /// The workflow.
    public var workflow: WorkflowID
    /// Who deletes it.
    public var note: ChangeNote
    /// Whether nothing is deleted.
    public var isDryRun: Bool
    /// How many tasks the caller knows it deletes; needed where those are many.
    public var confirmed: Int?

    /// Creates a request.
    public init(
        _ workflow: WorkflowID,
        note: ChangeNote = ChangeNote(),
        isDryRun: Bool = false,
        confirmed: Int? = nil
    ) {
        self.workflow = workflow
        self.note = note
        self.isDryRun = isDryRun
        self.confirmed = confirmed
    }
}
