import Foundation
import Scheduling
import Testing

@Suite("Schedules in documents")
struct ScheduleCodingTests {
    private func decode(_ json: String) throws -> Schedule {
        try JSONDecoder().decode([Schedule].self, from: Data("[\(json)]".utf8))[0]
    }

    @Test(
        "a document is read, and written without what it need not say",
        arguments: [
            (
                #"{"cron":"0 2 * * 1-5","timeZone":"Europe/Berlin"}"#,
                #"{"cron":"0 2 * * 1-5","timeZone":"Europe/Berlin"}"#
            ),
            (
                #"{"cron":"@daily","timeZone":"UTC","days":"cron","gap":"run","overlap":"auto","dialect":"unix"}"#,
                #"{"cron":"@daily"}"#
            ),
            (
                #"{"cron":"0 0 0 ? * 2","days":"both","gap":"skip","overlap":"first","dialect":"quartz"}"#,
                #"{"cron":"0 0 0 ? * 2","days":"both","dialect":"quartz","gap":"skip","overlap":"first"}"#
            ),
            (
                #"{"cron":"@hourly","start":"2026-01-01T01:00:00+01:00","end":"2027-01-01T00:00:00Z"}"#,
                #"{"cron":"@hourly","end":"2027-01-01T00:00:00.000Z","start":"2026-01-01T00:00:00.000Z"}"#
            ),
            (#"{"every":"90s"}"#, #"{"every":"1m30s"}"#),
            (
                #"{"every":"2d","start":"2026-01-01T00:00:00Z"}"#,
                #"{"every":"2d","start":"2026-01-01T00:00:00.000Z"}"#
            ),
            (#"{"at":"2026-01-01T00:00:00.5Z"}"#, #"{"at":"2026-01-01T00:00:00.500Z"}"#),
        ]
    )
    func roundTrip(json: String, canonical: String) throws {
        let schedule = try decode(json)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        #expect(String(decoding: try encoder.encode(schedule), as: UTF8.self) == canonical)
        #expect(try decode(canonical) == schedule)
    }

    @Test("the options of a document are those of the expression")
    func options() throws {
        let json =
            #"{"cron":"0 2 * * *","timeZone":"Asia/Tokyo","days":"either","gap":"skip","overlap":"both"}"#
        guard case .cron(let schedule) = try decode(json).timing else {
            Issue.record("not a cron schedule")
            return
        }
        let tokyo = try TimeZoneID("Asia/Tokyo")
        #expect(schedule.expression.text == "0 2 * * *")
        #expect(
            schedule.expression.options
                == CronOptions(timeZone: tokyo, days: .either, gap: .skip, overlap: .both)
        )
    }

    @Test(
        "a bad document is refused at the key that is wrong",
        arguments: [
            ("{}", nil, "a schedule needs one of cron, every or at"),
            (#"{"timeZone":"UTC"}"#, nil, "a schedule needs one of cron, every or at"),
            (#"{"cron":"@daily","every":"90s"}"#, "every", "cannot stand beside 'cron'"),
            (#"{"every":"90s","at":"2026-01-01T00:00:00Z"}"#, "at", "cannot stand beside 'every'"),
            (
                #"{"cron":"@daily","timezone":"UTC"}"#, "timezone",
                "has no 'timezone': it may have cron, timeZone"
            ),
            (
                #"{"every":"90s","timeZone":"UTC"}"#, "timeZone",
                "has no 'timeZone': it may have every, start, end"
            ),
            (#"{"at":"2026-01-01T00:00:00Z","start":"2026-01-01T00:00:00Z"}"#, "start", "it may have at"),
            (#"{"cron":"61 * * * *"}"#, "cron", "61 is not a minute: write 0 to 59 (at position 0)"),
            (#"{"cron":"@daily","timeZone":"Mars"}"#, "timeZone", "unknown time zone 'Mars'"),
            (
                #"{"cron":"@daily","days":"any"}"#, "days",
                "days cannot be 'any': use one of cron, either, both"
            ),
            (#"{"cron":"@daily","start":"now"}"#, "start", "'now' is not an RFC 3339 time"),
            (#"{"every":"1y"}"#, "every", "unknown unit 'y'"),
            (#"{"every":"1ms"}"#, "every", "the interval 1ms is out of range"),
            (#"{"at":"tomorrow"}"#, "at", "'tomorrow' is not an RFC 3339 time"),
        ] as [(String, String?, String)]
    )
    func refusing(json: String, key: String?, reason: String) {
        let error = #expect(throws: DecodingError.self) { try decode(json) }
        guard case .dataCorrupted(let context) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(context.codingPath.count == (key == nil ? 1 : 2))
        #expect(key == nil || context.codingPath.last?.stringValue == key)
        #expect(context.debugDescription.contains(reason), "\(context.debugDescription)")
    }

    @Test("the error of an expression stays within the decoding error, with its position")
    func underlying() {
        let error = #expect(throws: DecodingError.self) { try decode(#"{"cron":"0 24 * * *"}"#) }
        guard case .dataCorrupted(let context) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect((context.underlyingError as? ScheduleError)?.position == 2)
    }

    @Test(
        "an ill-typed value is refused at its key",
        arguments: [#"{"cron":5}"#, #"{"every":90}"#, #"{"at":null}"#]
    )
    func types(json: String) {
        #expect(throws: DecodingError.self) { try decode(json) }
    }
}
