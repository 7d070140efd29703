public import Scheduling

/// What the pauses of its group and its runtime mean for a task.
public enum Suspension: Hashable, Sendable {
    /// They do not keep its schedules from counting.
    case absent
    /// Its schedules do not count before that instant; a fire that is due then takes place.
    case until(Instant)
    /// Its schedules do not count until somebody ends the pause.
    case open

    /// What several pauses together mean.
    public init(_ pauses: [PauseRecord], at now: Instant) {
        let pauses = pauses.compactMap { $0.inForce(at: now) }
        let ends = pauses.compactMap(\.until)
        guard let last = ends.max() else {
            self = pauses.isEmpty ? .absent : .open
            return
        }
        self = ends.count == pauses.count ? .until(last) : .open
    }

    /// The same once it is looked at: what is over means nothing any more.
    public func inForce(at now: Instant) -> Suspension {
        guard case .until(let end) = self, end <= now else { return self }
        return .absent
    }
}

extension TaskDefinition {
    /// What the pauses of its group and its runtime mean for it now.
    public func suspension(at now: Instant) -> Suspension { suspension.inForce(at: now) }

    /// Whether schedules that would count wait for the end of a pause: its own, or that of its group or runtime.
    func isSilent(at now: Instant) -> Bool {
        guard specification.isEnabled else { return false }
        if case .until = suspension(at: now) { return true }
        return pause(at: now)?.until != nil
    }

    /// The pause that is in force; `nil` when the schedules count.
    ///
    /// A task that was disabled by its document has one without a reason, since its revision.
    public func pause(at now: Instant) -> PauseRecord? {
        guard specification.isEnabled else { return pause ?? PauseRecord(since: effectiveFrom) }
        guard let pause, let until = pause.until, now < until else { return nil }
        return pause
    }

    /// Whether the task runs without being asked: neither itself nor its group or runtime is paused.
    public func counts(at now: Instant) -> Bool { suspension(at: now) == .absent && pause(at: now) == nil }

    /// Until when it runs only when it is asked to, seen from an instant at which it does; `nil` when nobody has said so.
    public func restEnd(at now: Instant) -> Instant? {
        let pause = pause(at: now)
        switch suspension(at: now) {
        case .absent: return pause?.until
        case .until(let end): return pause == nil ? end : pause?.until.map { max($0, end) }
        case .open: return nil
        }
    }

    /// The next revision, paused from `now`: until an instant, from which on every node lets the schedules count again, else until it
    /// is resumed.
    ///
    /// What is paused already stays so since it was, for the new reason, until the new end.
    public func paused(_ wish: PauseRecord) -> TaskDefinition {
        let now = wish.since
        var pause = wish
        if let present = self.pause(at: now) { pause.since = present.since }
        var specification = specification
        specification.isEnabled = wish.until != nil
        var next = succeeded(by: specification, now: now)
        if let until = wish.until {
            // The instant of the end itself counts again.
            next.suspend(until: until - .milliseconds(1))
        }
        next.pause = pause
        return next
    }

    /// The next revision, with schedules that count from `now`; `nil` when they do already.
    public func resumed(now: Instant) -> TaskDefinition? {
        guard pause(at: now) != nil else { return nil }
        var specification = specification
        specification.isEnabled = true
        return succeeded(by: specification, now: now)
    }
}
