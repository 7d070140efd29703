import ArgumentParser
import Cluster
import Domain
import Foundation
import Orchestration
import Scheduling
import Testing

@testable import Control

@Suite("Verify: what people read")
struct VerifyTextTests {
    static let start = Instant(rfc3339: "2026-03-01T00:00:00Z")!
    static let uid = TaskUID(bits: 1)

    static func due(_ index: Int) -> Instant { start + .seconds(10 * index) }

    static let definition: TaskDefinition = {
        var specification = TaskSpecification(name: TaskID("tick")!, action: .command(["true"]))
        specification.schedules = [.every(try! IntervalSchedule(every: .seconds(10)))]
        return .created(specification, uid: uid, now: start - .seconds(1))
    }()

    static func started(_ index: Int, after delay: Duration = .milliseconds(20)) -> RecordedStart {
        RecordedStart(
            task: definition.name,
            run: RunID(FireKey(uid: uid, due: due(index))),
            due: due(index),
            attempt: 1,
            node: AgentID("agent-1")!,
            startedAt: due(index) + delay,
            endedAt: due(index) + delay + .seconds(1)
        )
    }

    static func run(_ index: Int) -> Run {
        let id = RunID(FireKey(uid: uid, due: due(index)))
        let result = AttemptResult(
            attempt: AttemptID(run: id, number: 1),
            outcome: .succeeded,
            endedAt: due(index) + .seconds(1)
        )
        let attempt = RunAttempt(
            number: 1,
            agent: AgentID("agent-1")!,
            incarnation: Incarnation(high: 1, low: 1),
            revision: 1,
            result: result
        )
        return Run(
            id: id,
            task: definition.name,
            uid: uid,
            part: 0,
            runtime: .standard,
            due: due(index),
            trigger: .schedule,
            state: .succeeded,
            attempts: [attempt]
        )
    }

    /// Four instants: one as promised, one doubled, one absent, one late because its agent was killed.
    static let evidence = RunEvidence(
        starts: [started(0), started(1), started(1, after: .seconds(3)), started(3, after: .seconds(7))],
        runs: [run(0), run(1), run(3)],
        faults: [
            FaultPeriod(
                kind: .killed,
                target: "agent-1",
                start: due(3) - .seconds(1),
                end: due(3) + .seconds(5),
                detail: "<SIGKILL>"
            )
        ]
    )

    static var checker: RunChecker {
        RunChecker(
            definitions: [definition],
            window: due(0)...due(3),
            policy: RunCheckPolicy(latenessBound: .seconds(5), settling: .seconds(13))
        )
    }

    private static let text = """
        window      2026-03-01T00:00:00+00:00 to 2026-03-01T00:00:30+00:00, 30s
        tasks       1, due 4 times
        started     3
        completed   3
        outcomes    succeeded 3
        lateness    p50 20ms, p99 7.0s, max 7.0s
        violations  2
        explained   1 by faults
        found       doubled 1, late 1, missed 1

        VERDICT    TASK  DUE       FOUND    WHAT
        violation  tick  00:00:10  doubled  It was started 2 times, attempt 1 on agent-1 and attempt 1 on agent-1.
        violation  tick  00:00:20  missed   Nothing was started, and nothing is recorded.
        explained  tick  00:00:30  late     It started 7.0s late on agent-1; explained by a fault: agent-1 was killed at 00:00:29 for 6.0s.

        2 violations: promises were broken.

        """

    private func printer() throws -> Printer {
        Printer(try OutputOptions.parse(["--no-color"]))
    }

    @Test("a report reads like this")
    func golden() throws {
        let report = try Self.checker.check(Self.evidence)
        let text = RunReportText(report: report, time: TimeText(zone: .gmt, now: Self.start))
        #expect(text.text(try printer(), isWide: true) == Self.text)
        #expect(!text.text(try printer(), isWide: false).contains("explained  tick"))
    }

    @Test("the page holds everything, fetches nothing and takes no text for markup")
    func page() throws {
        let report = try Self.checker.check(Self.evidence)
        let page = RunReportPage(
            report: report,
            chart: RunChart(checker: Self.checker, evidence: Self.evidence, report: report),
            title: "A <b> & c",
            zone: .gmt
        ).html
        #expect(page.contains("<h1>A &lt;b&gt; &amp; c</h1>"))
        #expect(page.contains("2 violations: promises were broken."))
        #expect(page.contains("(&lt;SIGKILL&gt;)"))
        #expect(page.components(separatedBy: "<svg").count == 2)
        #expect(page.components(separatedBy: "<g class=\"violated\">").count == 3)
        #expect(page.components(separatedBy: "<g class=\"explained\">").count == 2)
        #expect(page.contains("class=\"fault killed\" style=\"left:96.667%;width:3.333%\""))
        for banned in ["http:", "https:", "<script", "url(", "@import", "src="] {
            #expect(!page.contains(banned), "\(banned)")
        }
    }

    @Test("a row's picture does not grow with its instants")
    func size() throws {
        var specification = Self.definition.specification
        specification.schedules = [.every(try IntervalSchedule(every: .milliseconds(100)))]
        let definition = TaskDefinition.created(specification, uid: Self.uid, now: Self.start)
        let checker = RunChecker(
            definitions: [definition],
            window: Self.start...(Self.start + .seconds(3_600)),
            policy: Self.checker.policy
        )
        let instants = try RunChecker.expectedInstants(of: definition, in: checker.window)
        let windows = instants.map { RunChart.Window(due: $0, verdict: .kept) }
        var chart = RunChart(
            checker: checker,
            evidence: RunEvidence(),
            report: try checker.check(RunEvidence())
        )
        chart.rows[0].windows = windows
        let drawing = ChartDrawing(
            chart: chart,
            words: FindingText(time: TimeText(zone: .gmt, now: Self.start))
        )
        #expect(windows.count == 36_000)
        #expect(drawing.row(chart.rows[0]).utf8.count < 1_000)
    }

    @Test(
        "every kind of finding has its sentence, every kind of fault its verb",
        arguments: RunFinding.Kind.allCases
    )
    func sentences(kind: RunFinding.Kind) {
        let words = FindingText(time: TimeText(zone: .gmt, now: Self.start))
        for isViolation in [true, false] {
            let finding = RunFinding(
                kind: kind,
                isViolation: isViolation,
                attempts: [1],
                nodes: [AgentID("a")!]
            )
            let text = words.sentence(finding)
            #expect(text.hasSuffix(".") && text.count > 15 && !text.contains("  "))
        }
        for fault in FaultPeriod.Kind.allCases {
            #expect(FaultKinds.text.contains(fault.rawValue))
            #expect(!FindingText.verb(fault).isEmpty)
        }
    }

    @Test("every finding in the tree has its sentence and its repair", arguments: TreeFinding.Kind.allCases)
    func repairs(kind: TreeFinding.Kind) {
        let finding = TreeFinding(kind, path: "/cloudtask/default/x", subject: "it", detail: "so")
        for hasCenters in [true, false] {
            let text = TreeFindingText(hasCenters: hasCenters)
            #expect(text.what(finding).hasSuffix("."))
            #expect(text.repair(finding).count > 20)
            #expect(text.repair(finding) != "Read the leader's log.")
        }
        #expect(TreeFindingText(hasCenters: false).repair(finding).contains("start one") == kind.mendsItself)
    }

    @Test(
        "options of verify runs are understood, or refused in one sentence",
        arguments: [
            ("--starts a b --runs c --agent-data d e --settle 9s --from -5m --to -1m", nil),
            ("--lateness 5", "--lateness"), ("--skew x", "--skew"), ("--from noon", "--from"),
            ("--from -1m --to -5m", "--from must not be after --to"),
            ("--exclusive Tick", "'Tick' is not the name of a task"),
        ] as [(String, String?)]
    )
    func options(line: String, complaint: String?) throws {
        let words = line.split(separator: " ").map(String.init)
        guard let complaint else {
            let options = try VerifyRunsOptions.parse(words)
            #expect(options.starts == ["a", "b"] && options.agentData == ["d", "e"])
            #expect(try options.policy().settling == .seconds(9))
            return
        }
        let error = #expect(throws: (any Error).self) { try VerifyRunsOptions.parse(words) }
        #expect(error.map { VerifyRunsOptions.message(for: $0) }?.contains(complaint) == true)
    }

    @Test("what may still be on its way is not checked unless asked for")
    func window() throws {
        var input = VerificationInput()
        input.definitions = [Self.definition]
        input.evidence = Self.evidence
        input.readAt = Self.due(30)
        let policy = Self.checker.policy
        let window = try RunVerification.window(input, bounds: (nil, nil), policy)
        #expect(window == Self.due(0)...(Self.due(30) - .seconds(13)))
        #expect(
            try RunVerification.window(input, bounds: (Self.due(1), Self.due(2)), policy) == Self.due(
                1
            )...Self.due(2)
        )
        input.readAt = Self.due(1)
        #expect(throws: ControlError.self) { try RunVerification.window(input, bounds: (nil, nil), policy) }
    }
}
