import CenterDoubles
import Cluster
import Domain
import Scheduling
import SimulationKit
import Testing
import ZooKeeper

@testable import Center

/// Backfills, from their request to their last run.
@Suite struct BackfillTests {
    private struct Scene {
        let workshop: Workshop
        var leader: Leader
        let agent: Agent

        func launches() throws -> [DispatchedRun] {
            try workshop.inboxes().compactMap { if case .launch(let run) = $0.dispatch { run } else { nil } }
        }

        /// Drives the backfills as a leader does, once.
        func round() async throws {
            var office = BackfillOffice(leader.control, leader.leading)
            while try await !office.round() {}
        }

        /// Takes a run, ends it, and tells the leader.
        func end(_ run: DispatchedRun, _ outcome: AttemptOutcome, _ number: Int) async throws {
            let task = try await leader.control.task(run.task).definition
            let fire = JournaledFire(run, task, decision: .launch)
            try await agent.take(fire, number)
            let result = AttemptResult(attempt: run.attempt, outcome: outcome, endedAt: workshop.now)
            let report = RunReport(
                fire: fire,
                agent: agent.name,
                incarnation: agent.id.incarnation,
                runtime: .standard,
                phase: .ended(result)
            )
            #expect(try await leader.control.accept([report], from: agent.name) != nil)
        }

        func request(
            key: String = "k",
            minutes: Int = 3,
            parallel: Int = 1,
            isRepeating: Bool = false,
            until end: Instant = Workshop.start - .seconds(600)
        ) -> BackfillRequest {
            BackfillRequest(
                task: TaskID("t")!,
                key: key,
                from: end - .seconds(60 * (minutes - 1)),
                to: end,
                parallel: parallel,
                isRepeating: isRepeating,
                terms: RunTerms(note: "the source was down", requestedBy: "ann")
            )
        }
    }

    private func makeScene(_ change: (inout TaskSpecification) -> Void = { _ in }) async throws -> Scene {
        let workshop = try Workshop()
        let leader = try await workshop.leader()
        let agent = try await workshop.agent("a")
        try await leader.pass()
        var task = TaskSpecification.every(60, "t")
        change(&task)
        _ = try await leader.control.save([task], condition: .any)
        try await leader.pass()
        return Scene(workshop: workshop, leader: leader, agent: agent)
    }

    private static func dues(_ runs: [DispatchedRun]) -> [Int] {
        runs.compactMap(\.terms?.meantFor).map { Int(Workshop.start.duration(to: $0).inSeconds) }.sorted()
    }

    @Test(
        "its runs come in the order of their instants, as many at a time as was said, each with the instant"
    )
    func order() async throws {
        let scene = try await makeScene()
        let control = scene.leader.control
        let begun = try await control.backfill(scene.request(minutes: 5, parallel: 2)).backfill
        #expect(begun.total == 5)
        try await scene.round()
        try await scene.round()
        #expect(Self.dues(try scene.launches()) == [-840, -780])
        let first = try #require(try scene.launches().first { Self.dues([$0]) == [-840] })
        #expect(first.trigger == .backfill)
        #expect(first.origin?.backfill == begun.id)
        #expect(first.due == scene.workshop.now)
        #expect(first.terms?.note == "the source was down")
        try await scene.end(first, .succeeded, 1)
        try await scene.round()
        #expect(Self.dues(try scene.launches()) == [-780, -720])
        for number in 2...5 {
            let next = try #require(
                try scene.launches().min { $0.terms!.meantFor! < $1.terms!.meantFor! }
            )
            try await scene.end(next, number == 3 ? .failed : .succeeded, number)
            try await scene.round()
        }
        let over = try await control.backfill(begun.id).backfill
        #expect(over.state == .finished)
        #expect(over.succeeded == 4)
        #expect(over.failed == 1)
        #expect(over.waiting == 0)
        #expect(over.failures.count == 1)
        #expect(try await control.backfills(of: TaskID("t")!).map(\.backfill.id) == [begun.id])
        #expect(try await control.backfills(of: TaskID("other")!).isEmpty)
    }

    @Test("the next leader goes on where the last one stood, with nothing twice")
    func takeover() async throws {
        var scene = try await makeScene()
        let id = try await scene.leader.control.backfill(scene.request()).backfill.id
        try await scene.round()
        let first = try #require(try scene.launches().first)
        let successor = try await scene.workshop.leader("c2")
        // The one that was deposed writes nothing more.
        try await scene.agent.take(
            JournaledFire(
                first,
                try await scene.leader.control.task(first.task).definition,
                decision: .launch
            ),
            1
        )
        await #expect(throws: (any Error).self) {
            try await BackfillShelf(writer: scene.leader.leading.writer).change(id) {
                $0.end(first.attempt.run, .succeeded)
            }
        }
        scene.leader = successor
        try await successor.pass()
        try await scene.round()
        #expect(try scene.launches().isEmpty)
        let fire = JournaledFire(
            first,
            try await successor.control.task(first.task).definition,
            decision: .launch
        )
        let result = AttemptResult(
            attempt: first.attempt,
            outcome: .succeeded,
            endedAt: scene.workshop.now
        )
        let report = RunReport(
            fire: fire,
            agent: scene.agent.name,
            incarnation: scene.agent.id.incarnation,
            runtime: .standard,
            phase: .ended(result)
        )
        for _ in 0..<2 {
            #expect(try await successor.control.accept([report], from: scene.agent.name) != nil)
        }
        try await scene.round()
        #expect(Self.dues(try scene.launches()) == [-660])
        #expect(try await successor.control.backfill(id).backfill.succeeded == 1)
    }

    @Test("what died with its agent is counted, and the next fire follows")
    func deadAgent() async throws {
        let scene = try await makeScene()
        let id = try await scene.leader.control.backfill(scene.request()).backfill.id
        try await scene.round()
        let first = try #require(try scene.launches().first)
        let task = try await scene.leader.control.task(first.task).definition
        try await scene.agent.take(JournaledFire(first, task, decision: .launch), 1)
        await scene.agent.die()
        _ = try await scene.workshop.agent("b")
        try await scene.leader.pass()
        try await scene.leader.pass()
        try await scene.round()
        let backfill = try await scene.leader.control.backfill(id).backfill
        #expect(backfill.failed == 1)
        #expect(backfill.failures.first?.outcome == .lost)
        #expect(Self.dues(try scene.launches()) == [-660])
    }

    @Test("what ran by its schedule or another backfill is left alone, unless it is to run again")
    func existing() async throws {
        let scene = try await makeScene()
        let control = scene.leader.control
        let task = try await control.task(TaskID("t")!).definition
        let fire = task.fire(Workshop.start - .seconds(660))
        let result = AttemptResult(attempt: fire.attempt, outcome: .failed, endedAt: scene.workshop.now)
        let ran = RunReport(
            fire: fire,
            agent: scene.agent.name,
            incarnation: scene.agent.id.incarnation,
            runtime: .standard,
            phase: .ended(result)
        )
        try await scene.workshop.history.record([ran])
        var missed = ran
        missed.fire = task.fire(
            Workshop.start - .seconds(600),
            .missed(reason: "late", since: Workshop.start - .seconds(600), count: 1)
        )
        missed.phase = .decided(at: scene.workshop.now)
        try await scene.workshop.history.record([missed])
        let plan = try await control.plan(scene.request())
        #expect(plan.count == 3)
        #expect(plan.existing == 1)
        #expect(plan.first == Workshop.start - .seconds(720))
        #expect(plan.last == Workshop.start - .seconds(600))
        let id = try await control.backfill(scene.request(parallel: 3)).backfill.id
        try await scene.round()
        #expect(Self.dues(try scene.launches()) == [-720, -600])
        #expect(try await control.backfill(id).backfill.existing == 1)
        for (index, run) in try scene.launches().enumerated() {
            try await scene.end(run, .succeeded, index + 1)
        }
        try await scene.round()
        #expect(try await control.backfill(id).backfill.state == .finished)
        #expect(try await control.plan(scene.request()).existing == 3)
        let again = try await control.backfill(scene.request(key: "again", parallel: 9, isRepeating: true))
        try await scene.round()
        #expect(Self.dues(try scene.launches()) == [-720, -660, -600])
        #expect(again.backfill.id != id)
    }

    @Test("a stopped one never runs what waits; a paused one goes on when it is resumed")
    func stopping() async throws {
        let scene = try await makeScene()
        let control = scene.leader.control
        let id = try await control.backfill(scene.request()).backfill.id
        _ = try await control.change(id, .pause, ChangeNote(author: "ann", message: "lunch"))
        try await scene.round()
        #expect(try scene.launches().isEmpty)
        #expect(try await control.backfill(id).backfill.reason == "lunch (ann)")
        _ = try await control.change(id, .resume, ChangeNote())
        try await scene.round()
        let first = try #require(try scene.launches().first)
        let stopped = try await control.change(id, .stop(kill: false), ChangeNote(message: "wrong days"))
        #expect(stopped.backfill.state == .stopping)
        try await scene.end(first, .succeeded, 1)
        try await scene.round()
        let over = try await control.backfill(id).backfill
        #expect(over.state == .stopped)
        #expect(over.waiting == 2)
        #expect(try scene.launches().isEmpty)
        await #expect(throws: CenterError.conflict("backfill \(id) is over (stopped)")) {
            try await control.change(id, .resume, ChangeNote())
        }
    }

    @Test("one that is to be killed kills what runs, also by the next leader")
    func killing() async throws {
        var scene = try await makeScene()
        let id = try await scene.leader.control.backfill(scene.request()).backfill.id
        try await scene.round()
        let first = try #require(try scene.launches().first)
        let task = try await scene.leader.control.task(first.task).definition
        try await scene.agent.take(JournaledFire(first, task, decision: .launch), 1)
        _ = try await scene.leader.control.change(id, .stop(kill: true), ChangeNote())
        scene.leader = try await scene.workshop.leader("c2")
        try await scene.leader.pass()
        try await scene.round()
        #expect(try scene.workshop.inboxes().map(\.dispatch) == [.kill(first.attempt)])
    }

    @Test("a task that was changed holds its backfill; the schedule may change, and pauses do not matter")
    func changed() async throws {
        let scene = try await makeScene()
        let control = scene.leader.control
        let id = try await control.backfill(scene.request()).backfill.id
        _ = try await control.setEnabled(TaskID("t")!, false)
        var task = TaskSpecification.every(7, "t", isEnabled: false)
        _ = try await control.save([task], condition: .any)
        try await scene.leader.pass()
        try await scene.round()
        #expect(Self.dues(try scene.launches()) == [-720])
        try await scene.end(try #require(try scene.launches().first), .succeeded, 1)
        task.environment["A"] = "1"
        _ = try await control.save([task], condition: .any)
        try await scene.round()
        let held = try await control.backfill(id).backfill
        #expect(held.state == .paused)
        #expect(held.reason?.contains("was changed (revision 4, the backfill has 1)") == true)
        _ = try await control.change(id, .resume, ChangeNote())
        try await scene.round()
        #expect(Self.dues(try scene.launches()) == [-660])
        #expect(try await control.backfill(id).backfill.revision == 4)
        try await control.deleteTask(TaskID("t")!)
        try await scene.round()
        #expect(try await control.backfill(id).backfill.state == .stopping)
        #expect(try await control.backfill(id).backfill.reason == "its task was deleted")
    }

    @Test("the same key means the same backfill, and nothing else")
    func key() async throws {
        let scene = try await makeScene()
        let control = scene.leader.control
        let first = try await control.backfill(scene.request()).backfill
        #expect(try await control.backfill(scene.request()).backfill == first)
        await #expect(throws: CenterError.self) { try await control.backfill(scene.request(minutes: 4)) }
        // Another one must wait for this one's fires.
        let message = await #expect(throws: CenterError.self) {
            try await control.backfill(scene.request(key: "other", minutes: 9))
        }
        guard case .conflict(let text) = message else { return #expect(Bool(false), "\(message as Any)") }
        #expect(text.contains("backfill \(first.id) of task t has fires of this span and is not over"))
    }

    struct Refusal: Sendable, CustomTestStringConvertible {
        var from: Int
        var to: Int
        var parallel = 1
        var seconds = 60
        var isForbidding = false
        var text: String
        var testDescription: String { text }
    }

    @Test(
        "a span that cannot be is refused in a sentence",
        arguments: [
            Refusal(from: -100, to: -200, text: "ends before it begins"),
            Refusal(from: -100, to: 100, text: "is yet to come"),
            Refusal(from: -100, to: -10, text: "is less than a minute ago"),
            Refusal(from: -600, to: -300, parallel: 0, text: "0 is not a number from 1 to 100"),
            Refusal(from: -600, to: -300, parallel: 2, isForbidding: true, text: "allows one run at a time"),
            Refusal(from: -590, to: -580, seconds: 600, text: "have no due instant from"),
            Refusal(from: -10_001, to: -70, seconds: 1, text: ""),
            Refusal(from: -10_100, to: -70, seconds: 1, text: "more than 10000: confirm that so many are"),
            Refusal(from: -200_000, to: -70, seconds: 1, text: "more than the 100000 fires"),
        ]
    )
    func refusals(_ refusal: Refusal) async throws {
        let scene = try await makeScene { task in
            if let every = try? IntervalSchedule(every: .seconds(refusal.seconds)) {
                task.schedules = [.every(every)]
            }
            if refusal.isForbidding { task.concurrency = Concurrency(.forbid) }
        }
        let request = BackfillRequest(
            task: TaskID("t")!,
            key: "k",
            from: Workshop.start + .seconds(refusal.from),
            to: Workshop.start + .seconds(refusal.to),
            parallel: refusal.parallel
        )
        do {
            _ = try await scene.leader.control.backfill(request)
            #expect(refusal.text.isEmpty)
        } catch CenterError.invalid(let problems) {
            #expect(problems.count == 1)
            #expect(problems.first?.message.contains(refusal.text) == true, "\(problems)")
        } catch CenterError.conflict(let message) {
            #expect(message.contains(refusal.text), "\(message)")
        }
        let kept = scene.workshop.ensemble.paths.contains { $0.text.contains("/backfills/") }
        #expect(kept == refusal.text.isEmpty)
    }
}
