import Domain
import Scheduling

/// Where an attempt without a result is, by what ZooKeeper says of its incarnation; pure.
enum Whereabouts: Hashable, Sendable {
    /// In the inbox or the journal of an incarnation that may still decide it, or in a journal that the leader is about to decide.
    case held
    /// Nowhere, although the agent is registered: its result was accepted, and may be on its way here.
    case released
    /// Nowhere, and the agent is not registered: nothing of it is on its way as far as ZooKeeper knows.
    case gone

    /// How often in a row a sweep must find an attempt so before it is recorded as lost; `nil` for never.
    ///
    /// A result that was accepted elsewhere can still be on its way here, so one look is never enough: it goes from the agent's disk
    /// to every center, whether or not ZooKeeper knows the agent. An agent that is there delivers in order and as fast as this
    /// center stores, so that fifteen looks (five minutes) mean that its record is gone; of one that is away two more looks see
    /// what was under way. Looks are counted and not seconds, because a center that was stopped for an hour has a clock that
    /// says so and has heard nobody meanwhile. Whatever comes later still corrects the record.
    var patience: Int? {
        switch self {
        case .held: nil
        case .released: 15
        case .gone: 3
        }
    }

    /// What is known, for the record.
    func reason(_ attempt: RunAttempt) -> String {
        let known =
            attempt.startedAt.map { "it had started at \($0), how it ended is not known" }
            ?? "whether it was started is not known"
        switch self {
        case .held: return known
        case .released:
            return
                "agent \(attempt.agent) has not had the attempt open for minutes, and no center has its result; \(known)"
        case .gone:
            return
                "agent \(attempt.agent) is gone, the attempt is in no journal, and no center has its result; \(known)"
        }
    }
}

/// What earlier sweeps found; pure.
struct SweepMemory: Sendable {
    private var counts: [AttemptID: Int] = [:]

    /// Attempts that nobody owned when last looked at, and that are not recorded as lost yet.
    var ownerlessCount: Int { counts.count }

    /// Takes over everything one sweep has found; returns the attempts whose time is up, sorted.
    ///
    /// What the sweep did not find has ended, or has an owner again: it starts anew.
    mutating func note(_ found: [AttemptID: Whereabouts]) -> [AttemptID] {
        var counts: [AttemptID: Int] = [:]
        var ripe: [AttemptID] = []
        for attempt in found.keys.sorted() {
            guard let patience = found[attempt]?.patience else { continue }
            let count = (self.counts[attempt] ?? 0) + 1
            counts[attempt] = count
            if count >= patience { ripe.append(attempt) }
        }
        self.counts = counts
        return ripe
    }

    /// The attempt has a result now.
    mutating func settle(_ attempt: AttemptID) { counts[attempt] = nil }
}
