import Foundation
import Scheduling
import Testing

@Suite("Cases of other projects")
struct CronCaseTests {
    private static let now = Instant(millisecondsSinceEpoch: 1_800_000_000_000)

    @Test("every case answers its next fires")
    func nextFires() throws {
        let lines = try CaseFile.lines("cron_next")
        let rows: [NextRow] = try CaseFile.rows("cron_next")
        #expect(lines.count == 796)
        for (line, row) in zip(lines, rows) {
            let expected = ScheduleAnswer(id: .string(row.id), outcome: .next(row.next)).json
            #expect(ScheduleAnswer.answer(line: try row.asking(line), now: Self.now) == expected, "\(row)")
        }
    }

    @Test("every invalid case is refused with a position inside the expression")
    func invalidExpressions() throws {
        let rows: [InvalidRow] = try CaseFile.rows("cron_invalid")
        #expect(rows.count == 159)
        for row in rows {
            let error = #expect(throws: ScheduleError.self, "\(row)") {
                try CronExpression(row.expr, options: CronOptions(dialect: row.dialect))
            }
            let position = try #require(error?.position, "\(row)")
            #expect((0...row.expr.utf8.count).contains(position), "\(row)")
        }
    }

    @Test("an interval or a union of schedules fires as other projects say")
    func intervals() throws {
        let rows: [IntervalRow] = try CaseFile.rows("interval_specs")
        var checked = 0
        for row in rows where row.isExpressible {
            guard let from = row.from.flatMap({ Instant(rfc3339: $0) }), let next = row.next else { continue }
            let end = row.end.flatMap { Instant(rfc3339: $0) }
            let schedules = try row.schedules(end: end)
            var fires: [Instant] = []
            var last = from
            while fires.count < next.count, let fire = schedules.compactMap({ $0.next(after: last) }).min() {
                fires.append(fire)
                last = fire
            }
            #expect(fires == next.compactMap { Instant(rfc3339: $0) }, "\(row)")
            if row.ends == true { #expect(schedules.allSatisfy { $0.next(after: last) == nil }, "\(row)") }
            checked += 1
        }
        #expect(checked == 5)
    }

    @Test("an interval that other projects refuse is refused")
    func invalidIntervals() throws {
        let rows: [IntervalRow] = try CaseFile.rows("interval_specs")
        for row in rows where row.valid == false {
            #expect(throws: ScheduleError.self, "\(row)") { try row.schedules(end: nil) }
        }
    }
}

private struct NextRow: Decodable {
    let id: String
    let expr: String
    let next: [String]

    /// The row as a question for as many fires as it lists, and for one when it lists none.
    func asking(_ line: String) throws -> String {
        var query = try JSONDecoder().decode(ScheduleQuery.self, from: Data(line.utf8))
        query.count = max(1, next.count)
        return String(decoding: try JSONEncoder().encode(query), as: UTF8.self)
    }
}

private struct InvalidRow: Decodable {
    let id: String
    let expr: String
    let dialect: Dialect
}

private struct IntervalRow: Decodable {
    struct Interval: Decodable {
        let every_s: Int
        let phase_s: Int?
    }

    let name: String
    let crons: [String]?
    let intervals: [Interval]?
    let exclude_crons: [String]?
    let tz: String
    let from: String?
    let end: String?
    let next: [String]?
    let ends: Bool?
    let valid: Bool

    /// Whether the row means something that one list of our schedules can say.
    var isExpressible: Bool { valid && exclude_crons == nil }

    func schedules(end: Instant?) throws -> [Schedule] {
        let options = CronOptions(timeZone: try TimeZoneID(tz))
        let crons = try (crons ?? []).map {
            Schedule.cron(CronSchedule(try CronExpression($0, options: options), end: end))
        }
        return try crons
            + (intervals ?? []).map { interval in
                let start = interval.phase_s.map { Instant(millisecondsSinceEpoch: Int64($0) * 1_000) }
                return .every(try IntervalSchedule(every: .seconds(interval.every_s), start: start, end: end))
            }
    }
}
