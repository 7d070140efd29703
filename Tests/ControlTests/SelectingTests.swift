import ArgumentParser
import Domain
import Foundation
import Payloads
import Scheduling
import Testing

@testable import Control

/// Commands that are about several tasks, runs or workflows.
@Suite struct SelectingTests {
    private static let now = Instant(millisecondsSinceEpoch: 1_772_452_800_000)
    private static let time = TimeText(zone: TimeZone(identifier: "UTC")!, now: now)

    private static func task(
        _ name: String,
        next: Instant? = nil,
        exceptions: [FireException]? = nil
    ) -> TaskPayload {
        TaskPayload(
            specification: TaskSpecification(name: TaskID(name)!, action: .command(["x"])),
            uid: TaskUID(bits: 1),
            revision: 1,
            createdAt: now,
            effectiveFrom: now,
            next: next,
            exceptions: exceptions
        )
    }

    private static func run(_ task: String, due seconds: Int) -> RunPayload {
        let uid = TaskUID(bits: UInt64(task.utf8.first!))
        let due = now + .seconds(seconds)
        let attempt = AttemptID(run: RunID(FireKey(uid: uid, due: due)), number: 1)
        let fire = JournaledFire(
            attempt: attempt,
            task: TaskID(task)!,
            uid: uid,
            revision: 1,
            due: due,
            trigger: .schedule,
            delivery: .atMostOnce,
            decision: .launch
        )
        let report = RunReport(
            fire: fire,
            agent: AgentID("a1")!,
            incarnation: Incarnation(bits: 1),
            runtime: .standard,
            phase: .started(at: due)
        )
        return RunPayload(Run(report))
    }

    @Test(
        "runs of several tasks are one list, latest due first, by task where they are due at once",
        arguments: [(5, ["b 3", "a 2", "b 2", "c 1", "a 0"]), (2, ["b 3", "a 2"]), (1, ["b 3"])]
    )
    func gathered(limit: Int, expected: [String]) {
        let runs = [("a", 0), ("a", 2), ("b", 2), ("b", 3), ("c", 1)].map { Self.run($0.0, due: $0.1) }
        for list in [runs, Array(runs.reversed())] {
            let latest = RunGathering.latest(list, limit: limit)
            let shown = latest.map { run in
                "\(run.task) \((run.due.millisecondsSinceEpoch - Self.now.millisecondsSinceEpoch) / 1_000)"
            }
            #expect(shown == expected)
        }
    }

    @Test("the next instants of several tasks say which task, and what is different")
    func next() {
        let skipped = FireException(due: Self.now + .seconds(60), isSkipped: true)
        let fires =
            TaskFire.fires(
                of: Self.task("a", exceptions: [skipped]),
                at: [60, 120].map { Self.now + .seconds($0) }
            ) + TaskFire.fires(of: Self.task("b"), at: [Self.now + .seconds(60)])
        #expect(fires.map(\.task.text) == ["a", "a", "b"])
        #expect(fires.map(\.change) == [skipped, nil, nil])
        let text = TaskNextCommand.table(fires, Self.time).text(width: .max, style: Style(isColoured: false))
        #expect(text.contains("TASK") && text.contains("NOTE") && text.contains("is skipped"))
        let plain = TaskNextCommand.table(Array(fires.dropFirst()), Self.time)
        #expect(!plain.text(width: .max, style: Style(isColoured: false)).contains("NOTE"))
    }

    @Test(
        "what would become of a fire of each task is said",
        arguments: [
            (FireChange(.skip), "task/t 2026-03-02T12:01:00Z would be skipped"),
            (FireChange(.skip, count: 3), "task/t 2026-03-02T12:01:00Z and the 2 after it would be skipped"),
            (
                FireChange(.shift(to: now + .seconds(300))),
                "task/t 2026-03-02T12:01:00Z would come at 2026-03-02T12:05:00Z"
            ),
            (FireChange(.adjust(["b": "2", "a": "1"])), "task/t 2026-03-02T12:01:00Z would have a=1, b=2"),
            (
                FireChange(.restore, due: now + .seconds(120)),
                "task/t 2026-03-02T12:02:00Z would be as the schedules have it"
            ),
        ]
    )
    func planned(change: FireChange, expected: String) {
        let task = Self.task("t", next: Self.now + .seconds(60))
        let said = FireAnswer.plan(change, of: task, Self.time).replacing("+00:00", with: "Z")
        #expect(said == expected)
        let over = FireAnswer.plan(FireChange(.skip), of: Self.task("t"), Self.time)
        #expect(over == "task/t is not due again")
    }

    @Test("a command fails when one of several things fails, and says how many")
    func failures() {
        #expect(Several.summary(of: [], among: 3) == nil)
        let summary = Several.summary(of: [ControlError("gone", .notFound), ControlError("busy")], among: 3)
        #expect(summary == ControlError("2 of 3 failed: gone", .failed))
    }

    @Test("a workflow is selected by the task that begins it, not by its steps")
    func workflows() {
        var task = TaskSpecification(name: TaskID("nightly")!, action: Workflow.beginning)
        #expect(SelectionOptions.workflow(begunBy: task) == nil)
        task.workflow = WorkflowPlace(WorkflowID("nightly")!)
        #expect(SelectionOptions.workflow(begunBy: task) == WorkflowID("nightly"))
        task.workflow = WorkflowPlace(WorkflowID("nightly")!, step: StepID("load")!)
        #expect(SelectionOptions.workflow(begunBy: task) == nil)
    }

    @Test(
        "pauses of groups and runtimes have an end and a number, as what starts missed runs has",
        arguments: [
            "group pause g --until 2h --reason why --confirm 120", "runtime pause r --until 2h --dry-run",
            "runtime set r --catch-ups-max 0", "workflow resume w --confirm 240",
            "task resume t --confirm 240",
            "task restore t --revision 3 --confirm 240 -m why",
        ]
    )
    func understood(line: String) throws {
        _ = try CommandTreeTests.TestRoot.parseAsRoot(line.split(separator: " ").map(String.init))
    }

    @Test("a limit of catch-ups is no negative number")
    func refused() {
        #expect(throws: (any Error).self) {
            try CommandTreeTests.TestRoot.parseAsRoot(["runtime", "set", "r", "--catch-ups-max=-1"])
        }
    }

    @Test(
        "what became of a group is said, and what would",
        arguments: [
            (true, true, false, "group/g paused (2 tasks)"),
            (true, false, false, "group/g was paused already (2 tasks)"),
            (true, true, true, "group/g would be paused (2 tasks)"),
            (false, true, false, "group/g resumed (2 tasks)"),
            (false, false, false, "group/g was not paused (2 tasks)"),
        ]
    )
    func sentence(isPause: Bool, isChanged: Bool, isDryRun: Bool, expected: String) {
        let result = PauseResult(changed: isChanged, tasks: 2)
        #expect(PauseText.sentence("group/g", result, isPause: isPause, isDryRun: isDryRun) == expected)
        let end = Self.now + .seconds(60)
        let timed = PauseText.sentence("group/g", result, isPause: true, until: end)
        #expect(timed.contains(" until ") == isChanged)
        let record = PauseRecord(since: Self.now, until: end, reason: "move", author: "ann")
        let cell = PauseText.cell(record, Self.time)
        #expect(cell.text.contains(" until 2026-03-02T12:01:00") && cell.text.hasSuffix(" by ann: move"))
    }

    @Test("each of several runs is repeated once by the same key, also by none")
    func keys() {
        let run = Self.run("a", due: 0).id
        #expect(RunRetryCommand.key(nil, of: run) == "retry/\(run)")
        #expect(RunRetryCommand.key("k", of: run) == "k/\(run)")
    }
}
