import CenterDoubles
import Cluster
import Domain
import Scheduling
import SimulationKit
import Testing
import ZooKeeper

@testable import Center

/// Tasks whose fires have several parts.
@Suite struct ShardTests {
    private static let due = ShardScene.due

    @Test("each shard has a row of its own, spread over the agents and over the buckets")
    func rows() async throws {
        let scene = try await ShardScene()
        let agents = try await [scene.workshop.agent("a"), scene.workshop.agent("b")]
        try await scene.save(ShardScene.task("t", .shards(.count(8))))
        let parts = try scene.parts()
        #expect(parts.keys.sorted() == Array(0..<8))
        #expect(parts.values.allSatisfy { $0.row.cursor == Workshop.start && $0.row.state == .active })
        for agent in agents {
            #expect(parts.values.count { $0.place == .owned(agent.id.seat) } == 4)
            #expect(try scene.workshop.head(agent.name)?.buckets.count == 4)
        }
        let view = try await scene.leader.control.task(TaskID("t")!)
        #expect(view.parts?.total == 8)
        #expect(view.parts?.owners.map(\.parts.count) == [4, 4])
        #expect(view.unplacedReason == nil)
        #expect(await scene.leader.control.cluster().unplacedCount == 0)
        let before = scene.workshop.ensemble.transactionCount
        try await scene.leader.pass()
        #expect(scene.workshop.ensemble.transactionCount == before)
    }

    @Test("the shards of a lost agent move with their own cursors, the others stay as they are")
    func failover() async throws {
        let scene = try await ShardScene()
        let (a, b) = try await (scene.workshop.agent("a"), scene.workshop.agent("b"))
        try await scene.save(ShardScene.task("t", .shards(.count(4))))
        let task = try await scene.task("t")
        let before = try scene.parts()
        let lost = before.filter { $0.value.place == .owned(a.id.seat) }.keys.sorted()
        #expect(lost.count == 2)
        // One of them is journaled, the other is not.
        try await a.journal(1, [task.fire(Self.due, part: lost[0])])
        scene.workshop.clock.advance(by: .seconds(61))
        await a.die()
        try await scene.leader.pass()
        let parts = try scene.parts()
        #expect(parts.values.allSatisfy { $0.place == .owned(b.id.seat) })
        #expect(parts[lost[0]]?.row.cursor == Self.due)
        #expect(parts[lost[1]]?.row.cursor == Workshop.start)
        for (part, known) in before where !lost.contains(part) { #expect(parts[part]?.row == known.row) }
        let run = RunID(FireKey(uid: task.uid, part: lost[0], due: Self.due))
        #expect(scene.workshop.history.runs.map(\.id) == [run])
        #expect(scene.workshop.history.runs.first?.state == .lost)
    }

    @Test("fewer shards: what came due before is decided, then their rows are parked, and later gone")
    func fewer() async throws {
        let scene = try await ShardScene()
        let agent = try await scene.workshop.agent("a")
        try await scene.save(ShardScene.task("t", .shards(.count(4))))
        let task = try await scene.task("t")
        scene.workshop.clock.advance(by: .seconds(70))
        // Shard 2 was decided, shard 3 was not.
        try await agent.journal(1, [task.fire(Self.due, part: 2)])
        try await scene.save(ShardScene.task("t", .shards(.count(2))))
        try await scene.leader.pass()
        var parts = try scene.parts()
        #expect(parts[2]?.place == .parked(.standard))
        #expect(parts[2]?.row.cursor == Self.due)
        #expect(parts[3]?.place == .owned(agent.id.seat))
        #expect([0, 1].allSatisfy { parts[$0]?.row.revision == 2 })
        let edited = try await scene.task("t")
        #expect(edited.narrowed(to: 3).nextDue(after: try #require(parts[3]).row.cursor) == Self.due)
        try await agent.journal(2, [edited.fire(Self.due, part: 3)])
        // Any edit has the rows settled.
        try await scene.save(ShardScene.task("t", .shards(.count(2)), every: 90))
        try await scene.leader.pass()
        parts = try scene.parts()
        #expect(parts[3]?.place == .parked(.standard))
        scene.workshop.clock.advance(by: .seconds(3_700))
        try await scene.save(ShardScene.task("t", .shards(.count(2)), every: 120))
        #expect(try scene.parts().keys.sorted() == [0, 1])
    }

    @Test("more shards begin at the edit; those that come back never decide an instant again")
    func more() async throws {
        let scene = try await ShardScene()
        let agent = try await scene.workshop.agent("a")
        try await scene.save(ShardScene.task("t", .shards(.count(3))))
        let task = try await scene.task("t")
        scene.workshop.clock.advance(by: .seconds(70))
        // The agent's clock is ahead.
        let ahead = Workshop.start + .seconds(120)
        try await agent.journal(1, [task.fire(Self.due, part: 2), task.fire(ahead, part: 2)])
        try await scene.save(ShardScene.task("t", .shards(.count(2))))
        try await scene.leader.pass()
        scene.workshop.clock.advance(by: .seconds(5))
        try await scene.save(ShardScene.task("t", .shards(.count(5))))
        let parts = try scene.parts()
        #expect(parts.keys.sorted() == Array(0..<5))
        #expect(parts[2]?.row.cursor == ahead)
        #expect(parts[4]?.row.cursor == Workshop.start + .seconds(75))
        #expect(parts[0]?.row.cursor == Workshop.start)
    }

    @Test(
        "a broadcast is on every agent; one that joins takes part from then on, one that comes back goes on"
    )
    func broadcast() async throws {
        let scene = try await ShardScene()
        let a = try await scene.workshop.agent("a", start: StartID(bits: 1))
        try await scene.save(ShardScene.task("t", .broadcast))
        let (partA, partB) = (TaskPart.number(of: a.name), TaskPart.number(of: AgentID("b")!))
        #expect(try scene.parts().keys.sorted() == [partA])
        #expect(try scene.parts()[partA]?.row.cursor == Workshop.start)
        scene.workshop.clock.advance(by: .seconds(70))
        let b = try await scene.workshop.agent("b", start: StartID(bits: 2))
        try await scene.leader.pass()
        var parts = try scene.parts()
        #expect(parts[partB]?.place == .owned(b.id.seat))
        #expect(parts[partB]?.row.cursor == scene.workshop.now)
        #expect(
            try await scene.leader.control.task(TaskID("t")!).parts?.owners.map(\.agent.text) == ["a", "b"]
        )
        let task = try await scene.task("t")
        try await a.journal(1, [task.fire(Self.due, part: partA)])
        await a.die()
        try await scene.leader.pass()
        parts = try scene.parts()
        #expect(parts[partA]?.place == .parked(.standard))
        #expect(parts[partA]?.row.cursor == Self.due)
        scene.workshop.clock.advance(by: .seconds(600))
        let again = try await scene.workshop.agent("a", start: StartID(bits: 3))
        try await scene.leader.pass()
        parts = try scene.parts()
        #expect(parts[partA]?.place == .owned(again.id.seat))
        #expect(parts[partA]?.row.cursor == scene.workshop.now - Situation.absenceMax)
        // What it had open nobody else makes up for.
        #expect(scene.workshop.history.runs.map(\.state) == [.lost])
    }

    @Test("an agent that is drained has no part of a broadcast, and nobody else gets it")
    func drained() async throws {
        let scene = try await ShardScene()
        let a = try await scene.workshop.agent("a")
        _ = try await scene.workshop.agent("b")
        try await scene.save(ShardScene.task("t", .broadcast))
        try await scene.leader.control.setDrained(a.name, in: nil, true)
        try await scene.leader.pass()
        #expect(try scene.parts()[TaskPart.number(of: a.name)]?.place == .parked(.standard))
        try await scene.leader.control.setDrained(a.name, in: nil, false)
        try await scene.leader.pass()
        #expect(try scene.parts()[TaskPart.number(of: a.name)]?.place == .owned(a.id.seat))
    }

    @Test("the same part of an agent that is gone is attempted again by that agent only, when it is back")
    func repeatedBroadcast() async throws {
        let scene = try await ShardScene()
        let a = try await scene.workshop.agent("a")
        _ = try await scene.workshop.agent("b")
        var specification = ShardScene.task("t", .broadcast)
        specification.delivery = .atLeastOnce
        try await scene.save(specification)
        let task = try await scene.task("t")
        try await a.journal(1, [task.fire(Self.due, part: TaskPart.number(of: a.name))])
        await a.die()
        try await scene.leader.pass()
        #expect(try scene.launches().isEmpty)
        let again = try await scene.workshop.agent("a")
        try await scene.leader.pass()
        try await scene.leader.pass()
        #expect(try scene.workshop.inboxes().map(\.agent) == ["a"])
        #expect(try scene.workshop.inboxes().map(\.incarnation) == [again.id.incarnation.text])
        #expect(try scene.launches().map(\.attempt.number) == [2])
    }

    @Test("a request runs every shard once, however often it is asked, or the one that it names")
    func requests() async throws {
        let scene = try await ShardScene()
        _ = try await scene.workshop.agent("a")
        _ = try await scene.workshop.agent("b")
        try await scene.save(ShardScene.task("t", .shards(.names(["eu", "us", "asia"]))))
        let (control, name) = (scene.leader.control, TaskID("t")!)
        let runs = try await control.requestRuns(of: name, key: "k", terms: RunTerms(), shard: nil)
        #expect(Set(runs).count == 3)
        #expect(try await control.requestRuns(of: name, key: "k", terms: RunTerms(), shard: nil) == runs)
        #expect(
            try await control.requestRuns(of: name, key: "k", terms: RunTerms(), shard: "us") == [runs[1]]
        )
        var launches = try scene.launches().sorted { $0.part < $1.part }
        #expect(launches.map(\.attempt.run) == runs)
        #expect(launches.map(\.part) == [0, 1, 2])
        #expect(Set(launches.map { $0.origin?.occasion }).count == 1)
        _ = try await control.requestRuns(of: name, key: "one", terms: RunTerms(), shard: "2")
        launches = try scene.launches()
        #expect(launches.count == 4)
        #expect(launches.last { $0.origin?.occasion == nil }?.part == 2)
        await #expect {
            _ = try await control.requestRuns(of: name, key: "x", terms: RunTerms(), shard: "mars")
        } throws: { error in
            guard case CenterError.invalid(let problems)? = error as? CenterError else { return false }
            return problems.map(\.field) == ["shard"] && problems[0].message.contains("eu, us, asia")
        }
    }

    @Test("what comes after a task with shards waits for all of them")
    func join() async throws {
        let scene = try await ShardScene()
        let agent = try await scene.workshop.agent("a")
        try await scene.save(
            ShardScene.task("t", .shards(.count(3))),
            ShardScene.child("c", .succeeded),
            ShardScene.child("f", .failed)
        )
        let task = try await scene.task("t")
        for part in [2, 0, 0] {
            try await scene.accept(task.fire(Self.due, part: part), .succeeded, from: agent)
            #expect(try scene.launches().isEmpty)
        }
        try await scene.accept(task.fire(Self.due, part: 1), .succeeded, from: agent)
        #expect(try scene.launches().map(\.task.text) == ["c"])
        #expect(try scene.launches().first?.due == Self.due)
        let later = Self.due + .seconds(60)
        for (part, outcome) in [(1, AttemptOutcome.failed), (0, .succeeded), (2, .succeeded)] {
            try await scene.accept(task.fire(later, part: part), outcome, from: agent)
        }
        #expect(try scene.launches().map(\.task.text).sorted() == ["c", "f"])
        let skipped = scene.workshop.history.runs.filter { $0.state == .skipped }
        #expect(skipped.map(\.task.text) == ["c"])
        #expect(skipped.first?.reason?.contains("-1-") == true, "it names the shard that failed")
        // A shard that is asked for alone is an occasion of its own.
        let run = try await scene.leader.control.requestRuns(
            of: task.name,
            key: "k",
            terms: RunTerms(),
            shard: "2"
        )[0]
        let request = try #require(try scene.launches().first { $0.attempt.run == run })
        try await scene.accept(JournaledFire(request, task, decision: .launch), .succeeded, from: agent)
        #expect(try scene.launches().count { $0.task.text == "c" } == 2)
    }

    @Test("nothing comes after a broadcast")
    func refusals() async throws {
        let scene = try await ShardScene()
        _ = try await scene.workshop.agent("a")
        try await scene.save(ShardScene.task("t", .broadcast), ShardScene.task("s", .shards(.count(2))))
        var child = TaskSpecification.every(60, "c")
        child.after = Dependencies([.init(TaskID("t")!)])
        await #expect(throws: CenterError.self) {
            try await scene.leader.control.save([child], condition: .any)
        }
        child.after = Dependencies([.init(TaskID("s")!)])
        try await scene.save(child)
        await #expect(throws: CenterError.self) {
            try await scene.leader.control.save([ShardScene.task("s", .broadcast)], condition: .any)
        }
    }

    @Test("a run says which shard it is, and how those beside it stand")
    func beside() async throws {
        let scene = try await ShardScene()
        let agent = try await scene.workshop.agent("a")
        try await scene.save(ShardScene.task("t", .shards(.names(["eu", "us"]))))
        let task = try await scene.task("t")
        try await scene.accept(task.fire(Self.due, part: 0), .succeeded, from: agent)
        let run = try #require(scene.workshop.history.runs.first)
        let control = scene.leader.control
        #expect(await control.part(of: run) == RunPart(index: 0, total: 2, name: "eu"))
        var parts = try #require(try await control.parts(besides: run))
        #expect(parts.total == 2 && parts.state == nil && parts.runs.count == 1)
        try await scene.accept(task.fire(Self.due, part: 1), .failed, from: agent)
        parts = try #require(try await control.parts(besides: run))
        #expect(parts.state == .failed)
        let why = try await control.explain(TaskID("t")!, at: nil)
        #expect(
            why.findings.contains { $0.cause == .parts && $0.fact.contains("2 shards: agent a has 0, 1") }
        )
    }
}
