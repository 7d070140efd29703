import Scheduling
import Testing

/// What Jenkins says about expressions that are allowed and probably not meant (jenkinsci/jenkins, CronTabTest).
///
/// Of its 17 rows without a hash it advises against twelve, is content with four, and refuses one. The same here: short cycles in
/// the days of the month, the four, the refusal. Different on purpose: `*` in the minutes is not questioned, for every
/// minute is what many tasks mean; and one task at a minute of its own is no load to spread. What Jenkins suggests for each of those
/// by itself (`H` for the minute, keeping the rest) is proposed here for all of them once they are a herd.
@Suite("Schedule lint: Jenkins' cases")
struct JenkinsLintTests {
    struct Row: Decodable, CustomTestStringConvertible {
        var id: String
        var expr: String
        var lint: String?
        var valid: Bool?
        var hash_stub: String?
        var testDescription: String { "\(id) \(expr)" }

        /// The expression in advice such as `spread load → H 3 * * *`.
        var proposal: String? {
            guard let lint else { return nil }
            let words = lint.split(separator: " ").suffix(5)
            return words.first?.hasPrefix("H") == true ? words.joined(separator: " ") : nil
        }

        // A file that is not there gives no rows, which `count` finds.
        static let all = ((try? CaseFile.rows("jenkins_hash_lint", of: Row.self)) ?? [])
            .filter { $0.hash_stub == nil }
    }

    /// 2026-01-03T00:00:00Z, a Saturday: all of them are due on it.
    private static let start = Instant(millisecondsSinceEpoch: 1_767_398_400_000)

    private static func report(_ text: String, tasks: Int, limit: Int) throws -> [LintFinding] {
        let schedule = Schedule.cron(CronSchedule(try CronExpression(text)))
        let subjects = (0..<tasks).map { LintSubject(name: "t\($0)", schedules: [schedule]) }
        return ScheduleLint(from: start, startsPerSecondMax: limit).report(on: subjects).findings
    }

    @Test("there are rows")
    func count() {
        #expect(Row.all.count == 17 && Row.all.count { $0.proposal != nil } == 10)
    }

    @Test("one task is found fault with for its days only", arguments: Row.all)
    func alone(_ row: Row) throws {
        guard row.valid != false else {
            #expect(throws: ScheduleError.self) { try CronExpression(row.expr) }
            return
        }
        let rules = try Self.report(row.expr, tasks: 1, limit: 100).map(\.rule)
        #expect(rules == (row.lint?.contains("day-of-month") == true ? [.unevenStep] : []))
    }

    @Test(
        "a herd is spread as Jenkins advises for one task; minutes that are all meant stay so",
        arguments: Row.all.filter { $0.proposal != nil }
    )
    func herd(_ row: Row) throws {
        let findings = try Self.report(row.expr, tasks: 20, limit: 10)
        let finding = try #require(findings.first { $0.rule == .herd })
        let proposed = try #require(row.proposal)
        let schedule = try #require(finding.proposals?.first?.schedule)
        // Minutes that all count, or are listed, are kept: the second of the minute is what is left to spread over.
        let keepsMinutes = ["*", "*/1", "0,15,30,45"].contains { row.expr.hasPrefix($0 + " ") }
        #expect(schedule == "cron: \"\(keepsMinutes ? "H " + row.expr : proposed)\"")
    }
}
