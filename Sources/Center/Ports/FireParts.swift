public import Domain

/// Which part of its fire a run is, of a task with several.
public struct RunPart: Hashable, Sendable, Codable {
    /// The shard's number, from 0; `nil` for a broadcast, whose parts are agents.
    public var index: Int?
    /// How many shards the fire has; `nil` for a broadcast.
    public var total: Int?
    /// The shard's name; `nil` when it has none.
    public var name: String?

    /// Names a part.
    public init(index: Int?, total: Int?, name: String?) {
        self.index = index
        self.total = total
        self.name = name
    }
}

/// The runs of the parts of one fire or request, as far as there are records of them.
public struct FireParts: Hashable, Sendable {
    /// How many parts there are; of a broadcast, how many are known.
    public var total: Int
    /// The runs, by part.
    public var runs: [Run]

    /// Creates what is known of the parts.
    public init(total: Int, runs: [Run]) {
        self.total = total
        self.runs = runs.sorted { $0.part < $1.part }
    }

    /// How they stand together: what is still to come counts first, then what did not succeed; `nil` while a part has no record
    /// and the others are over.
    public var state: RunState? {
        guard let worst = runs.map(\.state).max(by: { $0.weight < $1.weight }) else { return nil }
        return runs.count < total && worst.isFinal ? nil : worst
    }
}
