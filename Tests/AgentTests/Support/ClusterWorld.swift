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

    struct Center {
        let id: CenterID
        let service: CenterService
        let history: InMemoryRunHistory
    }

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
        let history = InMemoryRunHistory()
        let service = CenterService(
            configuration: CenterConfiguration(
                center: CenterID(name)!,
                url: "http://\(name)",
                tree: tree,
                version: "1",
                host: "h",
                processID: 1
            ),
            connector: ensemble,
            history: history,
            peers: nil,
            time: time,
            random: RandomSource(SeededGenerator(state: generator.next())),
            logger: logger
        )
        centers.append(Center(id: CenterID(name)!, service: service, history: history))
        let time = time
        _ = simulated.executor.start {
            // It runs for as long as the world.
            await service.run { try? await time.sleep(for: .seconds(1_000_000)) }
        }
    }

    /// Starts the agent's process; the one before is gone, its attempts are not known to this one.
    func start(_ machine: Machine) {
        machine.process?.cancel()
        harvest(machine)
        let former = machine.runner
        former.finishAll()
        machine.runner = FakeRunner(time: time)
        machine.runner.state.withLock { $0.startedAt = machine.starts }
        let operations = Dictionary(
            uniqueKeysWithValues: centers.map { ($0.id, $0.service.operations) }
        )
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
            delivery: DirectDelivery(operations: operations),
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

/// Hands reports to centers in the same process.
private struct DirectDelivery: ReportDelivery {
    let operations: [CenterID: any CenterOperations]

    func deliver(_ batch: ReportBatch, to center: CenterRegistration) async throws(DeliveryError)
        -> DeliveryReceipt
    {
        guard let center = operations[center.center] else { throw .unavailable("no such center") }
        do {
            let reports = batch.reports.map(\.report)
            return DeliveryReceipt(leaderEpoch: try await center.accept(reports, from: batch.agent))
        } catch {
            throw .unavailable("\(error)")
        }
    }
}
