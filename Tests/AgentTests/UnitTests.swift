import Agent
import Cluster
import Domain
import Orchestration
import Scheduling
import SimulationKit
import Synchronization
import Testing
import ZooKeeper

/// What an agent does with tasks that need exclusive keys or units of pools.
@Suite struct UnitTests {
    let world: AgentWorld

    init() throws { world = try AgentWorld() }

    /// A task every ten seconds that needs a key, owned by the agent.
    private func own(
        delivery: Delivery = .atMostOnce,
        _ change: (inout TaskSpecification) -> Void = { _ in }
    ) throws -> TaskDefinition {
        try world.ensemble.createAll(try world.tree.claims)
        world.start()
        let task = try world.define("t", every: .seconds(10), delivery: delivery) {
            $0.demand = UnitDemand(keys: [PoolID("db")!], pools: [PoolID("license")!: 2])
            $0.priority = 7
            change(&$0)
        }
        try world.grant([world.row(task)])
        return task
    }

    private func due(_ seconds: Int, _ task: TaskDefinition) -> AttemptID {
        let due = AgentWorld.dawn + .seconds(seconds)
        return AttemptID(run: RunID(FireKey(uid: task.uid, due: due)), number: 1)
    }

    private func runTo(_ seconds: Double) {
        world.run(to: AgentWorld.dawn + .milliseconds(Int64(seconds * 1_000)))
    }

    private func claim(_ attempt: AttemptID) throws -> UnitClaim? {
        let path = try world.tree.claim(attempt)
        return try world.ensemble.node(path).map { try ZNodeCodec.decode(from: $0.data, at: path.text) }
    }

    @Test("an attempt claims what it needs, and begins when that is granted")
    func granted() throws {
        let task = try own()
        let attempt = due(10, task)
        runTo(12)
        #expect(world.runner.started == [])
        let claim = try #require(try claim(attempt))
        #expect(claim.incarnation == (try world.incarnation))
        #expect(claim.demand == task.specification.demand && claim.priority == 7 && !claim.isGranted)
        #expect(claim.lease == .milliseconds(7_500) && claim.killGrace == .seconds(10))
        try world.dispatch(.grant(attempt))
        world.run(.milliseconds(100))
        #expect(world.runner.started == [attempt])
        #expect(try world.inbox.isEmpty)
        // The claim is the leader's to forget.
        #expect(try self.claim(attempt) != nil)
    }

    @Test("the others of the agent do not wait with it, and it waits longer than any lease lasts")
    func patience() throws {
        let task = try own()
        let other = try world.define("u", uid: 2, every: .seconds(10))
        try world.grant([world.row(task), world.row(other)])
        runTo(10.5)
        #expect(world.runner.started == [due(10, other)])
        world.runner.finish(due(10, other))
        runTo(200)
        #expect(world.store.results[due(10, task)] == nil)
        try world.dispatch(.grant(due(10, task)))
        world.run(.milliseconds(100))
        #expect(world.runner.started.contains(due(10, task)))
    }

    @Test("the start deadline and the total timeout count while it waits")
    func deadlines() throws {
        let task = try own { $0.startDeadline = .seconds(3) }
        runTo(15)
        #expect(world.store.results[due(10, task)]?.message == MissedReason.deadline)
        // What comes too late is nobody's.
        try world.dispatch(.grant(due(10, task)))
        world.run(.milliseconds(100))
        #expect(world.runner.started == [])
        #expect(try world.inbox.isEmpty)
    }

    @Test("one that is stopped while it waits never begins")
    func stopped() throws {
        let task = try own()
        runTo(11)
        try world.dispatch(.stop(due(10, task)))
        world.run(.milliseconds(100))
        #expect(world.store.results[due(10, task)]?.outcome == .stopped)
        try world.dispatch(.grant(due(10, task)))
        world.run(.seconds(1))
        #expect(world.runner.started == [])
    }

    @Test("an attempt that waits when its incarnation is over never begins")
    func sealed() throws {
        let task = try own()
        runTo(11)
        let first = try #require(try world.incarnation)
        try world.raiseFence(of: first, sealed: true)
        world.run(.seconds(3))
        #expect(try world.incarnation != first)
        #expect(world.store.results[due(10, task)]?.message == MissedReason.incarnationEnded)
        #expect(world.runner.started == [])
    }

    @Test("a revocation in between only delays the claim")
    func revoked() throws {
        let task = try own()
        runTo(9.5)
        try world.raiseFence(of: try #require(try world.incarnation), sealed: false)
        runTo(12)
        #expect(try claim(due(10, task)) != nil)
    }

    @Test("a claim that is there already keeps no other from being made")
    func present() throws {
        let task = try own()
        runTo(9)
        try world.ensemble.createAll(try world.tree.claim(due(10, task)), data: [])
        runTo(22)
        #expect(world.ensemble.node(try world.tree.claim(due(10, task)))?.data == [])
        #expect(try claim(due(20, task)) != nil)
    }

    @Test("a claim that somebody has deleted is made again after a while")
    func deleted() throws {
        let task = try own()
        runTo(12)
        let path = try world.tree.claim(due(10, task))
        try world.ensemble.write([.delete(path, version: nil)])
        runTo(60)
        #expect(try claim(due(10, task)) == nil)
        runTo(200)
        #expect(try claim(due(10, task)) != nil)
        #expect(world.runner.started == [])
    }

    @Test("what a clock that was ahead has claimed is given back until the instant is near")
    func givenBack() throws {
        let task = try own()
        let attempt = due(10, task)
        runTo(9.98)
        try #require(try claim(attempt) != nil)
        world.setClock(ahead: .seconds(-500))
        try world.dispatch(.grant(attempt))
        world.run(.seconds(2))
        #expect(try world.inbox.isEmpty)
        #expect(try claim(attempt) == nil)
        world.run(.seconds(400))
        #expect(try claim(attempt) == nil)
        runTo(9.98)
        #expect(try claim(attempt) != nil)
        try world.dispatch(.grant(attempt))
        runTo(10.1)
        #expect(world.runner.started == [attempt])
    }

    @Test("what cannot begin because of the task's other runs holds nothing that they may need")
    func crowded() throws {
        let task = try own { $0.concurrency = Concurrency(.queueOne) }
        runTo(9.98)
        world.setClock(ahead: .seconds(-500))
        let asked = world.request(task)
        try world.dispatch(.launch(asked))
        // Both are launched, and both have claimed when the instant of the first comes.
        runTo(10.5)
        let first = due(10, task)
        try #require(try claim(asked.attempt) != nil && claim(first) != nil)
        try world.dispatch(.grant(asked.attempt))
        runTo(11)
        #expect(world.runner.started == [asked.attempt])
        try world.dispatch(.grant(first))
        runTo(12)
        #expect(try claim(first) == nil)
        runTo(20)
        #expect(try claim(first) == nil)
        world.runner.finish(asked.attempt)
        runTo(21)
        #expect(try claim(first) != nil)
        try world.dispatch(.grant(first))
        runTo(22)
        #expect(world.runner.started == [first, asked.attempt])
    }

    @Test("its life is bounded by the lease, and prolonged with it")
    func life() throws {
        let task = try own()
        runTo(11)
        try world.dispatch(.grant(due(10, task)))
        world.run(.seconds(15))
        let first = try #require(world.runner.state.withLock { $0.lives[due(10, task)] })
        world.run(.seconds(20))
        let later = try #require(world.runner.state.withLock { $0.lives[due(10, task)] })
        #expect(later > first)
    }

    @Test("the queue says what waits for what")
    func queue() throws {
        try world.ensemble.createAll(try world.tree.claims)
        let service = world.start()
        let task = try world.define("t", every: .seconds(10)) {
            $0.demand = UnitDemand(keys: [PoolID("db")!], pools: [PoolID("license")!: 2])
        }
        try world.grant([world.row(task)])
        runTo(11)
        let queue = Mutex<AgentQueue?>(nil)
        _ = world.simulated.executor.start {
            let answer = await service.queue(limit: 3)
            queue.withLock { $0 = answer }
        }
        world.simulated.settle()
        let found = queue.withLock { $0 }
        let line = try #require(found)
        #expect(line.heldCount == 1 && line.waitingCount == 0)
        #expect(line.entries.map(\.reason) == ["it waits for exclusive key db and 2 of pool license"])
    }
}
