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
        let progress = Progress(next: seeds.lowerBound)
        let end = seeds.upperBound
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<width {
                group.addTask {
                    while !Task.isCancelled, let seed = progress.takeSeed(below: end) {
                        if !onReport(try Simulation(seed: seed).run()) { progress.stop() }
                    }
                }
            }
            try await group.waitForAll()
        }
    }
}

/// Which seeds are still to be run.
private final class Progress: Sendable {
    private struct State {
        var next: UInt64
        var mayGoOn = true
    }

    private let state: Mutex<State>

    init(next: UInt64) { state = Mutex(State(next: next)) }

    /// The next seed; `nil` when there is none, or no more are wanted.
    func takeSeed(below end: UInt64) -> UInt64? {
        state.withLock { state in
            guard state.mayGoOn, state.next < end else { return nil }
            defer { state.next += 1 }
            return state.next
        }
    }

    func stop() { state.withLock { $0.mayGoOn = false } }
}
