public import Domain
public import Scheduling

/// A pool or an exclusive key as the API shows it.
public struct PoolPayload: Hashable, Sendable, Codable {
    /// An attempt that holds units, or waits for some.
    public struct Entry: Hashable, Sendable, Codable {
        /// Its run.
        public var run: RunID
        /// Its number within the run.
        public var attempt: Int
        /// Its task.
        public var task: TaskID
        /// The agent that has it.
        public var agent: AgentID
        /// How many units.
        public var units: Int
        /// The task's priority.
        public var priority: Int
        /// When the run was due.
        public var due: Instant
        /// Since when it holds them; absent for one that waits.
        public var since: Instant?
        /// Its place in the line, from 1; absent for one that holds units.
        public var position: Int?

        /// Creates an entry.
        public init(
            run: RunID,
            attempt: Int,
            task: TaskID,
            agent: AgentID,
            units: Int,
            priority: Int,
            due: Instant,
            since: Instant? = nil,
            position: Int? = nil
        ) {
            self.run = run
            self.attempt = attempt
            self.task = task
            self.agent = agent
            self.units = units
            self.priority = priority
            self.due = due
            self.since = since
            self.position = position
        }
    }

    /// Its name.
    public var name: PoolID
    /// Whether it is an exclusive key; absent for a pool.
    public var exclusive: Bool?
    /// How many units there are.
    public var units: Int
    /// Free text for people.
    public var description: String?
    /// How many units are held.
    public var held: Int
    /// How many attempts wait.
    public var waiting: Int
    /// How many tasks name it.
    public var tasks: Int
    /// The attempts that hold units, since the longest first; absent in lists.
    public var holders: [Entry]?
    /// The attempts that wait, in the order of the line; absent in lists.
    public var queue: [Entry]?

    /// Creates a payload.
    public init(
        name: PoolID,
        isKey: Bool = false,
        units: Int,
        description: String? = nil,
        held: Int,
        waiting: Int,
        tasks: Int,
        holders: [Entry]? = nil,
        queue: [Entry]? = nil
    ) {
        self.name = name
        exclusive = isKey ? true : nil
        self.units = units
        self.description = description
        self.held = held
        self.waiting = waiting
        self.tasks = tasks
        self.holders = holders
        self.queue = queue
    }
}

/// A request to create a pool or to change its size.
public struct PoolRequest: Hashable, Sendable, Codable {
    /// How many units there are.
    public var units: Int
    /// Free text for people; absent for none.
    public var description: String?
    /// Who does it.
    public var author: String?
    /// What for.
    public var message: String?

    /// Creates a request.
    public init(
        units: Int,
        description: String? = nil,
        author: String? = nil,
        message: String? = nil
    ) {
        self.units = units
        self.description = description
        self.author = author
        self.message = message
    }
}

/// What became of a pool that was set.
public struct PoolResult: Hashable, Sendable, Codable {
    /// The pool's name.
    public var pool: PoolID
    /// What changed.
    public var change: ApplyResult.Change

    /// Creates a result.
    public init(pool: PoolID, change: ApplyResult.Change) {
        self.pool = pool
        self.change = change
    }
}
