public import Domain
public import Scheduling

/// Who changes something, and what for; kept with the revisions and pauses that the change makes.
public struct ChangeNote: Hashable, Sendable {
    /// Who, as the caller says.
    public var author: String?
    /// What for.
    public var message: String?

    /// Creates a note.
    public init(author: String? = nil, message: String? = nil) {
        self.author = author
        self.message = message
    }

    /// What is wrong with it, where what it is for stands in the field `message`.
    func problems(message field: String = "message") -> [ValidationProblem] {
        ValidationProblem.tooLong(["author": author, field: message])
    }
}

/// Pools, calendars, workflows and tasks to be created or edited, in this order.
public struct SaveRequest: Hashable, Sendable {
    /// The pools.
    public var pools: [Pool]
    /// The calendars.
    public var calendars: [DayCalendar]
    /// The workflows, each as a whole: steps that it has no more are deleted.
    public var workflows: [Workflow]
    /// The tasks that belong to no workflow.
    public var tasks: [TaskSpecification]
    /// How each task must relate to what is there.
    public var condition: SaveCondition
    /// Who saves them, and what for.
    public var note: ChangeNote
    /// Whether everything is checked and nothing saved.
    public var isDryRun: Bool
    /// How many present tasks the caller knows it changes; needed where those are many.
    public var confirmed: Int?

    /// Creates a request.
    public init(
        pools: [Pool] = [],
        calendars: [DayCalendar] = [],
        workflows: [Workflow] = [],
        tasks: [TaskSpecification] = [],
        condition: SaveCondition = .any,
        note: ChangeNote = ChangeNote(),
        isDryRun: Bool = false,
        confirmed: Int? = nil
    ) {
        self.pools = pools
        self.calendars = calendars
        self.workflows = workflows
        self.tasks = tasks
        self.condition = condition
        self.note = note
        self.isDryRun = isDryRun
        self.confirmed = confirmed
    }
}

/// What saving a calendar did.
public struct CalendarOutcome: Hashable, Sendable {
    /// The calendar.
    public var calendar: CalendarID
    /// What changed.
    public var change: SaveOutcome.Change
    /// How many tasks got a new revision with its days.
    public var taskCount: Int

    /// Creates an outcome.
    public init(calendar: CalendarID, change: SaveOutcome.Change, taskCount: Int) {
        self.calendar = calendar
        self.change = change
        self.taskCount = taskCount
    }
}

/// What saving a pool did.
public struct PoolOutcome: Hashable, Sendable {
    /// The pool.
    public var pool: PoolID
    /// What changed.
    public var change: SaveOutcome.Change

    /// Creates an outcome.
    public init(pool: PoolID, change: SaveOutcome.Change) {
        self.pool = pool
        self.change = change
    }
}

/// What a request saved, or would save.
public struct SaveReceipt: Hashable, Sendable {
    /// The pools, in the order of the request.
    public var pools: [PoolOutcome]
    /// The calendars, in the order of the request.
    public var calendars: [CalendarOutcome]
    /// The workflows, in the order of the request.
    public var workflows: [WorkflowOutcome]
    /// The tasks, in the order of the request.
    public var tasks: [SaveOutcome]
    /// How much of each runtime it changes, sorted by name.
    public var shares: [ChangedShare]
    /// How many missed fires of each runtime it has made up for, sorted by name.
    public var catchUps: [CatchUpShare]

    /// Creates a receipt.
    public init(
        pools: [PoolOutcome] = [],
        calendars: [CalendarOutcome] = [],
        workflows: [WorkflowOutcome] = [],
        tasks: [SaveOutcome] = [],
        shares: [ChangedShare] = [],
        catchUps: [CatchUpShare] = []
    ) {
        self.pools = pools
        self.calendars = calendars
        self.workflows = workflows
        self.tasks = tasks
        self.shares = shares
        self.catchUps = catchUps
    }
}

/// A calendar, and how many tasks name it.
public struct CalendarView: Hashable, Sendable {
    /// The calendar.
    public var calendar: DayCalendar
    /// How many tasks name it.
    public var taskCount: Int

    /// Creates a view.
    public init(calendar: DayCalendar, taskCount: Int) {
        self.calendar = calendar
        self.taskCount = taskCount
    }
}

/// What saving a workflow did.
public struct WorkflowOutcome: Hashable, Sendable {
    /// The workflow.
    public var workflow: WorkflowID
    /// What changed.
    public var change: SaveOutcome.Change
    /// How many steps it has now.
    public var stepCount: Int
    /// The tasks of the steps that it has no more, sorted.
    public var removed: [TaskID]

    /// Creates an outcome.
    public init(workflow: WorkflowID, change: SaveOutcome.Change, stepCount: Int, removed: [TaskID] = []) {
        self.workflow = workflow
        self.change = change
        self.stepCount = stepCount
        self.removed = removed
    }
}

/// The same change of several tasks.
public struct BulkRequest: Hashable, Sendable {
    /// What becomes of each.
    public enum Action: String, Hashable, Sendable, Codable, CaseIterable {
        /// Its schedules count no more.
        case pause
        /// They count again.
        case resume
        /// It is gone.
        case delete
    }

    /// What becomes of each.
    public var action: Action
    /// The tasks.
    public var tasks: [TaskID]
    /// When a pause ends by itself; `nil` for never.
    public var until: Instant?
    /// Who does it, and what for: the reason of a pause.
    public var note: ChangeNote
    /// Whether nothing is changed.
    public var isDryRun: Bool
    /// How many tasks the caller knows it changes; needed where those are many.
    public var confirmed: Int?

    /// Creates a request.
    public init(
        action: Action,
        tasks: [TaskID],
        until: Instant? = nil,
        note: ChangeNote = ChangeNote(),
        isDryRun: Bool = false,
        confirmed: Int? = nil
    ) {
        self.action = action
        self.tasks = tasks
        self.until = until
        self.note = note
        self.isDryRun = isDryRun
        self.confirmed = confirmed
    }
}

/// What a change of several tasks did, or would do.
public struct BulkReceipt: Hashable, Sendable {
    /// What became of one task.
    public enum Change: String, Hashable, Sendable, Codable {
        /// It was changed.
        case changed
        /// It was like that already.
        case unchanged
        /// There is none of that name.
        case absent
    }

    /// What became of one task.
    public struct Outcome: Hashable, Sendable {
        /// The task.
        public var task: TaskID
        /// What became of it.
        public var change: Change

        /// Creates an outcome.
        public init(task: TaskID, change: Change) {
            self.task = task
            self.change = change
        }
    }

    /// The tasks, in the order of the request.
    public var outcomes: [Outcome]
    /// How much of each runtime it changes, sorted by name.
    public var shares: [ChangedShare]
    /// How many missed fires of each runtime it has made up for, sorted by name.
    public var catchUps: [CatchUpShare]

    /// Creates a receipt.
    public init(outcomes: [Outcome], shares: [ChangedShare] = [], catchUps: [CatchUpShare] = []) {
        self.outcomes = outcomes
        self.shares = shares
        self.catchUps = catchUps
    }
}

/// A group, as its tasks and its settings make it.
public struct GroupView: Hashable, Sendable {
    /// The group's name.
    public var name: GroupID
    /// How many tasks it has.
    public var taskCount: Int
    /// How many of them are paused themselves.
    public var pausedCount: Int
    /// Present while it is paused.
    public var pause: PauseRecord?

    /// Creates a view.
    public init(name: GroupID, taskCount: Int, pausedCount: Int, pause: PauseRecord?) {
        self.name = name
        self.taskCount = taskCount
        self.pausedCount = pausedCount
        self.pause = pause
    }
}

extension CenterOperations {
    /// Creates or edits tasks; all are validated before any is saved.
    public func save(
        _ specifications: [TaskSpecification],
        condition: SaveCondition
    ) async throws -> [SaveOutcome] {
        try await save(SaveRequest(tasks: specifications, condition: condition)).tasks
    }
}
