import Agent
import Cluster
import Domain
import Scheduling
import SimulationKit
import Synchronization

/// A process start as it really happened.
struct SimulatedStart: Hashable, Sendable {
    let attempt: AttemptID
    let agent: AgentID
    let incarnation: Incarnation?
    let at: Duration
    var endedAt: Duration?
}

/// What a machine keeps when its processes are killed: its disk, its clock, the children nobody looks after.
final class SimulatedMachine: Sendable {
    struct State {
        /// Attempts that the runner has on disk.
        var seen: Set<AttemptID> = []
        /// How far the wall clock is ahead of the truth.
        var clockOffset = Duration.zero
        /// How much faster than the truth the wall clock runs, since `driftSince`.
        var drift = 0.0
        var driftSince = Duration.zero
    }

    let name: String
    let store: InMemoryStateStore
    let state = Mutex(State())
    private let clock: SimulationClock

    init(name: String, clock: SimulationClock) {
        self.name = name
        self.clock = clock
        store = InMemoryStateStore(clock: clock)
    }

    /// Time as a process of the machine that starts now sees it.
    func makeTime() -> TimeSource {
        let clock = clock
        return TimeSource(clock: clock) { [weak self] in
            SimulatedMachine.dawn + clock.now.offset + (self?.clockError(at: clock.now.offset) ?? .zero)
        }
    }

    private func clockError(at now: Duration) -> Duration {
        state.withLock { $0.clockOffset + (now - $0.driftSince) * $0.drift }
    }

    /// Sets the wall clock, ahead of the truth or behind it, and how fast it runs from now on.
    func setClock(offset: Duration, drift: Double) {
        let now = clock.now.offset
        state.withLock { state in
            state.clockOffset = offset
            state.drift = drift
            state.driftSince = now
        }
    }

    /// The wall-clock instant at which simulations begin.
    static let dawn = Instant(millisecondsSinceEpoch: 1_800_000_000_000)
}
