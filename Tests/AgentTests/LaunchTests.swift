import Agent
import Cluster
import Domain
import Scheduling
import Synchronization
import Testing
import ZooKeeper

@Suite struct LaunchTests {
    let world: AgentWorld

    init() throws { world = try AgentWorld() }

    @Test("due fires are journaled first, then launched at their instants, never before")
    func launchesOnTime() throws {
        world.start()
        let task = try world.define("tick")
        try world.grant([world.row(task)])
        world.run(.milliseconds(3_500))
        #expect(world.startedSeconds == [1, 2, 3])
        for (attempt, at) in world.runner.state.withLock(\.startedAt) {
            let due = try #require(attempt.run.fireKey?.due)
            #expect(at >= due)
            #expect(due.duration(to: at) <= .milliseconds(1))
        }
        let incarnation = try #require(try world.incarnation)
        #expect(Set(try world.journaled(incarnation).map(\.attempt)).isSuperset(of: world.runner.started))
    }

    @Test("fires due at the same instant go to the runner in one call")
    func batch() throws {
        world.start()
        let rows = try (1...20).map {
            world.row(try world.define("t\($0)", uid: UInt64($0), every: .seconds(10)))
        }
        try world.grant(rows)
        world.run(.milliseconds(10_500))
        #expect(world.runner.calls.map(\.count) == [20])
    }

    @Test("a head for another incarnation is ignored")
    func foreignHead() throws {
        world.start()
        let task = try world.define("tick")
        try world.grant([world.row(task)], to: Incarnation(bits: 99))
        world.run(.seconds(3))
        #expect(world.runner.started == [])
        try world.grant([world.row(task)])
        world.run(.milliseconds(1_500))
        #expect(world.runner.started.count == 1)
    }

    @Test(
        "fires up to a minute old start at once, of older ones the latest, the others are recorded as missed"
    )
    func misfires() throws {
        world.start()
        let task = try world.define("tick", every: .seconds(20))
        try world.grant([world.row(task, cursor: AgentWorld.dawn - .seconds(200))])
        world.run(.milliseconds(500))
        // Dawn is a multiple of 20 s: due at -180, -160, …, 0.
        #expect(world.startedSeconds == [-80, -60, -40, -20, 0])
        let missed = world.store.reports.compactMap { report -> FireDecision? in
            if case .missed = report.fire.decision { report.fire.decision } else { nil }
        }
        guard case .missed(_, let since, let count)? = missed.first else {
            Issue.record("no missed range")
            return
        }
        #expect(missed.count == 1)
        #expect(count == 5)
        #expect(AgentWorld.dawn.duration(to: since) == .seconds(-180))
    }

    @Test("a lower cursor in the table never takes the agent's own back")
    func cursorsOnlyRise() throws {
        world.start()
        let task = try world.define("tick")
        let row = world.row(task)
        try world.grant([row])
        world.run(.milliseconds(3_500))
        try world.grant([row])
        world.run(.seconds(1))
        #expect(world.startedSeconds == [1, 2, 3, 4])
        #expect(world.runner.calls.map(\.count) == [1, 1, 1, 1])
        var ahead = row
        ahead.cursor = AgentWorld.dawn + .seconds(6)
        try world.grant([ahead])
        world.run(.milliseconds(3_000))
        #expect(world.startedSeconds == [1, 2, 3, 4, 7])
    }

    @Test("a raised fence makes the agent load again: revoked rows launch nothing, the others go on")
    func revoked() throws {
        world.start()
        let (stays, goes) = (try world.define("stays", uid: 1), try world.define("goes", uid: 2))
        try world.grant([world.row(stays), world.row(goes)])
        world.run(.milliseconds(1_500))
        try world.grant([world.row(stays), world.row(goes, state: .revoked)], raisingFence: true)
        world.run(.seconds(2))
        #expect(world.runner.started.count { $0.run.fireKey?.uid == stays.uid } == 3)
        #expect(world.runner.started.count { $0.run.fireKey?.uid == goes.uid } == 1)
    }

    @Test("attempts beyond the slots wait, and start when one is free")
    func slots() throws {
        world.start(slots: 2)
        let rows = try (1...5).map {
            world.row(try world.define("t\($0)", uid: UInt64($0), every: .seconds(60)))
        }
        try world.grant(rows)
        world.run(to: AgentWorld.dawn + .milliseconds(40_500))
        #expect(world.runner.started.count == 2)
        world.run(.seconds(30))
        world.runner.finishAll()
        world.run(.seconds(1))
        #expect(world.runner.started.count == 4)
        world.runner.finishAll()
        world.run(.seconds(1))
        #expect(world.runner.started.count == 5)
    }

    @Test("fires that take longer to start than a lease lasts are all started")
    func crowd() throws {
        world.start(slots: 2_000)
        world.runner.state.withLock { $0.startTime = .milliseconds(5) }
        let due = Schedule.once(AgentWorld.dawn + .seconds(1))
        try world.grant(
            (1...1_600).map { world.row(try world.define("t\($0)", uid: UInt64($0), schedules: [due])) }
        )
        world.run(.seconds(15))
        #expect(world.runner.started.count == 1_600)
        #expect(world.store.results.isEmpty)
    }

    @Test("an attempt that runs out of time is stopped with its grace and recorded so")
    func timeout() throws {
        world.start()
        let task = try world.define("slow", every: .seconds(60), timeout: .seconds(5))
        try world.grant([world.row(task)])
        world.run(to: AgentWorld.dawn + .milliseconds(44_900))
        #expect(world.runner.state.withLock { $0.stops.count } == 0)
        world.run(.seconds(1))
        #expect(world.runner.state.withLock { $0.stops.map(\.grace) } == [.seconds(10)])
        #expect(world.store.results.values.map(\.outcome) == [.timedOut])
        #expect(world.store.results.values.map(\.signal) == [15])
    }
}
