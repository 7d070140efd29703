import Agent
import Cluster
import Domain
import Scheduling
import Synchronization
import ZooKeeper

/// A runner whose processes end when a test says so.
final class FakeRunner: AttemptRunner {
    struct State {
        var starts: [[LaunchOrder]] = []
        var startedAt: [AttemptID: Instant] = [:]
        var alive: [AttemptID: LaunchOrder] = [:]
        var stops: [(attempt: AttemptID, grace: Duration)] = []
        var obeysStop = true
        var lives: [AttemptID: MonotonicInstant] = [:]
        /// What starting a process costs.
        var startTime = Duration.zero
    }

    let state = Mutex(State())
    let events: AsyncStream<AttemptEvent>
    private let continuation: AsyncStream<AttemptEvent>.Continuation
    private let time: TimeSource

    init(time: TimeSource) {
        self.time = time
        (events, continuation) = AsyncStream.makeStream(of: AttemptEvent.self, bufferingPolicy: .unbounded)
    }

    func start(_ orders: [LaunchOrder]) async {
        state.withLock { $0.starts.append(orders) }
        let startTime = state.withLock(\.startTime)
        for order in orders {
            // Cancelled means that the world ends.
            if startTime > .zero { try? await time.sleep(for: startTime) }
            let attempt = order.fire.attempt
            let isNew = state.withLock { $0.startedAt[attempt] == nil }
            guard isNew, time.monotonic < order.notAfter else {
                continuation.yield(.refused(attempt, reason: isNew ? "too late" : "seen before"))
                continue
            }
            let now = time.now
            state.withLock { state in
                state.startedAt[attempt] = now
                state.alive[attempt] = order
            }
            continuation.yield(.started(attempt, at: now))
        }
    }

    func stop(_ attempt: AttemptID, grace: Duration) async {
        let obeys = state.withLock { state in
            state.stops.append((attempt, grace))
            return state.obeysStop
        }
        if obeys { finish(attempt, outcome: .failed, signal: 15) }
    }

    func prolong(_ lives: [AttemptID: MonotonicInstant]) async {
        state.withLock { $0.lives.merge(lives) { $1 } }
    }

    func running() async -> [AttemptID] { state.withLock { $0.alive.keys.sorted() } }

    func finish(_ attempt: AttemptID, outcome: AttemptOutcome = .succeeded, signal: Int32? = nil) {
        guard state.withLock({ $0.alive.removeValue(forKey: attempt) }) != nil else { return }
        continuation.yield(
            .ended(
                AttemptResult(
                    attempt: attempt,
                    outcome: outcome,
                    exitCode: signal == nil ? 0 : nil,
                    signal: signal,
                    endedAt: time.now
                )
            )
        )
    }

    /// Lets an attempt say how far it is.
    func tell(_ attempt: AttemptID, _ percent: Double, _ text: String? = nil) {
        let progress = RunProgress(percent: percent, text: text, at: time.now)
        continuation.yield(.progress(attempt, progress))
    }

    /// Lets an attempt say what it does.
    func tell(_ attempt: AttemptID, status: String) {
        continuation.yield(.status(attempt, RunStatus(status, at: time.now)))
    }

    /// Lets an attempt tell something under names.
    func tell(_ attempt: AttemptID, outputs: [String: String]) {
        continuation.yield(.outputs(attempt, OutputsSoFar(outputs, at: time.now)))
    }

    /// Lets an attempt have told something when it ends.
    func tell(_ attempt: AttemptID, _ account: AttemptAccount) {
        continuation.yield(.told(attempt, account))
    }

    func finishAll() {
        for attempt in state.withLock({ $0.alive.keys.sorted() }) { finish(attempt) }
    }

    /// Every attempt that was started, in order.
    var started: [AttemptID] { state.withLock { state in state.startedAt.keys.sorted() } }
    /// The orders of every call, in order.
    var calls: [[LaunchOrder]] { state.withLock(\.starts) }
}

/// A prober with the answers a test gives it; healthy when there is none left.
final class FakeProber: HealthProber {
    struct State {
        var answers: [ProbeAnswer] = []
        var asked: [AttemptID] = []
    }

    let state = Mutex(State())

    func answer(to probe: HealthProbe, of order: LaunchOrder) async -> ProbeAnswer {
        state.withLock { state in
            state.asked.append(order.fire.attempt)
            return state.answers.isEmpty
                ? ProbeAnswer(isHealthy: true, text: "exit code 0") : state.answers.removeFirst()
        }
    }

    /// Whom it was asked about, in order.
    var asked: [AttemptID] { state.withLock(\.asked) }
}

/// A store in memory that can be full.
final class FakeStore: AgentStateStore {
    struct Full: Error {}

    struct State {
        var reports: [SpooledReport] = []
        var acknowledged: [ReportReader: Int64] = [:]
        var backlogs: [ReportReader: Int64] = [:]
        var definitions: [TaskUID: TaskDefinition] = [:]
        var session: SessionIdentity?
        var memory: ClusterMemory?
        var isFull = false
    }

    let state = Mutex(State())

    func append(_ reports: [RunReport]) async throws -> Int64 {
        try state.withLock { state in
            if state.isFull { throw Full() }
            for report in reports {
                state.reports.append(SpooledReport(sequence: Int64(state.reports.count + 1), report: report))
            }
            return Int64(state.reports.count)
        }
    }

    func meet(_ reader: ReportReader) async throws {
        state.withLock { state in
            guard state.acknowledged[reader] == nil else { return }
            state.acknowledged[reader] = Int64(state.reports.count)
            state.backlogs[reader] = Int64(state.reports.count + 1)
        }
    }

    func pending(for reader: ReportReader, limit: Int) async throws -> [SpooledReport] {
        state.withLock { state in
            let done = state.acknowledged[reader] ?? 0
            return Array(state.reports.filter { $0.sequence > done }.prefix(limit))
        }
    }

    func acknowledge(_ reader: ReportReader, through sequence: Int64) async throws {
        state.withLock { $0.acknowledged[reader] = max($0.acknowledged[reader] ?? 0, sequence) }
    }

    func backlog(for reader: ReportReader, limit: Int) async throws -> [SpooledReport] {
        state.withLock { state in
            let end = state.backlogs[reader] ?? 0
            return Array(state.reports.filter { $0.sequence < end }.reversed().prefix(limit))
        }
    }

    func acknowledgeBacklog(_ reader: ReportReader, downTo sequence: Int64) async throws {
        state.withLock { $0.backlogs[reader] = min($0.backlogs[reader] ?? 0, sequence) }
    }

    func prune(now: Instant, retention: Duration) async throws {}

    func cachedDefinitions() async throws -> [TaskDefinition] {
        state.withLock { $0.definitions.values.sorted { $0.uid < $1.uid } }
    }

    func cache(_ changed: [TaskDefinition], removing uids: [TaskUID]) async throws {
        state.withLock { state in
            for definition in changed { state.definitions[definition.uid] = definition }
            for uid in uids { state.definitions[uid] = nil }
        }
    }

    func predecessorSession() async throws -> SessionIdentity? { state.withLock(\.session) }

    func remember(_ session: SessionIdentity?) async throws { state.withLock { $0.session = session } }

    func clusterMemory() async throws -> ClusterMemory? { state.withLock(\.memory) }

    func remember(cluster memory: ClusterMemory) async throws {
        try state.withLock { state in
            if state.isFull { throw Full() }
            state.memory = memory
        }
    }

    var reports: [RunReport] { state.withLock { $0.reports.map(\.report) } }

    /// The results on disk by attempt.
    var results: [AttemptID: AttemptResult] {
        reports.reduce(into: [:]) { results, report in
            if case .ended(let result) = report.phase { results[result.attempt] = result }
        }
    }
}

/// Centers in memory: one may lead, each may fail.
final class FakeDelivery: ReportDelivery {
    struct State {
        var received: [CenterID: [SpooledReport]] = [:]
        var leader: CenterID?
        var epoch = Epoch(rawValue: 1)
        var failure: DeliveryError?
        /// Whether the leader finds an agent for further attempts.
        var canRepeat = true
        /// What was told of progress, each time all together.
        var told: [CenterID: [[ProgressNote]]] = [:]
        /// Whether progress is refused, as a center of an older version does.
        var refusesProgress = false
    }

    let state = Mutex(State())

    func deliver(_ batch: ReportBatch, to center: CenterRegistration) async throws(DeliveryError)
        -> DeliveryReceipt
    {
        let (failure, epoch) = state.withLock { state -> (DeliveryError?, Epoch?) in
            if let failure = state.failure { return (failure, nil) }
            // As a center does: everybody tells what is their own.
            guard batch.reports.allSatisfy({ $0.report.agent == batch.agent }) else {
                return (.refused("a report of another agent"), nil)
            }
            state.received[center.center, default: []] += batch.reports
            let waits = !state.canRepeat && batch.reports.contains(where: \.report.demandsAnotherAttempt)
            return (nil, state.leader == center.center && !waits ? state.epoch : nil)
        }
        if let failure { throw failure }
        return DeliveryReceipt(leaderEpoch: epoch)
    }

    func tell(_ progress: [ProgressNote], of agent: AgentID, to center: CenterRegistration)
        async throws(DeliveryError)
    {
        let failure = state.withLock { state -> DeliveryError? in
            if let failure = state.failure { return failure }
            if state.refusesProgress { return .refused("there is no such thing") }
            state.told[center.center, default: []].append(progress)
            return nil
        }
        if let failure { throw failure }
    }

    func told(to center: CenterID) -> [[ProgressNote]] { state.withLock { $0.told[center] ?? [] } }

    func received(by center: CenterID) -> [SpooledReport] { state.withLock { $0.received[center] ?? [] } }
}

/// SplitMix64: equal seeds, equal numbers.
struct SeededGenerator: RandomNumberGenerator, Sendable {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
