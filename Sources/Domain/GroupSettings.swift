public import Scheduling

/// A folder of tasks, as far as something is said about it as a whole.
public struct GroupSettings: Hashable, Sendable, Codable {
    /// The group's name.
    public var name: GroupID
    /// Present while the schedules of its tasks do not count.
    public var pause: PauseRecord?

    /// Creates settings.
    public init(name: GroupID, pause: PauseRecord? = nil) {
        self.name = name
        self.pause = pause
    }
}

/// Why and since when the schedules of all tasks of a group or runtime do not count.
public struct PauseRecord: Hashable, Sendable, Codable {
    /// Since when.
    public var since: Instant
    /// What for.
    public var reason: String?
    /// Who paused it, as far as is known.
    public var author: String?

    /// Creates a record.
    public init(since: Instant, reason: String? = nil, author: String? = nil) {
        self.since = since
        self.reason = reason
        self.author = author
    }
}
