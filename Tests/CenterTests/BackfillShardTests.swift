import CenterDoubles
import Cluster
import Domain
import Scheduling
import SimulationKit
import Testing
import ZooKeeper

@testable import Center

/// Backfills of tasks with shards, from their request to their last run.
@Suite struct BackfillShardTests {
    private struct Scene {
        let shards: ShardScene
        let agent: Agent
        /// Numbers the segments of the agent.
        let numbers = Numbers()

        init() async throws {
            shards = try await ShardScene()
            agent = try await shards.workshop.agent("a")
            try await shards.leader.pass()
        }

        var control: CenterControl { shards.leader.control }

        func launches() throws -> [DispatchedRun] {
            try shards.launches().sorted { ($0.task, $0.part) < ($1.task, $1.part) }
        }

        /// Drives the backfills as a leader does, once.
        func round(_ leader: Leader? = nil) async throws {
            let leader = leader ?? shards.leader
            var office = BackfillOffice(leader.control, leader.leading)
            while try await !office.round() {}
        }

        /// Takes a run, ends it, and tells the leader.
        func end(_ run: DispatchedRun, _ outcome: AttemptOutcome = .succeeded) async throws {
            let task = try await shards.task(run.task.text)
            let fire = JournaledFire(run, task, decision: .launch)
            try await agent.take(fire, await numbers.next())
            try await shards.accept(fire, outcome, from: agent)
        }

        func backfill(_ id: BackfillID) async throws -> Backfill { try await control.backfill(id).backfill }
    }

    private actor Numbers {
        private var number = 0

        func next() -> Int {
            number += 1
            return number
        }
    }

    private static let first = Workshop.start - .seconds(720)

    private static func request(
        key: String = "k",
        minutes: Int = 3,
        parallel: Int = 1,
        shard: String? = nil
    ) -> BackfillRequest {
        BackfillRequest(
            task: TaskID("t")!,
            key: key,
            from: first,
            to: first + .seconds(60 * (minutes - 1)),
            parallel: parallel,
            shard: shard
        )
    }

    private static func isConflict(_ error: any Error, _ text: String) -> Bool {
        guard case CenterError.conflict(let message)? = error as? CenterError else { return false }
        return message.contains(text)
    }

    @Test("each fire is all of its shards, and is over when all of them are")
    func order() async throws {
        let scene = try await Scene()
        try await scene.shards.save(ShardScene.task("t", .shards(.names(["eu", "us", "asia"]))))
        let plan = try await scene.control.plan(Self.request(minutes: 2))
        #expect(plan.count == 2 && plan.runs == 6 && plan.existing == 0 && plan.existingRuns == 0)
        let id = try await scene.control.backfill(Self.request(minutes: 2)).backfill.id
        try await scene.round()
        try await scene.round()
        var launches = try scene.launches()
        let tree = scene.shards.workshop.tree
        let occasion = RunID.backfilled(Self.first, by: id, in: tree)
        #expect(launches.map(\.part) == [0, 1, 2])
        #expect(launches.map(\.attempt.run) == (0..<3).map { RunID.part($0, of: occasion, in: tree) })
        #expect(launches.allSatisfy { $0.terms?.meantFor == Self.first && $0.trigger == .backfill })
        #expect(launches.allSatisfy { $0.origin?.occasion == occasion.text && $0.origin?.backfill == id })
        try await scene.end(launches[2])
        try await scene.end(launches[0], .failed)
        try await scene.round()
        #expect(try scene.launches().map(\.part) == [1])
        #expect(try await scene.backfill(id).active.first?.shards?.running == [1])
        try await scene.end(launches[1])
        try await scene.round()
        launches = try scene.launches()
        #expect(launches.count == 3)
        #expect(launches.allSatisfy { $0.terms?.meantFor == Self.first + .seconds(60) })
        for run in launches { try await scene.end(run) }
        try await scene.round()
        let over = try await scene.backfill(id)
        #expect(over.state == .finished)
        #expect(over.succeeded == 1 && over.failed == 1)
        #expect(over.failures.map(\.shard) == [0])
        #expect(over.shardCounts?.succeeded == 5 && over.shardCounts?.failed == 1)
    }

    @Test("as many fires as was said are under way, whatever becomes of their shards")
    func parallel() async throws {
        let scene = try await Scene()
        try await scene.shards.save(ShardScene.task("t", .shards(.count(2))))
        let id = try await scene.control.backfill(Self.request(parallel: 2)).backfill.id
        try await scene.round()
        let launches = try scene.launches()
        #expect(launches.count == 4)
        let later = launches.filter { $0.terms?.meantFor != Self.first }
        try await scene.end(later[0])
        try await scene.round()
        #expect(try scene.launches().count == 3)
        try await scene.end(later[1])
        try await scene.round()
        #expect(try await scene.backfill(id).active.count == 2)
        #expect(try scene.launches().count == 4)
    }

    @Test("a leader that is lost in the middle of a fire neither repeats nor loses a shard")
    func takeover() async throws {
        let scene = try await Scene()
        try await scene.shards.save(ShardScene.task("t", .shards(.count(80))))
        let id = try await scene.control.backfill(Self.request(minutes: 1)).backfill.id
        let leader = scene.shards.leader
        let office = BackfillOffice(leader.control, leader.leading)
        let known = try #require(try await office.shelf.read(id))
        var next = known.value
        let tree = scene.shards.workshop.tree
        let occasion = RunID.backfilled(Self.first, by: id, in: tree)
        next.begin(Array(0..<80), of: occasion, for: Self.first, now: Workshop.start)
        let begun = next
        // One write takes only some of them, and that is the last one of this leader.
        #expect(try await office.dispatchShards(begun, of: Self.first, instead: known))
        let before = try scene.launches()
        #expect((1..<80).contains(before.count))
        let noted = try #require(try await scene.backfill(id).begun?.shards)
        #expect(noted.running == before.map(\.part))
        #expect(noted.waiting.count == 80 - before.count)
        // The same from what was read before is not written.
        await #expect(throws: LeaderWriteError.self) {
            try await office.dispatchShards(begun, of: Self.first, instead: known)
        }
        let successor = try await scene.shards.workshop.leader("c2")
        try await successor.pass()
        try await scene.round(successor)
        let launches = try scene.launches()
        #expect(launches.map(\.part) == Array(0..<80))
        #expect(Set(launches.map(\.attempt.run)).count == 80)
        #expect(try await successor.control.backfill(id).backfill.active.first?.shards?.waiting == [])
    }

    @Test("shards that ran are left alone; what comes after waits for those that are run")
    func existing() async throws {
        let scene = try await Scene()
        try await scene.shards.save(
            ShardScene.task("t", .shards(.count(3))),
            ShardScene.child("c", .succeeded)
        )
        let task = try await scene.shards.task("t")
        let workshop = scene.shards.workshop
        func record(_ due: Instant, _ part: Int) async throws {
            let fire = task.fire(due, part: part)
            let result = AttemptResult(attempt: fire.attempt, outcome: .failed, endedAt: workshop.now)
            try await workshop.history.record([scene.shards.report(fire, .ended(result), from: scene.agent)])
        }
        try await record(Self.first, 1)
        for part in 0..<3 { try await record(Self.first + .seconds(60), part) }
        let plan = try await scene.control.plan(Self.request())
        #expect(plan.count == 3 && plan.runs == 9 && plan.existing == 1 && plan.existingRuns == 4)
        let id = try await scene.control.backfill(Self.request(parallel: 3)).backfill.id
        try await scene.round()
        let launches = try scene.launches().filter { $0.terms?.meantFor == Self.first }
        #expect(launches.map(\.part) == [0, 2])
        #expect(launches.map(\.origin?.parts) == [2, 2])
        #expect(try scene.launches().count == 5)
        let backfill = try await scene.backfill(id)
        #expect(backfill.existing == 1 && backfill.shardCounts?.existing == 4)
        try await scene.end(launches[0])
        #expect(try !scene.launches().contains { $0.task.text == "c" })
        try await scene.end(launches[1])
        let child = try #require(try scene.launches().first { $0.task.text == "c" })
        #expect(child.origin?.occasion == launches[0].origin?.occasion)
        #expect(child.origin?.meantFor == Self.first)
        // Another backfill knows what this one has run.
        for run in try scene.launches() where run.task.text == "t" { try await scene.end(run) }
        try await scene.round()
        #expect(try await scene.backfill(id).state == .finished)
        #expect(try await scene.control.plan(Self.request()).existingRuns == 9)
    }

    @Test("what ran when the fires were split otherwise is left alone as a whole")
    func formerSplit() async throws {
        let scene = try await Scene()
        try await scene.shards.save(ShardScene.task("t", .whole))
        let fire = try await scene.shards.task("t").fire(Self.first)
        let workshop = scene.shards.workshop
        let result = AttemptResult(attempt: fire.attempt, outcome: .succeeded, endedAt: workshop.now)
        try await workshop.history.record([scene.shards.report(fire, .ended(result), from: scene.agent)])
        workshop.clock.advance(by: .seconds(1))
        try await scene.shards.save(ShardScene.task("t", .shards(.count(4))))
        let plan = try await scene.control.plan(Self.request())
        #expect(plan.existing == 1 && plan.existingRuns == 4)
    }

    @Test("one shard can be made up for by itself")
    func oneShard() async throws {
        let scene = try await Scene()
        try await scene.shards.save(ShardScene.task("t", .shards(.names(["eu", "us"]))))
        let request = Self.request(shard: "us")
        #expect(try await scene.control.plan(request).runs == 3)
        let id = try await scene.control.backfill(request).backfill.id
        #expect(try await scene.control.backfill(request).backfill.id == id)
        for number in 0..<3 {
            try await scene.round()
            let launches = try scene.launches()
            #expect(launches.map(\.part) == [1])
            #expect(launches.first?.terms?.meantFor == Self.first + .seconds(60 * number))
            for run in launches { try await scene.end(run) }
        }
        try await scene.round()
        #expect(try await scene.backfill(id).state == .finished)
        // The same key is another request without the shard.
        await #expect { _ = try await scene.control.backfill(Self.request()) } throws: {
            Self.isConflict($0, "this key was used for backfill")
        }
        await #expect { _ = try await scene.control.plan(Self.request(shard: "mars")) } throws: { error in
            guard case CenterError.invalid(let problems)? = error as? CenterError else { return false }
            return problems.map(\.field) == ["shard"]
        }
    }

    @Test("a stop that kills kills every shard that runs, and the rest never begins")
    func killing() async throws {
        let scene = try await Scene()
        try await scene.shards.save(ShardScene.task("t", .shards(.count(2))))
        let id = try await scene.control.backfill(Self.request()).backfill.id
        try await scene.round()
        let task = try await scene.shards.task("t")
        let runs = try scene.launches()
        for run in runs {
            let fire = JournaledFire(run, task, decision: .launch)
            try await scene.agent.take(fire, await scene.numbers.next())
        }
        _ = try await scene.control.change(id, .stop(kill: true), ChangeNote())
        try await scene.round()
        let kills = try scene.shards.workshop.inboxes().map(\.dispatch)
        #expect(Set(kills) == Set(runs.map { Dispatch.kill($0.attempt) }))
        for run in runs {
            let fire = JournaledFire(run, task, decision: .launch)
            try await scene.shards.accept(fire, .stopped, from: scene.agent)
        }
        let over = try await scene.backfill(id)
        #expect(over.state == .stopped)
        #expect(over.failed == 1 && over.shardCounts?.failed == 2 && over.waiting == 2)
    }

    @Test("a task that is split otherwise goes on so, unless a fire has begun with its former shards")
    func edited() async throws {
        let scene = try await Scene()
        try await scene.shards.save(ShardScene.task("t", .shards(.count(3))))
        let control = scene.control
        let id = try await control.backfill(Self.request()).backfill.id
        try await scene.round()
        for run in try scene.launches() { try await scene.end(run) }
        try await scene.shards.save(ShardScene.task("t", .shards(.count(2))))
        try await scene.round()
        #expect(try await scene.backfill(id).state == .paused)
        _ = try await control.change(id, .resume, ChangeNote())
        try await scene.round()
        #expect(try scene.launches().map(\.part) == [0, 1])
        #expect(try await scene.backfill(id).shards == 2)
        // A fire begins, and only one of its shards is dispatched.
        let shelf = BackfillShelf(writer: scene.shards.leader.leading.writer)
        for run in try scene.launches() { try await scene.end(run) }
        let due = Self.first + .seconds(120)
        let run = RunID.backfilled(due, by: id, in: scene.shards.workshop.tree)
        try await shelf.change(id) {
            $0.begin([0, 1], of: run, for: due, now: Workshop.start)
            $0.dispatch([0], of: due)
            return true
        }
        try await scene.shards.save(ShardScene.task("t", .shards(.count(5))))
        try await scene.round()
        await #expect { _ = try await control.change(id, .resume, ChangeNote()) } throws: {
            Self.isConflict($0, "has begun with some of the shards that task t had")
        }
    }

    struct Refusal: Sendable, CustomTestStringConvertible {
        var split: TaskSplit
        var minutes = 3
        var parallel = 1
        var text: String
        var testDescription: String { text }
    }

    @Test(
        "what cannot be made up for is refused in a sentence",
        arguments: [
            Refusal(split: .broadcast, text: "runs on every agent that may run it (broadcast)"),
            Refusal(split: .shards(.count(100)), parallel: 11, text: "give 10 at most"),
            Refusal(split: .shards(.count(1_000)), minutes: 11, text: "has 11 fires with 11000 runs, more"),
            Refusal(split: .shards(.count(1_000)), minutes: 10, text: ""),
        ]
    )
    func refusals(_ refusal: Refusal) async throws {
        let scene = try await Scene()
        try await scene.shards.save(ShardScene.task("t", refusal.split))
        let request = Self.request(minutes: refusal.minutes, parallel: refusal.parallel)
        do {
            _ = try await scene.control.backfill(request)
            #expect(refusal.text.isEmpty)
        } catch CenterError.invalid(let problems) {
            #expect(problems.map(\.field) == ["parallel"])
            #expect(problems.first?.message.contains(refusal.text) == true, "\(problems)")
        } catch CenterError.conflict(let message) {
            #expect(message.contains(refusal.text), "\(message)")
        }
    }
}
