public import Scheduling

/// What a run belongs to that another run led to.
public struct RunOrigin: Hashable, Sendable, Codable {
    /// Since when the chain of an `afterCompletion` schedule is counted in which the run stands; `nil` when it stands in none.
    public var chain: Instant?
    /// Which runs of different tasks belong together: see `JournaledFire.occasion`.
    public var occasion: String?
    /// The runs whose ends led to it, sorted.
    public var parents: [RunID]?

    /// Creates an origin.
    public init(chain: Instant? = nil, occasion: String? = nil, parents: [RunID]? = nil) {
        self.chain = chain
        self.occasion = occasion
        self.parents = parents
    }
}

extension JournaledFire {
    /// Which runs of different tasks belong together: those of one due instant, and those that one request led to.
    public var occasion: String {
        if let occasion = origin?.occasion { return occasion }
        return trigger == .request ? attempt.run.text : String(due.millisecondsSinceEpoch)
    }
}
