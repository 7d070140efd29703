import Domain
import Foundation
import Orchestration
import Scheduling
import Testing

/// The cases of Kubernetes' CronJob controller (kubernetes/kubernetes, pkg/controller/cronjob/cronjob_controllerv2_test.go).
///
/// Left out: schedules that are refused when they are saved, suspended CronJobs (a paused task is nobody's), and `@every`, which counts
/// from a fixed instant here. Different on purpose: of what nobody could launch the latest starts besides what is just due, while
/// Kubernetes starts one in all.
@Suite("Concurrency: Kubernetes' cases for CronJobs")
struct ConcurrencyCaseTests {
    struct Case: Decodable, CustomTestStringConvertible {
        struct Expectation: Decodable {
            var start_new_run: Bool
            var kill_running: Bool
        }
        var id: String
        var name: String
        var concurrency: String
        var suspend: Bool
        var schedule: String
        var starting_deadline_s: Int?
        var created: String
        var last_schedule_time: String?
        var active_before: Int
        var now: String
        var expect: Expectation
        var testDescription: String { "\(id) \(name)" }

        static let all: [Case] = {
            let path = "../Cases/concurrency_misfire_k8s.ndjson"
            let url = URL(filePath: #filePath).deletingLastPathComponent().appending(path: path)
            let text = (try? String(contentsOf: url, encoding: .utf8)) ?? ""
            let cases = text.split(separator: "\n").compactMap {
                try? JSONDecoder().decode(Case.self, from: Data($0.utf8))
            }
            return cases.filter { !$0.suspend && $0.schedule.hasPrefix("0 ") }
        }()
    }

    private static let policies: [String: Concurrency.Policy] = [
        "Allow": .allow, "Forbid": .forbid, "Replace": .replace,
    ]

    @Test("there are cases")
    func count() { #expect(Case.all.count == 12) }

    @Test("a run is started, and one that lives is stopped, when Kubernetes does so", arguments: Case.all)
    func decision(row: Case) throws {
        let created = try instant(row.created)
        let now = try instant(row.now)
        var specification = TaskSpecification(
            name: try #require(TaskID("t")),
            action: .command(["true"]),
            schedules: [.cron(CronSchedule(try CronExpression(row.schedule)))]
        )
        specification.concurrency = Concurrency(try #require(Self.policies[row.concurrency]))
        specification.startDeadline = row.starting_deadline_s.map { .seconds($0) }
        let task = TaskDefinition.created(specification, uid: TaskUID(bits: 1), now: created)
        let cursor = try row.last_schedule_time.map(instant) ?? created
        let living = AttemptID(run: RunID(FireKey(uid: task.uid, part: 0, due: cursor)), number: 1)
        let held = HeldAttempt(
            living,
            runtime: .standard,
            agent: try #require(AgentID("other")),
            incarnation: Incarnation(bits: 1)
        )
        var ledger = AgentLedger(enumerator: FireEnumerator()) { _ in 0 }
        ledger.define([task])
        let place = AllocationRow(
            task: task.name,
            uid: task.uid,
            revision: task.revision,
            cursor: cursor,
            hold: row.active_before > 0 ? RowHold(attempts: [held]) : nil
        )
        ledger.read(bucket: 0, rows: [place])

        var launches = 0
        var nonce: UInt64 = 0
        repeat { nonce += 1 } while decide(&ledger, now, nonce, &launches)
        #expect((launches > 0) == row.expect.start_new_run)
        #expect(ledger.takeReplacements().isEmpty != row.expect.kill_running)
        if row.concurrency != "Allow" { #expect(launches <= 1) }
    }

    /// Journals one segment; `false` when there is nothing left to decide.
    private func decide(_ ledger: inout AgentLedger, _ now: Instant, _ nonce: UInt64, _ launches: inout Int)
        -> Bool
    {
        let segment = ledger.composeSegment(
            now: now,
            horizon: now,
            taking: [],
            isTaking: false,
            nonce: Nonce(bits: nonce)
        )
        guard segment != nil else { return false }
        launches += ledger.segmentCommitted().count { $0.decision == .launch }
        return true
    }

    private func instant(_ text: String) throws -> Instant {
        try #require(Instant(rfc3339: text.replacing(/\.[0-9]+/, with: "")))
    }
}
