import CenterDoubles
import Cluster
import Domain
import Scheduling
import SimulationKit
import Synchronization
import Testing

@testable import Center

/// What is rare with parts: edits while they run, shards that missed, requests that take their time.
@Suite struct ShardEdgeTests {
    private static let due = ShardScene.due

    /// A clock that goes on whenever somebody looks at it.
    private final class Ticker: Sendable {
        private let clock = Mutex<SimulationClock?>(nil)

        func begin(_ clock: SimulationClock) { self.clock.withLock { $0 = clock } }

        func tick() { clock.withLock(\.self)?.advance(by: .milliseconds(1)) }
    }

    private static func isConflict(_ error: any Error, _ text: String) -> Bool {
        guard case CenterError.conflict(let message)? = error as? CenterError else { return false }
        return message.contains(text)
    }

    private static func problems(_ error: any Error) -> [ValidationProblem] {
        guard case CenterError.invalid(let problems)? = error as? CenterError else { return [] }
        return problems
    }

    @Test("the end of a part that a fire does not have is not counted for those that come after")
    func strangePart() async throws {
        let scene = try await ShardScene()
        let agent = try await scene.workshop.agent("a")
        try await scene.save(
            ShardScene.task("t", .shards(.count(8))),
            ShardScene.child("c", .succeeded),
            ShardScene.child("f", .failed)
        )
        scene.workshop.clock.advance(by: .seconds(10))
        try await scene.save(ShardScene.task("t", .shards(.count(4))))
        let task = try await scene.task("t")
        for part in [0, 1, 2] {
            try await scene.accept(task.fire(Self.due, part: part), .succeeded, from: agent)
        }
        // Its owner did not know of the edit yet.
        try await scene.accept(task.fire(Self.due, part: 5), .succeeded, from: agent)
        try await scene.accept(
            task.fire(Self.due, part: TaskPart.number(of: agent.name)),
            .succeeded,
            from: agent
        )
        try await scene.accept(task.fire(Self.due, part: 6), .failed, from: agent)
        #expect(try scene.launches().isEmpty)
        #expect(!scene.workshop.history.runs.contains { $0.task.text == "c" })
        try await scene.accept(task.fire(Self.due, part: 3), .succeeded, from: agent)
        #expect(try scene.launches().map(\.task.text) == ["c"])
    }

    @Test("what shards give need not be given to a request; of one that lacks a value nothing is run")
    func requiredValues() async throws {
        let scene = try await ShardScene()
        _ = try await scene.workshop.agent("a")
        var task = ShardScene.task("t", .shards(.names(["eu", "us"])))
        task.schedules = []
        task.parameters = [Parameter(name: "day", kind: .date, isRequired: true)]
        task.shardParameters = ["eu": ["day": "2026-03-29"]]
        try await scene.save(task)
        let (control, name) = (scene.leader.control, TaskID("t")!)
        func isRefused(shard: String?) async throws -> Bool {
            do {
                _ = try await control.requestRuns(of: name, key: "k", terms: RunTerms(), shard: shard)
                return false
            } catch CenterError.invalid(let problems) {
                return problems.map(\.field) == ["parameters.day"]
            }
        }
        #expect(try await isRefused(shard: nil))
        #expect(try await isRefused(shard: "us"))
        #expect(try scene.launches().isEmpty)
        #expect(try await !isRefused(shard: "eu"))
        #expect(try scene.launches().map(\.part) == [0])
        #expect(try await scene.task("t").specification.shardParameters == task.shardParameters)
    }

    @Test("those that come after hear of every instant that one record of a shard stands for")
    func missedRange() async throws {
        let scene = try await ShardScene()
        let agent = try await scene.workshop.agent("a")
        try await scene.save(
            ShardScene.task("t", .shards(.count(2))),
            ShardScene.child("c", .succeeded),
            ShardScene.child("f", .failed)
        )
        let task = try await scene.task("t")
        let dues = (0..<4).map { Self.due + .seconds(60 * $0) }
        scene.workshop.clock.advance(by: .seconds(600))
        func skipped() -> [Instant] {
            scene.workshop.history.runs.filter { $0.task.text == "c" && $0.state == .skipped }.map(\.due)
                .sorted()
        }
        // One shard ran on every instant, on one of them only later; the other was away on the first three.
        for due in dues.dropFirst() {
            try await scene.accept(task.fire(due, part: 0), .succeeded, from: agent)
        }
        let missed = FireDecision.missed(reason: "late", since: dues[0], count: 3)
        let report = scene.report(
            task.fire(dues[2], part: 1, missed),
            .decided(at: scene.workshop.now),
            from: agent
        )
        #expect(try await scene.leader.control.accept([report], from: agent.name) != nil)
        #expect(skipped() == [dues[1], dues[2]])
        try await scene.accept(task.fire(dues[0], part: 0), .succeeded, from: agent)
        #expect(skipped() == [dues[0], dues[1], dues[2]])
        // Told again, it changes nothing, and the instant after it waits for its own end.
        #expect(try await scene.leader.control.accept([report], from: agent.name) != nil)
        #expect(skipped().count == 3)
        try await scene.accept(task.fire(dues[3], part: 1), .succeeded, from: agent)
        #expect(try scene.launches().filter { $0.task.text == "c" }.map(\.due) == [dues[3]])
    }

    @Test("of one record that stands for very many instants 500 at most are told")
    func longRange() async throws {
        let scene = try await ShardScene()
        try await scene.save(ShardScene.task("t", .shards(.count(2))))
        let task = try await scene.task("t")
        let due = Self.due + .seconds(60 * 2_000)
        let fire = task.fire(due, part: 1, .missed(reason: "late", since: Self.due, count: 2_001))
        let agent = try await scene.workshop.agent("a")
        let end = try #require(RunEnd(scene.report(fire, .decided(at: due), from: agent)))
        let ends = end.each(of: task)
        #expect(ends.count == 500)
        #expect(ends.first?.fire.due == due)
        #expect(Set(ends.map(\.fire.due)).count == 500)
    }

    @Test("the row of a shard that is gone stays as long as it holds an attempt that lives")
    func heldRow() async throws {
        let scene = try await ShardScene()
        let agent = try await scene.workshop.agent("a")
        var specification = ShardScene.task("t", .shards(.count(4)))
        specification.concurrency = Concurrency(.forbid)
        try await scene.save(specification)
        let fire = try await scene.task("t").fire(Self.due, part: 3)
        scene.workshop.clock.advance(by: .seconds(70))
        try await agent.journal(1, [fire])
        specification.shards = .count(2)
        try await scene.save(specification)
        try await scene.leader.pass()
        #expect(try scene.parts()[3]?.place == .parked(.standard))
        #expect(try scene.parts()[3]?.row.hold?.attempts.map(\.attempt) == [fire.attempt])
        scene.workshop.clock.advance(by: .seconds(7_200))
        // Any edit has the rows settled.
        specification.schedules = TaskSpecification.every(90, "t").schedules
        try await scene.save(specification)
        try await scene.leader.pass()
        #expect(try scene.parts()[3]?.row.hold?.attempts.map(\.attempt) == [fire.attempt])
        try await scene.accept(fire, .succeeded, from: agent)
        try await scene.leader.pass()
        #expect(try scene.parts()[3]?.row.hold == nil)
        specification.schedules = TaskSpecification.every(120, "t").schedules
        try await scene.save(specification)
        #expect(try scene.parts()[3] == nil)
    }

    @Test("all parts of a request have the same due instant, however long it takes to dispatch them")
    func requestedDue() async throws {
        let ticker = Ticker()
        let workshop = try Workshop { ticker.tick() }
        let scene = try await ShardScene(workshop)
        _ = try await workshop.agent("a")
        try await scene.save(ShardScene.task("t", .shards(.count(5))))
        ticker.begin(workshop.clock)
        let runs = try await scene.leader.control.requestRuns(
            of: TaskID("t")!,
            key: "k",
            terms: RunTerms(),
            shard: nil
        )
        #expect(runs.count == 5)
        let launches = try scene.launches()
        #expect(launches.count == 5)
        #expect(Set(launches.map(\.due)).count == 1)
    }

    @Test("an occasion of which shards are not on record yet is not repeated")
    func repeatedTooEarly() async throws {
        let scene = try await ShardScene()
        let agent = try await scene.workshop.agent("a")
        var child = ShardScene.child("c", .succeeded)
        child.after = Dependencies([.init(TaskID("t")!), .init(TaskID("u")!)], join: .any)
        try await scene.save(ShardScene.task("t", .shards(.count(3))), .every(60, "u"), child)
        let task = try await scene.task("t")
        try await scene.accept(scene.task("u").fire(Self.due), .succeeded, from: agent)
        let launch = try #require(try scene.launches().first)
        let fire = JournaledFire(launch, try await scene.task("c"), decision: .launch)
        try await scene.accept(fire, .failed, from: agent)
        let control = scene.leader.control
        for part in [0, 1] {
            try await scene.accept(task.fire(Self.due, part: part), .succeeded, from: agent)
            await #expect {
                _ = try await control.repeatOccasion(of: fire.attempt.run, key: "k", ChangeNote())
            } throws: {
                Self.isConflict($0, "t is not over (shards without a record: \(2 - part))")
            }
        }
        try await scene.accept(task.fire(Self.due, part: 2), .succeeded, from: agent)
        let again = try await control.repeatOccasion(of: fire.attempt.run, key: "k", ChangeNote())
        #expect(again.tasks.map(\.text) == ["c"])
    }

    @Test("a broadcast's run tells of the runs beside it, also of agents that have gone since")
    func besideGone() async throws {
        let scene = try await ShardScene()
        let agents = try await [scene.workshop.agent("a"), scene.workshop.agent("b")]
        try await scene.save(ShardScene.task("t", .broadcast))
        let task = try await scene.task("t")
        for agent in agents {
            let fire = task.fire(Self.due, part: TaskPart.number(of: agent.name))
            try await scene.accept(fire, .succeeded, from: agent)
        }
        await agents[1].die()
        try await scene.leader.pass()
        let run = RunID(FireKey(uid: task.uid, part: TaskPart.number(of: agents[0].name), due: Self.due))
        let known = try #require(await scene.workshop.history.run(run))
        let beside = try #require(try await scene.leader.control.parts(besides: known))
        #expect(beside.total == 2 && beside.runs.count == 2)
    }

    @Test("what shards told is not used by those that come after them, whichever is saved last")
    func outputs() async throws {
        let scene = try await ShardScene()
        let control = scene.leader.control
        var child = ShardScene.child("c", .succeeded)
        child.action = .command(["/bin/true", "${{ after.t.rows }}"])
        child.environment = ["ROWS": "${{ after.t.rows }}", "DAY": "${{ due.date }}"]
        let sharded = ShardScene.task("t", .shards(.count(2)))
        await #expect {
            _ = try await control.save([sharded, child], condition: .any)
        } throws: { error in
            let problems = Self.problems(error)
            return problems.map(\.field) == ["tasks[1].command[1]", "tasks[1].environment.ROWS"]
                && problems[0].message.contains("'${{ after.t.rows }}'")
        }
        // The only shard is as good as the task.
        try await scene.save(ShardScene.task("t", .shards(.count(1))), child)
        await #expect {
            _ = try await control.save([sharded], condition: .any)
        } throws: { error in
            let problems = Self.problems(error)
            return problems.map(\.field) == ["tasks[0].shards"] && problems[0].message.contains("task c uses")
        }
        var plain = child
        plain.action = .command(["/bin/true"])
        plain.environment = [:]
        try await scene.save(sharded, plain)
        await #expect {
            _ = try await control.save([child], condition: .any)
        } throws: {
            Self.problems($0).map(\.field) == ["tasks[0].command[1]", "tasks[0].environment.ROWS"]
        }
    }

    @Test("a further attempt of a broadcast waits ten minutes for its agent to be there again")
    func absentAgent() async throws {
        let scene = try await ShardScene()
        let agent = try await scene.workshop.agent("a")
        let control = scene.leader.control
        var specification = ShardScene.task("t", .broadcast)
        specification.retry = Retry(attempts: 3)
        try await scene.save(specification)
        let fire = try await scene.task("t").fire(Self.due, part: TaskPart.number(of: agent.name))
        scene.workshop.clock.advance(by: .seconds(60))
        try await agent.journal(1, [fire])
        // There is no such agent where the task is now.
        specification.runtime = RuntimeID("other")!
        try await control.setRuntime(RuntimeSettings(name: specification.runtime))
        try await scene.save(specification)
        let result = AttemptResult(
            attempt: fire.attempt,
            outcome: .failed,
            exitCode: 1,
            endedAt: scene.workshop.now,
            retryAt: scene.workshop.now + .seconds(5)
        )
        let report = scene.report(fire, .ended(result), from: agent)
        #expect(try await control.accept([report], from: agent.name) == nil)
        scene.workshop.clock.advance(by: .seconds(590))
        #expect(try await control.accept([report], from: agent.name) == nil)
        #expect(await scene.workshop.history.run(fire.attempt.run)?.state == .retrying)
        scene.workshop.clock.advance(by: .seconds(10))
        #expect(try await control.accept([report], from: agent.name) != nil)
        #expect(await scene.workshop.history.run(fire.attempt.run)?.state == .failed)
        #expect(try scene.launches().isEmpty)
    }
}
