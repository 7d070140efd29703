import Agent
import Cluster
import Domain
import Orchestration
import Scheduling
import SimulationKit
import Synchronization
import Testing
import ZooKeeper

/// The rules of the launch protocol that are the agent's.
@Suite struct ProtocolTests {
    let world: AgentWorld

    init() throws { world = try AgentWorld() }

    @Sendable
    private static func isSegment(_ operations: [ZooKeeper.Operation]) -> Bool {
        operations.contains {
            if case .create(let path, _, _, _) = $0 { path.name.hasPrefix("s-") } else { false }
        }
    }

    @Test("registration makes fence, checkpoint, inbox and ephemeral node")
    func registers() throws {
        world.start()
        let incarnation = try #require(try world.incarnation)
        let runtime = try world.runtime
        #expect(world.ensemble.node(try runtime.fence(world.seat.agent, incarnation))?.stat.version == 0)
        #expect(world.ensemble.node(try runtime.checkpoint(world.seat.agent, incarnation)) != nil)
        #expect(world.ensemble.node(try runtime.inbox(world.seat.agent, incarnation)) != nil)
        #expect(
            world.ensemble.node(try runtime.agent(world.seat.agent))?.stat.ephemeralOwner
                == (try world.session)
        )
    }

    @Test("a second agent of the name waits, names the holder, and registers when the holder is gone")
    func conflict() async throws {
        let holder = AgentRegistration(
            agent: world.seat.agent,
            incarnation: Incarnation(high: 1, low: 1),
            slots: 1,
            version: "1",
            host: "other-host",
            processID: 4_711,
            startedAt: world.now
        )
        let session = try await world.ensemble.connect(resuming: nil)
        try world.ensemble.createAll(try world.runtime.agents)
        _ = try await session.create(
            try world.runtime.agent(world.seat.agent),
            data: try ZNodeCodec.encode(holder),
            mode: .ephemeral
        )
        let service = world.start()
        world.run(.seconds(60))
        #expect(try world.incarnation == holder.incarnation)
        #expect(await service.status().obstacle?.contains("process 4711 on other-host") == true)
        await session.close()
        world.run(.seconds(1))
        let incarnation = try #require(try world.incarnation)
        #expect(incarnation != holder.incarnation)
        #expect(await service.status().obstacle == nil)
    }

    @Test(
        "a lost reply to the registration is resolved by reading",
        arguments: [InMemoryEnsemble.LostReply.applied, .dropped, .delayed]
    )
    func registrationReplyLost(_ kind: InMemoryEnsemble.LostReply) throws {
        world.ensemble.loseReply(kind) { $0.contains { $0.path.name == "a1" } && $0.count == 4 }
        world.start()
        world.run(.seconds(1))
        let session = try #require(world.ensemble.sessions.first)
        world.ensemble.reconnect(session)
        world.run(.seconds(1))
        #expect(try world.session == session)
        #expect(world.ensemble.children(try world.runtime.journal(world.seat.agent)).count == 1)
    }

    @Test(
        "a lost reply to a journal write freezes the segment; the fire is launched once",
        arguments: [InMemoryEnsemble.LostReply.applied, .dropped, .delayed]
    )
    func segmentReplyLost(_ kind: InMemoryEnsemble.LostReply) throws {
        world.start()
        try world.grant([world.row(try world.define("tick"))])
        world.run(.milliseconds(500))
        world.ensemble.loseReply(kind, when: Self.isSegment)
        world.run(.milliseconds(1_500))
        #expect(world.runner.started == [])
        let incarnation = try #require(try world.incarnation)
        #expect(try world.segments(incarnation) == (kind == .applied ? [1] : []))
        world.ensemble.reconnect(try world.session)
        world.simulated.settle()
        #expect(try world.segments(incarnation).first == 1)
        world.run(.milliseconds(1_900))
        #expect(world.startedSeconds == [1, 2, 3])
        #expect(try world.incarnation == incarnation)
    }

    @Test("a write that was still on its way when the leader revoked never counts")
    func delayedAcrossRevocation() throws {
        world.start()
        let task = try world.define("tick")
        try world.grant([world.row(task)])
        world.run(.milliseconds(500))
        world.ensemble.loseReply(.delayed, when: Self.isSegment)
        world.run(.seconds(1))
        try world.grant([world.row(task, state: .revoked)], raisingFence: true)
        world.ensemble.reconnect(try world.session)
        world.run(.seconds(5))
        #expect(world.runner.started == [])
        #expect(try world.journaled(try #require(try world.incarnation)) == [])
    }

    @Test("a segment of another's making in our name ends the incarnation and launches nothing")
    func foreignSegment() throws {
        world.start()
        let first = try #require(try world.incarnation)
        let foreign = JournalSegment(number: 1, nonce: Nonce(bits: 77), fires: [])
        let path = try world.runtime.segment(world.seat.agent, first, 1)
        try world.ensemble.write([.create(path, data: try ZNodeCodec.encode(foreign))])
        try world.grant([world.row(try world.define("tick"))])
        world.run(.milliseconds(1_200))
        #expect(world.runner.started == [])
        world.run(.seconds(2))
        #expect(try world.incarnation != first)
    }

    @Test("a write refused by the fence decides nothing: the fire is journaled once, after loading again")
    func badVersion() throws {
        world.start()
        let task = try world.define("tick")
        try world.grant([world.row(task)])
        world.run(.milliseconds(500))
        let incarnation = try #require(try world.incarnation)
        try world.raiseFence(of: incarnation, sealed: false)
        world.run(.seconds(2))
        #expect(world.startedSeconds == [1, 2])
        #expect(try world.journaled(incarnation).count == 2)
    }

    @Test("a sealed incarnation launches and writes nothing more; its successor launches nothing of it")
    func sealed() throws {
        world.start(slots: 1)
        let (long, tick) = (
            try world.define("long", uid: 1, every: .seconds(20)), try world.define("tick", uid: 2)
        )
        let first = try #require(try world.incarnation)
        try world.grant([world.row(long), world.row(tick)])
        // One attempt occupies the slot, the others are committed and wait.
        world.run(.milliseconds(3_500))
        #expect(world.runner.started.count == 1)
        let committed = Set(try world.journaled(first).map(\.attempt))
        #expect(committed.count == 3)
        try world.raiseFence(of: first, sealed: true)
        world.run(.milliseconds(100))
        let writes = try world.journaled(first).count
        world.runner.finishAll()
        world.run(.seconds(10))
        let second = try #require(try world.incarnation)
        #expect(second != first)
        #expect(world.runner.started.count == 1)
        #expect(try world.journaled(first).count == writes)
        // The truth about the old incarnation's fires is told in its name.
        let told = world.store.reports.filter { report in
            if case .ended = report.phase { report.incarnation == first } else { false }
        }
        #expect(Set(told.map(\.fire.attempt)) == committed)
        #expect(world.store.results.values.count { $0.outcome == .missed } == 2)
        #expect(world.store.results.values.count { $0.outcome == .succeeded } == 1)
        #expect(world.store.results.values.contains { $0.message == MissedReason.incarnationEnded })
        try world.grant([world.row(tick, cursor: AgentWorld.dawn + .seconds(5))], to: second)
        world.run(.milliseconds(100))
        #expect(
            world.runner.started.allSatisfy {
                ($0.run.fireKey?.due ?? world.now) != AgentWorld.dawn + .seconds(2)
            }
        )
    }

    @Test("an expired session means a new incarnation with no rows until they are granted")
    func expired() throws {
        world.start()
        let task = try world.define("tick")
        try world.grant([world.row(task)])
        world.run(.milliseconds(1_500))
        let first = try #require(try world.incarnation)
        world.ensemble.expire(try world.session)
        world.run(.milliseconds(2_500))
        let second = try #require(try world.incarnation)
        #expect(second != first)
        #expect(world.startedSeconds == [1])
        try world.grant([world.row(task, cursor: AgentWorld.dawn + .seconds(1))], to: second)
        world.run(.milliseconds(100))
        #expect(world.startedSeconds == [1, 2, 3, 4])
    }

    @Test("a suspended session journals nothing; committed fires start until the lease ends, not after it")
    func leaseEnds() throws {
        world.start(slots: 1)
        let tasks = try (1...3).map { try world.define("t\($0)", uid: UInt64($0), every: .seconds(20)) }
        try world.grant(tasks.map { world.row($0) })
        // All three are due at 20 s; one runs, two wait for the slot.
        world.run(.milliseconds(20_500))
        #expect(world.runner.started.count == 1)
        let incarnation = try #require(try world.incarnation)
        world.ensemble.suspend(try world.session)
        world.run(.seconds(3))
        world.runner.finishAll()
        world.run(.milliseconds(10))
        #expect(world.runner.started.count == 2)
        world.run(.seconds(8))
        world.runner.finishAll()
        world.run(.seconds(1))
        #expect(world.runner.started.count == 2)
        // Back in the same session: a fresh write renews the lease.
        world.ensemble.reconnect(try world.session)
        world.run(.seconds(2))
        #expect(world.runner.started.count == 3)
        #expect(try world.incarnation == incarnation)
    }

    @Test("a committed fire that finds no lease for a minute is recorded as missed")
    func missedLate() throws {
        world.start(slots: 1)
        let tasks = try (1...2).map { try world.define("t\($0)", uid: UInt64($0), every: .seconds(20)) }
        try world.grant(tasks.map { world.row($0) })
        world.run(.milliseconds(20_500))
        world.ensemble.suspend(try world.session)
        world.run(.seconds(30))
        world.runner.finishAll()
        world.run(.seconds(40))
        #expect(world.runner.started.count == 1)
        #expect(
            world.store.results.values.map(\.outcome).sorted { $0.rawValue < $1.rawValue } == [
                .missed, .succeeded,
            ]
        )
    }

    @Test(
        "a fire that must run at least once is never given up for being late, but left to the leader by a new incarnation"
    )
    func atLeastOnce() throws {
        world.start(slots: 1)
        let tasks = try (1...2).map {
            try world.define("t\($0)", uid: UInt64($0), every: .seconds(20), delivery: .atLeastOnce)
        }
        try world.grant(tasks.map { world.row($0) })
        world.run(.milliseconds(20_500))
        world.ensemble.suspend(try world.session)
        world.run(.seconds(30))
        world.runner.finishAll()
        world.run(.seconds(60))
        #expect(world.store.results.values.map(\.outcome) == [.succeeded])
        world.ensemble.expire(try world.session)
        world.run(.seconds(10))
        #expect(world.store.results.values.map(\.outcome) == [.succeeded])
        #expect(world.runner.started.count == 1)
    }

    @Test("a queued fire keeps its lease alive by writing")
    func renewal() throws {
        world.start(slots: 1)
        let tasks = try (1...2).map { try world.define("t\($0)", uid: UInt64($0), every: .seconds(3_600)) }
        let due = AgentWorld.dawn + .seconds(2_800)
        try world.grant(tasks.map { world.row($0) })
        world.run(to: due + .seconds(40))
        #expect(world.runner.started.count == 1)
        world.runner.finishAll()
        world.run(.milliseconds(10))
        #expect(world.runner.started.count == 2)
        #expect(world.runner.calls.last?.first.map { $0.notAfter > world.time.monotonic } == true)
    }

    @Test("a definition that cannot be read keeps only its own task waiting")
    func unreadableDefinition() throws {
        world.start()
        let (broken, good) = (try world.define("broken", uid: 1), try world.define("good", uid: 2))
        let path = try world.tree.task(broken.name, bucket: Buckets.task(broken.name, count: 4_096))
        try world.ensemble.write([.set(path, data: Array("{".utf8), version: nil)])
        try world.grant([world.row(broken), world.row(good)])
        world.run(.milliseconds(2_500))
        #expect(world.runner.started.compactMap { $0.run.fireKey?.uid } == [good.uid, good.uid])
        try world.ensemble.write([.set(path, data: try ZNodeCodec.encode(broken), version: nil)])
        world.run(.seconds(2))
        #expect(world.runner.started.contains { $0.run.fireKey?.uid == broken.uid })
    }

    @Test("a table's bucket that cannot be read is not owned, and is read again when it was written anew")
    func unreadableBucket() throws {
        world.start()
        let task = try world.define("tick")
        try world.grant([world.row(task)])
        try world.ensemble.write([
            .set(
                try world.runtime.allocationBucket(world.seat.agent, 0),
                data: Array("{".utf8),
                version: nil
            )
        ])
        world.ensemble.expire(try world.session)
        world.run(.seconds(3))
        #expect(world.runner.started == [])
        try world.grant([world.row(task)])
        world.run(.seconds(2))
        #expect(world.runner.started.count >= 1)
    }

    @Test(
        "fencing tokens are made of the transaction that journaled the attempt, and grow, also over a restart"
    )
    func fencingTokens() throws {
        world.start()
        let (tick, tock) = (try world.define("tick"), try world.define("tock", uid: 2))
        try world.grant([world.row(tick), world.row(tock)], epoch: 12)
        world.run(.milliseconds(1_100))
        let incarnation = try #require(try world.incarnation)
        let segment = try #require(
            world.ensemble.node(try world.runtime.segment(world.seat.agent, incarnation, 1))
        )
        let expected = [0, 1].map {
            FencingToken(transaction: segment.stat.createdTransaction, index: $0)
        }
        #expect(world.runner.calls.flatMap { $0 }.prefix(2).map(\.fence) == expected)
        world.run(.seconds(2))
        world.ensemble.expire(try world.session)
        world.run(.seconds(1))
        // A leader of an older head changes nothing.
        try world.grant([world.row(tick)], epoch: 3)
        world.run(.seconds(3))
        let tokens = world.runner.calls.flatMap { $0 }.map(\.fence)
        #expect(tokens.count >= 6)
        #expect(tokens == tokens.sorted())
        #expect(Set(tokens).count == tokens.count)
    }

    @Test("fencing tokens of a new timeline are beyond those of the one before")
    func fencingTokensOfTimeline() throws {
        try world.identify(
            ClusterIdentity(id: Nonce(bits: 1), timeline: Nonce(bits: 2), fenceBase: 10_000)
        )
        world.start()
        try world.grant([world.row(try world.define("tick"))])
        world.run(.milliseconds(1_500))
        let token = try #require(world.runner.calls.first?.first?.fence)
        #expect(token > FencingToken(transaction: 9_999 << 32, index: 0))
    }

    @Test("a restart closes its predecessor's session and does not wait for it")
    func restart() throws {
        world.start()
        let first = try #require(try world.incarnation)
        // The first process is gone without a word; its session lives on.
        world.start(processID: 8)
        world.run(.milliseconds(10))
        let second = try #require(try world.incarnation)
        #expect(second != first)
    }

    @Test("without ZooKeeper the agent says so, keeps trying, and works once it is there")
    func absent() async throws {
        world.ensemble.setDown(true)
        let service = world.start()
        world.run(.seconds(120))
        #expect(await service.status().obstacle?.hasPrefix("ZooKeeper cannot be used") == true)
        world.ensemble.setDown(false)
        world.run(.seconds(6))
        #expect(try world.incarnation != nil)
        #expect(await service.status().obstacle == nil)
    }
}
