import Synchronization

/// Many seeds, one after the other on every core.
public struct Campaign: Sendable {
    /// The seeds.
    public let seeds: Range<UInt64>
    /// How many clusters are simulated at a time.
    public let width: Int

    /// Prepares a campaign; `width` is at least 1.
    public init(seeds: Range<UInt64>, width: Int) {
        self.seeds = seeds
        self.width = max(1, width)
    }

    /// Runs the seeds; `onReport` is told of each cluster as it ends and returns whether to go on.
    ///
    /// The order is that of the seeds only when the width is 1.
    public func run(_ onReport: @escaping @Sendable (SimulationReport) -> Bool) async throws {
        let next = Mutex(seeds.lowerBound)
        let mayGoOn = Mutex(true)
        let end = seeds.upperBound
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<width {
                group.addTask {
                    while mayGoOn.withLock({ $0 }), !Task.isCancelled {
                        let seed = next.withLock { next in
                            defer { next += 1 }
                            return next
                        }
                        guard seed < end else { return }
                        if !onReport(try Simulation(seed: seed).run()) { mayGoOn.withLock { $0 = false } }
                    }
                }
            }
            try await group.waitForAll()
        }
    }
}
