import Agent
import Cluster
import Domain
import Orchestration
import Scheduling
import SimulationKit
import Synchronization
import Testing
import ZooKeeper

/// An agent and the history of its cluster (rules T2, T3).
@Suite struct TimelineTests {
    let world: AgentWorld

    init() throws { world = try AgentWorld() }

    private static let own = ClusterIdentity(id: Nonce(bits: 1), timeline: Nonce(bits: 2))

    /// What an agent remembers that worked in this world under epoch 7.
    private var memory: ClusterMemory {
        ClusterMemory(
            cluster: Nonce(bits: 1),
            timeline: Nonce(bits: 2),
            epoch: Epoch(rawValue: 7),
            leader: Nonce(bits: 5)
        )
    }

    private func remember(_ change: (inout ClusterMemory) -> Void = { _ in }) {
        var memory = memory
        change(&memory)
        world.store.state.withLock { $0.memory = memory }
    }

    struct Refused: CustomTestStringConvertible, Sendable {
        var testDescription: String
        var text: String
        /// What is wrong with the tree.
        var damage: @Sendable (AgentWorld) throws -> Void
        /// What an operator does about it.
        var repair: @Sendable (AgentWorld) throws -> Void
    }

    static let refused = [
        Refused(testDescription: "another cluster", text: "belongs to cluster 0000000000000001") {
            try $0.identify(ClusterIdentity(id: Nonce(bits: 9), timeline: Nonce(bits: 2)))
        } repair: {
            try $0.identify(own)
        },
        Refused(testDescription: "no /cluster", text: "has lost /cluster") {
            try $0.identify(nil)
        } repair: {
            try $0.identify(own)
        },
        Refused(testDescription: "a lower epoch", text: "epoch 6 after epoch 7") {
            try $0.completeTree(epoch: 6)
        } repair: {
            try $0.completeTree(epoch: 7)
        },
        Refused(testDescription: "the same epoch of another leader", text: "epoch 7 has another leader") {
            try $0.completeTree(epoch: 7, guid: 6)
        } repair: {
            try $0.completeTree(epoch: 8, guid: 6)
        },
    ]

    @Test(
        "an agent registers nothing in a tree that is not what it remembers, and says what to do",
        arguments: refused
    )
    func refuses(row: Refused) async throws {
        try world.completeTree(epoch: 7)
        remember()
        try row.damage(world)
        let before = nodes(of: world.ensemble)
        let service = world.start()
        world.run(.seconds(60))
        #expect(nodes(of: world.ensemble) == before)
        let obstacle = await service.status().obstacle
        #expect(obstacle?.contains(row.text) == true && obstacle?.contains("bump-epoch") == true)
        #expect(world.store.state.withLock(\.memory) == memory)
        try row.repair(world)
        world.run(.seconds(6))
        #expect(try world.incarnation != nil)
        #expect(await service.status().obstacle == nil)
    }

    @Test("an older head, or a journal that has lost what was written, is refused")
    func olderNodes() async throws {
        try world.completeTree(epoch: 7)
        let head = try world.runtime.allocation(world.seat.agent)
        try world.ensemble.createAll(head)
        let changed = world.ensemble.node(head)!.stat.modifiedTransaction
        remember { $0.marks = [head.text: changed + 1] }
        let before = nodes(of: world.ensemble)
        let service = world.start()
        world.run(.seconds(30))
        #expect(nodes(of: world.ensemble) == before)
        #expect(await service.status().obstacle?.contains("\(head.text) is of transaction") == true)
    }

    @Test("a registration that counts as earlier than what was seen launches nothing")
    func behind() async throws {
        try world.completeTree(epoch: 7)
        remember { $0.transaction = 1_000_000 }
        let task = try world.define("tick")
        let service = world.start()
        try world.grant([world.row(task)])
        world.run(.seconds(20))
        #expect(world.runner.started.isEmpty)
        #expect(await service.status().obstacle?.contains("after 0xf4240 was seen") == true)
        #expect(try world.incarnation == nil)
    }

    @Test(
        "a tree that goes back under a running agent ends its work within seconds",
        arguments: [
            "no /cluster", "a lower epoch", "another cluster", "the same epoch of another leader",
        ]
    )
    func underway(name: String) async throws {
        let row = try #require(Self.refused.first { $0.testDescription == name })
        try world.completeTree(epoch: 7)
        let service = world.start()
        let task = try world.define("tick")
        try world.grant([world.row(task)])
        world.run(.milliseconds(3_500))
        #expect(world.startedSeconds == [1, 2, 3])
        #expect(world.store.state.withLock(\.memory)?.epoch == Epoch(rawValue: 7))
        try row.damage(world)
        world.run(.seconds(2))
        let count = world.runner.started.count
        #expect(try world.incarnation == nil)
        world.run(.seconds(30))
        #expect(world.runner.started.count == count)
        #expect(await service.status().obstacle?.contains(row.text) == true)
    }

    @Test("a session that the servers refuse for good, while they take new ones, is given up")
    func orphaned() throws {
        try world.completeTree(epoch: 7)
        world.start()
        let first = try #require(try world.incarnation)
        world.ensemble.suspend(try world.session)
        world.run(.seconds(10))
        #expect(try world.incarnation == first)
        world.run(.seconds(20))
        #expect(try world.incarnation != first)
    }

    @Test("a session is not given up in an outage, however long")
    func outage() throws {
        try world.completeTree(epoch: 7)
        world.start()
        let first = try #require(try world.incarnation)
        world.ensemble.setDown(true)
        world.run(.seconds(600))
        world.ensemble.setDown(false)
        world.run(.seconds(30))
        #expect(try world.incarnation == first)
    }

    @Test("on a new timeline what was due until the floor is recorded as missed, never launched")
    func newTimeline() throws {
        try world.completeTree(epoch: 7)
        remember()
        let floor = AgentWorld.dawn + .milliseconds(1_500)
        try world.identify(ClusterIdentity(id: Nonce(bits: 1), timeline: Nonce(bits: 3), floor: floor))
        world.run(.milliseconds(2_500))
        world.start()
        let task = try world.define("tick")
        try world.grant([world.row(task, cursor: AgentWorld.dawn - .seconds(5))])
        world.run(.seconds(2))
        #expect(world.startedSeconds == [2, 3, 4])
        let missed = world.store.reports.filter { $0.phase.isDecided }
        #expect(missed.map(\.fire.due) == [AgentWorld.dawn + .seconds(1)])
        let since = AgentWorld.dawn - .seconds(4)
        #expect(
            missed.first?.fire.decision
                == .missed(reason: MissedReason.restored, since: since, count: 6)
        )
        #expect(world.store.state.withLock(\.memory)?.timeline == Nonce(bits: 3))
    }

    @Test("an agent without a memory heeds the floor as well")
    func newAgent() throws {
        try world.completeTree(epoch: 7)
        let floor = AgentWorld.dawn + .milliseconds(2_500)
        try world.identify(ClusterIdentity(id: Nonce(bits: 1), timeline: Nonce(bits: 3), floor: floor))
        world.start()
        let task = try world.define("tick")
        try world.grant([world.row(task)])
        world.run(.milliseconds(4_500))
        #expect(world.startedSeconds == [3, 4])
    }

    @Test("a dispatch of the lost history is recorded as missed, one of now is taken")
    func dispatches() throws {
        try world.completeTree(epoch: 7)
        let floor = AgentWorld.dawn + .seconds(1)
        try world.identify(ClusterIdentity(id: Nonce(bits: 1), timeline: Nonce(bits: 3), floor: floor))
        world.run(.seconds(2))
        world.start()
        let task = try world.define("tick", schedules: [])
        try world.grant([world.row(task)])
        for (number, due) in [(UInt64(1), floor), (2, floor + .milliseconds(1))] {
            try world.dispatch(
                .launch(
                    DispatchedRun(
                        attempt: AttemptID(
                            run: RunID(FireKey(uid: TaskUID(bits: number), due: due)),
                            number: 1
                        ),
                        task: task.name,
                        uid: task.uid,
                        revision: 1,
                        due: due,
                        trigger: .request
                    )
                )
            )
        }
        world.run(.seconds(1))
        #expect(world.runner.calls.flatMap { $0 }.map(\.fire.due) == [floor + .milliseconds(1)])
        #expect(world.store.reports.filter { $0.phase.isDecided }.map(\.fire.due) == [floor])
    }

    @Test("definitions of the lost history are forgotten: their revisions may mean something else now")
    func definitions() throws {
        try world.completeTree(epoch: 7)
        remember()
        var stale = try world.define("tick")
        stale.revision = 1
        stale.specification.action = .command(["stale"])
        world.store.state.withLock { $0.definitions[stale.uid] = stale }
        try world.identify(ClusterIdentity(id: Nonce(bits: 1), timeline: Nonce(bits: 3), floor: world.now))
        world.start()
        try world.grant([world.row(stale)])
        world.run(.milliseconds(1_500))
        let actions = world.runner.calls.flatMap { $0 }.map(\.specification.action)
        #expect(actions == [.command(["true"])])
    }

    @Test("a timeline declared under a running agent begins with a new incarnation")
    func declaredUnderway() throws {
        try world.completeTree(epoch: 7)
        world.start()
        let first = try #require(try world.incarnation)
        try world.completeTree(epoch: 8)
        try world.identify(ClusterIdentity(id: Nonce(bits: 1), timeline: Nonce(bits: 3), floor: world.now))
        world.run(.seconds(3))
        #expect(try world.incarnation != nil)
        #expect(try world.incarnation != first)
    }
}

extension RunReport.Phase {
    fileprivate var isDecided: Bool { if case .decided = self { true } else { false } }
}

/// Everything that is there; sessions that come and go are not.
private func nodes(of ensemble: InMemoryEnsemble) -> [ZNodePath: ZNode] {
    ensemble.paths.reduce(into: [:]) { nodes, path in nodes[path] = ensemble.node(path) }
}
