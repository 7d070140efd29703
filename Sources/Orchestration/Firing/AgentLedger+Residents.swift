public import Domain

/// Why a process of a resident task is stopped that has not ended by itself.
public enum ResidentStop: Hashable, Sendable {
    /// Another agent is to run the task, or none any more.
    case moved
    /// The task is paused, itself or with its group or runtime.
    case paused
    /// The task was edited or restarted.
    case changed

    /// The reason for people.
    public var reason: String {
        switch self {
        case .moved: "the task is no longer this agent's: it moves to another, or was deleted"
        case .paused: "the task was paused"
        case .changed: "the task was changed or restarted"
        }
    }
}

/// Processes of resident tasks live as long as the task is kept running here as it was when they began (rule N9).
extension AgentLedger {
    /// The attempts that have to be stopped because they are not to go on; each is named once.
    public mutating func takeResidentStops() -> [(attempt: AttemptID, stop: ResidentStop)] {
        defer { unnamedStops = [:] }
        return unnamedStops.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    /// Notes which living runs of a part are not to go on, by what is known of its task now.
    mutating func stopOutdated(_ key: TaskPart) {
        for (run, life) in living[key] ?? [:] where life.isResident {
            let attempt = AttemptID(run: run, number: life.number)
            guard let stop = stop(of: attempt, key) else { continue }
            unnamedStops[attempt] = stop
            // Named once: what is to be stopped is not asked about again.
            living[key]?[run]?.isResident = false
        }
    }

    private func stop(of attempt: AttemptID, _ key: TaskPart) -> ResidentStop? {
        guard parts[key] != nil, let definition = definitions[key.uid] else { return .moved }
        if let fire = open[attempt]?.fire, definition.isInChain(fire) { return nil }
        guard definition.specification.residency != nil else { return .changed }
        let isPaused = definition.pause != nil || definition.suspension != .absent
        return isPaused || definition.activeResidency == nil ? .paused : .changed
    }
}
