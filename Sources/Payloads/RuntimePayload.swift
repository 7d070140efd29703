public import Domain
public import Scheduling

/// A runtime's settings as the API shows and takes them.
public struct RuntimePayload: Hashable, Sendable, Codable {
    /// The runtime's name.
    public var name: RuntimeID
    /// Free text for people.
    public var description: String?
    /// How long after an agent's loss its open fires wait for the truth; absent means not at all.
    public var rejoinGrace: DurationText?
    /// Agents that take no new work, sorted.
    public var drained: [AgentID]?

    /// Creates a payload.
    public init(
        name: RuntimeID,
        description: String? = nil,
        rejoinGrace: DurationText? = nil,
        drained: [AgentID]? = nil
    ) {
        self.name = name
        self.description = description
        self.rejoinGrace = rejoinGrace
        self.drained = drained
    }

    /// Creates the payload of settings.
    public init(_ settings: RuntimeSettings) {
        self.init(
            name: settings.name,
            description: settings.description,
            rejoinGrace: DurationText(settings.rejoinGrace),
            drained: settings.drained
        )
    }

    /// The settings this payload describes; what is absent has its default.
    public var settings: RuntimeSettings {
        RuntimeSettings(
            name: name,
            description: description,
            rejoinGrace: rejoinGrace?.duration ?? .zero,
            drained: (drained ?? []).sorted()
        )
    }
}
