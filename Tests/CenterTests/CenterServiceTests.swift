import CenterDoubles
import Cluster
import Domain
import Logging
import Scheduling
import SimulationKit
import Testing
import ZooKeeper

@testable import Center

/// Whole centers in simulated time: their loops, watches and elections, nothing is called by hand.
@Suite struct CenterServiceTests {
    private struct Running {
        let continuation: AsyncStream<Void>.Continuation

        func stop() { continuation.yield() }
    }

    private struct Town {
        let world = SimulatedWorld()
        let ensemble = InMemoryEnsemble()
        let tree: Tree

        init() throws { tree = try Tree(workspace: .standard) }

        var time: TimeSource {
            let clock = world.clock
            return TimeSource(clock: clock) { Workshop.start + clock.now.offset }
        }

        func center(_ name: String, pausingWith pause: Pause? = nil) -> CenterService {
            CenterService(
                configuration: CenterConfiguration(
                    center: CenterID(name)!,
                    url: "http://\(name)",
                    tree: tree,
                    version: "1",
                    host: "h",
                    processID: 1
                ),
                connector: pause.map { PausingConnector(inner: ensemble, pause: $0) } ?? ensemble,
                history: InMemoryRunHistory(),
                peers: nil,
                time: time,
                random: RandomSource(SystemRandomNumberGenerator()),
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            )
        }

        /// Runs a center until it is told to stop.
        func start(_ center: CenterService) -> Running {
            let (stream, stop) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
            _ = world.executor.start {
                await center.run {
                    for await _ in stream { break }
                }
            }
            return Running(continuation: stop)
        }

        /// Runs something to its end and returns its value.
        func run<Value: Sendable>(_ body: @escaping @Sendable () async throws -> Value) async throws -> Value
        {
            let task = Task(executorPreference: world.executor) { try await body() }
            world.settle()
            return try await task.value
        }
    }

    @Test(
        "the first center leads, the second follows and is warm; when the first stops, the second leads at once"
    )
    func succession() async throws {
        let town = try Town()
        let (first, second) = (town.center("c1"), town.center("c2"))
        let running = town.start(first)
        town.world.settle()
        let standby = town.start(second)
        town.world.settle()
        #expect(first.status.epoch == Epoch(rawValue: 1) && first.status.isReady)
        #expect(second.status.epoch == nil && second.status.isReady)
        _ = try await town.run { try await first.operations.save([.every(60, "t")], condition: .any) }
        #expect(
            try await town.run { try await second.operations.task(TaskID("t")!).definition.revision } == 1
        )
        guard case .following(let leader) = try await town.run({ await second.operations.leadership() })
        else {
            Issue.record("the second center does not follow")
            return
        }
        #expect(leader.url == "http://c1")
        await #expect(throws: CenterError.self) {
            try await town.run { try await second.operations.save([.every(60, "u")], condition: .any) }
        }
        running.stop()
        town.world.settle()
        #expect(first.status.epoch == nil)
        #expect(second.status.epoch == Epoch(rawValue: 2))
        standby.stop()
        town.world.settle()
        #expect(town.ensemble.sessions.isEmpty)
    }

    /// What follows a run is decided when its end is accepted: by a center that knows every task its predecessor saved.
    @Test("a center that has taken office does not lead before it has read what its predecessor wrote")
    func readsBeforeItLeads() async throws {
        let town = try Town()
        let pause = Pause()
        let (first, second) = (town.center("c1"), town.center("c2", pausingWith: pause))
        let running = town.start(first)
        town.world.settle()
        let standby = town.start(second)
        town.world.settle()
        let task = TaskID("t")!
        pause.holdReads(of: try town.tree.taskBucket(Buckets.task(task, count: 4_096)))
        _ = try await town.run { try await first.operations.save([.every(60, "t")], condition: .any) }
        running.stop()
        town.world.settle()
        let office = try town.tree.epoch
        #expect(town.ensemble.node(office)?.stat.version == 2)
        #expect(second.status.epoch == nil)
        pause.release()
        town.world.settle()
        #expect(second.status.epoch == Epoch(rawValue: 2))
        #expect(try await town.run { try await second.operations.task(task).definition.revision } == 1)
        standby.stop()
        town.world.settle()
    }

    @Test("a vanished agent's tasks move without any time passing")
    func takeoverNeedsNoTimer() async throws {
        let town = try Town()
        let center = town.center("c1")
        let running = town.start(center)
        town.world.settle()
        let sessions = Set(town.ensemble.sessions)
        let agents = try await town.run { [ensemble = town.ensemble, tree = town.tree] in
            try await CenterServiceTests.register(["a", "b"], ensemble, tree)
        }
        _ = try await town.run {
            try await center.operations.save((0..<9).map { .every(60, "t\($0)") }, condition: .any)
        }
        town.world.settle()
        let counts = {
            try await town.run {
                try await center.operations.nodes().filter { $0.departure == nil }.map(\.taskCount)
            }
        }
        #expect(try await counts().reduce(0, +) == 9)
        #expect(try await counts().allSatisfy { $0 >= 4 })
        let gone = town.ensemble.sessions.first { !sessions.contains($0) }!
        town.ensemble.expire(gone)
        town.world.settle()
        #expect(try await counts() == [9])
        let departed = try await town.run {
            try await center.operations.nodes().compactMap(\.departure?.taskCount)
        }
        #expect(departed.count == 1 && departed[0] >= 4)
        #expect(town.world.clock.now.offset == .zero)
        #expect(agents.count == 2)
        running.stop()
        town.world.settle()
    }

    @Test(
        "ZooKeeper absent: not ready, goes on trying; lost connection: no changes; back: leads under the same epoch"
    )
    func outage() async throws {
        let town = try Town()
        town.ensemble.setDown(true)
        let center = town.center("c1")
        let running = town.start(center)
        town.world.run(for: .seconds(30))
        #expect(!center.status.isReady)
        town.ensemble.setDown(false)
        town.world.run(for: .seconds(1))
        #expect(center.status.isReady && center.status.epoch == Epoch(rawValue: 1))
        town.ensemble.setDown(true)
        town.world.run(for: .seconds(2))
        #expect(!center.status.isReady)
        await #expect(throws: CenterError.self) {
            try await town.run { try await center.operations.save([.every(60, "t")], condition: .any) }
        }
        town.ensemble.setDown(false)
        town.world.run(for: .seconds(1))
        #expect(center.status.epoch == Epoch(rawValue: 1))
        _ = try await town.run { try await center.operations.save([.every(60, "t")], condition: .any) }
        running.stop()
        town.world.settle()
    }

    @Test("a center whose session ended starts over and leads under a new epoch")
    func sessionEnds() async throws {
        let town = try Town()
        let center = town.center("c1")
        let running = town.start(center)
        town.world.settle()
        town.ensemble.expire(town.ensemble.sessions[0])
        town.world.settle()
        #expect(center.status.epoch == nil && !center.status.isReady)
        town.world.run(for: .seconds(1))
        #expect(center.status.epoch == Epoch(rawValue: 2) && center.status.isReady)
        running.stop()
        town.world.settle()
    }

    @Test("a healthy cluster at rest costs no writes")
    func rest() async throws {
        let town = try Town()
        let (first, second) = (town.center("c1"), town.center("c2"))
        let running = [town.start(first), town.start(second)]
        town.world.settle()
        _ = try await town.run { [ensemble = town.ensemble, tree = town.tree] in
            try await CenterServiceTests.register(["a", "b"], ensemble, tree)
        }
        _ = try await town.run {
            try await first.operations.save((0..<9).map { .every(60, "t\($0)") }, condition: .any)
        }
        town.world.run(for: .seconds(5))
        let before = town.ensemble.transactionCount
        town.world.run(for: .seconds(300))
        #expect(town.ensemble.transactionCount == before)
        for task in running { task.stop() }
        town.world.settle()
    }

    @Test("a second process of one center waits for the end of the first one's session")
    func sameName() async throws {
        let town = try Town()
        let (first, second) = (town.center("c1"), town.center("c1"))
        let running = [town.start(first)]
        town.world.settle()
        let other = town.start(second)
        town.world.run(for: .seconds(60))
        #expect(first.status.epoch != nil && second.status.epoch == nil)
        running[0].stop()
        town.world.settle()
        #expect(second.status.epoch == Epoch(rawValue: 2))
        other.stop()
        town.world.settle()
    }

    /// Registers agents in sessions of their own.
    private static func register(
        _ names: [String],
        _ ensemble: InMemoryEnsemble,
        _ tree: Tree
    ) async throws -> [any ZooKeeperSession] {
        var sessions: [any ZooKeeperSession] = []
        for (index, name) in names.enumerated() {
            let session = try await ensemble.connect(resuming: nil)
            let paths = try tree.runtime(.standard)
            let (agent, incarnation) = (AgentID(name)!, Incarnation(high: 1, low: UInt64(index)))
            let registration = AgentRegistration(
                agent: agent,
                incarnation: incarnation,
                slots: 1,
                version: "1",
                host: "h",
                processID: 1,
                startedAt: Workshop.start
            )
            for parent in try [paths.journal(agent), paths.inbox(agent)] {
                try await session.createIfAbsent(parent)
            }
            _ = try await session.multi([
                .create(try paths.fence(agent, incarnation), data: try ZNodeCodec.encode(FenceRecord())),
                .create(try paths.checkpoint(agent, incarnation), data: []),
                .create(try paths.inbox(agent, incarnation), data: []),
                .create(try paths.agent(agent), data: try ZNodeCodec.encode(registration), mode: .ephemeral),
            ])
            sessions.append(session)
        }
        return sessions
    }
}
