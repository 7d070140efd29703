import Foundation
import Scheduling
import Testing

/// The Open Cron Pattern Specification (github.com/open-source-cron/ocps, 1.0 to 1.4) as `dialect: ocps`.
@Suite("OCPS")
struct OCPSTests {
    private struct Row: Decodable, CustomStringConvertible {
        let id: String
        let expr: String
        let tz: String
        let from: String?
        let next: [String]?
        let valid: Bool
        let inclusive: Bool
        var description: String { "\(id) \(expr)" }

        /// The row as a question; the dialect alone decides about gaps and overlaps.
        var question: ScheduleQuery {
            var query = ScheduleQuery(expr: expr)
            query.id = .string(id)
            query.dialect = "ocps"
            query.timeZone = tz
            query.from = from
            query.inclusive = inclusive
            query.count = max(1, next?.count ?? 1)
            return query
        }
    }

    private static let now = Instant(millisecondsSinceEpoch: 1_800_000_000_000)

    @Test("every row of the conformance suite is answered")
    func conformance() throws {
        let rows: [Row] = try CaseFile.rows("ocps_conformance")
        #expect(rows.count == 111)
        for row in rows {
            let answer = row.question.answer(now: Self.now)
            switch answer.outcome {
            case .next(let fires):
                #expect(row.valid, "\(row)")
                #expect(fires == row.next ?? [], "\(row)")
            case .error(let error):
                #expect(!row.valid, "\(row): \(error)")
            }
        }
    }

    @Test(
        "what the specification does not allow is refused with what to write",
        arguments: [
            ("5/15 * * * *", "write '5-59/15'"), ("0 22-2 * * *", "two parts"),
            ("0 0 * * fri-sun", "two parts"),
            ("0 0 * * Monday", "'MON'"), ("0 0 L-3 * *", "write L"), ("0 0 ?,1 * *", "alone"),
            ("0 0 1-15W * *", "single day"), ("@every_minute", "unknown macro"), ("0 0 * * 5l", "'5L'"),
            ("H 0 * * *", "knows no 'H'"),
        ]
    )
    func refusals(_ expression: String, _ advice: String) throws {
        let error = #expect(throws: ScheduleError.self) {
            try CronExpression(expression, options: CronOptions(dialect: .ocps))
        }
        #expect(error?.message.contains(advice) == true, "\(error?.message ?? "")")
        #expect(error?.position != nil)
    }

    @Test(
        "the recommended forms for the last weekday mean the same",
        arguments: ["5L", "5#L", "FRI#L", "FRIL"]
    )
    func lastWeekday(_ field: String) throws {
        let expression = try CronExpression("0 0 * * \(field)", options: CronOptions(dialect: .ocps))
        let from = try #require(Instant(rfc3339: "2025-07-01T00:00:00Z"))
        #expect(expression.next(after: from)?.formatted() == "2025-07-25T00:00:00.000Z")
    }

    @Test("a start of the machine is no time: it is known, and refused when it is saved")
    func reboot() throws {
        let expression = try CronExpression("@reboot", options: CronOptions(dialect: .ocps))
        let schedule = Schedule.cron(CronSchedule(expression))
        #expect(schedule.next(after: Self.now) == nil)
        #expect(schedule.explained == "When the machine starts, at no time of the clock.")
        let error = #expect(throws: ScheduleError.self) { try schedule.validate() }
        #expect(error?.message == "@reboot is no time: the clock never brings it about")
    }

    @Test("a plus is said in words and survives being written")
    func plus() throws {
        let json = #"{"cron":"0 12 1 * +MON","dialect":"ocps"}"#
        let schedule = try JSONDecoder().decode(Schedule.self, from: Data(json.utf8))
        #expect(schedule.explained.contains("day 1 of the month if that is Monday"))
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        #expect(String(decoding: try encoder.encode(schedule), as: UTF8.self) == json)
    }

    @Test("rules that are written apply in the dialect too")
    func rules() throws {
        let json =
            #"{"cron":"30 2 * * *","dialect":"ocps","gap":"run","overlap":"auto","timeZone":"Europe/Berlin"}"#
        let schedule = try JSONDecoder().decode(Schedule.self, from: Data(json.utf8))
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        #expect(String(decoding: try encoder.encode(schedule), as: UTF8.self) == json)
    }
}
