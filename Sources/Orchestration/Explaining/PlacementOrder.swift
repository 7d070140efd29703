import Domain

/// In which order a task prefers the agents that may run it.
struct PlacementOrder {
    /// The agents, the preferred one first.
    let agents: [PlannableAgent]
    /// Whether agents were left out because they start too often.
    private let heldBack: [AgentID]

    /// `nil` when no agent may run the task.
    init?(_ facts: TaskFacts) {
        let sorted = facts.agents.sorted { $0.agent < $1.agent }
        let eligibility = AllocationEligibility(agents: sorted, now: facts.now)
        let specification = facts.definition.specification
        let key = AllocationEligibility.Key(
            runtime: specification.runtime,
            placement: specification.placement
        )
        guard case .agents(let indices) = eligibility.verdict(key) else { return nil }
        let task = AllocationScore.hash(TaskPart(uid: facts.definition.uid, part: facts.part))
        agents = indices.map { sorted[$0] }.sorted { left, right in
            func score(_ agent: PlannableAgent) -> Double {
                AllocationScore.of(task: task, agent: AllocationScore.hash(agent.agent), weight: agent.weight)
            }
            return (score(left), left.agent) < (score(right), right.agent)
        }
        let chosen = Set(agents.map(\.agent))
        heldBack = sorted.filter { eligibility.isHeldBack($0) && !chosen.contains($0.agent) }.map(\.agent)
    }

    /// Most agents that a sentence names.
    private static let namedMax = 5

    /// Why the owner has the task.
    func sentence(owner: AgentID?) -> String {
        let total = agents.reduce(0) { $0 + $1.weight }
        let named = agents.prefix(Self.namedMax).map { agent in
            let share = total > 0 ? Int((agent.weight / total * 100).rounded()) : 0
            return "\(agent.agent) (\(agent.slots) slots, \(share) % of the work)"
        }
        let rest = agents.count > Self.namedMax ? " and \(agents.count - Self.namedMax) more" : ""
        let order =
            "The agents that may run it, in the order that a hash of task and agent gives: \(named.joined(separator: ", "))\(rest)."
        let held = heldBack.isEmpty ? "" : " Held back: \(heldBack.map(\.text).joined(separator: ", "))."
        return "\(reason(owner)) \(order)\(held)"
    }

    private func reason(_ owner: AgentID?) -> String {
        guard let owner else { return "No agent has it now." }
        guard let rank = agents.firstIndex(where: { $0.agent == owner }) else {
            return "Agent \(owner) has it, which would not get it now: it keeps it until the leader moves it."
        }
        if agents.count == 1 { return "Agent \(owner) has it: no other agent that is here may run it." }
        if rank == 0 { return "Agent \(owner) has it: it comes first." }
        return
            "Agent \(owner) has it, although it comes in place \(rank + 1): tasks stay where they are while the shares allow it, "
            + "and no agent gets more than its share."
    }
}
