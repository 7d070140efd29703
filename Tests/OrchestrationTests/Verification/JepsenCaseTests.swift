import Domain
import Foundation
import Orchestration
import Scheduling
import Testing

/// The cases of the checker that Jepsen wrote for Chronos (jepsen-io/chronos, test/jepsen/chronos/checker_test.clj).
///
/// Chronos' runs do not say for which instant they ran, so that checker searches an assignment of runs to targets. Ours are
/// told their instant; here each run is told the latest one at or before its start. Its "forgiveness" is part of our
/// bound. Not expressible: a surplus run is harmless there; here it is valid only if somebody requested it.
@Suite("Run checker: Jepsen's cases for Chronos")
struct JepsenCaseTests {
    struct Case: Decodable, CustomTestStringConvertible {
        struct Job: Decodable {
            var start: Instant
            var count: Int
            var epsilon_s: Int
            var interval_s: Int
            var duration_s: Int
        }
        struct Execution: Decodable {
            var start: Instant
            var end: Instant?
        }
        struct Expectation: Decodable {
            var valid: Bool
            var extra: [Int]?
            var incomplete: [Int]?
            var unsatisfied_targets: [Int]?
        }
        var id: String
        var name: String
        var job: Job
        var read_time: Instant
        var forgiveness_s: Int?
        var targets: [[Instant]]?
        var runs: [Execution]?
        var expect: Expectation?
        var testDescription: String { "\(id) \(name)" }
    }

    static let cases: [Case] = {
        let url = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Cases/run_checker_jepsen.ndjson")
        return try! String(contentsOf: url, encoding: .utf8).split(separator: "\n")
            .map { try! JSONDecoder().decode(Case.self, from: Data($0.utf8)) }
    }()

    @Test("all cases are read")
    func count() { #expect(Self.cases.count == 4) }

    @Test("targets are the due instants that can be over", arguments: cases.filter { $0.targets != nil })
    func targets(row: Case) throws {
        let checker = checker(row)
        let instants = try RunChecker.expectedInstants(of: checker.definitions[0], in: checker.window)
        #expect(instants.map { [$0, $0 + checker.policy.latenessBound] } == row.targets)
    }

    @Test("solutions are judged alike", arguments: cases.filter { $0.runs != nil })
    func solutions(row: Case) throws {
        let expected = try #require(row.expect)
        let checker = checker(row)
        let definition = checker.definitions[0]
        let instants = try RunChecker.expectedInstants(of: definition, in: checker.window)
        var history = RunEvidence(starts: starts(row, definition))
        let byRun = Dictionary(grouping: history.starts, by: \.run)
        history.runs = byRun.filter { $0.key.fireKey != nil }.map { record($1, definition) }
        let report = try checker.check(history)
        let findings = report.tasks[0].findings
        #expect(report.isValid == expected.valid)
        #expect(findings.count { $0.kind == .incomplete } == expected.incomplete?.count ?? 0)
        let unmet = findings.filter { $0.kind == .missed || $0.kind == .notCompleted }.compactMap(\.due)
        #expect(unmet == (expected.unsatisfied_targets ?? []).map { instants[$0] })

        // The surplus run, told an instant after the last one, is the one thing that we judge more strictly.
        guard let surplus = row.runs?.first(where: { $0.start > instants[instants.count - 1] + .seconds(30) })
        else { return }
        let undue = RunID(FireKey(uid: definition.uid, due: surplus.start))
        for index in history.starts.indices where history.starts[index].run.fireKey == nil {
            history.starts[index].run = undue
        }
        let strict = try checker.check(history)
        #expect(!strict.isValid)
        #expect(strict.tasks[0].findings.filter { $0.kind == .startNotDue }.map(\.due) == [surplus.start])
    }

    private func checker(_ row: Case) -> RunChecker {
        let job = row.job
        let last = job.start + .seconds(job.interval_s * (job.count - 1))
        let schedule = try! IntervalSchedule(every: .seconds(job.interval_s), start: job.start, end: last)
        var specification = TaskSpecification(name: TaskID("job")!, action: .command(["true"]))
        specification.schedules = [.every(schedule)]
        specification.delivery = .atLeastOnce
        let end = row.read_time - .seconds(job.epsilon_s + job.duration_s) - .milliseconds(1)
        return RunChecker(
            definitions: [.created(specification, uid: Story.uid, now: job.start - .seconds(1))],
            window: job.start...end,
            policy: RunCheckPolicy(latenessBound: .seconds(job.epsilon_s + (row.forgiveness_s ?? 5)))
        )
    }

    /// The runs in the order of their starts; those of one instant are attempts of one run, those of none were requested.
    private func starts(_ row: Case, _ definition: TaskDefinition) -> [RecordedStart] {
        let dues = (0..<row.job.count).map { row.job.start + .seconds(row.job.interval_s * $0) }
        var attempts: [RunID: Int] = [:]
        return (row.runs ?? []).sorted { $0.start < $1.start }.map { execution in
            let due = dues.last { $0 <= execution.start } ?? dues[0]
            let isDue = execution.start <= due + .seconds(row.job.epsilon_s + (row.forgiveness_s ?? 5))
            let run =
                isDue ? RunID(FireKey(uid: definition.uid, due: due)) : RunID(request: Nonce(high: 1, low: 1))
            attempts[run, default: 0] += 1
            return RecordedStart(
                task: definition.name,
                run: run,
                due: isDue ? due : execution.start,
                attempt: attempts[run] ?? 1,
                node: Story.node(0),
                startedAt: execution.start,
                endedAt: execution.end
            )
        }
    }

    /// What the cluster would have recorded of an instant with these attempts.
    private func record(_ starts: [RecordedStart], _ definition: TaskDefinition) -> Run {
        let attempts = starts.map { start in
            RunAttempt(
                number: start.attempt,
                agent: start.node,
                incarnation: Story.incarnation,
                revision: 1,
                result: AttemptResult(
                    attempt: AttemptID(run: start.run, number: start.attempt),
                    outcome: start.endedAt == nil ? .lost : .succeeded,
                    endedAt: start.endedAt ?? start.startedAt
                )
            )
        }
        return Run(
            id: starts[0].run,
            task: definition.name,
            uid: definition.uid,
            part: 0,
            runtime: .standard,
            due: starts[0].due,
            trigger: .schedule,
            state: starts.last?.endedAt == nil ? .lost : .succeeded,
            attempts: attempts
        )
    }
}
