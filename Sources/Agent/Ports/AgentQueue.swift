public import Domain
public import Scheduling

/// What waits at an agent for its turn.
public struct AgentQueue: Hashable, Sendable {
    /// Attempts that run now.
    public var runningCount: Int
    /// Attempts that may run at a time.
    public var slots: Int
    /// How many attempts a second may be started; `nil` for no limit.
    public var startsPerSecond: Double?
    /// Why nothing is started now, for people; `nil` when nothing waits for a slot.
    public var obstacle: String?
    /// How many attempts are due and wait for a slot.
    public var waitingCount: Int
    /// How many dispatched attempts wait for something else.
    public var heldCount: Int
    /// The first of them: those that wait for a slot in the order in which they get one, then the others by due instant.
    public var entries: [QueuedAttempt]

    /// Creates a queue.
    public init(
        runningCount: Int,
        slots: Int,
        startsPerSecond: Double? = nil,
        obstacle: String? = nil,
        waitingCount: Int = 0,
        heldCount: Int = 0,
        entries: [QueuedAttempt] = []
    ) {
        self.runningCount = runningCount
        self.slots = slots
        self.startsPerSecond = startsPerSecond
        self.obstacle = obstacle
        self.waitingCount = waitingCount
        self.heldCount = heldCount
        self.entries = entries
    }
}

/// An attempt that waits.
public struct QueuedAttempt: Hashable, Sendable {
    /// The attempt.
    public var attempt: AttemptID
    /// Its task.
    public var task: TaskID
    /// The task's group; `nil` while the agent has not looked at the task.
    public var group: GroupID?
    /// The task's priority; `nil` while the agent has not looked at the task.
    public var priority: Int?
    /// When the run was due.
    public var due: Instant
    /// Its place among those that wait for a slot, from 1; `nil` for one that waits for something else.
    public var position: Int?
    /// What it waits for, for people.
    public var reason: String

    /// Creates an entry.
    public init(
        attempt: AttemptID,
        task: TaskID,
        group: GroupID? = nil,
        priority: Int? = nil,
        due: Instant,
        position: Int? = nil,
        reason: String
    ) {
        self.attempt = attempt
        self.task = task
        self.group = group
        self.priority = priority
        self.due = due
        self.position = position
        self.reason = reason
    }
}
