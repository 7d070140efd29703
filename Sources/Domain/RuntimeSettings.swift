import Scheduling

/// A pool of agents and the settings its members share.
public struct RuntimeSettings: Hashable, Sendable {
    /// The runtime's name.
    public var name: RuntimeID
    /// Free text for people.
    public var description: String?
    /// How long after an agent's loss its open fires wait for the truth before they are decided.
    ///
    /// Zero while no executor outlives its agent.
    public var rejoinGrace: Duration
    /// Agents that take no new work, sorted.
    public var drained: [AgentID]

    /// Creates settings.
    public init(
        name: RuntimeID,
        description: String? = nil,
        rejoinGrace: Duration = .zero,
        drained: [AgentID] = []
    ) {
        self.name = name
        self.description = description
        self.rejoinGrace = rejoinGrace
        self.drained = drained
    }
}

extension RuntimeSettings: Codable {
    private enum Key: String, CodingKey {
        case name, description, rejoinGrace, drained
    }

    /// Decodes the value; fails with the coding path of what is wrong.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        self.init(
            name: try container.decode(RuntimeID.self, forKey: .name),
            description: try container.decodeIfPresent(String.self, forKey: .description),
            rejoinGrace: try container.decodeIfPresent(DurationText.self, forKey: .rejoinGrace)?.duration
                ?? .zero,
            drained: try container.decodeIfPresent([AgentID].self, forKey: .drained) ?? []
        )
    }

    /// Encodes the value in the form it is decoded from.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(name, forKey: .name)
        try container.encodeIfPresent(description, forKey: .description)
        try container.encode(DurationText(rejoinGrace), forKey: .rejoinGrace)
        try container.encode(drained, forKey: .drained)
    }
}
