import CenterDoubles
import Cluster
import Domain
import Scheduling
import SimulationKit
import Testing
import ZooKeeper

@testable import Center

/// Runs that follow from the ends of others.
@Suite struct FollowingTests {
    private struct Scene {
        let workshop: Workshop
        let leader: Leader
        let agent: Agent

        func task(_ name: String) async throws -> TaskDefinition {
            try await leader.control.task(TaskID(name)!).definition
        }

        func launches() throws -> [DispatchedRun] {
            try workshop.inboxes().compactMap { if case .launch(let run) = $0.dispatch { run } else { nil } }
        }

        func report(
            _ fire: JournaledFire,
            _ outcome: AttemptOutcome,
            exitCode: Int32? = nil
        ) -> RunReport {
            let result = AttemptResult(
                attempt: fire.attempt,
                outcome: outcome,
                exitCode: exitCode,
                endedAt: workshop.now
            )
            return RunReport(
                fire: fire,
                agent: agent.name,
                incarnation: agent.id.incarnation,
                runtime: .standard,
                phase: .ended(result)
            )
        }

        func accept(_ reports: RunReport...) async throws -> Epoch? {
            try await leader.control.accept(reports, from: agent.name)
        }

        func waiting() -> Int {
            workshop.ensemble.paths.count { path in
                let parts = path.components.dropFirst(2)
                return parts.first == "workflows" && parts.count == 3
            }
        }
    }

    private func makeScene(_ specifications: [TaskSpecification]) async throws -> Scene {
        let workshop = try Workshop()
        let leader = try await workshop.leader()
        let agent = try await workshop.agent("a")
        try await leader.pass()
        _ = try await leader.control.save(specifications, condition: .any)
        try await leader.pass()
        return Scene(workshop: workshop, leader: leader, agent: agent)
    }

    private static func after(
        _ name: String,
        _ edges: [(String, Dependencies.Condition)],
        join: Dependencies.Join = .all,
        isEnabled: Bool = true
    ) -> TaskSpecification {
        TaskSpecification(
            name: TaskID(name)!,
            action: .command(["/bin/true"]),
            after: Dependencies(edges.map { .init(TaskID($0)!, on: $1) }, join: join),
            isEnabled: isEnabled
        )
    }

    private static let due = Workshop.start + .seconds(60)

    @Test("a run follows the end of the one before, once, and before its report is accepted")
    func chain() async throws {
        var specification = TaskSpecification.every(60, "t")
        specification.schedules = [Schedule(.afterCompletion(try CompletionSchedule(delay: .seconds(30))))]
        let scene = try await makeScene([specification])
        let task = try await scene.task("t")
        let first = task.fire(try #require(task.firstCompletionDue))
        #expect(try await scene.accept(scene.report(first, .failed, exitCode: 1)) != nil)
        #expect(try await scene.accept(scene.report(first, .failed, exitCode: 1)) != nil)
        let next = try #require(try scene.launches().first)
        #expect(try scene.launches().count == 1)
        #expect(next.due == scene.workshop.now + .seconds(30))
        #expect(next.trigger == .completion)
        #expect(next.origin?.chain == task.completionSince)
        // A requested run is no part of the chain, and a changed schedule ends it.
        #expect(
            try await scene.accept(scene.report(task.fire(Self.due, trigger: .request), .succeeded)) != nil
        )
        #expect(try scene.launches().count == 1)
    }

    @Test("the agent that dies with a run of a chain does not end the chain")
    func chainSurvives() async throws {
        var specification = TaskSpecification.every(60, "t")
        specification.schedules = [Schedule(.afterCompletion(try CompletionSchedule(delay: .seconds(30))))]
        let scene = try await makeScene([specification])
        let task = try await scene.task("t")
        try await scene.agent.journal(1, [task.fire(try #require(task.firstCompletionDue))])
        await scene.agent.die()
        _ = try await scene.workshop.agent("b")
        try await scene.leader.pass()
        try await scene.leader.pass()
        #expect(try scene.launches().map(\.trigger) == [.completion])
        #expect(try scene.workshop.inboxes().map(\.agent) == ["b"])
    }

    @Test("a run follows when its condition is met, with the due instant of its parent")
    func single() async throws {
        let scene = try await makeScene([.every(60, "p"), Self.after("c", [("p", .succeeded)])])
        let fire = try await scene.task("p").fire(Self.due)
        #expect(try await scene.accept(scene.report(fire, .succeeded, exitCode: 0)) != nil)
        #expect(try await scene.accept(scene.report(fire, .succeeded, exitCode: 0)) != nil)
        let run = try #require(try scene.launches().first)
        #expect(try scene.launches().count == 1)
        #expect(run.task.text == "c")
        #expect(run.due == Self.due)
        #expect(run.origin?.parents == [fire.attempt.run])
    }

    @Test("what does not follow is on record, with everything that comes after it")
    func skipped() async throws {
        let scene = try await makeScene([
            .every(60, "p"), Self.after("c", [("p", .succeeded)]), Self.after("d", [("c", .finished)]),
            Self.after("cleanup", [("p", .failed)]),
            Self.after("paused", [("p", .finished)], isEnabled: false),
        ])
        let fire = try await scene.task("p").fire(Self.due)
        #expect(try await scene.accept(scene.report(fire, .failed, exitCode: 2)) != nil)
        #expect(try scene.launches().map(\.task.text) == ["cleanup"])
        let skipped = scene.workshop.history.runs.filter { $0.state == .skipped }
        #expect(Set(skipped.map(\.task.text)) == ["c", "d", "paused"])
        #expect(skipped.allSatisfy { $0.due == Self.due })
        #expect(skipped.first { $0.task.text == "paused" }?.reason == "the task is paused")
    }

    @Test("what its group's pause, or one with an end, keeps from running is on record as skipped")
    func pausedOtherwise() async throws {
        var grouped = Self.after("grouped", [("p", .finished)])
        grouped.group = GroupID("g")!
        let scene = try await makeScene([
            .every(60, "p"), grouped, Self.after("timed", [("p", .finished)]),
            Self.after("over", [("p", .finished)]),
        ])
        let control = scene.leader.control
        _ = try await control.setPaused(.group(grouped.group), true, ChangeNote())
        for (name, seconds) in [("timed", 900), ("over", 30)] {
            let end = scene.workshop.now + .seconds(seconds)
            _ = try await control.pause(TaskID(name)!, until: end, ChangeNote())
        }
        scene.workshop.clock.advance(by: .seconds(60))
        let fire = try await scene.task("p").fire(Self.due)
        #expect(try await scene.accept(scene.report(fire, .succeeded, exitCode: 0)) != nil)
        #expect(try scene.launches().map(\.task.text) == ["over"])
        let skipped = scene.workshop.history.runs.filter { $0.state == .skipped }
        #expect(Set(skipped.map(\.task.text)) == ["grouped", "timed"])
        #expect(skipped.allSatisfy { $0.reason == "the task is paused" })
    }

    @Test(
        "a run that comes after several follows the last of them, whichever that is",
        arguments: [true, false]
    )
    func join(_ isReversed: Bool) async throws {
        let scene = try await makeScene([
            .every(60, "p"), .every(60, "q"), Self.after("c", [("p", .succeeded), ("q", .finished)]),
        ])
        let ends = [
            scene.report(try await scene.task("p").fire(Self.due), .succeeded, exitCode: 0),
            scene.report(try await scene.task("q").fire(Self.due), .timedOut),
        ]
        let order = isReversed ? Array(ends.reversed()) : ends
        #expect(try await scene.accept(order[0]) != nil)
        #expect(try scene.launches().isEmpty)
        #expect(scene.waiting() == 1)
        // Those of another instant are another occasion.
        let other = try await scene.task("q").fire(Self.due + .seconds(60))
        #expect(try await scene.accept(scene.report(other, .succeeded)) != nil)
        #expect(try scene.launches().isEmpty)
        #expect(try await scene.accept(order[1]) != nil)
        #expect(try scene.launches().map(\.task.text) == ["c"])
        #expect(try scene.launches().first?.origin?.parents?.count == 2)
        #expect(scene.waiting() == 1)
        #expect(try await scene.accept(order[0], order[1]) != nil)
        #expect(try scene.launches().count == 1)
        #expect(scene.waiting() == 1)
    }

    @Test("an end that is told again while others are waited for writes nothing")
    func toldAgain() async throws {
        let scene = try await makeScene([
            .every(60, "p"), .every(60, "q"), Self.after("c", [("p", .finished), ("q", .finished)]),
        ])
        let end = scene.report(try await scene.task("p").fire(Self.due), .succeeded, exitCode: 0)
        #expect(try await scene.accept(end) != nil)
        #expect(scene.waiting() == 1)
        let written = scene.workshop.ensemble.transactionCount
        scene.workshop.clock.advance(by: .seconds(5))
        #expect(try await scene.accept(end) != nil)
        #expect(scene.workshop.ensemble.transactionCount == written)
        #expect(scene.waiting() == 1)
    }

    @Test("the first of several is enough when any will do")
    func joinAny() async throws {
        let scene = try await makeScene([
            .every(60, "p"), .every(60, "q"),
            Self.after("c", [("p", .succeeded), ("q", .succeeded)], join: .any),
        ])
        let (p, q) = (try await scene.task("p").fire(Self.due), try await scene.task("q").fire(Self.due))
        #expect(try await scene.accept(scene.report(p, .failed)) != nil)
        #expect(try scene.launches().isEmpty)
        #expect(try await scene.accept(scene.report(q, .succeeded)) != nil)
        #expect(try scene.launches().count == 1)
        #expect(scene.waiting() == 0)
    }

    @Test("a run for which there is no agent waits for one, and the report of its parent does not")
    func withoutAgent() async throws {
        var child = Self.after("c", [("p", .succeeded)])
        child.placement = Placement(agents: [AgentID("b")!])
        let scene = try await makeScene([.every(60, "p"), child])
        let fire = try await scene.task("p").fire(Self.due)
        #expect(try await scene.accept(scene.report(fire, .succeeded)) != nil)
        #expect(try scene.launches().isEmpty)
        #expect(scene.waiting() == 1)
        #expect(try await scene.accept(scene.report(fire, .succeeded)) != nil)
        #expect(scene.waiting() == 1)
        // A new leader finds it, too.
        await scene.leader.die()
        let next = try await scene.workshop.leader("c2")
        _ = try await scene.workshop.agent("b")
        try await next.pass()
        try await next.pass()
        #expect(try scene.workshop.inboxes().map(\.agent) == ["b"])
        #expect(scene.waiting() == 0)
    }

    @Test("what waits for a run that never comes is recorded as skipped in the end")
    func expired() async throws {
        let scene = try await makeScene([
            .every(60, "p"), .every(60, "q"), Self.after("c", [("p", .succeeded), ("q", .succeeded)]),
        ])
        #expect(
            try await scene.accept(scene.report(try await scene.task("p").fire(Self.due), .succeeded)) != nil
        )
        let roster = try #require(await scene.leader.leading.reconciler.roster)
        try await scene.leader.leading.following.expire(roster)
        #expect(scene.waiting() == 1)
        scene.workshop.clock.advance(by: RunFollowing.patience + .seconds(1))
        try await scene.leader.leading.following.expire(roster)
        #expect(scene.waiting() == 0)
        let reason = scene.workshop.history.runs.first { $0.task.text == "c" }?.reason
        #expect(reason?.hasPrefix("no run of q belongs to the same occasion") == true)
    }

    struct Refusal: CustomTestStringConvertible, Sendable {
        var tasks: [TaskSpecification]
        var says: String
        var testDescription: String { says }
    }

    static let refusals = [
        Refusal(tasks: [after("c", [("nobody", .succeeded)])], says: "there is no task nobody"),
        Refusal(
            tasks: [
                after("c", [("d", .succeeded)]), after("d", [("e", .failed)]), after("e", [("c", .finished)]),
            ],
            says:
                "no run could ever be the first: c, which comes after d, which comes after e, which comes after c"
        ),
    ]

    @Test("dependencies that cannot be are refused, and nothing is saved", arguments: refusals)
    func refused(_ refusal: Refusal) async throws {
        let scene = try await makeScene([.every(60, "p")])
        let error = await #expect(throws: CenterError.self) {
            try await scene.leader.control.save(refusal.tasks, condition: .any)
        }
        guard case .invalid(let problems) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(problems.first?.message.contains(refusal.says) == true, "\(problems)")
        #expect(scene.leader.state.store.catalog.tasks.count == 1)
    }

    @Test("a task that others come after is not deleted")
    func deletion() async throws {
        let scene = try await makeScene([.every(60, "p"), Self.after("c", [("p", .succeeded)])])
        await #expect(throws: CenterError.conflict("c come after task p: delete or edit them first")) {
            try await scene.leader.control.deleteTask(TaskID("p")!)
        }
        try await scene.leader.control.deleteTask(TaskID("c")!)
        try await scene.leader.control.deleteTask(TaskID("p")!)
    }
}
