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

/// Runs that nobody will finish, found by holding a history against ZooKeeper.
@Suite struct SweeperTests {
    /// A peer that knows what a test says.
    private final class Peer: PeerReports {
        let known = Mutex<[RunReport]?>(nil)

        func authored(by peer: CenterRegistration, after sequence: Int64, limit: Int) async throws
            -> [AuthoredReport]
        { [] }

        func conclusions(of run: RunID, by peer: CenterRegistration) async throws -> [RunReport] {
            guard let known = known.withLock(\.self) else { throw CenterError.unavailable("it is gone") }
            return known.filter { $0.fire.attempt.run == run }
        }
    }

    /// A leader, an agent that owns task `t`, and a sweeper that looks when a test says so.
    private struct Scene {
        let workshop: Workshop
        let leader: Leader
        let agent: Agent
        let task: TaskDefinition
        let sweeper: RunSweeper
        let peer = Peer()
        let fire: JournaledFire
        var memory = SweepMemory()

        init(delivery: Delivery = .atMostOnce) async throws {
            workshop = try Workshop()
            leader = try await workshop.leader()
            agent = try await workshop.agent("a")
            try await leader.pass()
            _ = try await leader.control.save([.every(60, "t", delivery: delivery)], condition: .any)
            try await leader.pass()
            task = try await leader.control.task(TaskID("t")!).definition
            fire = task.fire(Workshop.start + .seconds(60))
            workshop.clock.advance(by: .seconds(120))
            let registration = CenterRegistration(
                center: CenterID("c2")!,
                url: "http://c2",
                version: "1",
                host: "h",
                processID: 1,
                startedAt: workshop.now
            )
            try workshop.ensemble.createAll(
                try workshop.tree.center(registration.center),
                data: try ZNodeCodec.encode(registration)
            )
            try await leader.follower.warmUp()
            sweeper = RunSweeper(
                session: leader.session,
                tree: workshop.tree,
                center: CenterID("c1")!,
                state: leader.state,
                history: workshop.history,
                peers: peer,
                time: workshop.time,
                random: workshop.random,
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            )
        }

        func report(_ phase: RunReport.Phase, attempt: Int = 1) -> RunReport {
            var fire = fire
            fire.attempt.number = attempt
            return RunReport(
                fire: fire,
                agent: agent.name,
                incarnation: agent.id.incarnation,
                runtime: .standard,
                phase: phase
            )
        }

        func ended(_ outcome: AttemptOutcome) -> RunReport.Phase {
            .ended(AttemptResult(attempt: fire.attempt, outcome: outcome, endedAt: workshop.now))
        }

        var record: Run? { get async { await workshop.history.run(fire.attempt.run) } }

        mutating func sweep(_ count: Int) async throws {
            for _ in 0..<count { try await sweeper.sweep(&memory) }
        }
    }

    @Test(
        "a run on an incarnation whose journal is gone is lost after three looks, with what is known, for all centers"
    )
    func gone() async throws {
        var scene = try await Scene()
        let startedAt = Workshop.start + .seconds(61)
        try await scene.workshop.history.record([scene.report(.started(at: startedAt))])
        await scene.agent.die()
        try await scene.leader.pass()
        #expect(try scene.workshop.journals(scene.agent.name).isEmpty)
        try await scene.sweep(2)
        #expect(await scene.record?.state == .running)
        #expect(await scene.leader.control.cluster().ownerlessRunCount == 1)
        try await scene.sweep(1)
        let lost = try #require(await scene.record)
        #expect(lost.state == .lost)
        #expect(
            lost.attempts[0].result?.message
                == "agent a is gone, the attempt is in no journal, and no center has its result; "
                + "it had started at \(startedAt), how it ended is not known"
        )
        #expect(await scene.workshop.history.authored(after: 0, limit: 9).map(\.report.fire) == [scene.fire])
        #expect(await scene.leader.control.cluster().ownerlessRunCount == 0)
        // The truth corrects it all the same.
        try await scene.workshop.history.record([scene.report(scene.ended(.succeeded))])
        #expect(await scene.record?.attempts[0].isCorrected == true)
    }

    @Test(
        "a run that a journal has open is left alone: by its living owner, and once that is gone to the leader"
    )
    func held() async throws {
        var scene = try await Scene()
        try await scene.agent.journal(1, [scene.fire])
        try await scene.workshop.history.record([scene.report(.started(at: scene.workshop.now))])
        try await scene.sweep(40)
        #expect(await scene.record?.state == .running)
        // In its checkpoint just as well.
        let checkpoint = CheckpointBucket(open: [OpenFire(fire: scene.fire)], through: 1)
        try await scene.agent.checkpoint(checkpoint, of: scene.fire.key, deleting: [1])
        try await scene.sweep(40)
        #expect(await scene.record?.state == .running)
        await scene.agent.die()
        try await scene.sweep(40)
        #expect(await scene.record?.state == .running)
        try await scene.leader.pass()
        #expect(await scene.record?.state == .lost)
        #expect(
            await scene.record?.attempts[0].result?.message?.hasPrefix("the session of agent a had ended by")
                == true
        )
    }

    @Test(
        "a run that a living agent has released waits for minutes, and a result that comes meanwhile settles it"
    )
    func released() async throws {
        for comes in [true, false] {
            var scene = try await Scene()
            try await scene.workshop.history.record([scene.report(.started(at: scene.workshop.now))])
            try await scene.sweep(14)
            #expect(await scene.record?.state == .running)
            if comes { try await scene.workshop.history.record([scene.report(scene.ended(.failed))]) }
            try await scene.sweep(1)
            #expect(await scene.record?.state == (comes ? .failed : .lost))
            #expect(await scene.workshop.history.authored(after: 0, limit: 9).count == (comes ? 0 : 1))
        }
    }

    @Test(
        "what a peer knows is taken from it, and one that does not answer holds nothing up",
        arguments: [true, false]
    )
    func peers(_ answers: Bool) async throws {
        var scene = try await Scene()
        try await scene.workshop.history.record([scene.report(.started(at: scene.workshop.now))])
        await scene.agent.die()
        try await scene.leader.pass()
        if answers {
            let known = [scene.report(scene.ended(.succeeded))]
            scene.peer.known.withLock { $0 = known }
        }
        try await scene.sweep(3)
        let record = try #require(await scene.record)
        #expect(record.state == (answers ? .succeeded : .lost))
        #expect(!record.attempts[0].isCorrected)
        #expect(await scene.workshop.history.authored(after: 0, limit: 9).count == (answers ? 0 : 1))
    }

    @Test("a run whose next attempt waits in an inbox has an owner")
    func dispatched() async throws {
        var scene = try await Scene(delivery: .atLeastOnce)
        // This history never heard that the first attempt was lost.
        let history = InMemoryRunHistory()
        try await history.record([scene.report(.started(at: scene.workshop.now))])
        try await scene.agent.journal(1, [scene.fire])
        let b = try await scene.workshop.agent("b")
        await scene.agent.die()
        try await scene.leader.pass()
        #expect(try scene.workshop.inboxes().map(\.agent) == [b.name.text])
        let sweeper = RunSweeper(
            session: scene.leader.session,
            tree: scene.workshop.tree,
            center: CenterID("c1")!,
            state: scene.leader.state,
            history: history,
            peers: nil,
            time: scene.workshop.time,
            random: scene.workshop.random,
            logger: scene.leader.control.logger
        )
        for _ in 0..<40 { try await sweeper.sweep(&scene.memory) }
        #expect(await history.run(scene.fire.attempt.run)?.state == .running)
        #expect(scene.memory.ownerlessCount == 0)
    }

    @Test("a journal that cannot be read decides nothing")
    func unreadable() async throws {
        var scene = try await Scene()
        try await scene.agent.journal(1, [scene.fire])
        try await scene.workshop.history.record([scene.report(.started(at: scene.workshop.now))])
        let path = try scene.workshop.tree.runtime(.standard)
            .segment(scene.agent.name, scene.agent.id.incarnation, 1)
        try scene.workshop.ensemble.write([.set(path, data: Array("{".utf8), version: nil)])
        try await scene.sweep(40)
        #expect(await scene.record?.state == .running)
    }

    @Test("a run that has only just begun is not looked at")
    func young() async throws {
        var scene = try await Scene()
        var report = scene.report(.started(at: scene.workshop.now))
        report.fire = scene.task.fire(scene.workshop.now - .seconds(5))
        try await scene.workshop.history.record([report])
        try await scene.sweep(1)
        #expect(scene.memory.ownerlessCount == 0)
        scene.workshop.clock.advance(by: .seconds(30))
        try await scene.sweep(1)
        #expect(scene.memory.ownerlessCount == 1)
    }
}
