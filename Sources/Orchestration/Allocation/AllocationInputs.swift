public import Domain
public import Scheduling

/// A part of a task as the planner sees it.
public struct PlannableTask: Hashable, Sendable {
    /// The unit of ownership.
    public var part: TaskPart
    /// The task's name, for reasons and explanations.
    public var task: TaskID
    /// The runtime whose agents may own it.
    public var runtime: RuntimeID
    /// Where it may run, beyond its runtime.
    public var placement: Placement
    /// How much of an agent's share it takes, at least 1.
    public var weight: Int

    /// Creates a task of a weight of 1 unless another is given.
    public init(
        part: TaskPart,
        task: TaskID,
        runtime: RuntimeID,
        placement: Placement = Placement(),
        weight: Int = 1
    ) {
        precondition(weight >= 1, "the weight of \(task) is at least 1, not \(weight)")
        self.part = part
        self.task = task
        self.runtime = runtime
        self.placement = placement
        self.weight = weight
    }
}

/// A live agent as the planner sees it; an agent that is gone is simply not given.
public struct PlannableAgent: Hashable, Sendable {
    /// The agent's name.
    public var agent: AgentID
    /// Its runtime.
    public var runtime: RuntimeID
    /// Labels that placements refer to.
    public var labels: [String: String]
    /// Where the machine is.
    public var region: String?
    /// Where in the region the machine is.
    public var zone: String?
    /// How many attempts it runs at a time; an agent with none owns nothing.
    public var slots: Int
    /// From 0 (barely usable) to 1 (well); values outside are clamped.
    public var health: Double
    /// Whether it takes no new work and hands over what it has.
    public var isDrained: Bool
    /// The instant from which it takes new tasks, while it is held back (rejoin delay, flap damping).
    ///
    /// Until then it keeps what it has and gets nothing more, but for what no other agent may run.
    public var acceptsFrom: Instant?

    /// Creates an agent in good health that takes work at once unless told otherwise.
    public init(
        agent: AgentID,
        runtime: RuntimeID,
        labels: [String: String] = [:],
        region: String? = nil,
        zone: String? = nil,
        slots: Int = 1,
        health: Double = 1,
        isDrained: Bool = false,
        acceptsFrom: Instant? = nil
    ) {
        self.agent = agent
        self.runtime = runtime
        self.labels = labels
        self.region = region
        self.zone = zone
        self.slots = slots
        self.health = health
        self.isDrained = isDrained
        self.acceptsFrom = acceptsFrom
    }

    /// The least health that counts: an unwell agent still owns what only it may run.
    public static let healthMin = 0.01

    /// The agent's part of all work relative to others: slots × health.
    public var weight: Double {
        Double(max(slots, 0)) * (health.isNaN ? Self.healthMin : min(max(health, Self.healthMin), 1))
    }
}
