import CenterDoubles
import Cluster
import Domain
import Scheduling
import SimulationKit
import Testing
import ZooKeeper

@testable import Center

/// Runs that belong together, as a whole: seen, cancelled and repeated.
@Suite struct OccasionTests {
    private struct Scene {
        let workshop: Workshop
        var leader: Leader
        let agent: Agent

        func task(_ name: String) async throws -> TaskDefinition {
            try await leader.control.task(TaskID(name)!).definition
        }

        func launches() throws -> [DispatchedRun] {
            try workshop.inboxes().compactMap { if case .launch(let run) = $0.dispatch { run } else { nil } }
        }

        /// The run of a task that was dispatched last, gone from its inbox.
        func take(_ name: String, _ number: Int) async throws -> JournaledFire {
            let run = try #require(try launches().first { $0.task.text == name })
            var fire = JournaledFire(run, try await task(name), decision: .launch)
            try await agent.take(fire, number)
            fire.terms = run.terms
            return fire
        }

        func end(_ fire: JournaledFire, _ outcome: AttemptOutcome) async throws {
            let result = AttemptResult(attempt: fire.attempt, outcome: outcome, endedAt: workshop.now)
            let report = RunReport(
                fire: fire,
                agent: agent.name,
                incarnation: agent.id.incarnation,
                runtime: .standard,
                phase: .ended(result)
            )
            #expect(try await leader.control.accept([report], from: agent.name) != nil)
        }

        func start(_ fire: JournaledFire) async throws {
            let report = RunReport(
                fire: fire,
                agent: agent.name,
                incarnation: agent.id.incarnation,
                runtime: .standard,
                phase: .started(at: workshop.now)
            )
            _ = try await leader.control.accept([report], from: agent.name)
        }

        func states(_ run: RunID) async throws -> [String: OccasionView.State] {
            let steps = try await leader.control.occasion(of: run).steps
            return Dictionary(steps.map { ($0.task.text, $0.state) }) { first, _ in first }
        }
    }

    private static func step(_ name: String, after edges: [(String, Dependencies.Condition)])
        -> TaskSpecification
    {
        TaskSpecification(
            name: TaskID(name)!,
            action: .command(["/bin/true"]),
            after: Dependencies(edges.map { .init(TaskID($0)!, on: $1) })
        )
    }

    /// `a`, then `b` and `c`, then `d` after both, and `e` after `d`.
    private func makeScene() async throws -> Scene {
        let workshop = try Workshop()
        let leader = try await workshop.leader()
        let agent = try await workshop.agent("x")
        try await leader.pass()
        let steps: [TaskSpecification] = [
            .every(60, "a"), Self.step("b", after: [("a", .succeeded)]),
            Self.step("c", after: [("a", .succeeded)]),
            Self.step("d", after: [("b", .succeeded), ("c", .succeeded)]),
            Self.step("e", after: [("d", .succeeded)]),
        ]
        _ = try await leader.control.save(steps, condition: .any)
        try await leader.pass()
        return Scene(workshop: workshop, leader: leader, agent: agent)
    }

    private static let due = Workshop.start + .seconds(60)

    /// Runs everything but `c`, which fails.
    private func failed(_ scene: Scene) async throws -> RunID {
        let first = try await scene.task("a").fire(Self.due)
        try await scene.end(first, .succeeded)
        try await scene.end(try await scene.take("b", 1), .succeeded)
        try await scene.end(try await scene.take("c", 2), .failed)
        return first.attempt.run
    }

    @Test("the runs of an occasion are found from any of them, each behind those it comes after")
    func view() async throws {
        let scene = try await makeScene()
        let run = try await failed(scene)
        let view = try await scene.leader.control.occasion(of: run)
        #expect(view.steps.map(\.task.text) == ["a", "b", "c", "d", "e"])
        #expect(
            try await scene.states(run) == [
                "a": .run(.succeeded), "b": .run(.succeeded), "c": .run(.failed), "d": .run(.skipped),
                "e": .run(.skipped),
            ]
        )
        let last = try #require(view.steps.last?.run)
        #expect(try await scene.leader.control.occasion(of: last) == view)
    }

    @Test("a repetition runs what failed and what was skipped because of it, and nothing that succeeded")
    func retry() async throws {
        let scene = try await makeScene()
        let run = try await failed(scene)
        let control = scene.leader.control
        let note = ChangeNote(author: "ann", message: "disk is back")
        let begun = try await control.repeatOccasion(of: run, key: "k", note)
        #expect(begun.tasks.map(\.text) == ["c", "d", "e"])
        #expect(try await control.repeatOccasion(of: run, key: "k", note) == begun)
        let again = try #require(try scene.launches().first)
        #expect(try scene.launches().map(\.task.text) == ["c"])
        #expect(again.attempt.run == begun.runs.first)
        #expect(again.terms?.meantFor == Self.due)
        #expect(again.terms?.note == "disk is back")
        let fire = try await scene.take("c", 3)
        try await scene.start(fire)
        #expect(
            try await scene.states(again.attempt.run) == [
                "a": .run(.succeeded), "b": .run(.succeeded), "c": .run(.running), "d": .waiting,
                "e": .absent,
            ]
        )
        await #expect(throws: CenterError.self) {
            try await control.repeatOccasion(of: again.attempt.run, key: "other", note)
        }
        try await scene.end(fire, .succeeded)
        #expect(try scene.launches().map(\.task.text) == ["d"])
        let joined = try #require(try scene.launches().first)
        #expect(joined.origin?.parents?.count == 2)
        #expect(joined.terms?.meantFor == Self.due)
        try await scene.end(try await scene.take("d", 4), .succeeded)
        try await scene.end(try await scene.take("e", 5), .succeeded)
        #expect(try scene.launches().isEmpty)
        await #expect(throws: CenterError.self) {
            try await control.repeatOccasion(of: joined.attempt.run, key: "third", note)
        }
    }

    @Test("a repetition that fails is repeated in its turn")
    func retryAgain() async throws {
        let scene = try await makeScene()
        let run = try await failed(scene)
        let control = scene.leader.control
        let first = try await control.repeatOccasion(of: run, key: "1", ChangeNote())
        try await scene.end(try await scene.take("c", 3), .failed)
        #expect(try await scene.states(first.runs[0])["e"] == .run(.skipped))
        let second = try await control.repeatOccasion(of: first.runs[0], key: "2", ChangeNote())
        #expect(second.occasion != first.occasion)
        #expect(second.tasks.map(\.text) == ["c", "d", "e"])
        #expect(try scene.launches().map(\.task.text) == ["c"])
    }

    @Test("asked twice, whatever the key, nothing runs twice, neither meanwhile nor later")
    func retryTwice() async throws {
        let scene = try await makeScene()
        let run = try await failed(scene)
        let control = scene.leader.control
        let first = try await control.repeatOccasion(of: run, key: "1", ChangeNote())
        #expect(try await control.repeatOccasion(of: run, key: "2", ChangeNote()) == first)
        #expect(try scene.launches().map(\.task.text) == ["c"])
        let fire = try await scene.take("c", 3)
        try await scene.start(fire)
        #expect(try await control.repeatOccasion(of: run, key: "3", ChangeNote()) == first)
        #expect(try scene.launches().isEmpty)
        try await scene.end(fire, .succeeded)
        try await scene.end(try await scene.take("d", 4), .succeeded)
        try await scene.end(try await scene.take("e", 5), .succeeded)
        await #expect(throws: CenterError.self) {
            try await control.repeatOccasion(of: run, key: "4", ChangeNote())
        }
        #expect(try scene.launches().isEmpty)
    }

    @Test("a cancellation by a run that was repeated cancels the repetition")
    func cancelRepetition() async throws {
        let scene = try await makeScene()
        let run = try await failed(scene)
        let control = scene.leader.control
        let again = try await control.repeatOccasion(of: run, key: "1", ChangeNote())
        let fire = try await scene.take("c", 3)
        try await scene.start(fire)
        let note = ChangeNote(author: "ann", message: "wrong input")
        let view = try await control.cancelOccasion(of: run, note)
        #expect(view.occasion == again.occasion)
        #expect(view.cancelled == "cancelled by ann: wrong input")
        #expect(try await OccasionOffice(control, scene.leader.leading).round())
        #expect(try scene.workshop.inboxes().map(\.dispatch) == [.stop(fire.attempt)])
        #expect(try await scene.states(again.runs[0])["d"] == .run(.skipped))
    }

    @Test("a leader that was deposed repeats nothing, and its successor goes on for the same key")
    func retryTakeover() async throws {
        var scene = try await makeScene()
        let run = try await failed(scene)
        let deposed = scene.leader
        scene.leader = try await scene.workshop.leader("c2")
        await #expect(throws: (any Error).self) {
            try await deposed.control.repeatOccasion(of: run, key: "k", ChangeNote())
        }
        #expect(try scene.launches().isEmpty)
        try await scene.leader.pass()
        _ = try await scene.leader.control.repeatOccasion(of: run, key: "k", ChangeNote())
        #expect(try scene.launches().map(\.task.text) == ["c"])
    }

    @Test("a cancellation stops what runs and skips the rest, also by the next leader")
    func cancel() async throws {
        var scene = try await makeScene()
        let first = try await scene.task("a").fire(Self.due)
        try await scene.end(first, .succeeded)
        let b = try await scene.take("b", 1)
        let c = try await scene.take("c", 2)
        try await scene.end(b, .succeeded)
        let note = ChangeNote(author: "ann", message: "wrong input")
        let view = try await scene.leader.control.cancelOccasion(of: first.attempt.run, note)
        #expect(view.cancelled == "cancelled by ann: wrong input")
        scene.leader = try await scene.workshop.leader("c2")
        try await scene.leader.pass()
        let office = OccasionOffice(scene.leader.control, scene.leader.leading)
        #expect(try await office.round())
        #expect(try scene.workshop.inboxes().map(\.dispatch) == [.stop(c.attempt)])
        #expect(try await scene.states(first.attempt.run)["d"] == .run(.skipped))
        #expect(try await scene.states(first.attempt.run)["e"] == .run(.skipped))
        try await scene.end(c, .stopped)
        #expect(try await office.round())
        #expect(try scene.launches().isEmpty)
        let cancelled = try await CancelledOccasions(writer: scene.leader.leading.writer).all()
        #expect(cancelled.map(\.value.isOver) == [true])
        let reasons = scene.workshop.history.runs.filter { $0.state == .skipped }.map(\.reason)
        #expect(reasons == ["cancelled by ann: wrong input", "cancelled by ann: wrong input"])
    }

    @Test("nothing is cancelled when all is over, and other occasions go on")
    func cancelNothing() async throws {
        let scene = try await makeScene()
        let run = try await failed(scene)
        await #expect(throws: CenterError.self) {
            try await scene.leader.control.cancelOccasion(of: run, ChangeNote())
        }
        let next = try await scene.task("a").fire(Self.due + .seconds(60))
        try await scene.end(next, .succeeded)
        _ = try await scene.leader.control.cancelOccasion(of: next.attempt.run, ChangeNote())
        let other = try await scene.task("a").fire(Self.due + .seconds(120))
        try await scene.end(other, .succeeded)
        let dues = Set(try scene.launches().map(\.due))
        #expect(dues.contains(other.due))
    }
}
