public import Domain
public import Scheduling

/// Where facts are recorded, as people find them.
public struct ExplanationPaths: Hashable, Sendable {
    /// The task's definition.
    public var definition: String
    /// The row that says who owns the task.
    public var row: String
    /// The agents that live.
    public var agents: String
    /// The settings of the runtime, with the drained agents.
    public var runtime: String
    /// The settings of the group.
    public var group: String
    /// Who leads.
    public var epoch: String

    /// Creates the places.
    public init(
        definition: String,
        row: String,
        agents: String,
        runtime: String,
        group: String,
        epoch: String
    ) {
        self.definition = definition
        self.row = row
        self.agents = agents
        self.runtime = runtime
        self.group = group
        self.epoch = epoch
    }

    /// The record of a run.
    func history(of run: Run) -> String { "history, run \(run.id)" }
}

/// What is known of a task at an instant: the questions are answered from this alone.
public struct TaskFacts: Sendable {
    /// Who has the task.
    public enum Place: Hashable, Sendable {
        /// Only the leader knows.
        case unknown
        /// Nobody, and there is no row yet.
        case nowhere
        /// Nobody; its row is kept.
        case parked
        /// An agent.
        case owned(AgentID)
    }

    /// The task.
    public var definition: TaskDefinition
    /// The present instant, by the clock of the center that answers.
    public var now: Instant
    /// Which part of the task the other facts are about.
    public var part: Int
    /// Where all its parts are; `nil` for a task that has one.
    public var parts: PartPlacement?
    /// Who has the task.
    public var place: Place
    /// Its row.
    public var row: AllocationRow?
    /// What is missing for it to be placed.
    public var reason: UnplaceableReason?
    /// The pause of its group; `nil` when that is not paused.
    public var groupPause: PauseRecord?
    /// The pause of its runtime; `nil` when that is not paused.
    public var runtimePause: PauseRecord?
    /// Why nobody leads; `nil` when somebody does.
    public var leaderless: String?
    /// The usable agents of its runtime.
    public var agents: [PlannableAgent]
    /// What the agents that live say of themselves.
    public var registrations: [AgentRegistration]
    /// How many attempts run on each agent, by the history.
    public var running: [AgentID: Int]
    /// The runs of the task that are not over, by the history, oldest first.
    public var living: [Run]
    /// The latest run that is over, by the history.
    public var latest: Run?
    /// Which of its runs wait for exclusive keys or units of pools, and who holds them.
    public var unitWaits: [Explanation.Finding]
    /// Where all this is recorded.
    public var paths: ExplanationPaths

    /// Creates facts about a task of which nothing else is known.
    public init(
        definition: TaskDefinition,
        now: Instant,
        part: Int = 0,
        parts: PartPlacement? = nil,
        place: Place = .unknown,
        row: AllocationRow? = nil,
        reason: UnplaceableReason? = nil,
        groupPause: PauseRecord? = nil,
        runtimePause: PauseRecord? = nil,
        leaderless: String? = nil,
        agents: [PlannableAgent] = [],
        registrations: [AgentRegistration] = [],
        running: [AgentID: Int] = [:],
        living: [Run] = [],
        latest: Run? = nil,
        unitWaits: [Explanation.Finding] = [],
        paths: ExplanationPaths
    ) {
        self.definition = definition
        self.now = now
        self.part = part
        self.parts = parts
        self.place = place
        self.row = row
        self.reason = reason
        self.groupPause = groupPause
        self.runtimePause = runtimePause
        self.leaderless = leaderless
        self.agents = agents
        self.registrations = registrations
        self.running = running
        self.living = living
        self.latest = latest
        self.unitWaits = unitWaits
        self.paths = paths
    }

    /// The agent that owns the task.
    var owner: AgentID? { if case .owned(let agent) = place { agent } else { nil } }
}
