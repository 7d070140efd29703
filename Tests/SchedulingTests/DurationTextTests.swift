import Foundation
import Scheduling
import Testing

@Suite("Durations as text")
struct DurationTextTests {
    @Test(
        "a duration is read and written in its canonical form",
        arguments: [
            ("90s", .seconds(90), "1m30s"),
            ("10m", .seconds(600), "10m"),
            ("1h30m", .seconds(5_400), "1h30m"),
            ("250ms", .milliseconds(250), "250ms"),
            ("2d", .seconds(172_800), "2d"),
            ("1w", .seconds(604_800), "1w"),
            ("1w2d3h4m5s6ms", .milliseconds(788_645_006), "1w2d3h4m5s6ms"),
            ("0s", .zero, "0s"),
            ("36H", .seconds(129_600), "1d12h"),
            ("1500ms", .milliseconds(1_500), "1s500ms"),
        ] as [(String, Duration, String)]
    )
    func reading(text: String, duration: Duration, canonical: String) throws {
        let parsed = try DurationText(parsing: text)
        #expect(parsed.duration == duration)
        #expect(parsed.text == canonical)
        #expect(try DurationText(parsing: canonical) == parsed)
    }

    @Test(
        "a bad duration is refused with the place and the reason",
        arguments: [
            ("", 0, "is empty"),
            ("90", 2, "without a unit"),
            ("s", 0, "unexpected 's'"),
            ("-5s", 0, "unexpected '-'"),
            ("1.5h", 1, "unexpected '.'"),
            ("5 s", 1, "unexpected ' '"),
            ("5y", 1, "unknown unit 'y'"),
            ("5min", 1, "unknown unit 'min'"),
            ("30m1h", 4, "larger units first"),
            ("1h1h", 3, "each once"),
            ("1hé", 2, "unexpected 'é'"),
            ("99999999999999999999w", 0, "too long"),
            ("100001d", 0, "too long"),
            ("100000d1ms", 7, "too long"),
        ]
    )
    func refusing(text: String, position: Int, reason: String) {
        let error = #expect(throws: ScheduleError.self) { try DurationText(parsing: text) }
        #expect(error?.position == position)
        #expect(error?.message.contains(reason) == true, "\(error?.message ?? "")")
    }

    @Test("a negative duration is written, though never read")
    func negative() {
        #expect(DurationText(.seconds(-90)).text == "-1m30s")
    }

    @Test("a duration is a JSON string")
    func coding() throws {
        let data = try JSONEncoder().encode([DurationText(.seconds(90))])
        #expect(String(decoding: data, as: UTF8.self) == #"["1m30s"]"#)
        #expect(try JSONDecoder().decode([DurationText].self, from: data) == [DurationText(.seconds(90))])
        let error = #expect(throws: DecodingError.self) {
            try JSONDecoder().decode([DurationText].self, from: Data(#"["1x"]"#.utf8))
        }
        guard case .dataCorrupted(let context) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(context.debugDescription.contains("unknown unit 'x'"))
        #expect(context.underlyingError is ScheduleError)
    }
}
