public import Domain
public import Scheduling

/// Who leads, as this center sees it.
public enum LeadershipView: Hashable, Sendable {
    /// This center leads.
    case leading(Epoch)
    /// Another center leads; requests go to its URL.
    case following(CenterRegistration)
    /// Nobody is known to lead (an election, or ZooKeeper is away).
    case unknown(reason: String)
}

/// Where a task is, and what is next.
public struct TaskView: Hashable, Sendable {
    /// The definition.
    public var definition: TaskDefinition
    /// The agent that owns it now; `nil` when nobody does.
    public var owner: AgentID?
    /// Where its parts are; `nil` for a task that has one only, and where that is not known.
    public var parts: PartPlacement?
    /// Why nobody owns it, or one of its parts: disabled, or the planner's reason.
    public var unplacedReason: String?
    /// The next due instant after now; `nil` when there is none.
    public var nextDue: Instant?
    /// Why its schedules do not count now; `nil` when they do.
    public var pause: PauseRecord?
    /// What the pauses of its group and its runtime mean for it now.
    public var suspension: Suspension
    /// What is different about single fires, coming and lately gone.
    public var exceptions: [FireException]

    /// Creates a view at an instant.
    public init(
        definition: TaskDefinition,
        owner: AgentID?,
        parts: PartPlacement? = nil,
        unplacedReason: String?,
        nextDue: Instant?,
        at now: Instant
    ) {
        pause = definition.pause(at: now)
        suspension = definition.suspension(at: now)
        exceptions = definition.exceptions
        self.definition = definition
        self.owner = owner
        self.parts = parts
        self.unplacedReason = unplacedReason
        self.nextDue = nextDue
    }
}

/// Which tasks to show.
public struct TaskFilter: Hashable, Sendable {
    /// Only tasks of this runtime.
    public var runtime: RuntimeID?
    /// Only tasks of this group.
    public var group: GroupID?
    /// Only tasks whose schedules count, or only those that are paused, themselves or with their group or runtime.
    public var isEnabled: Bool?
    /// Only tasks with these labels.
    public var labels: LabelSelector

    /// Creates a filter; everything left out does not restrict.
    public init(
        runtime: RuntimeID? = nil,
        group: GroupID? = nil,
        isEnabled: Bool? = nil,
        labels: LabelSelector = .all
    ) {
        self.runtime = runtime
        self.group = group
        self.isEnabled = isEnabled
        self.labels = labels
    }

    /// Whether a task is among those asked for.
    public func matches(_ definition: TaskDefinition, at now: Instant) -> Bool {
        let task = definition.specification
        return (runtime.map { $0 == task.runtime } ?? true) && (group.map { $0 == task.group } ?? true)
            && (isEnabled.map { $0 == definition.counts(at: now) } ?? true) && labels.matches(task.labels)
    }
}

/// An agent as the centers see it.
public struct NodeView: Hashable, Sendable {
    /// What the agent says of itself; `nil` when it is away but still owns rows.
    public var registration: AgentRegistration?
    /// The agent's name.
    public var agent: AgentID
    /// Its runtime.
    public var runtime: RuntimeID
    /// Whether it takes no new work.
    public var isDrained: Bool
    /// How many tasks it owns.
    public var taskCount: Int
    /// Until when it gets no tasks because it started too often lately; `nil` when it gets them.
    public var heldUntil: Instant?
    /// When it ended without having been drained, and how many tasks it owned then; `nil` while it is there, and when that is not remembered.
    public var departure: Departure?

    /// The end of an agent.
    public struct Departure: Hashable, Sendable {
        /// When it was noticed.
        public var at: Instant
        /// How many tasks the agent owned then.
        public var taskCount: Int

        /// Creates an end.
        public init(at: Instant, taskCount: Int) {
            self.at = at
            self.taskCount = taskCount
        }
    }

    /// Creates a view.
    public init(
        registration: AgentRegistration?,
        agent: AgentID,
        runtime: RuntimeID,
        isDrained: Bool,
        taskCount: Int,
        heldUntil: Instant? = nil,
        departure: Departure? = nil
    ) {
        self.registration = registration
        self.agent = agent
        self.runtime = runtime
        self.isDrained = isDrained
        self.taskCount = taskCount
        self.heldUntil = heldUntil
        self.departure = departure
    }
}

/// The cluster at a glance.
public struct ClusterView: Hashable, Sendable {
    /// The cluster's identity.
    public var identity: ClusterIdentity?
    /// Who leads.
    public var leadership: LeadershipView
    /// The live centers, sorted by name.
    public var centers: [CenterRegistration]
    /// The agents, sorted by runtime and name.
    public var nodes: [NodeView]
    /// Tasks in all.
    public var taskCount: Int
    /// Tasks that are enabled but owned by nobody.
    public var unplacedCount: Int
    /// What is not as it should be in ZooKeeper, as far as the leader has noticed: `path: reason`, sorted.
    public var defects: [String]
    /// Runs without a result that nobody owns, as this center last found them in its history: they are about to be recorded as lost.
    ///
    /// `nil` when it has not looked yet.
    public var ownerlessRunCount: Int?

    /// Creates a view.
    public init(
        identity: ClusterIdentity?,
        leadership: LeadershipView,
        centers: [CenterRegistration],
        nodes: [NodeView],
        taskCount: Int,
        unplacedCount: Int,
        defects: [String] = [],
        ownerlessRunCount: Int? = nil
    ) {
        self.identity = identity
        self.leadership = leadership
        self.centers = centers
        self.nodes = nodes
        self.taskCount = taskCount
        self.unplacedCount = unplacedCount
        self.defects = defects
        self.ownerlessRunCount = ownerlessRunCount
    }
}
