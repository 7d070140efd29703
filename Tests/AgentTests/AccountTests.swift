import Agent
import Cluster
import Domain
import Scheduling
import SimulationKit
import Synchronization
import Testing
import ZooKeeper

/// What attempts tell of themselves, on its way to the centers.
@Suite struct AccountTests {
    let world: AgentWorld
    let center: CenterID

    init() throws {
        world = try AgentWorld()
        center = try #require(CenterID("c1"))
    }

    /// Starts one attempt that runs on.
    private func begin(_ number: UInt64 = 1) throws -> AttemptID {
        let task = try world.define("task-\(number)", uid: number, schedules: [])
        let run = world.request(task, number)
        try world.dispatch(.launch(run))
        world.run(.seconds(1))
        #expect(world.runner.started.contains(run.attempt))
        return run.attempt
    }

    private var told: [ProgressNote] { world.delivery.told(to: center).flatMap { $0 } }

    @Test("what an attempt told goes with the report of its end; the journal has only how much it is")
    func end() throws {
        world.start()
        try world.grant([])
        let attempt = try begin()
        let account = AttemptAccount(
            outputs: ["rows": .integer(12), "text": .text(String(repeating: "x", count: 20_000))],
            warnings: ["a sentence"]
        )
        world.runner.tell(attempt, account)
        world.runner.finish(attempt)
        world.run(.seconds(5))
        let end = try #require(world.store.reports.last)
        #expect(end.account == account)
        guard case .ended(let result) = end.phase else {
            Issue.record("the last report is \(end)")
            return
        }
        #expect(result.outputCount == 2)
        let open = try world.checkpoint(try #require(try world.incarnation)).open
        #expect(open.map(\.result?.outputCount) == [2])
        let bytes = try ZNodeCodec.encode(CheckpointBucket(open: open)).count
        #expect(bytes < 2_000)
    }

    @Test("progress reaches every center, at most twice a second, with the last word")
    func progress() throws {
        try world.addCenter("c1", leads: true)
        world.start()
        try world.grant([])
        let (first, second) = (try begin(1), try begin(2))
        for percent in 1...40 {
            world.runner.tell(first, Double(percent), "step \(percent)")
            if percent == 20 { world.runner.tell(second, 5) }
            world.run(.milliseconds(50))
        }
        world.run(.seconds(1))
        let batches = world.delivery.told(to: center)
        // Two seconds of them, and one on either side.
        #expect((4...7).contains(batches.count))
        #expect(told.last { $0.attempt == first }?.progress?.percent == 40)
        #expect(told.filter { $0.attempt == second }.map(\.progress?.percent) == [5])
        #expect(world.store.reports.allSatisfy { $0.account == nil })
    }

    @Test("what is set reaches the centers beside the progress, before the end")
    func outputs() throws {
        try world.addCenter("c1", leads: true)
        world.start()
        try world.grant([])
        let attempt = try begin()
        world.runner.tell(attempt, 40)
        world.runner.tell(attempt, outputs: ["rows": "11"])
        world.run(.seconds(1))
        world.runner.tell(attempt, outputs: ["rows": "12"])
        world.run(.seconds(1))
        #expect(told.last?.outputs?.values == ["rows": .text("12")])
        #expect(told.last?.progress?.percent == 40)
        let count = told.count
        world.runner.finish(attempt)
        world.run(.seconds(200))
        #expect(told.count == count)
    }

    @Test("nothing is told of attempts that are over, or say nothing")
    func silence() throws {
        try world.addCenter("c1", leads: true)
        world.start()
        try world.grant([])
        let attempt = try begin()
        world.run(.seconds(200))
        #expect(told.isEmpty)
        world.runner.finish(attempt)
        world.run(.seconds(1))
        world.runner.tell(attempt, 50)
        world.run(.seconds(200))
        #expect(told.isEmpty)
    }

    @Test("a center that was away, or comes anew, is told the latest")
    func away() throws {
        try world.addCenter("c1", leads: true)
        world.start()
        try world.grant([])
        let attempt = try begin()
        world.delivery.state.withLock { $0.failure = .unavailable("away") }
        world.runner.tell(attempt, 10)
        world.run(.seconds(3))
        world.runner.tell(attempt, 20)
        world.run(.seconds(3))
        #expect(told.isEmpty)
        world.delivery.state.withLock { $0.failure = nil }
        world.run(.seconds(10))
        #expect(told.map(\.progress?.percent) == [20])
        try world.addCenter("c2")
        world.run(.seconds(10))
        let other = try #require(CenterID("c2"))
        #expect(world.delivery.told(to: other).flatMap { $0 }.map(\.progress?.percent) == [20])
    }

    @Test("what has not changed is told again every minute")
    func again() throws {
        try world.addCenter("c1", leads: true)
        world.start()
        try world.grant([])
        let attempt = try begin()
        world.runner.tell(attempt, 10)
        world.run(.seconds(190))
        #expect((3...5).contains(told.count))
    }

    @Test("a center of an older version is asked again rarely, and gets reports all the same")
    func refused() throws {
        try world.addCenter("c1", leads: true)
        world.delivery.state.withLock { $0.refusesProgress = true }
        world.start()
        try world.grant([])
        let attempt = try begin()
        world.runner.tell(attempt, 10)
        world.run(.seconds(5))
        world.runner.finish(attempt)
        world.run(.seconds(5))
        #expect(world.delivery.received(by: center).contains { $0.report.concludes(attempt) })
    }
}

extension RunReport {
    fileprivate func concludes(_ attempt: AttemptID) -> Bool {
        if case .ended(let result) = phase { result.attempt == attempt } else { false }
    }
}
