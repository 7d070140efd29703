public import Scheduling

/// What a user says about a task: the content of its document, without what the cluster adds.
///
/// Its JSON form is the task document's (`kind` and `v` aside): keys that are absent have their defaults.
public struct TaskSpecification: Hashable, Sendable {
    /// The task's name.
    public var name: TaskID
    /// The pool of agents that may run it.
    public var runtime: RuntimeID
    /// The folder it is kept in.
    public var group: GroupID
    /// What selectors find it by.
    public var labels: [String: String]
    /// Free text for people.
    public var description: String?
    /// What an attempt executes.
    public var action: Action
    /// Variables added to the environment of every attempt.
    public var environment: [String: String]
    /// How its processes are set up: at most one element, as of `residencies`.
    private var processes: [ProcessSettings]
    /// The values that its runs may be given.
    public var parameters: [Parameter]
    /// When it is due; empty for a task that only runs on request.
    ///
    /// Coinciding instants are one fire.
    public var schedules: [Schedule]
    /// How long an attempt may run before it is stopped; `nil` for ever.
    public var timeout: Duration?
    /// How long an attempt may take to end after SIGTERM before SIGKILL.
    public var killGrace: Duration
    /// What happens to a fire whose outcome cannot be known.
    public var delivery: Delivery
    /// What happens to fires that came due while nobody could launch them.
    public var misfire: Misfire
    /// Which attempts follow one that has failed.
    public var retry: Retry
    /// How long after its due instant a run may take at most, waiting, attempts and pauses included; `nil` for ever.
    public var totalTimeout: Duration?
    /// How long after it came due an attempt may still start; `nil` for no limit.
    ///
    /// Later it is missed.
    public var startDeadline: Duration?
    /// What the document says of what happens when a fire comes while an earlier run lives.
    public private(set) var statedConcurrency: Concurrency
    /// What each of its runs holds while it lives, and shares with the runs of other tasks.
    public var demand: UnitDemand
    /// Which of two runs goes first when there is one slot for both: the one with the higher priority, from -100 to 100.
    public var priority: Int
    /// Into which shards each fire is split; `nil` for none.
    public var shards: Shards?
    /// The values that the runs of shards are given instead of the defaults of the parameters, by the names of the shards.
    public var shardParameters: [String: [String: String]]
    /// Whether each fire is run once on every agent that may run the task.
    public var isBroadcast: Bool
    /// Which runs of other tasks it runs after, besides its schedules.
    public var after: Dependencies
    /// How it is kept running: at most one element, in a list because most tasks have none and a million of them should stay small.
    private var residencies: [Residency]
    /// Where it may run, beyond its runtime.
    public var placement: Placement
    /// Whether its schedules count.
    public var isEnabled: Bool
    /// Which workflow it belongs to; `nil` for a task of its own.
    public var workflow: WorkflowPlace?

    /// Creates a specification; everything but name and action has its documented default.
    public init(
        name: TaskID,
        runtime: RuntimeID = .standard,
        group: GroupID = .standard,
        labels: [String: String] = [:],
        description: String? = nil,
        action: Action,
        environment: [String: String] = [:],
        process: ProcessSettings = ProcessSettings(),
        parameters: [Parameter] = [],
        schedules: [Schedule] = [],
        timeout: Duration? = nil,
        killGrace: Duration = TaskSpecification.killGraceDefault,
        delivery: Delivery = .atMostOnce,
        misfire: Misfire = Misfire(),
        retry: Retry = Retry(),
        totalTimeout: Duration? = nil,
        startDeadline: Duration? = nil,
        concurrency: Concurrency = Concurrency(),
        demand: UnitDemand = UnitDemand(),
        priority: Int = 0,
        shards: Shards? = nil,
        shardParameters: [String: [String: String]] = [:],
        isBroadcast: Bool = false,
        after: Dependencies = Dependencies(),
        residency: Residency? = nil,
        placement: Placement = Placement(),
        isEnabled: Bool = true,
        workflow: WorkflowPlace? = nil
    ) {
        self.name = name
        self.runtime = runtime
        self.group = group
        self.labels = labels
        self.description = description
        self.action = action
        self.environment = environment
        processes = process == ProcessSettings() ? [] : [process]
        self.parameters = parameters
        self.schedules = schedules
        self.timeout = timeout
        self.killGrace = killGrace
        self.delivery = delivery
        self.misfire = misfire
        self.retry = retry
        self.totalTimeout = totalTimeout
        self.startDeadline = startDeadline
        statedConcurrency = concurrency
        self.demand = demand
        self.priority = priority
        self.shards = shards
        self.shardParameters = shardParameters
        self.isBroadcast = isBroadcast
        self.after = after
        residencies = residency.map { [$0] } ?? []
        self.placement = placement
        self.isEnabled = isEnabled
        self.workflow = workflow
    }

    /// How its processes are set up.
    public var process: ProcessSettings {
        get { processes.first ?? ProcessSettings() }
        set { processes = newValue == ProcessSettings() ? [] : [newValue] }
    }

    /// How it is kept running; `nil` for a task that is not resident.
    public var residency: Residency? {
        get { residencies.first }
        set { residencies = newValue.map { [$0] } ?? [] }
    }

    /// What happens when a fire comes while an earlier run lives; of a resident task the newer process replaces the one before.
    public var concurrency: Concurrency {
        get { residencies.isEmpty ? statedConcurrency : Concurrency(.replace) }
        set { statedConcurrency = newValue }
    }

    /// The grace between SIGTERM and SIGKILL of a task that names none (docs/architecture.md §7).
    public static let killGraceDefault = Duration.seconds(10)

    /// Whether an attempt must not outlive its agent's lease: somebody else may begin once it is over.
    public var endsWithLease: Bool { concurrency.isExclusive || !demand.isEmpty }
}

/// What happens to a fire whose outcome cannot be known.
public enum Delivery: String, Codable, Hashable, Sendable, CaseIterable {
    /// It is recorded as lost: never two starts of one instant.
    case atMostOnce = "at-most-once"
    /// It is attempted again elsewhere: never an instant without a completed attempt.
    case atLeastOnce = "at-least-once"
}

/// Where a task may run, beyond its runtime.
///
/// Empty lists and maps do not restrict.
public struct Placement: Hashable, Sendable {
    /// Names of the only agents that may run it.
    public var agents: [AgentID]
    /// Labels an agent must have, with these values.
    public var labels: [String: String]
    /// Regions an agent may be in.
    public var regions: [String]
    /// Zones an agent may be in.
    public var zones: [String]

    /// Creates a placement.
    public init(
        agents: [AgentID] = [],
        labels: [String: String] = [:],
        regions: [String] = [],
        zones: [String] = []
    ) {
        self.agents = agents
        self.labels = labels
        self.regions = regions
        self.zones = zones
    }

    /// Whether nothing is restricted.
    public var isUnrestricted: Bool {
        agents.isEmpty && labels.isEmpty && regions.isEmpty && zones.isEmpty
    }
}
