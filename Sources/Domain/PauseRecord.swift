public import Scheduling

/// Why, since when and until when the schedules of a task, or of all tasks of a group or runtime, do not count.
public struct PauseRecord: Hashable, Sendable, Codable {
    /// Since when.
    public var since: Instant
    /// When it ends by itself: a fire that is due then takes place; `nil` when somebody has to end it.
    public var until: Instant?
    /// Why, in the words of whoever paused it.
    public var reason: String?
    /// Who paused it, as far as is known.
    public var author: String?

    /// Creates a record.
    public init(since: Instant, until: Instant? = nil, reason: String? = nil, author: String? = nil) {
        self.since = since
        self.until = until
        self.reason = reason
        self.author = author
    }

    /// The pause itself while it is in force; `nil` from its end on.
    public func inForce(at now: Instant) -> PauseRecord? {
        until.map { now < $0 } ?? true ? self : nil
    }
}
