import Agent
import Cluster
import Domain
import Scheduling
import SimulationKit
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

    /// Twenty-four tasks that are due at the same instant at an agent with few slots.
    private func crowd(slots: Int, _ change: (Int, inout TaskSpecification) -> Void) throws -> AgentService {
        let service = world.start(slots: slots)
        let due = Schedule.once(AgentWorld.dawn + .seconds(1))
        let rows = try (10..<34).map { index in
            let task = try world.define("t\(index)", uid: UInt64(index), schedules: [due]) {
                change(index, &$0)
            }
            return world.row(task)
        }
        try world.grant(rows)
        world.run(.milliseconds(1_500))
        return service
    }

    private var startedTasks: [String] {
        world.runner.state.withLock { $0.starts.joined().map(\.fire.task.text) }
    }

    @Test("when slots are short the higher priority goes first")
    func priorities() throws {
        _ = try crowd(slots: 4) { index, task in task.priority = index == 30 || index == 31 ? 10 : 0 }
        #expect(startedTasks == ["t30", "t31", "t10", "t11"])
    }

    @Test("when slots are short groups share them by the runtime's weights, and a change counts at once")
    func shares() throws {
        let settings = try world.runtime.settings
        let reports = try #require(GroupID("reports"))
        let weighted = RuntimeSettings(name: .standard, shares: [reports: 300])
        try world.ensemble.createAll(settings, data: try ZNodeCodec.encode(weighted))
        _ = try crowd(slots: 8) { index, task in if index >= 22 { task.group = reports } }
        #expect(startedTasks.count { $0 >= "t22" } == 6)
        let plain = try ZNodeCodec.encode(RuntimeSettings(name: .standard))
        try world.ensemble.write([.set(settings, data: plain, version: nil)])
        world.run(.milliseconds(100))
        world.runner.finishAll()
        world.run(.milliseconds(500))
        // In the order of their segment again, which is that of their tasks.
        #expect(startedTasks.dropFirst(8).sorted() == (12..<20).map { "t\($0)" })
    }

    @Test("a runtime's limit of starts is kept by its agents together, an agent's own by itself")
    func startLimit() throws {
        let settings = RuntimeSettings(name: .standard, startsPerSecond: 8)
        try world.ensemble.createAll(
            try world.runtime.settings,
            data: try ZNodeCodec.encode(settings)
        )
        _ = try crowd(slots: 100) { _, _ in }
        #expect(startedTasks.count == 5)
        world.run(.seconds(1))
        #expect(startedTasks.count == 13)
        world.run(.seconds(2))
        #expect(startedTasks.count == 24)
        #expect(world.store.results.isEmpty)
    }

    @Test("the agent tells what waits, in which order, and why")
    func queue() throws {
        let service = try crowd(slots: 4) { index, task in task.priority = index == 33 ? -5 : 0 }
        let queue = Mutex<AgentQueue?>(nil)
        _ = world.simulated.executor.start {
            let answer = await service.queue(limit: 3)
            queue.withLock { $0 = answer }
        }
        world.simulated.settle()
        let found = queue.withLock { $0 }
        let answer = try #require(found)
        #expect(answer.runningCount == 4)
        #expect(answer.waitingCount == 20)
        #expect(answer.obstacle == "all 4 slots are taken")
        #expect(answer.entries.map(\.task.text) == ["t14", "t15", "t16"])
        #expect(answer.entries.map(\.position) == [1, 2, 3])
        #expect(answer.entries.first?.reason == "all 4 slots are taken")
    }

    @Test("fires that take longer to start than a lease lasts are all started")
    func longLine() throws {
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
