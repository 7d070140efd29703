import Synchronization

/// Runs asynchronous code on the thread of whoever drives the world, one job at a time.
///
/// Tasks started with this executor as their preference, their child tasks and the default actors they call all run here,
/// so a test sees the same interleaving every time and knows when nothing is left to do.
///
/// Each process of a simulated cluster has an executor of its own, which can be paused (SIGSTOP) and killed (SIGKILL): no
/// instruction of a killed process runs any more, not even its cancellation handlers.
public final class SimulationExecutor: TaskExecutor {
    enum Condition { case running, paused, dead }

    private struct State {
        var condition = Condition.running
        /// Jobs that became ready while nothing runs.
        var parked: [UnownedJob] = []
    }

    private let state = Mutex(State())
    private let queue: JobQueue

    init(queue: JobQueue) { self.queue = queue }

    /// Puts a job behind the others (called by the runtime).
    public func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let isReady = state.withLock { state in
            if state.condition != .running { state.parked.append(job) }
            return state.condition == .running
        }
        if isReady { queue.add(job, of: self) }
    }

    /// Starts `body` on this executor; it runs when the world does.
    public func start(_ body: @escaping @Sendable () async -> Void) -> Task<Void, Never> {
        Task(executorPreference: self) { await body() }
    }

    /// Whether the process executes instructions now.
    public var isRunning: Bool { state.withLock { $0.condition == .running } }

    /// Whether the process was killed.
    public var isDead: Bool { state.withLock { $0.condition == .dead } }

    /// Stops executing until `resume`; time goes on.
    public func pause() { halt(.paused) }

    /// Stops executing for ever.
    public func kill() { halt(.dead) }

    /// Lets a paused process go on.
    public func resume() {
        if state.withLock({ $0.condition == .paused }) { wake() }
    }

    /// Lets even a dead process go on: only to give back its memory when the world has ended.
    func exhume() { wake() }

    private func halt(_ condition: Condition) {
        state.withLock { state in
            guard state.condition != .dead else { return }
            state.condition = condition
            state.parked += queue.removeAll(of: self)
        }
    }

    private func wake() {
        let parked = state.withLock { state in
            state.condition = .running
            defer { state.parked = [] }
            return state.parked
        }
        for job in parked { queue.add(job, of: self) }
    }
}

/// The jobs of all executors of a world that are ready to run.
final class JobQueue: Sendable {
    private struct Entry {
        let job: UnownedJob
        let executor: SimulationExecutor
    }

    private struct State {
        var entries: [Entry] = []
        /// Where the first entry is when they run in order.
        var head = 0
        var generator: SeededGenerator?
    }

    private let state: Mutex<State>

    /// With a generator the next job is drawn, without one jobs run in the order in which they became ready.
    init(generator: SeededGenerator?) {
        state = Mutex(State(generator: generator))
    }

    func add(_ job: UnownedJob, of executor: SimulationExecutor) {
        state.withLock { $0.entries.append(Entry(job: job, executor: executor)) }
    }

    func removeAll(of executor: SimulationExecutor) -> [UnownedJob] {
        state.withLock { state in
            let mine = state.entries[state.head...].filter { $0.executor === executor }
            state.entries = state.entries[state.head...].filter { $0.executor !== executor }
            state.head = 0
            return mine.map(\.job)
        }
    }

    /// Runs jobs until none is ready.
    ///
    /// More jobs than `limit` mean that something spins.
    func runUntilIdle(limit: Int) {
        var count = 0
        while let entry = next() {
            unsafe entry.job.runSynchronously(on: entry.executor.asUnownedTaskExecutor())
            count += 1
            precondition(count < limit, "\(limit) jobs ran without the clock moving: something spins")
        }
    }

    private func next() -> Entry? {
        state.withLock { state in
            let count = state.entries.count - state.head
            guard count > 0 else {
                state.entries.removeAll(keepingCapacity: true)
                state.head = 0
                return nil
            }
            guard let index = state.generator?.index(below: count) else {
                state.head += 1
                return state.entries[state.head - 1]
            }
            state.entries.swapAt(state.head + index, state.entries.count - 1)
            return state.entries.popLast()
        }
    }
}
