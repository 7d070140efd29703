/// A folder of tasks, as far as something is said about it as a whole.
public struct GroupSettings: Hashable, Sendable, Codable {
    /// The group's name.
    public var name: GroupID
    /// Present while the schedules of its tasks do not count, and when a pause has ended by itself.
    public var pause: PauseRecord?

    /// Creates settings.
    public init(name: GroupID, pause: PauseRecord? = nil) {
        self.name = name
        self.pause = pause
    }
}
