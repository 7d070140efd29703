import CenterDoubles
import Cluster
import Domain
import Logging
import Orchestration
import Scheduling
import SimulationKit
import Testing
import ZooKeeper

@testable import Center

/// Centers and the history of their cluster (rules T1, T2; faults F38, F39).
@Suite struct TimelineTests {
    /// A workspace in simulated time, and one center's disk.
    private struct Town {
        let world = SimulatedWorld()
        let ensemble = InMemoryEnsemble()
        let tree: Tree
        let memory = InMemoryClusterMemory()

        init() throws { tree = try Tree(workspace: .standard) }

        var time: TimeSource {
            let clock = world.clock
            return TimeSource(clock: clock) { Workshop.start + clock.now.offset }
        }

        /// Starts a center; `nil` for the memory of one that has no data directory.
        func start(_ name: String = "c1", memory: InMemoryClusterMemory?) -> (CenterService, stop: () -> Void)
        {
            let center = CenterService(
                configuration: CenterConfiguration(
                    center: CenterID(name)!,
                    url: "http://\(name)",
                    tree: tree,
                    version: "1",
                    host: "h",
                    processID: 1
                ),
                connector: ensemble,
                history: InMemoryRunHistory(),
                memory: memory,
                peers: nil,
                time: time,
                random: RandomSource(SystemRandomNumberGenerator()),
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            )
            let (stream, stop) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
            _ = world.executor.start {
                await center.run {
                    for await _ in stream { break }
                }
            }
            world.settle()
            let world = world
            return (
                center,
                {
                    stop.yield()
                    world.settle()
                }
            )
        }

        func identity() throws -> ClusterIdentity? {
            try ensemble.node(try tree.cluster).map { try ZNodeCodec.decode(from: $0.data, at: "cluster") }
        }

        /// Deletes everything, as an operator may, or a server whose disk was wiped.
        func wipe() throws {
            for path in ensemble.paths.sorted().reversed() where path != .root && ensemble.node(path) != nil {
                try ensemble.write([.delete(path, version: nil)])
            }
        }

        /// Puts `/epoch` back to an earlier version.
        func restore(epoch: Int32) throws {
            let path = try tree.epoch
            let data = ensemble.node(path)!.data
            try ensemble.write([.delete(path, version: nil), .create(path, data: [])])
            for _ in 0..<epoch { try ensemble.write([.set(path, data: data, version: nil)]) }
        }

        func declare(cluster: Nonce? = nil, above: Int32 = 0) async throws -> (ClusterIdentity, Epoch) {
            let session = try await ensemble.connect(resuming: nil)
            let declaration = TimelineRenewal.Declaration(
                cluster: cluster,
                timeline: Nonce(bits: 77),
                floor: time.now,
                above: Epoch(rawValue: above)
            )
            return try await TimelineRenewal(session: session, tree: tree).declare(declaration)
        }

        /// Runs something to its end and returns its value.
        func run<Value: Sendable>(_ body: @escaping @Sendable () async throws -> Value) async throws -> Value
        {
            let task = Task(executorPreference: world.executor) { try await body() }
            world.settle()
            return try await task.value
        }
    }

    @Test("a first start makes the tree and remembers it, with the epoch it leads under")
    func firstStart() throws {
        let town = try Town()
        let (center, stop) = town.start(memory: town.memory)
        #expect(center.status.epoch == Epoch(rawValue: 1))
        let identity = try #require(try town.identity())
        #expect(
            town.memory.memory?.cluster == identity.id && town.memory.memory?.timeline == identity.timeline
        )
        #expect(town.memory.memory?.epoch == Epoch(rawValue: 1))
        stop()
    }

    @Test("a center does not make an emptied tree anew, says what to do, and goes on once it is declared")
    func emptied() async throws {
        let town = try Town()
        let (_, end) = town.start(memory: town.memory)
        let identity = try #require(try town.identity())
        end()
        try town.wipe()
        let before = nodes(of: town.ensemble)
        let (center, stop) = town.start(memory: town.memory)
        town.world.run(for: .seconds(60))
        #expect(nodes(of: town.ensemble) == before)
        #expect(!center.status.isReady && center.status.epoch == nil)
        let sentence = "cloudtask cluster bump-epoch --cluster \(identity.id) --above 1 --yes"
        #expect(center.status.problem?.contains(sentence) == true, "\(center.status.problem ?? "")")
        let declared = try await town.run { try await town.declare(cluster: identity.id, above: 1) }
        #expect(declared.1 == Epoch(rawValue: 2))
        town.world.run(for: .seconds(10))
        #expect(center.status.epoch == Epoch(rawValue: 3) && center.status.isReady)
        #expect(try town.identity()?.id == identity.id)
        stop()
    }

    @Test(
        "a tree that is emptied under running centers is not made anew by any of them",
        arguments: [true, false]
    )
    func emptiedUnderway(hasDisk: Bool) throws {
        let town = try Town()
        let memories = [town.memory, InMemoryClusterMemory()]
        let centers = ["c1", "c2"].enumerated().map { index, name in
            town.start(name, memory: hasDisk ? memories[index] : nil)
        }
        town.world.run(for: .seconds(5))
        #expect(centers[0].0.status.epoch != nil)
        try town.wipe()
        town.world.run(for: .seconds(120))
        #expect(try town.identity() == nil)
        for (center, _) in centers {
            #expect(!center.status.isReady && center.status.epoch == nil)
            #expect(center.status.problem?.contains("has lost /cluster") == true)
        }
        for (_, stop) in centers { stop() }
    }

    @Test("servers that lost everything and all sessions are not filled anew")
    func wipedServers() throws {
        let town = try Town()
        let (center, stop) = town.start(memory: town.memory)
        town.ensemble.setDown(true)
        town.world.run(for: .seconds(5))
        try town.wipe()
        for session in town.ensemble.sessions { town.ensemble.expire(session) }
        town.ensemble.setDown(false)
        town.world.run(for: .seconds(60))
        #expect(try town.identity() == nil && !center.status.isReady)
        stop()
    }

    @Test("a tree of another cluster is left alone")
    func another() throws {
        let town = try Town()
        let (first, end) = town.start(memory: town.memory)
        #expect(first.status.isReady)
        end()
        let remembered = try #require(town.memory.memory)
        try town.wipe()
        let (other, endOther) = town.start("c9", memory: InMemoryClusterMemory())
        #expect(other.status.epoch == Epoch(rawValue: 1))
        endOther()
        let before = nodes(of: town.ensemble)
        let (center, stop) = town.start(memory: town.memory)
        town.world.run(for: .seconds(60))
        #expect(nodes(of: town.ensemble) == before)
        #expect(center.status.problem?.contains("belongs to cluster \(remembered.cluster)") == true)
        #expect(town.memory.memory == remembered)
        stop()
    }

    @Test("a center that has no memory does not name a tree that has lost its name")
    func headless() throws {
        let town = try Town()
        let (_, end) = town.start(memory: nil)
        end()
        try town.ensemble.write([.delete(try town.tree.cluster, version: nil)])
        let (center, stop) = town.start(memory: InMemoryClusterMemory())
        town.world.run(for: .seconds(60))
        #expect(try town.identity() == nil)
        #expect(center.status.problem?.contains("has lost /cluster") == true)
        stop()
    }

    @Test(
        "a restored state is not led before it is declared; then the epoch goes on above all that were seen"
    )
    func restored() async throws {
        let town = try Town()
        for _ in 0..<5 {
            let (_, end) = town.start(memory: town.memory)
            end()
        }
        #expect(town.memory.memory?.epoch == Epoch(rawValue: 5))
        try town.restore(epoch: 2)
        let before = nodes(of: town.ensemble)
        let (center, stop) = town.start(memory: town.memory)
        town.world.run(for: .seconds(60))
        #expect(nodes(of: town.ensemble) == before)
        #expect(center.status.problem?.contains("epoch 2 after epoch 5") == true)
        #expect(center.status.problem?.contains("--above 5") == true)
        // Not far enough: epochs are fencing tokens, they never go back.
        _ = try await town.run { try await town.declare(above: 3) }
        town.world.run(for: .seconds(10))
        #expect(center.status.epoch == nil)
        #expect(center.status.problem?.contains("begins at epoch 4") == true)
        _ = try await town.run { try await town.declare(above: 5) }
        town.world.run(for: .seconds(10))
        #expect(center.status.epoch == Epoch(rawValue: 7))
        #expect(try town.identity()?.floor != nil)
        stop()
    }

    @Test("a state restored under a running leader deposes it within seconds")
    func restoredUnderway() throws {
        let town = try Town()
        let (_, end) = town.start(memory: town.memory)
        end()
        let (center, stop) = town.start(memory: town.memory)
        #expect(center.status.epoch == Epoch(rawValue: 2))
        try town.restore(epoch: 1)
        town.world.run(for: .seconds(60))
        #expect(center.status.epoch == nil && !center.status.isReady)
        #expect(town.ensemble.node(try town.tree.epoch)?.stat.version == 1)
        stop()
    }

    @Test(
        "a timeline declared under a healthy cluster is entered by itself, and what is known of the old one goes"
    )
    func declaredUnderway() async throws {
        let town = try Town()
        let (center, stop) = town.start(memory: town.memory)
        let operations = center.operations
        _ = try await town.run { try await operations.save([.every(60, "t")], condition: .any) }
        let task = TaskID("t")!
        let bucket = try town.tree.taskBucket(Buckets.task(task, count: 4_096))
        // The restored state has never had the task.
        try town.ensemble.write([
            .delete(try bucket.child(task.text), version: nil), .delete(bucket, version: nil),
        ])
        _ = try await town.run { try await town.declare(above: 9) }
        town.world.run(for: .seconds(10))
        #expect(center.status.isReady && center.status.epoch == Epoch(rawValue: 11))
        #expect(town.memory.memory?.timeline == Nonce(bits: 77))
        let left = try await town.run {
            try await operations.tasks(TaskFilter(), page: nil, limit: 9).elements
        }
        #expect(left.isEmpty)
        stop()
    }

    @Test("a center that cannot read what it remembers leads nothing")
    func unreadable() throws {
        struct Unreadable: Error {}
        let town = try Town()
        town.memory.fail(with: Unreadable())
        let (center, stop) = town.start(memory: town.memory)
        town.world.run(for: .seconds(30))
        #expect(town.ensemble.paths.count <= 1 && !center.status.isReady)
        town.memory.fail(with: nil)
        town.world.run(for: .seconds(10))
        #expect(center.status.epoch == Epoch(rawValue: 1))
        stop()
    }

    @Test("what was due until the floor gets no second attempt: the lost history may have made it")
    func noSecondAttempt() throws {
        let task = TaskDefinition.created(
            .every(60, "t", delivery: .atLeastOnce),
            uid: TaskUID(bits: 1),
            now: Workshop.start
        )
        let due = Workshop.start + .seconds(60)
        let open = OpenFire(fire: task.fire(due))
        let owner = OpenFireDecision.Owner(
            agent: AgentID("a")!,
            incarnation: Incarnation(high: 1, low: 1),
            runtime: .standard,
            endedBy: due
        )
        for (floor, hasNext) in [(due, false), (due - .seconds(1), true)] {
            let decision = OpenFireDecision.decide(
                open,
                by: owner,
                run: nil,
                task: task,
                floor: floor,
                now: due + .seconds(90)
            )
            #expect((decision.next != nil) == hasNext)
            #expect(decision.report != nil)
        }
    }
}

/// Everything that is there; sessions that come and go are not.
private func nodes(of ensemble: InMemoryEnsemble) -> [ZNodePath: ZNode] {
    ensemble.paths.reduce(into: [:]) { nodes, path in nodes[path] = ensemble.node(path) }
}
