/// Where the parts of a task are.
public struct PartPlacement: Hashable, Sendable, Codable {
    /// The parts that one agent owns.
    public struct Owner: Hashable, Sendable, Codable {
        /// The agent.
        public var agent: AgentID
        /// The parts, ascending.
        public var parts: [Int]

        /// Creates an owner.
        public init(agent: AgentID, parts: [Int]) {
            self.agent = agent
            self.parts = parts
        }
    }

    /// How many parts there are: shards, or agents that may run a broadcast.
    public var total: Int
    /// Who owns them, sorted by agent; agents that own none are left out.
    public var owners: [Owner]
    /// The parts that nobody owns now, ascending; absent when there are none.
    public var unplaced: [Int]?

    /// Creates a placement from the owner of each part, `nil` for none.
    public init(_ owners: [Int: AgentID?]) {
        total = owners.count
        let byAgent = Dictionary(grouping: owners.keys) { owners[$0] ?? nil }
        self.owners = byAgent.compactMap { agent, parts in
            agent.map { Owner(agent: $0, parts: parts.sorted()) }
        }.sorted { $0.agent < $1.agent }
        unplaced = byAgent[nil]?.sorted()
    }
}
