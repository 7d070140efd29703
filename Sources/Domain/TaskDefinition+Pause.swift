public import Scheduling

/// Why, since when and until when a task's schedules do not count.
public struct TaskPause: Hashable, Sendable, Codable {
    /// Since when.
    public var since: Instant
    /// When it ends by itself: a fire that is due then takes place; `nil` when somebody has to end it.
    public var until: Instant?
    /// Why, in the words of whoever paused it.
    public var reason: String?
    /// Who paused it, in their own words.
    public var by: String?

    /// Creates a pause.
    public init(since: Instant, until: Instant? = nil, reason: String? = nil, by: String? = nil) {
        self.since = since
        self.until = until
        self.reason = reason
        self.by = by
    }
}

extension TaskDefinition {
    /// The pause that is in force; `nil` when the schedules count.
    ///
    /// A task that was disabled by its document has one without a reason, since its revision.
    public func pause(at now: Instant) -> TaskPause? {
        guard specification.isEnabled else { return pause ?? TaskPause(since: effectiveFrom) }
        guard let pause, let until = pause.until, now < until else { return nil }
        return pause
    }

    /// The next revision, paused from `now`: until an instant, from which on every node lets the schedules count again, else until it
    /// is resumed.
    ///
    /// What is paused already stays so since it was, for the new reason, until the new end.
    public func paused(_ wish: TaskPause) -> TaskDefinition {
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
