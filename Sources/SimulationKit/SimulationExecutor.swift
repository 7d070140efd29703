import Synchronization

/// Runs asynchronous code on the thread of whoever drives it, one job at a time, in the order the jobs became ready.
///
/// Tasks started with this executor as their preference, their child tasks and the default actors they call all run here,
/// so a test sees the same interleaving every time and knows when nothing is left to do.
public final class SimulationExecutor: TaskExecutor {
    private let jobs = Mutex<[UnownedJob]>([])

    /// Creates an executor without jobs.
    public init() {}

    /// Puts a job behind the others (called by the runtime).
    public func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        jobs.withLock { $0.append(job) }
    }

    /// Runs jobs until none is ready.
    ///
    /// - Parameter limit: More jobs than that mean that something spins.
    public func runUntilIdle(limit: Int = 1_000_000) {
        var count = 0
        while let job = next() {
            unsafe job.runSynchronously(on: asUnownedTaskExecutor())
            count += 1
            precondition(count < limit, "\(limit) jobs ran without the clock moving: something spins")
        }
    }

    private func next() -> UnownedJob? {
        jobs.withLock { $0.isEmpty ? nil : $0.removeFirst() }
    }
}

extension SimulationExecutor {
    /// Starts `body` on this executor; it runs when `runUntilIdle` is called.
    public func start(_ body: @escaping @Sendable () async -> Void) -> Task<Void, Never> {
        Task(executorPreference: self) { await body() }
    }
}

/// A clock and an executor that move together: simulated time passes only when nothing is left to do.
public struct SimulatedWorld: Sendable {
    /// Where the code under test runs.
    public let executor = SimulationExecutor()
    /// The clock the code under test waits on.
    public let clock = SimulationClock()

    /// Creates a world at time zero.
    public init() {}

    /// Lets everything happen that does not wait for time.
    public func settle() { executor.runUntilIdle() }

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
}
