import Domain
import Scheduling

/// Decides which agents may own the tasks of one placement.
struct AllocationEligibility {
    /// What a placement comes to.
    enum Verdict: Equatable {
        /// Indices of the agents that may own such tasks, ascending, never empty; those held back only if there are no others.
        case agents([Int])
        /// Nobody may.
        case nobody(UnplaceableReason)
    }

    /// Tasks that may run in the same places.
    struct Key: Hashable {
        var runtime: RuntimeID
        var placement: Placement
    }

    /// All live agents, sorted by name.
    let agents: [PlannableAgent]
    let now: Instant

    /// Whether the agent is held back.
    func isHeldBack(_ agent: PlannableAgent) -> Bool {
        guard let from = agent.acceptsFrom else { return false }
        return from > now
    }

    /// The agents that may own tasks of `key`.
    func verdict(_ key: Key) -> Verdict {
        let members = agents.indices.filter { agents[$0].runtime == key.runtime }
        guard !members.isEmpty else { return .nobody(.noLiveAgent(key.runtime)) }
        let fitting = members.filter { agents[$0].satisfies(key.placement) }
        guard !fitting.isEmpty else { return .nobody(missing(key.placement, among: members)) }
        let working = fitting.filter { !agents[$0].isDrained }
        guard !working.isEmpty else { return .nobody(.onlyDrained(fitting.map { agents[$0].agent })) }
        let slotted = working.filter { agents[$0].slots > 0 }
        guard !slotted.isEmpty else { return .nobody(.onlyWithoutSlots(working.map { agents[$0].agent })) }
        let accepting = slotted.filter { !isHeldBack(agents[$0]) }
        // Better with an agent that may go again soon than with none.
        return .agents(accepting.isEmpty ? slotted : accepting)
    }

    /// Whether a held-back agent may keep a task of `key` that it owns.
    func keepsWhileHeldBack(_ agent: PlannableAgent, _ key: Key) -> Bool {
        agent.runtime == key.runtime && agent.satisfies(key.placement) && !agent.isDrained && agent.slots > 0
    }

    /// Names the first single condition that no member meets.
    private func missing(_ placement: Placement, among members: [Int]) -> UnplaceableReason {
        func nobody(_ condition: (PlannableAgent) -> Bool) -> Bool {
            !members.contains { condition(agents[$0]) }
        }
        if nobody({ $0.satisfiesAgents(placement) }) { return .pinnedAgentsAbsent(placement.agents.sorted()) }
        for (key, value) in placement.labels.sorted(by: { $0.key < $1.key })
        where nobody({ $0.labels[key] == value }) {
            return .noAgentWithLabel(key: key, value: value)
        }
        if nobody({ $0.satisfiesRegions(placement) }) { return .noAgentInRegions(placement.regions.sorted()) }
        if nobody({ $0.satisfiesZones(placement) }) { return .noAgentInZones(placement.zones.sorted()) }
        return .noAgentMeetsAll
    }
}

extension PlannableAgent {
    /// Whether the agent meets every condition of a placement.
    func satisfies(_ placement: Placement) -> Bool {
        satisfiesAgents(placement) && satisfiesRegions(placement) && satisfiesZones(placement)
            && placement.labels.allSatisfy { labels[$0.key] == $0.value }
    }

    fileprivate func satisfiesAgents(_ placement: Placement) -> Bool {
        placement.agents.isEmpty || placement.agents.contains(agent)
    }

    fileprivate func satisfiesRegions(_ placement: Placement) -> Bool {
        placement.regions.isEmpty || region.map(placement.regions.contains) == true
    }

    fileprivate func satisfiesZones(_ placement: Placement) -> Bool {
        placement.zones.isEmpty || zone.map(placement.zones.contains) == true
    }
}
