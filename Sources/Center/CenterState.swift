import Cluster
import Domain
import Synchronization
import ZooKeeper

/// What a leading center works with.
struct LeadingCenter: Sendable {
    let writer: LeaderWriter
    let reconciler: Reconciler
    let catalogWriter: CatalogWriter
    let following: RunFollowing
    let pools: PoolOffice

    var epoch: Epoch { writer.epoch }
    var turnstile: Turnstile { reconciler.environment.turnstile }
}

/// Where a center stands, as its parts share it.
final class CenterState: Sendable {
    private struct State {
        var isConnected = false
        var isWarm = false
        var problem: String? = "ZooKeeper was not reached yet"
        /// Why the center must not work with what ZooKeeper holds; outlives sessions.
        var refusal: String?
        /// What the center remembers of its cluster; outlives sessions.
        var memory: ClusterMemory?
        var leading: LeadingCenter?
        var session: (any ZooKeeperSession)?
        var election: LeaderElection?
        var ownerlessRuns: Int?
    }

    private let state = Mutex(State())
    /// What the center knows of its workspace.
    let store = CatalogStore()
    /// What the leader should look at.
    let hints = ReconcileHints()
    /// How far attempts are that run.
    let progress = ProgressBoard()

    /// For probes.
    var status: CenterStatus {
        state.withLock { state in
            CenterStatus(
                isConnected: state.isConnected,
                isWarm: state.isWarm,
                epoch: state.leading?.epoch,
                problem: state.refusal ?? state.problem
            )
        }
    }

    /// What this center leads with; `nil` when it does not, or may not act now because the connection is lost.
    var leading: LeadingCenter? { state.withLock { $0.isConnected ? $0.leading : nil } }

    /// What has to be given up when the center stops.
    var possessions: (session: (any ZooKeeperSession)?, election: LeaderElection?) {
        state.withLock { ($0.session, $0.election) }
    }

    func connectionChanged(_ isConnected: Bool) {
        state.withLock { state in
            state.isConnected = isConnected
            state.problem = isConnected ? nil : "the connection to ZooKeeper is lost"
        }
    }

    func sessionStarted(_ session: any ZooKeeperSession) { state.withLock { $0.session = session } }

    func sessionEnded(_ problem: String) {
        state.withLock { state in
            let former = state
            state = State()
            state.problem = problem
            state.refusal = former.refusal
            state.memory = former.memory
        }
    }

    /// The center must not work with what ZooKeeper holds, until it is admitted.
    func refused(_ reason: String) { state.withLock { $0.refusal = reason } }

    func admitted() { state.withLock { $0.refusal = nil } }

    /// What the center remembers of its cluster.
    var memory: ClusterMemory? { state.withLock(\.memory) }

    /// Takes over what was seen; what somebody saw meanwhile of a later epoch stays.
    ///
    /// Returns what is remembered now.
    func remember(_ seen: ClusterMemory) -> ClusterMemory {
        state.withLock { state in
            if let known = state.memory, known.timeline == seen.timeline, known.epoch > seen.epoch {
                return known
            }
            state.memory = seen
            return seen
        }
    }

    /// Runs without a result that nobody owned when they were last looked at; `nil` before the first look.
    var ownerlessRuns: Int? { state.withLock(\.ownerlessRuns) }

    func swept(ownerless: Int) { state.withLock { $0.ownerlessRuns = ownerless } }

    func warmed() { state.withLock { $0.isWarm = true } }

    func candidacyStarted(_ election: LeaderElection) { state.withLock { $0.election = election } }

    func leadershipChanged(_ leading: LeadingCenter?) { state.withLock { $0.leading = leading } }
}

/// Lets one caller in at a time, in the order they came.
actor Turnstile {
    private var isTaken = false
    private var waiting: [CheckedContinuation<Void, Never>] = []

    /// Runs `body` when it is the caller's turn.
    func enter<Value: Sendable>(_ body: @Sendable () async throws -> Value) async rethrows -> Value {
        await take()
        defer { release() }
        return try await body()
    }

    private func take() async {
        if !isTaken {
            isTaken = true
            return
        }
        await withCheckedContinuation { waiting.append($0) }
    }

    private func release() {
        if waiting.isEmpty {
            isTaken = false
        } else {
            waiting.removeFirst().resume()
        }
    }
}
