import Foundation
import Testing

@testable import Scheduling

@Suite("Spread by the task's name")
struct SpreadTests {
    private static let names = (0..<200).map { "task-\($0)" }

    private func fires(_ schedule: Schedule, task: String, from: String, count: Int) throws -> [Instant] {
        let bound = schedule.bound(to: ScheduleContext(task: task))
        var fires: [Instant] = []
        var last = try instant(from)
        while fires.count < count, let fire = bound.next(after: last) {
            fires.append(fire)
            last = fire
        }
        return fires
    }

    /// What Jenkins' own tests say, with the number its stub of a hash gives.
    private struct Row: Decodable {
        let expr: String
        var hash_stub: String?
        var expect: [String: [Int]]?
        var valid: Bool?
    }

    @Test("fields with H mean what they mean to Jenkins")
    func jenkins() throws {
        for row in try CaseFile.rows("jenkins_hash_lint", of: Row.self) {
            guard row.valid ?? true else {
                #expect(throws: ScheduleError.self, "\(row.expr)") { try CronExpression(row.expr) }
                continue
            }
            let parsed = try CronFields(row.expr, dialect: .unix)
            guard let expect = row.expect else { continue }
            let isLast = row.hash_stub == "returns n-1"
            let fields = parsed.spread { _, count in isLast ? count - 1 : 1 }
            let found: [(String, CronField, ClosedRange<Int>)] = [
                ("minute", fields.minute, 0...59), ("hour", fields.hour, 0...23),
                ("dom", fields.dayOfMonth, 1...31), ("month", fields.month, 1...12),
            ]
            for (name, field, all) in found {
                #expect(field.terms.flatMap { $0.values(among: all) } == expect[name], "\(row.expr): \(name)")
            }
        }
    }

    @Test("H stays within its range and steps evenly")
    func ranges() throws {
        for name in Self.names {
            let hash = SpreadHash(task: name)
            let fields = try CronFields("H H(0-29) H(2-4) H H/3 H(mon-fri)", dialect: .unix).spread(by: hash)
            let quarters = try CronFields("H(0-29)/10 H/5 * * H(1-7)", dialect: .unix).spread(by: hash)
            func values(_ field: CronField) -> [Int] { field.terms.flatMap { $0.values(among: 0...59) } }
            #expect((0...59).contains(try #require(values(fields.second).first)))
            #expect((0...29).contains(try #require(values(fields.minute).first)))
            #expect((2...4).contains(try #require(values(fields.hour).first)))
            #expect((1...28).contains(try #require(values(fields.dayOfMonth).first)))
            #expect((1...5).contains(try #require(values(fields.dayOfWeek).first)))
            #expect(values(fields.month).count == 4)
            let minutes = values(quarters.minute)
            #expect(minutes.count == 3 && minutes[0] < 10 && minutes[2] == minutes[0] + 20)
            #expect([4, 5].contains(values(quarters.hour).count))
            #expect((0...6).contains(try #require(values(quarters.dayOfWeek).first)))
        }
    }

    @Test(
        "an H that is wrong is refused at its place",
        arguments: [
            ("H(0-3)/15 * * * *", 7, "step 15 is larger than the range of H: write at most 4"),
            ("H(30-10) * * * *", 2, "the range of H ends before it begins"),
            ("H(0-60) * * * *", 4, "60 is not a minute"),
            ("H(5) * * * *", 3, "unexpected ')'"),
            ("H5 * * * *", 1, "unexpected '5'"),
            ("0 0 0 1 1 * H", 12, "unexpected 'H'"),
            ("H/0 * * * *", 2, "a step must be at least 1"),
        ]
    )
    func refused(text: String, position: Int, reason: String) {
        let error = #expect(throws: ScheduleError.self) { try CronExpression(text) }
        #expect(
            error?.position == position && error?.message.contains(reason) == true,
            "\(String(describing: error))"
        )
    }

    @Test(
        "the same name always gives the same instants, on every version",
        arguments: [
            ("nightly-report", "H H * * *", nil, "2026-06-01T07:21:00.000Z"),
            ("billing", "H H * * *", nil, "2026-06-01T08:32:00.000Z"),
            ("nightly-report", "0 2 * * *", "5m", "2026-06-01T02:00:17.510Z"),
            ("billing", "0 2 * * *", "5m", "2026-06-01T02:02:45.995Z"),
            ("billing", "0 2 * * *", "1d", "2026-06-01T21:47:45.995Z"),
        ] as [(String, String, String?, String)]
    )
    func golden(task: String, text: String, jitter: String?, due: String) throws {
        var schedule = Schedule.cron(CronSchedule(try CronExpression(text)))
        schedule.jitter = try jitter.map { try DurationText(parsing: $0).duration }
        let fires = try fires(schedule, task: task, from: "2026-06-01T00:00:00Z", count: 1)
        #expect(fires.map(\.description) == [due])
    }

    @Test("jitter moves every fire of a task by the same part of it: none is lost, doubled or out of order")
    func jitter() throws {
        let berlin = try TimeZoneID("Europe/Berlin")
        let expression = try CronExpression("*/20 * * * *", options: CronOptions(timeZone: berlin))
        let plain = Schedule.cron(CronSchedule(expression))
        var spread = plain
        // Longer than the distance of two fires, over both changes of the clocks.
        spread.jitter = .seconds(3 * 3_600)
        for name in Self.names.prefix(20) {
            for from in ["2026-03-28T20:00:00Z", "2026-10-24T20:00:00Z"] {
                let nominal = try fires(plain, task: name, from: from, count: 40)
                let context = ScheduleContext(task: name)
                let delay = try #require(spread.next(atOrAfter: .epoch, in: context)) - .epoch
                let before = try #require(nominal.first) + delay - .milliseconds(1)
                let due = try fires(spread, task: name, from: before.description, count: 40)
                #expect(due == nominal.map { $0 + delay }, "\(name)")
                #expect(delay >= .zero && delay < .seconds(3 * 3_600))
            }
        }
    }

    @Test("tasks are spread over the whole of the jitter")
    func evenness() throws {
        var schedule = Schedule.cron(CronSchedule(try CronExpression("@daily")))
        schedule.jitter = .seconds(300)
        var minutes = [0, 0, 0, 0, 0]
        for number in 0..<5_000 {
            let due = try #require(
                schedule.next(after: .epoch, in: ScheduleContext(task: "task-\(number)"))
            )
            minutes[Int(due.millisecondsSinceEpoch / 60_000 % 5)] += 1
        }
        #expect(minutes.allSatisfy { (900...1_100).contains($0) }, "\(minutes)")
    }

    @Test("any schedule can be spread; one instant stays one instant")
    func others() throws {
        let due = try instant("2026-01-01T00:00:00Z")
        for timing in [
            Schedule.Timing.once(due), .every(try IntervalSchedule(every: .seconds(90), start: due)),
        ] {
            let schedule = Schedule(timing, jitter: .seconds(60))
            let context = ScheduleContext(task: "billing")
            let first = try #require(schedule.next(atOrAfter: due, in: context))
            #expect(first >= due && first < due + .seconds(60))
            #expect(schedule.next(atOrAfter: first, in: context) == first)
            let second = schedule.next(after: first, in: context)
            if case .once = timing { #expect(second == nil) } else { #expect(second == first + .seconds(90)) }
        }
    }

    @Test("a bound schedule equals an unbound one, and a change unbinds it")
    func binding() throws {
        var schedule = Schedule.cron(CronSchedule(try CronExpression("H H * * *")))
        let bound = schedule.bound(to: ScheduleContext(task: "billing"))
        #expect(bound == schedule && bound.hashValue == schedule.hashValue)
        #expect(bound.next(after: .epoch) != schedule.next(after: .epoch))
        #expect(
            bound.next(after: .epoch, in: ScheduleContext(task: "x"))
                == schedule.next(after: .epoch, in: ScheduleContext(task: "x"))
        )
        schedule = bound
        schedule.timing = .once(.epoch + .seconds(1))
        #expect(schedule.next(after: .epoch) == .epoch + .seconds(1))
    }

    @Test("a spread that is too short or too long is refused", arguments: [0, -1, 86_401])
    func bounds(seconds: Int) {
        let schedule = Schedule(.once(.epoch), jitter: .seconds(seconds))
        #expect(throws: ScheduleError.self) { try schedule.validate() }
    }
}
