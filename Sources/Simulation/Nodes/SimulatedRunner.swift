import Agent
import Cluster
import Domain
import Mutations
import Scheduling
import SimulationKit
import Synchronization

/// Runs attempts as children of a simulated machine: they take drawn times, and outlive a killed agent.
final class SimulatedRunner: AttemptRunner {
    private struct State {
        var alive: Set<AttemptID> = []
        /// How long those may live whose lives are bounded.
        var lives: [AttemptID: MonotonicInstant] = [:]
        var generator: SeededGenerator
    }

    let events: AsyncStream<AttemptEvent>
    private let continuation: AsyncStream<AttemptEvent>.Continuation
    private let machine: SimulatedMachine
    private let clock: SimulationClock
    private let time: TimeSource
    private let state: Mutex<State>
    /// Told of every process that starts, and of its end.
    private let onStart: @Sendable (LaunchOrder) -> Void
    private let onEnd: @Sendable (AttemptID, AttemptOutcome) -> Void

    init(
        machine: SimulatedMachine,
        clock: SimulationClock,
        time: TimeSource,
        generator: SeededGenerator,
        onStart: @escaping @Sendable (LaunchOrder) -> Void,
        onEnd: @escaping @Sendable (AttemptID, AttemptOutcome) -> Void
    ) {
        self.machine = machine
        self.clock = clock
        self.time = time
        self.onStart = onStart
        self.onEnd = onEnd
        state = Mutex(State(generator: generator))
        (events, continuation) = AsyncStream.makeStream(of: AttemptEvent.self, bufferingPolicy: .unbounded)
    }

    func start(_ orders: [LaunchOrder]) async {
        // The identities reach the disk before the first process starts.
        let flush = state.withLock { $0.generator.duration(in: .milliseconds(1)...(.milliseconds(20))) }
        if machine.store.isFull { return refuseUnrecorded(orders) }
        let isNew = orders.map { order in
            machine.state.withLock { $0.seen.insert(order.fire.attempt).inserted }
                || Mutation.relaunchesPredecessor.isOn
        }
        // Cancelled means that the agent ends; its orders are refused below.
        try? await time.sleep(for: flush)
        for (order, isNew) in zip(orders, isNew) { start(order, isNew: isNew) }
    }

    /// Ends the orders whose identities cannot be recorded, as a runner with a full disk does.
    private func refuseUnrecorded(_ orders: [LaunchOrder]) {
        for order in orders {
            let attempt = order.fire.attempt
            guard !machine.state.withLock({ $0.seen.contains(attempt) }) else {
                continuation.yield(.refused(attempt, reason: "seen before"))
                continue
            }
            let result = AttemptResult(
                attempt: attempt,
                outcome: .notStarted,
                endedAt: time.now,
                message: "the attempt could not be recorded"
            )
            continuation.yield(.ended(result))
        }
    }

    private func start(_ order: LaunchOrder, isNew: Bool) {
        let attempt = order.fire.attempt
        guard isNew, time.monotonic < order.notAfter else {
            continuation.yield(.refused(attempt, reason: isNew ? "too late" : "seen before"))
            return
        }
        let (length, outcome) = state.withLock { state in
            state.alive.insert(attempt)
            return Self.draw(&state.generator)
        }
        onStart(order)
        continuation.yield(.started(attempt, at: time.now))
        clock.schedule(after: length) { [weak self] in self?.end(attempt, outcome, signal: nil) }
        guard order.specification.endsWithLease, !Mutation.outlivesLease.isOn else { return }
        state.withLock { $0.lives[attempt] = order.notAfter }
        guardLife(of: attempt, grace: order.specification.killGrace)
    }

    func prolong(_ lives: [AttemptID: MonotonicInstant]) async {
        state.withLock { state in
            for (attempt, life) in lives where state.lives[attempt] != nil { state.lives[attempt] = life }
        }
    }

    /// Ends an attempt when its life is over, whatever has become of the agent.
    private func guardLife(of attempt: AttemptID, grace: Duration) {
        guard let until = state.withLock({ $0.lives[attempt] }) else { return }
        clock.schedule(after: until - time.monotonic) { [weak self] in
            guard let self else { return }
            let now = time.monotonic
            guard state.withLock({ ($0.lives[attempt] ?? now) <= now }) else {
                return guardLife(of: attempt, grace: grace)
            }
            // Some end at once when they are asked to, some have to be killed.
            let wait = state.withLock { $0.generator.chance(0.5) ? .zero : grace }
            clock.schedule(after: wait) { [weak self] in self?.end(attempt, .failed, signal: 15) }
        }
    }

    private static func draw(_ generator: inout SeededGenerator) -> (Duration, AttemptOutcome) {
        let longest: Duration = generator.chance(0.04) ? .seconds(20) : .milliseconds(800)
        let length = generator.duration(in: .milliseconds(1)...longest)
        return (length, generator.chance(0.1) ? .failed : .succeeded)
    }

    private func end(_ attempt: AttemptID, _ outcome: AttemptOutcome, signal: Int32?) {
        let wasAlive = state.withLock { state in
            state.lives[attempt] = nil
            return state.alive.remove(attempt) != nil
        }
        guard wasAlive else { return }
        onEnd(attempt, outcome)
        let exitCode: Int32? = signal == nil ? (outcome == .succeeded ? 0 : 1) : nil
        let result = AttemptResult(
            attempt: attempt,
            outcome: outcome,
            exitCode: exitCode,
            signal: signal,
            endedAt: time.now
        )
        continuation.yield(.ended(result))
    }

    func stop(_ attempt: AttemptID, grace: Duration) async { end(attempt, .failed, signal: 15) }

    func running() async -> [AttemptID] { state.withLock { $0.alive.sorted() } }

    /// Ends everything, as the runner's own shutdown does.
    func shutDown() {
        for attempt in state.withLock({ $0.alive.sorted() }) { end(attempt, .failed, signal: 9) }
    }
}
