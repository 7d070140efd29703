import Foundation
import Scheduling
import Testing

@Suite("Schedule lint")
struct ScheduleLintTests {
    /// 2026-01-01T00:00:00Z.
    private static let start = Instant(millisecondsSinceEpoch: 1_767_225_600_000)

    private static func cron(_ text: String, _ options: CronOptions = CronOptions()) throws -> Schedule {
        .cron(CronSchedule(try CronExpression(text, options: options)))
    }

    private static func findings(_ schedule: Schedule) -> [LintFinding] {
        ScheduleLint(from: start).report(on: [LintSubject(name: "a", schedules: [schedule])]).findings
    }

    struct Row: Sendable, CustomTestStringConvertible {
        var cron: String
        var rule: LintFinding.Rule
        var says: [String]
        var testDescription: String { cron }
    }

    @Test(
        "an expression that is probably not meant is found, with what to write instead",
        arguments: [
            Row(
                cron: "*/7 * * * *",
                rule: .unevenStep,
                says: ["minute", "4 minutes", "*/6 or */10", "every: 7m"]
            ),
            Row(cron: "0/45 * * * * *", rule: .unevenStep, says: ["second", "15 seconds", "*/30"]),
            Row(cron: "0 */5 * * *", rule: .unevenStep, says: ["hour", "24", "4 hours", "*/4 or */6"]),
            Row(cron: "0 3 */5 * *", rule: .unevenStep, says: ["begins anew with each month", "every: 5d"]),
            Row(cron: "0 0 1 */5 *", rule: .unevenStep, says: ["month", "2 months", "*/4 or */6"]),
            Row(cron: "0 0 13 * 5", rule: .bothDays, says: ["also on the weekdays", "days: both"]),
            Row(cron: "0 0 */2 * 1", rule: .bothDays, says: ["begins with *", "days: either"]),
            Row(
                cron: "0 0 31 * *",
                rule: .shortMonth,
                says: ["February, April, June, September and November", "L"]
            ),
            Row(cron: "0 0 29 2 *", rule: .shortMonth, says: ["February but in leap years"]),
            Row(cron: "0 0 30 2 *", rule: .never, says: ["never comes", "no date matches"]),
            Row(cron: "0 0 0 1 1 * 2025", rule: .never, says: ["is over", "remove it"]),
        ]
    )
    func found(_ row: Row) throws {
        let findings = Self.findings(try Self.cron(row.cron)).filter { $0.rule == row.rule }
        let finding = try #require(findings.first)
        #expect(findings.count == 1 && finding.task == "a" && finding.schedule == 0)
        for text in row.says { #expect(finding.message.contains(text), "\(finding.message)") }
    }

    @Test(
        "an ordinary expression is not found fault with",
        arguments: [
            "*/15 * * * *", "0 */6 * * *", "5-50/7 * * * *", "0 9 * * 1-5", "0 0 1,15 * *", "0 0 L * *",
            "@hourly",
            "0 0 28 * *", "0 0 31 1,3 *", "0 3 */15 * *", "0 0 1 */3 *", "30 2 * * *",
        ]
    )
    func clean(_ text: String) throws {
        #expect(Self.findings(try Self.cron(text)).isEmpty)
    }

    @Test("who says how the day fields combine is not asked again", arguments: [DaysRule.both, .either])
    func saidDays(_ rule: DaysRule) throws {
        #expect(Self.findings(try Self.cron("0 0 13 * 5", CronOptions(days: rule))).isEmpty)
    }

    @Test("in OCPS the plus says it, and the dialect alone does not")
    func ocpsDays() throws {
        #expect(Self.findings(try Self.cron("0 0 13 * +5", CronOptions(dialect: .ocps))).isEmpty)
        #expect(
            Self.findings(try Self.cron("0 0 13 * 5", CronOptions(dialect: .ocps))).map(\.rule) == [.bothDays]
        )
    }

    struct ClockRow: Sendable, CustomTestStringConvertible {
        var cron: String
        var zone: String
        var gap: GapRule?
        var overlap: OverlapRule?
        var says: [[String]]
        var testDescription: String { "\(cron) \(zone)" }
    }

    @Test(
        "times that clocks skip or repeat within the year are named with their date",
        arguments: [
            ClockRow(
                cron: "30 2 * * *",
                zone: "Europe/Berlin",
                says: [
                    ["02:30, which 2026-03-29 does not have", "due at 03:00 instead", "02:00 to 03:00"],
                    ["02:30, which 2026-10-25 has twice", "the first time only", "02:00 to 03:00"],
                ]
            ),
            ClockRow(
                cron: "*/20 1 * * *",
                zone: "America/New_York",
                gap: .skip,
                overlap: .auto,
                says: [["01:00, which 2026-11-01 has twice", "both times", "01:00 to 02:00"]]
            ),
            ClockRow(
                cron: "0 2 * * *",
                zone: "America/New_York",
                gap: .skip,
                says: [["02:00, which 2026-03-08 does not have", "not due that day; write gap: run"]]
            ),
            ClockRow(cron: "30 * * * *", zone: "Europe/Berlin", says: []),
            ClockRow(cron: "30 2 1 * *", zone: "Europe/Berlin", says: []),
            ClockRow(cron: "30 2 * * *", zone: "Asia/Tokyo", says: []),
            ClockRow(cron: "0 3 * * *", zone: "Europe/Berlin", says: []),
        ]
    )
    func clockChanges(_ row: ClockRow) throws {
        let options = CronOptions(timeZone: try TimeZoneID(row.zone), gap: row.gap, overlap: row.overlap)
        let findings = Self.findings(try Self.cron(row.cron, options))
        #expect(findings.count == row.says.count)
        for (finding, texts) in zip(findings, row.says) {
            for text in texts { #expect(finding.message.contains(text), "\(finding.message)") }
        }
    }

    @Test("the times of a calendar are looked at like those of cron; windows are not")
    func calendarClockChanges() throws {
        func findings(_ json: String) throws -> [LintFinding] {
            Self.findings(try JSONDecoder().decode(Schedule.self, from: Data(json.utf8)))
        }
        let zone = #""timeZone": "Europe/Berlin""#
        let found = try findings(#"{"calendar": {"daily": 1, "at": ["02:30"]}, \#(zone)}"#)
        #expect(found.map(\.rule) == [.skippedTime, .repeatedTime])
        #expect(found.first?.message.contains("the calendar means 02:30, which 2026-03-29") == true)
        #expect(try findings(#"{"calendar": {"daily": 1, "at": ["04:30"]}, \#(zone)}"#).isEmpty)
        let window = #"[{"from": "01:00", "to": "05:00", "every": "15m"}]"#
        #expect(try findings(#"{"calendar": {"daily": 1, "windows": \#(window)}, \#(zone)}"#).isEmpty)
    }

    @Test("shards start together and are a herd of their own, which no other time disperses")
    func shards() throws {
        let hourly = try Self.cron("0 3 * * *")
        let lint = ScheduleLint(from: Self.start, startsPerSecondMax: 100)
        let one = LintSubject(name: "split", schedules: [hourly], starts: 500)
        let finding = try #require(lint.report(on: [one]).findings.first)
        #expect(finding.rule == .herd && finding.proposals == nil)
        #expect(finding.message.contains("500 runs, shards among them, start in the second 2026-01-01T03:00"))
        #expect(finding.message.contains("the shards of split start together at any time"))
        let few = (0..<3).map { LintSubject(name: "t\($0)", schedules: [hourly], starts: 40) }
        let together = try #require(lint.report(on: few).findings.first)
        #expect(together.message.contains("120 runs") && together.proposals?.count == 3)
        #expect(lint.report(on: Array(few.prefix(2))).findings.isEmpty)
    }

    private static func crowd(_ count: Int, _ schedule: Schedule, _ prefix: String = "t") -> [LintSubject] {
        (0..<count).map { LintSubject(name: "\(prefix)\($0)", schedules: [schedule]) }
    }

    @Test("a herd is found with its size, its offenders and a spread that works")
    func herd() throws {
        let subjects =
            Self.crowd(150, try Self.cron("0 2 * * *")) + Self.crowd(20, try Self.cron("0 * * * *"), "h")
        let report = ScheduleLint(from: Self.start, startsPerSecondMax: 100).report(on: subjects)
        let finding = try #require(report.findings.first)
        #expect(report.findings.count == 1 && finding.rule == .herd && !report.isCut)
        #expect(report.fires == 25)
        #expect(finding.message.contains("170 tasks start in the second 2026-01-01T02:00:00"))
        #expect(finding.message.contains("more than 100: t0, t1, t2 and 167 more; write cron:"))
        let proposals = try #require(finding.proposals)
        #expect(proposals.count == 170)
        let moved = try proposals.map { proposal in
            LintSubject(
                name: proposal.task,
                schedules: [try Self.cron(String(proposal.schedule.dropFirst(7).dropLast()))]
            )
        }
        let after = ScheduleLint(from: Self.start, startsPerSecondMax: 100).report(on: moved)
        #expect(after.findings.isEmpty)
    }

    @Test("herds of many seconds are one finding, and a paused task has no part in any")
    func manySeconds() throws {
        var subjects = Self.crowd(11, try Self.cron("*/15 * * * *"))
        let lint = ScheduleLint(from: Self.start, startsPerSecondMax: 10)
        let finding = try #require(lint.report(on: subjects).findings.first)
        #expect(finding.message.contains("and in 95 other seconds"))
        #expect(finding.proposals?.first?.schedule.hasSuffix("H/15 * * * *\"") == true)
        for index in subjects.indices { subjects[index].isEnabled = false }
        #expect(lint.report(on: subjects).findings.isEmpty)
    }

    @Test("a herd of many schedules names them all, and seconds are those of the clock")
    func manySchedules() throws {
        let subjects = try (0..<30).map {
            LintSubject(
                name: "t\($0)",
                schedules: [try Self.cron("0 2 * * *"), try Self.cron("\($0) 5 * * *")]
            )
        }
        let start = Self.start + .milliseconds(750)
        let findings = ScheduleLint(from: start, startsPerSecondMax: 20).report(on: subjects).findings
        #expect(findings.count == 1)
        #expect(
            findings.first?.message.contains("30 tasks start in the second 2026-01-01T02:00:00.000Z, more")
                == true
        )
        #expect(findings.first?.proposals?.map(\.task) == subjects.map(\.name))
        #expect(findings.first?.proposals?.allSatisfy { $0.schedule.hasSuffix(" 2 * * *\"") } == true)
    }

    @Test("an interval is spread by jitter, and tasks that are spread are no herd")
    func intervals() throws {
        let every = Schedule.every(try IntervalSchedule(every: .seconds(3_600)))
        let lint = ScheduleLint(from: Self.start, startsPerSecondMax: 10)
        let proposals = try #require(lint.report(on: Self.crowd(500, every)).findings.first?.proposals)
        #expect(Set(proposals.map(\.schedule)) == ["jitter: 5m"])
        var spread = every
        spread.jitter = .seconds(300)
        #expect(lint.report(on: Self.crowd(500, spread)).findings.isEmpty)
        #expect(lint.report(on: Self.crowd(200, try Self.cron("H H * * * *"))).findings.isEmpty)
    }

    @Test("what only events decide is not found fault with")
    func events() throws {
        #expect(Self.findings(Schedule(.onAgentStart(try AgentStartSchedule()))).isEmpty)
        #expect(
            Self.findings(Schedule(.afterCompletion(try CompletionSchedule(delay: .seconds(60))))).isEmpty
        )
    }

    @Test("coinciding instants of one task are one start, and the search ends at its limit")
    func limits() throws {
        let twice = LintSubject(
            name: "a",
            schedules: [try Self.cron("0 * * * *"), try Self.cron("*/30 * * * *")]
        )
        let report = ScheduleLint(from: Self.start, startsPerSecondMax: 1).report(on: [twice])
        #expect(report.findings.isEmpty && report.fires == 48)
        let cut = ScheduleLint(from: Self.start, startsPerSecondMax: 1, firesMax: 10).report(on: [twice])
        #expect(cut.isCut && cut.fires == 10)
    }

    @Test("many tasks with one schedule cost as much as one")
    func cost() throws {
        let report = ScheduleLint(from: Self.start).report(on: Self.crowd(10_000, try Self.cron("@hourly")))
        #expect(report.fires == 24)
        #expect(report.findings.first?.proposals?.count == 1_000)
        #expect(report.findings.first?.proposals?.first?.schedule.split(separator: " ").count == 7)
    }

    @Test("days of calendars are left out: no herd comes on them, and nothing comes if they are all days")
    func calendars() throws {
        var daily = try Self.cron("0 2 * * *")
        daily.exclude = DaySelection(calendars: ["holidays"])
        func lint(_ json: String) throws -> [LintFinding] {
            let days = try JSONDecoder().decode(DaySelection.self, from: Data(json.utf8))
            return ScheduleLint(
                from: Self.start,
                startsPerSecondMax: 10,
                calendars: ["holidays": DaySet(days)]
            )
            .report(on: Self.crowd(20, daily)).findings
        }
        #expect(try lint(#"{"dates": ["2026-12-25"]}"#).map(\.rule) == [.herd])
        #expect(try lint(#"{"dates": ["2026-01-01"]}"#).isEmpty)
        let never = try lint(#"{"weekdays": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]}"#)
        #expect(never.count == 20 && never.allSatisfy { $0.rule == .never })
        #expect(never.first?.message.contains("exclude leaves no day") == true)
    }
}
