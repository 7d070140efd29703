import Agent
import CenterDoubles
import Cluster
import Domain
import Logging
import Scheduling
import SimulationKit
import Synchronization
import Testing
import ZooKeeper

@testable import Center

/// Whole centers and whole agents over one simulated ensemble, with faults drawn from a seed.
final class ClusterWorld {
    /// One machine: what survives a restart of its agent, and the process that runs now.
    final class Machine {
        let seat: Seat
        let store = FakeStore()
        var runner: FakeRunner
        var process: Task<Void, Never>?
        /// Every start of any of its runners.
        var starts: [AttemptID: Instant] = [:]

        init(_ name: String, time: TimeSource) {
            seat = Seat(runtime: .standard, agent: AgentID(name)!)
            runner = FakeRunner(time: time)
        }
    }

    /// A center's process, and its history, which outlives it unless somebody deletes it.
    struct Center {
        let id: CenterID
        var service: CenterService
        var history: InMemoryRunHistory
        var process: Task<Void, Never>
    }

    /// What connects the processes: who answers under which name now.
    let network = Network()
    private var historyCount: UInt64 = 0

    let simulated = SimulatedWorld()
    let ensemble = InMemoryEnsemble(sessionTimeout: .seconds(10))
    let time: TimeSource
    let tree: Tree
    var machines: [Machine] = []
    var centers: [Center] = []
    var generator: SeededGenerator
    /// When suspended sessions come back, or expire.
    private var suspended: [Int64: (until: Instant, expires: Bool)] = [:]
    static let dawn = Instant(millisecondsSinceEpoch: 1_800_000_000_000)

    init(seed: UInt64) throws {
        generator = SeededGenerator(state: seed)
        let clock = simulated.clock
        time = TimeSource(clock: clock, wall: { Self.dawn + clock.now.offset })
        tree = try Tree(workspace: .standard)
        for name in ["c1", "c2"] { start(center: name) }
        for name in ["a", "b", "c"] {
            let machine = Machine(name, time: time)
            machines.append(machine)
            start(machine)
        }
        simulated.run(for: .seconds(2))
    }

    var now: Instant { time.now }

    private let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    private func start(center name: String) {
        let (id, history) = (CenterID(name)!, newHistory())
        centers.append(run(id, history))
    }

    private func newHistory() -> InMemoryRunHistory {
        historyCount += 1
        return InMemoryRunHistory(identity: Nonce(bits: historyCount))
    }

    /// Ends a center's process, as kill -9 does.
    func kill(center id: CenterID) {
        guard let index = centers.firstIndex(where: { $0.id == id }) else { return }
        centers[index].process.cancel()
        network.set(id, nil)
        simulated.settle()
    }

    /// Starts a center's process again: with the history it had, or with an empty one.
    func start(center id: CenterID, isEmptied: Bool) {
        guard let index = centers.firstIndex(where: { $0.id == id }) else { return }
        centers[index] = run(id, isEmptied ? newHistory() : centers[index].history)
    }

    private func run(_ id: CenterID, _ history: InMemoryRunHistory) -> Center {
        let service = CenterService(
            configuration: CenterConfiguration(
                center: id,
                url: "http://\(id)",
                tree: tree,
                version: "1",
                host: "h",
                processID: 1
            ),
            connector: ensemble,
            history: history,
            peers: network,
            time: time,
            random: RandomSource(SeededGenerator(state: generator.next())),
            logger: logger
        )
        network.set(id, (service.operations, history))
        let time = time
        let process = simulated.executor.start {
            // It runs for as long as the world.
            await service.run { try? await time.sleep(for: .seconds(1_000_000)) }
        }
        return Center(id: id, service: service, history: history, process: process)
    }

    /// Starts the agent's process; the one before is gone, its attempts are not known to this one.
    func start(_ machine: Machine) {
        machine.process?.cancel()
        harvest(machine)
        let former = machine.runner
        former.finishAll()
        machine.runner = FakeRunner(time: time)
        machine.runner.state.withLock { $0.startedAt = machine.starts }
        let service = AgentService(
            AgentConfiguration(
                tree: tree,
                seat: machine.seat,
                slots: 4,
                version: "1",
                host: "h",
                processID: 1
            ),
            connector: ensemble,
            store: machine.store,
            runner: machine.runner,
            delivery: network,
            time: time,
            random: RandomSource(SeededGenerator(state: generator.next())),
            logger: logger
        )
        machine.process = simulated.executor.start {
            // The service throws only when it is cancelled.
            try? await service.run()
        }
    }

    /// Remembers what the machine's runner has started.
    func harvest(_ machine: Machine) {
        machine.starts.merge(machine.runner.state.withLock(\.startedAt)) { first, _ in first }
    }

    /// Lets time pass, with processes that end; `faults` per second on average.
    func run(_ duration: Duration, faults: Double) {
        let end = now + duration
        while now < end {
            simulated.run(for: .milliseconds(250))
            for machine in machines { endSome(machine) }
            heal()
            if chance(faults / 4) { breakSomething() }
        }
    }

    /// Everything comes back.
    func repair() {
        for session in ensemble.sessions { ensemble.reconnect(session) }
        suspended = [:]
    }

    private func chance(_ probability: Double) -> Bool {
        Double(generator.next() >> 11) / Double(1 << 53) < probability
    }

    private func pick(_ count: Int) -> Int { Int(generator.next() % UInt64(count)) }

    private func endSome(_ machine: Machine) {
        for attempt in machine.runner.state.withLock({ $0.alive.keys.sorted() }) where chance(0.3) {
            machine.runner.finish(attempt)
        }
    }

    private func heal() {
        for (session, fate) in suspended.sorted(by: { $0.key < $1.key }) where fate.until <= now {
            suspended[session] = nil
            if fate.expires { ensemble.expire(session) } else { ensemble.reconnect(session) }
        }
        // Sessions whose connection a lost reply has cost come back after a while.
        for session in ensemble.sessions where suspended[session] == nil && chance(0.2) {
            ensemble.reconnect(session)
        }
    }

    private func breakSomething() {
        let sessions = ensemble.sessions
        switch pick(5) {
        case 0 where !sessions.isEmpty:
            ensemble.expire(sessions[pick(sessions.count)])
        case 1 where !sessions.isEmpty:
            let session = sessions[pick(sessions.count)]
            ensemble.suspend(session)
            let seconds = pick(14) + 1
            suspended[session] = (now + .seconds(min(seconds, 10)), seconds > 10)
        case 2: start(machines[pick(machines.count)])
        default:
            let kind = [InMemoryEnsemble.LostReply.applied, .dropped, .delayed][pick(3)]
            let skipped = Mutex(pick(8))
            ensemble.loseReply(kind) { _ in
                skipped.withLock { left in
                    left -= 1
                    return left < 0
                }
            }
        }
    }

    /// Runs something to its end and returns its value.
    func await<Value: Sendable>(_ body: @escaping @Sendable () async throws -> Value) async throws -> Value {
        let task = Task(executorPreference: simulated.executor) { try await body() }
        simulated.run(for: .seconds(1))
        return try await task.value
    }
}

extension ClusterWorld {
    /// Lets so many tasks run every second for so long.
    func work(_ duration: Duration, tasks: Int = 12, delivery: Delivery = .atMostOnce) async throws {
        let leader = try #require(centers.first { $0.service.status.epoch != nil })
        let specifications = try (0..<tasks).map { number in
            TaskSpecification(
                name: try #require(TaskID("t\(number)")),
                action: .command(["true"]),
                schedules: [.every(try IntervalSchedule(every: .seconds(1)))],
                delivery: delivery
            )
        }
        let operations = leader.service.operations
        _ = try await self.await { try await operations.save(specifications, condition: .any) }
        run(duration, faults: 0)
    }

    func history(of center: CenterID) throws -> InMemoryRunHistory {
        try #require(centers.first { $0.id == center }).history
    }

    /// All runs in a center's history.
    func runs(on center: CenterID) async throws -> [RunID: Run] {
        let page = try await history(of: center).runs(RunFilter(), page: nil, limit: 100_000)
        return Dictionary(uniqueKeysWithValues: page.elements.map { ($0.id, $0) })
    }
}

/// Connects processes that are in one: reports of agents, and what centers ask each other.
final class Network: ReportDelivery, PeerReports {
    typealias Remote = (operations: any CenterOperations, history: InMemoryRunHistory)

    private let centers = Mutex<[CenterID: Remote]>([:])
    /// The batches that arrived, and whether they were of a backlog.
    let batches = Mutex<[(center: CenterID, isRefill: Bool, reports: [RunReport])]>([])
    /// Centers that no agent reaches.
    private let unreachable = Mutex<Set<CenterID>>([])
    /// Makes centers refuse backlogs for now.
    let isBusy = Mutex(false)

    func set(_ center: CenterID, _ remote: Remote?) { centers.withLock { $0[center] = remote } }

    func cutOff(_ center: CenterID, _ isCutOff: Bool) {
        unreachable.withLock { centers in
            if isCutOff { centers.insert(center) } else { centers.remove(center) }
        }
    }

    func deliver(_ batch: ReportBatch, to center: CenterRegistration) async throws(DeliveryError)
        -> DeliveryReceipt
    {
        if unreachable.withLock({ $0.contains(center.center) }) { throw .unavailable("it is cut off") }
        guard let remote = centers.withLock({ $0[center.center] }) else { throw .unavailable("it is gone") }
        if batch.isRefill, isBusy.withLock(\.self) { throw .busy(retryAfter: .seconds(1)) }
        do {
            let reports = batch.reports.map(\.report)
            let epoch = try await remote.operations.accept(reports, from: batch.agent)
            batches.withLock { $0.append((center.center, batch.isRefill, reports)) }
            return DeliveryReceipt(leaderEpoch: epoch)
        } catch {
            throw .unavailable("\(error)")
        }
    }

    func tell(_ progress: [ProgressNote], of agent: AgentID, to center: CenterRegistration)
        async throws(DeliveryError)
    {
        guard let remote = centers.withLock({ $0[center.center] }) else { throw .unavailable("it is gone") }
        await remote.operations.note(progress, from: agent)
    }

    func authored(by peer: CenterRegistration, after sequence: Int64, limit: Int) async throws
        -> [AuthoredReport]
    {
        guard let remote = centers.withLock({ $0[peer.center] }) else {
            throw CenterError.unavailable("it is gone")
        }
        return await remote.history.authored(after: sequence, limit: limit)
    }

    func conclusions(of run: RunID, by peer: CenterRegistration) async throws -> [RunReport] {
        guard let remote = centers.withLock({ $0[peer.center] }) else {
            throw CenterError.unavailable("it is gone")
        }
        return await remote.history.run(run)?.conclusions ?? []
    }
}
