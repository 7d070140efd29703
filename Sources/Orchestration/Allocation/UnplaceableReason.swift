public import Domain

/// What is missing for a task to be placed.
public enum UnplaceableReason: Hashable, Sendable, Codable {
    /// The runtime has no live agent at all.
    case noLiveAgent(RuntimeID)
    /// None of the agents the task is pinned to is live.
    case pinnedAgentsAbsent([AgentID])
    /// No live agent has the label.
    case noAgentWithLabel(key: String, value: String)
    /// No live agent is in any of the regions.
    case noAgentInRegions([String])
    /// No live agent is in any of the zones.
    case noAgentInZones([String])
    /// Each condition is met by some agent, all of them by none.
    case noAgentMeetsAll
    /// The agents that could run it are drained.
    case onlyDrained([AgentID])
    /// The agents that could run it have no slots.
    case onlyWithoutSlots([AgentID])
}

extension UnplaceableReason: CustomStringConvertible {
    /// The missing thing as a clause, to follow "task x is unplaceable: ".
    public var description: String {
        switch self {
        case .noLiveAgent(let runtime): "no live agent in runtime \(runtime)"
        case .pinnedAgentsAbsent(let agents): "none of its pinned agents is live: \(Self.list(agents))"
        case .noAgentWithLabel(let key, let value): "no agent has label \(key)=\(value)"
        case .noAgentInRegions(let regions): "no agent is in region \(regions.joined(separator: " or "))"
        case .noAgentInZones(let zones): "no agent is in zone \(zones.joined(separator: " or "))"
        case .noAgentMeetsAll: "no agent meets all of its placement conditions at once"
        case .onlyDrained(let agents): "the only eligible agents are drained: \(Self.list(agents))"
        case .onlyWithoutSlots(let agents): "the only eligible agents have no slots: \(Self.list(agents))"
        }
    }

    /// Most agents a sentence names; a runtime may have a thousand.
    private static let namedMax = 5

    private static func list(_ agents: [AgentID]) -> String {
        let named = agents.prefix(namedMax).map(\.text).joined(separator: ", ")
        return agents.count > namedMax ? "\(named) and \(agents.count - namedMax) more" : named
    }
}
