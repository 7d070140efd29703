public import Domain
public import Scheduling

/// What would move if agents came or went; nothing is changed by asking.
public struct AllocationPreview: Hashable, Sendable {
    /// A change of who comes and goes.
    public struct Change: Hashable, Sendable {
        /// Agents that stop, or are drained.
        public var leaving: Set<AgentID>
        /// Agents that start.
        public var joining: [PlannableAgent]

        /// Creates a change; nothing unless something is given.
        public init(leaving: Set<AgentID> = [], joining: [PlannableAgent] = []) {
            self.leaving = leaving
            self.joining = joining
        }
    }

    /// What one agent gains and loses.
    public struct Balance: Hashable, Sendable {
        /// The agent.
        public var agent: AgentID
        /// Tasks it owns now.
        public var before: Int
        /// Tasks it gets.
        public var gains: Int
        /// Tasks it gives away.
        public var losses: Int

        /// Tasks it would own.
        public var after: Int { before + gains - losses }
    }

    /// The plan for the changed cluster.
    public var plan: AllocationPlan
    /// Every agent there is or would be, and every owner, sorted by name.
    public var balances: [Balance]

    /// Plans a runtime as it would be after a change.
    public init(
        tasks: [PlannableTask],
        agents: [PlannableAgent],
        current: [TaskPart: AgentID],
        change: Change,
        now: Instant
    ) {
        let remaining = agents.filter { !change.leaving.contains($0.agent) }
        plan = AllocationPlanner.plan(
            tasks: tasks,
            agents: remaining + change.joining,
            current: current,
            now: now
        )
        var balances: [AgentID: Balance] = [:]
        func balance(_ agent: AgentID, _ body: (inout Balance) -> Void) {
            body(&balances[agent, default: Balance(agent: agent, before: 0, gains: 0, losses: 0)])
        }
        for agent in agents + change.joining { balance(agent.agent) { _ in } }
        for owner in current.values { balance(owner) { $0.before += 1 } }
        for assigned in plan.assign { balance(assigned.agent) { $0.gains += 1 } }
        for released in plan.release { balance(released.agent) { $0.losses += 1 } }
        for move in plan.move {
            balance(move.from) { $0.losses += 1 }
            balance(move.to) { $0.gains += 1 }
        }
        self.balances = balances.values.sorted { $0.agent < $1.agent }
    }
}
