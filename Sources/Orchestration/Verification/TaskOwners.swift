import Domain
import Scheduling

/// Who owned a task when, as its starts show it.
struct TaskOwners {
    private struct Sighting {
        var at: Instant
        var agent: AgentID
    }

    /// Scheduled first attempts by time: retries may run elsewhere.
    private let sightings: [Sighting]

    init(starts: [RecordedStart], runs: [Run]) {
        let own = starts.filter { $0.attempt == 1 }.map { Sighting(at: $0.startedAt, agent: $0.node) }
        let others = runs.compactMap { run -> Sighting? in
            guard let attempt = run.attempts.first, attempt.number == 1, let at = attempt.startedAt else {
                return nil
            }
            return Sighting(at: at, agent: attempt.agent)
        }
        sightings = (own + others).sorted { ($0.at, $0.agent) < ($1.at, $1.agent) }
    }

    /// Who may be the reason for what became of an instant.
    ///
    /// That is the last one seen before it, and who decided it: `deciders`, or the next one seen, should they be unknown.
    func ownership(at due: Instant, decidedBy deciders: [AgentID]) -> FaultExcuses.Ownership {
        let index = firstIndex(after: due)
        let before = index > 0 ? sightings[index - 1] : nil
        var agents = Set(deciders.map(\.text))
        if agents.isEmpty, index < sightings.count { agents.insert(sightings[index].agent.text) }
        if let before { agents.insert(before.agent.text) }
        return FaultExcuses.Ownership(agents: agents, unknownSince: before?.at)
    }

    private func firstIndex(after instant: Instant) -> Int {
        var low = 0
        var high = sightings.count
        while low < high {
            let middle = (low + high) / 2
            if sightings[middle].at <= instant { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
