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

/// Tasks that move from one live agent to another, with a real center, real agents, and servers that answer as those of a local network.
@Suite struct HandoffTests {
    private let simulated = SimulatedWorld(seed: 1)
    private let ensemble: SimulatedEnsemble
    private let time: TimeSource
    private let tree: Tree
    private let network = Network()
    private let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    private static let dawn = Instant(millisecondsSinceEpoch: 1_800_000_000_000)

    init() throws {
        let clock = simulated.clock
        var configuration = SimulatedEnsemble.Configuration()
        // A session answers one request after the other here: a real one has many under way.
        configuration.latency = .microseconds(100)...(.microseconds(400))
        configuration.lag = .microseconds(100)...(.milliseconds(1))
        ensemble = SimulatedEnsemble(
            clock: clock,
            configuration: configuration,
            generator: SimulationKit.SeededGenerator(seed: 2)
        )
        time = TimeSource(clock: clock, wall: { Self.dawn + clock.now.offset })
        tree = try Tree(workspace: .standard)
    }

    private func startCenter() throws -> CenterService {
        let id = try #require(CenterID("c"))
        let process = simulated.makeProcess()
        let history = InMemoryRunHistory(identity: Nonce(bits: 1))
        let service = CenterService(
            configuration: CenterConfiguration(
                center: id,
                url: "http://c",
                tree: tree,
                version: "1",
                host: "h",
                processID: 1
            ),
            connector: ensemble.connector(of: process),
            history: history,
            peers: network,
            time: time,
            random: RandomSource(SimulationKit.SeededGenerator(seed: 3)),
            logger: logger
        )
        network.set(id, (service.operations, history))
        let time = time
        _ = process.start {
            // It runs for as long as the world.
            await service.run { try? await time.sleep(for: .seconds(1_000_000)) }
        }
        return service
    }

    private func startAgent(_ name: String) throws -> FakeRunner {
        let process = simulated.makeProcess()
        let runner = FakeRunner(time: time)
        let service = AgentService(
            AgentConfiguration(
                tree: tree,
                seat: Seat(runtime: .standard, agent: try #require(AgentID(name))),
                slots: 10_000,
                version: "1",
                host: "h",
                processID: 1
            ),
            connector: ensemble.connector(of: process),
            store: FakeStore(),
            runner: runner,
            delivery: network,
            time: time,
            random: RandomSource(SimulationKit.SeededGenerator(seed: 4)),
            logger: logger
        )
        _ = process.start {
            // The service throws only when it is cancelled.
            try? await service.run()
        }
        return runner
    }

    /// Begins something, lets time pass, and returns what has come of it.
    private func perform<Value: Sendable>(
        for duration: Duration = .milliseconds(100),
        _ body: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        let task = Task(executorPreference: simulated.executor) { try await body() }
        simulated.run(for: duration)
        return try await task.value
    }

    @Test("no fire is late while an agent is drained, though taking rows refuses its journal")
    func drain() async throws {
        let operations = try startCenter().operations
        let runners = try ["a", "b"].map { try startAgent($0) }
        simulated.run(for: .seconds(2))
        // One is due every twenty milliseconds.
        let count = 400
        let tasks = try (0..<count).map { number in
            let start = Self.dawn + .milliseconds(number * 20)
            return TaskSpecification(
                name: try #require(TaskID("t\(number)")),
                action: .command(["true"]),
                schedules: [.every(try IntervalSchedule(every: .milliseconds(20 * count), start: start))]
            )
        }
        _ = try await perform(for: .seconds(3)) { try await operations.save(tasks, condition: .any) }
        let drained = try #require(AgentID("a"))
        let owned = try await perform { try await operations.nodes() }.first { $0.agent == drained }
        #expect(try #require(owned).taskCount > count / 3)
        let began = time.now
        try await perform(for: .seconds(5)) { try await operations.setDrained(drained, in: nil, true) }
        let left = try await perform { try await operations.nodes() }.first { $0.agent == drained }
        #expect(left?.taskCount == 0)
        let starts = runners.flatMap { $0.state.withLock(\.startedAt) }
        let late = starts.compactMap { attempt, start -> Duration? in
            guard let due = attempt.run.fireKey?.due, due >= began else { return nil }
            return due.duration(to: start)
        }
        #expect(late.count >= 240)
        #expect(try #require(late.max()) <= .milliseconds(100))
    }
}
