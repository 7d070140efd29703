public import Scheduling

extension TaskDefinition {
    /// The pause that is in force; `nil` when the schedules count.
    ///
    /// A task that was disabled by its document has one without a reason, since its revision.
    public func pause(at now: Instant) -> PauseRecord? {
        guard specification.isEnabled else { return pause ?? PauseRecord(since: effectiveFrom) }
        guard let pause, let until = pause.until, now < until else { return nil }
        return pause
    }

    /// Whether the task runs without being asked: neither itself nor its group or runtime is paused.
    public func counts(at now: Instant) -> Bool { !isSuspended && pause(at: now) == nil }

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
