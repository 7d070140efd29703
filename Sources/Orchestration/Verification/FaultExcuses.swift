import Domain
import Scheduling

/// Tells which faults explain what happened to an instant.
///
/// A fault of an agent explains what that agent did. One of ZooKeeper, whose servers' names begin with `zookeeper`, explains
/// what any agent did. One of anything else, which is a center, explains nothing by itself: agents go on without centers; but
/// it prolongs what the failure of an agent does, because nobody hands over its tasks meanwhile.
struct FaultExcuses {
    private let policy: RunCheckPolicy
    /// By start, then by all that could tell two apart.
    private let faults: [FaultPeriod]
    private let agents: Set<String>

    init(_ faults: [FaultPeriod], agents: Set<String>, policy: RunCheckPolicy) {
        self.policy = policy
        self.agents = agents
        self.faults = faults.sorted {
            ($0.start, $0.target, $0.kind.rawValue, $0.end ?? .endless)
                < ($1.start, $1.target, $1.kind.rawValue, $1.end ?? .endless)
        }
    }

    /// Who owned the task around an instant, as far as one can tell.
    struct Ownership {
        /// The agents that ran the task just before, and that decided the instant.
        var agents: Set<String>
        /// Since when somebody else may have owned the task in between; `nil` for ever.
        var unknownSince: Instant?
    }

    /// The fault because of which an instant was decided as late as at `end`; `nil` if there is none.
    ///
    /// The faults must cover the time from the instant on: what was steady again in between explains nothing later.
    func delay(from due: Instant, to end: Instant?, _ ownership: Ownership) -> FaultPeriod? {
        guard let settling = policy.settling else { return nil }
        var reach = due + policy.latenessBound
        var cause: FaultPeriod?
        for fault in faults {
            let hit = hits(fault, ownership)
            guard hit || (cause != nil && prolongs(fault)) else { continue }
            for span in spans(of: fault, settling) where span.lowerBound <= reach && span.upperBound >= due {
                reach = max(reach, span.upperBound + policy.latenessBound)
                if hit { cause = cause ?? fault }
            }
        }
        guard let end else { return cause }
        return end <= reach ? cause : nil
    }

    /// The fault of an agent that may have lost what the agent had journaled for `due` and nobody knew of until `end`.
    ///
    /// A killed agent loses at once; one that is suspended or cut off loses when its session ends, and keeps all if it is back earlier.
    func loss(of agent: AgentID, due: Instant, end: Instant?) -> FaultPeriod? {
        let end = end.map { latestRecording($0, due: due) }
        return faults.first { fault in
            if let end, fault.start > end + policy.clockSkew { return false }
            switch fault.kind {
            case .killed, .stopped, .sessionLost:
                return fault.names.contains(agent.text) && fault.start >= due - policy.lookAhead
            case .paused, .cutOff, .diskSlow, .quorumLost:
                guard fault.kind == .quorumLost || fault.names.contains(agent.text) else { return false }
                return endsSessions(fault) && (fault.end ?? .endless) >= due - policy.lookAhead
            case .clockStepped, .clockDrift, .diskFull, .zooKeeperKilled, .zooKeeperPaused: return false
            }
        }
    }

    /// When a record of a loss may really have been made: a center whose clock was set back dates it too early.
    private func latestRecording(_ end: Instant, due: Instant) -> Instant {
        let steps = faults.filter { fault in
            guard fault.kind == .clockStepped || fault.kind == .clockDrift else { return false }
            return !fault.names.contains(where: agents.contains) && (fault.end ?? .endless) >= due
                && fault.start <= max(end, due) + Self.clockStepMax
        }
        return steps.map { $0.end ?? .endless }.reduce(end, max)
    }

    /// Clocks that are wrong by more than that are noticed elsewhere.
    private static let clockStepMax = Duration.seconds(300)

    /// The fault of an agent's clock because of which it decided an instant, at `decided`, that had not come.
    func haste(of agent: AgentID, due: Instant, decided: Instant) -> FaultPeriod? {
        guard decided < due - policy.clockSkew else { return nil }
        return faults.first { fault in
            isOfClock(fault, agent) && fault.start <= decided
                && (fault.end ?? .endless) >= due - Self.clockStepMax
        }
    }

    private func isOfClock(_ fault: FaultPeriod, _ agent: AgentID) -> Bool {
        (fault.kind == .clockStepped || fault.kind == .clockDrift) && fault.names.contains(agent.text)
    }

    /// The fault of an agent's clock that may show in a start's times.
    func clock(of agent: AgentID, at instants: Instant...) -> FaultPeriod? {
        faults.first { fault in
            guard isOfClock(fault, agent) else { return false }
            let end = fault.end.map { $0 + (policy.settling ?? .zero) } ?? .endless
            return instants.contains { fault.start <= $0 && $0 <= end }
        }
    }

    /// Whether anything happened to an agent since an instant.
    func hasHit(_ agent: AgentID, since start: Instant) -> Bool {
        faults.contains { fault in
            fault.names.contains(agent.text) && (fault.end ?? .endless) >= start
        }
    }
}

extension FaultExcuses {
    private func hits(_ fault: FaultPeriod, _ ownership: Ownership) -> Bool {
        if isOfEnsemble(fault) { return true }
        return fault.names.contains { name in
            guard agents.contains(name) else { return false }
            if ownership.agents.contains(name) { return true }
            guard let since = ownership.unknownSince else { return true }
            return fault.start >= since
        }
    }

    private func prolongs(_ fault: FaultPeriod) -> Bool { !fault.names.contains(where: agents.contains) }

    /// A link between an agent and a server is the agent's; one between servers is the ensemble's.
    private func isOfEnsemble(_ fault: FaultPeriod) -> Bool {
        switch fault.kind {
        case .quorumLost, .zooKeeperKilled, .zooKeeperPaused: true
        default: fault.names.allSatisfy { $0.hasPrefix("zookeeper") }
        }
    }

    /// When a fault disturbs: throughout if the process works on under it, else until others have taken over, and after its end.
    private func spans(of fault: FaultPeriod, _ settling: Duration) -> [ClosedRange<Instant>] {
        let end = fault.end.map { $0 + settling } ?? .endless
        switch fault.kind {
        case .clockStepped, .clockDrift, .diskFull, .diskSlow, .quorumLost: return [fault.start...end]
        case .killed, .stopped, .paused, .cutOff, .sessionLost, .zooKeeperKilled, .zooKeeperPaused:
            let takeover = fault.start...(fault.start + settling)
            guard let back = fault.end else { return [takeover] }
            return [takeover, back...(back + settling)]
        }
    }

    /// A session may end when its owner was not heard of for that long; ZooKeeper is heard of at least every third of it.
    private func endsSessions(_ fault: FaultPeriod) -> Bool {
        guard let end = fault.end else { return true }
        return end - fault.start >= policy.sessionTimeout / 2
    }
}

extension Instant {
    /// Later than anything that is compared with it.
    fileprivate static let endless = Instant(millisecondsSinceEpoch: .max / 4)
}
