/// A clock and executors that move together: simulated time passes only when nothing is left to do.
public struct SimulatedWorld: Sendable {
    /// Where the code under test runs, if it is one process.
    public let executor: SimulationExecutor
    /// The clock the code under test waits on.
    public let clock = SimulationClock()
    private let queue: JobQueue

    /// Creates a world at time zero.
    ///
    /// Without a seed jobs run in the order in which they became ready; with one their order is drawn from it.
    public init(seed: UInt64? = nil) {
        queue = JobQueue(generator: seed.map { SeededGenerator(seed: $0) })
        executor = SimulationExecutor(queue: queue)
    }

    /// A process of its own.
    public func makeProcess() -> SimulationExecutor { SimulationExecutor(queue: queue) }

    /// Jobs that run between two instants: more mean that something spins.
    private static let jobsMax = 1_000_000

    /// Lets everything happen that does not wait for time.
    public func settle() { queue.runUntilIdle(limit: Self.jobsMax) }

    /// Lets `duration` pass, stopping at every instant somebody waits for.
    public func run(for duration: Duration) {
        let end = clock.now.advanced(by: duration)
        settle()
        while let deadline = clock.nextDeadline, deadline <= end {
            clock.advance(to: deadline)
            settle()
        }
        clock.advance(to: end)
        settle()
    }

    /// Lets time pass until `condition` holds, at most `limit`; returns whether it holds.
    public func run(until condition: () -> Bool, limit: Duration = .seconds(60)) -> Bool {
        let end = clock.now.advanced(by: limit)
        settle()
        while !condition() {
            guard let deadline = clock.nextDeadline, deadline <= end else { return false }
            clock.advance(to: deadline)
            settle()
        }
        return true
    }

    /// Runs what is left of cancelled tasks, also of killed processes, so that they give back what they hold.
    ///
    /// The world has ended: nothing that happens here counts.
    public func bury(_ processes: [SimulationExecutor]) {
        for process in processes { process.exhume() }
        settle()
    }
}
