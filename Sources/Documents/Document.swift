public import Domain

/// One document of a file, read and valid.
public enum Document: Hashable, Sendable {
    /// `kind: Task`.
    case task(TaskDocument)
    /// `kind: Runtime`.
    case runtime(RuntimeDocument)
    /// `kind: Calendar`.
    case calendar(CalendarDocument)
    /// `kind: Workflow`.
    case workflow(WorkflowDocument)
    /// `kind: Pool`.
    case pool(PoolDocument)

    /// Where it begins.
    public var location: SourceLocation {
        switch self {
        case .task(let task): task.location
        case .runtime(let runtime): runtime.location
        case .calendar(let calendar): calendar.location
        case .workflow(let workflow): workflow.location
        case .pool(let pool): pool.location
        }
    }

    /// Its kind as it is written.
    public var kind: String {
        switch self {
        case .task: Kind.task.rawValue
        case .runtime: Kind.runtime.rawValue
        case .calendar: Kind.calendar.rawValue
        case .workflow: Kind.workflow.rawValue
        case .pool: Kind.pool.rawValue
        }
    }

    /// The name of what it describes.
    public var name: String {
        switch self {
        case .task(let task): task.specification.name.text
        case .runtime(let runtime): runtime.settings.name.text
        case .calendar(let calendar): calendar.calendar.name.text
        case .workflow(let workflow): workflow.workflow.name.text
        case .pool(let pool): pool.pool.name.text
        }
    }

    /// The kinds there are.
    enum Kind: String, CaseIterable {
        case task = "Task"
        case runtime = "Runtime"
        case calendar = "Calendar"
        case workflow = "Workflow"
        case pool = "Pool"
    }
}

/// A task's document.
public struct TaskDocument: Hashable, Sendable {
    /// What the user says about the task.
    public var specification: TaskSpecification
    /// Where the document begins.
    public var location: SourceLocation

    /// Creates a document.
    public init(specification: TaskSpecification, location: SourceLocation) {
        self.specification = specification
        self.location = location
    }
}

/// A runtime's document.
public struct RuntimeDocument: Hashable, Sendable {
    /// What the user says about the runtime.
    public var settings: RuntimeSettings
    /// Whether the document says which agents are drained; otherwise applying it should leave that as it is.
    public var statesDrained: Bool
    /// Where the document begins.
    public var location: SourceLocation

    /// Creates a document.
    public init(settings: RuntimeSettings, statesDrained: Bool, location: SourceLocation) {
        self.settings = settings
        self.statesDrained = statesDrained
        self.location = location
    }
}

/// A calendar's document.
public struct CalendarDocument: Hashable, Sendable {
    /// What the user says about the calendar.
    public var calendar: DayCalendar
    /// Where the document begins.
    public var location: SourceLocation

    /// Creates a document.
    public init(calendar: DayCalendar, location: SourceLocation) {
        self.calendar = calendar
        self.location = location
    }
}

/// A pool's document.
public struct PoolDocument: Hashable, Sendable {
    /// What the user says about the pool.
    public var pool: Pool
    /// Where the document begins.
    public var location: SourceLocation

    /// Creates a document.
    public init(pool: Pool, location: SourceLocation) {
        self.pool = pool
        self.location = location
    }
}

/// A workflow's document.
public struct WorkflowDocument: Hashable, Sendable {
    /// What the document is compiled to.
    public var workflow: Workflow
    /// Where the document begins.
    public var location: SourceLocation

    /// Creates a document.
    public init(workflow: Workflow, location: SourceLocation) {
        self.workflow = workflow
        self.location = location
    }
}
