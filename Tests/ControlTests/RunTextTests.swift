import Domain
import Foundation
import Payloads
import Scheduling
import Testing

@testable import Control

/// What commands print of what runs tell.
@Suite struct RunTextTests {
    private let due = Instant(millisecondsSinceEpoch: 1_767_225_600_000)

    private func run(_ number: Int = 0, isOver: Bool, account: AttemptAccount? = nil) -> RunPayload {
        let uid = TaskUID(bits: 1)
        let attempt = AttemptID(run: RunID(FireKey(uid: uid, due: due + .seconds(number))), number: 1)
        let fire = JournaledFire(
            attempt: attempt,
            task: TaskID("report")!,
            uid: uid,
            revision: 1,
            due: due,
            trigger: .schedule,
            delivery: .atMostOnce,
            decision: .launch
        )
        let result = AttemptResult(
            attempt: attempt,
            outcome: .succeeded,
            exitCode: 0,
            startedAt: due,
            endedAt: due
        )
        let report = RunReport(
            fire: fire,
            agent: AgentID("a1")!,
            incarnation: Incarnation(bits: 1),
            runtime: .standard,
            phase: isOver ? .ended(result) : .started(at: due)
        )
        var payload = RunPayload(Run(report))
        payload.add(account, missing: 0)
        return payload
    }

    private func details(_ run: RunPayload) -> [String] {
        let time = TimeText(zone: TimeZone(identifier: "UTC")!, now: due + .seconds(3))
        return RunTable.details(of: run, time).map { "\($0.name): \($0.value.text)" }
    }

    @Test("a run says how far it is")
    func progress() {
        var run = run(isOver: false)
        run.progress = RunProgress(percent: 40, text: "copying", at: due)
        #expect(details(run).contains("progress: 40 % copying (3.0s ago)"))
        #expect(!details(run).contains { $0.hasPrefix("output") })
    }

    @Test("a list has a column of progress when one of its runs says how far it is")
    func column() {
        let time = TimeText(zone: TimeZone(identifier: "UTC")!, now: due)
        func text(_ runs: [RunPayload]) -> [Substring] {
            RunTable.table(runs, isWide: false, showsTask: true, time)
                .text(width: 200, style: Style(isColoured: false)).split(separator: "\n")
        }
        var told = run(1, isOver: false)
        told.progress = RunProgress(percent: 12.5, at: due)
        let lines = text([told, run(2, isOver: true)])
        #expect(lines[0].contains("PROGRESS"))
        #expect(lines[1].contains("12.5 %"))
        #expect(lines[2].contains("  -"))
        #expect(!text([run(isOver: true)])[0].contains("PROGRESS"))
    }

    @Test("outputs are shown by name, long ones cut, and warnings after them")
    func outputs() {
        let account = AttemptAccount(
            outputs: [
                "rows": .integer(12), "kind": .text("two\nlines"),
                "long": .text(String(repeating: "x", count: 500)), "list": .list([.boolean(true)]),
            ],
            warnings: ["there is no result: the file of CLOUDTASK_RESULT is empty"]
        )
        #expect(
            details(run(isOver: true, account: account)).suffix(5) == [
                "output: kind=two lines", "output: list=[true]",
                "output: long=\(String(repeating: "x", count: 200))… (500 bytes)", "output: rows=12",
                "warning: there is no result: the file of CLOUDTASK_RESULT is empty",
            ]
        )
    }

    @Test("what a run has told so far is shown as it is, and how many values more there are")
    func soFar() {
        var running = run(isOver: false)
        let long = String(repeating: "x", count: OutputsSoFar.bytesMax)
        running.add(OutputsSoFar(["rows": "11", "a": long, "b": long], at: due))
        #expect(
            details(running).suffix(2) == [
                "output: rows=11", "output: 2 more, to be seen when the attempt has ended",
            ]
        )
    }

    @Test("a run that told nothing says so when it is over")
    func nothing() {
        #expect(details(run(isOver: true)).last == "outputs: none: no ::set line, no result file")
    }
}
