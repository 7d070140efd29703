import Domain
import Foundation
import Orchestration
import Scheduling
import Testing

/// What Kubernetes' CronJob controller thinks was missed (kubernetes/kubernetes, pkg/controller/cronjob/utils_test.go).
///
/// The latest instant that came due since the last start is the one that `misfire: once` makes up for; `missed` counts those
/// before it. Different on purpose: a schedule that never comes is refused when it is saved instead of being found out at the first fire,
/// and what is just due is launched besides the latest of what is older than the grace, where Kubernetes starts one in all.
@Suite("Misfires: Kubernetes' cases for missed runs")
struct MissedRunCaseTests {
    struct Case: Decodable, CustomTestStringConvertible {
        struct Expectation: Decodable {
            var most_recent_missed: String?
            var missed: String?
            var never_fires: Bool?
            var next_wakeup_s: Double?
            var next: [String]?
        }
        var id: String
        var name: String
        var schedule: String
        var tz: String
        var created: String?
        var last_schedule_time: String?
        var now: String
        var expect: Expectation
        var testDescription: String { "\(id) \(name)" }

        static let all: [Case] = {
            let url = URL(filePath: #filePath).deletingLastPathComponent()
                .appending(path: "../Cases/missed_runs.ndjson")
            let text = (try? String(contentsOf: url, encoding: .utf8)) ?? ""
            return text.split(separator: "\n").compactMap {
                try? JSONDecoder().decode(Case.self, from: Data($0.utf8))
            }
        }()
    }

    private static func task(_ row: Case, since: Instant) throws -> TaskDefinition {
        let options = CronOptions(timeZone: try TimeZoneID(row.tz))
        let specification = TaskSpecification(
            name: try #require(TaskID("t")),
            action: .command(["true"]),
            schedules: [.cron(CronSchedule(try CronExpression(row.schedule, options: options)))]
        )
        return TaskDefinition.created(specification, uid: TaskUID(bits: 1), now: since)
    }

    private static func instant(_ text: String) throws -> Instant {
        try #require(Instant(rfc3339: text))
    }

    @Test("there are cases")
    func count() {
        #expect(Case.all.count == 8 && Case.all.count { $0.created != nil } == 6)
    }

    @Test("the latest missed instant is launched", arguments: Case.all.filter { $0.created != nil })
    func missed(_ row: Case) throws {
        let created = try Self.instant(try #require(row.created))
        let now = try Self.instant(row.now)
        let task = try Self.task(row, since: created)
        if row.expect.never_fires == true {
            #expect(task.specification.problems.map(\.field) == ["schedules[0]"])
            return
        }
        #expect(task.specification.problems.isEmpty)
        let decided = FireEnumerator().decide(
            task,
            after: try row.last_schedule_time.map { try Self.instant($0) } ?? created,
            now: now,
            horizon: now,
            limit: 100
        )
        let launched = decided.filter { $0.decision == .launch }.map(\.due)
        let latest = try row.expect.most_recent_missed.map { try Self.instant($0) }
        #expect(launched.last == latest)
        // Besides what is just due the latest of what is older than the grace starts, and no more.
        #expect(launched.count <= 2)
        if row.expect.missed?.hasPrefix("few") == true {
            // What lies before the latest is on record, where Kubernetes only counts it.
            #expect(decided.contains { $0.decision != .launch })
        }
    }

    @Test(
        "the next instant is Kubernetes' next wake-up",
        arguments: Case.all.filter { $0.expect.next_wakeup_s != nil }
    )
    func wakeUp(_ row: Case) throws {
        let now = try Self.instant(row.now)
        let task = try Self.task(row, since: now)
        let next = try #require(task.nextDue(after: now))
        let expected = try #require(row.expect.next).map { try Self.instant($0) }
        #expect([next] == expected)
        #expect((next - now).inSeconds == row.expect.next_wakeup_s)
    }
}
