public import Domain

/// How a task that is saved must relate to what is there.
///
/// As JSON: `"any"`, `"absent"` or `{"revision": 3}`.
public enum ApplyCondition: Hashable, Sendable {
    /// Create or edit, whatever is there.
    case any
    /// The task must not exist.
    case absent
    /// The task must exist with this revision.
    case revision(Int)
}

extension ApplyCondition: Codable {
    private enum Key: String, CodingKey {
        case revision
    }

    /// Decodes one of the three forms.
    public init(from decoder: any Decoder) throws {
        // What is no object is a word, or wrong.
        if let container = try? decoder.container(keyedBy: Key.self) {
            self = .revision(try container.decode(Int.self, forKey: .revision))
            return
        }
        let container = try decoder.singleValueContainer()
        switch try container.decode(String.self) {
        case "any": self = .any
        case "absent": self = .absent
        case let other:
            throw DecodingError.dataCorruptedError(
                in: container,
                debugDescription:
                    "\"\(other)\" is no condition: use \"any\", \"absent\" or {\"revision\": number}"
            )
        }
    }

    /// Encodes one of the three forms.
    public func encode(to encoder: any Encoder) throws {
        switch self {
        case .any, .absent:
            var container = encoder.singleValueContainer()
            try container.encode(self == .any ? "any" : "absent")
        case .revision(let revision):
            var container = encoder.container(keyedBy: Key.self)
            try container.encode(revision, forKey: .revision)
        }
    }
}

/// Tasks to be created or edited; all are validated before any is saved.
public struct ApplyRequest: Hashable, Sendable, Codable {
    /// Most tasks of one request: their saves share the leader's batches, and a request must end within its time limit.
    public static let tasksMax = 10_000

    /// The tasks.
    public var tasks: [TaskSpecification]
    /// How each must relate to what is there; absent means `any`.
    public var condition: ApplyCondition?
    /// Pools to be created or changed before everything else.
    public var pools: [Pool]?
    /// Calendars to be created or edited before the workflows and tasks.
    public var calendars: [DayCalendar]?
    /// Workflows to be created or edited before the tasks, each as a whole: steps that it has no more are deleted.
    public var workflows: [Workflow]?
    /// Whether everything is checked and nothing saved.
    public var dryRun: Bool?
    /// The number of present tasks that it changes, or of runs that it starts, as the caller knows it; needed where those are many.
    public var confirm: Int?
    /// Who saves them.
    public var author: String?
    /// What for.
    public var message: String?

    /// Creates a request.
    public init(
        tasks: [TaskSpecification],
        condition: ApplyCondition? = nil,
        pools: [Pool]? = nil,
        calendars: [DayCalendar]? = nil,
        workflows: [Workflow]? = nil,
        dryRun: Bool? = nil,
        confirm: Int? = nil,
        author: String? = nil,
        message: String? = nil
    ) {
        self.tasks = tasks
        self.condition = condition
        self.pools = pools
        self.calendars = calendars
        self.workflows = workflows
        self.dryRun = dryRun
        self.confirm = confirm
        self.author = author
        self.message = message
    }
}

/// What became of one saved task.
public struct ApplyResult: Hashable, Sendable, Codable {
    /// The kind of change.
    public enum Change: String, Hashable, Sendable, Codable {
        /// The task is new.
        case created
        /// The task has a new revision.
        case updated
        /// The task was the same already.
        case unchanged
    }

    /// The task's name.
    public var task: TaskID
    /// What changed.
    public var change: Change
    /// Its revision now.
    public var revision: Int

    /// Creates a result.
    public init(task: TaskID, change: Change, revision: Int) {
        self.task = task
        self.change = change
        self.revision = revision
    }
}

/// What became of the tasks of an `ApplyRequest`, in its order.
public struct ApplyResponse: Hashable, Sendable, Codable {
    /// One result for each task.
    public var results: [ApplyResult]
    /// One result for each pool; absent without pools.
    public var pools: [PoolResult]?
    /// One result for each calendar; absent without calendars.
    public var calendars: [CalendarResult]?
    /// One result for each workflow; absent without workflows.
    public var workflows: [WorkflowResult]?
    /// How much of each runtime it changes; absent when it changes no task that was there.
    public var shares: [ChangedShare]?
    /// How many missed fires of each runtime it has made up for; absent for none.
    public var catchUps: [CatchUpShare]?

    /// Creates a response.
    public init(
        results: [ApplyResult],
        pools: [PoolResult]? = nil,
        calendars: [CalendarResult]? = nil,
        workflows: [WorkflowResult]? = nil,
        shares: [ChangedShare]? = nil,
        catchUps: [CatchUpShare]? = nil
    ) {
        self.results = results
        self.pools = pools
        self.calendars = calendars
        self.workflows = workflows
        self.shares = shares
        self.catchUps = catchUps
    }
}
