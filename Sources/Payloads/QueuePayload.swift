public import Domain
public import Scheduling

/// What waits at an agent for its turn.
public struct QueuePayload: Hashable, Sendable, Codable {
    /// Entries shown when nobody says how many.
    public static let limitStandard = 100
    /// Entries shown at most.
    public static let limitMax = 1_000

    /// Attempts that run now.
    public var running: Int
    /// Attempts that may run at a time.
    public var slots: Int
    /// How many attempts a second may be started; absent means without limit.
    public var startsPerSecond: Double?
    /// Why nothing is started now; absent when nothing waits for a slot.
    public var obstacle: String?
    /// How many attempts are due and wait for a slot.
    public var waiting: Int
    /// How many dispatched attempts wait for something else.
    public var held: Int
    /// The first of them: those that wait for a slot in the order in which they get one, then the others by due instant.
    public var entries: [Entry]

    /// An attempt that waits.
    public struct Entry: Hashable, Sendable, Codable {
        /// Its run.
        public var run: RunID
        /// Its number within the run.
        public var attempt: Int
        /// Its task.
        public var task: TaskID
        /// The task's group, if the agent has looked at the task.
        public var group: GroupID?
        /// The task's priority, if the agent has looked at the task.
        public var priority: Int?
        /// When the run was due.
        public var due: Instant
        /// Its place among those that wait for a slot, from 1; absent for one that waits for something else.
        public var position: Int?
        /// What it waits for.
        public var reason: String

        /// Creates an entry.
        public init(
            run: RunID,
            attempt: Int,
            task: TaskID,
            group: GroupID? = nil,
            priority: Int? = nil,
            due: Instant,
            position: Int? = nil,
            reason: String
        ) {
            self.run = run
            self.attempt = attempt
            self.task = task
            self.group = group
            self.priority = priority
            self.due = due
            self.position = position
            self.reason = reason
        }
    }

    /// Creates a payload.
    public init(
        running: Int,
        slots: Int,
        startsPerSecond: Double? = nil,
        obstacle: String? = nil,
        waiting: Int,
        held: Int,
        entries: [Entry]
    ) {
        self.running = running
        self.slots = slots
        self.startsPerSecond = startsPerSecond
        self.obstacle = obstacle
        self.waiting = waiting
        self.held = held
        self.entries = entries
    }
}
