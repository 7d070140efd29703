import Foundation
import Scheduling
import Testing

@Suite("Instants as text")
struct InstantFormatTests {
    @Test(
        "an RFC 3339 time is read exactly",
        arguments: [
            ("1970-01-01T00:00:00Z", 0),
            ("2026-03-29T01:00:00Z", 1_774_746_000_000),
            ("2026-03-29T03:00:00+02:00", 1_774_746_000_000),
            ("2026-03-28T19:30:00-05:30", 1_774_746_000_000),
            ("2026-03-29t01:00:00.5z", 1_774_746_000_500),
            ("2026-03-29T01:00:00.123Z", 1_774_746_000_123),
            ("2026-03-29T01:00:00.123999Z", 1_774_746_000_123),
            ("1969-12-31T23:59:59.999Z", -1),
            ("2024-02-29T00:00:00-00:00", 1_709_164_800_000),
            ("0000-01-01T00:00:00Z", -62_167_219_200_000),
            ("9999-12-31T23:59:59.999Z", 253_402_300_799_999),
        ] as [(String, Int64)]
    )
    func reading(text: String, milliseconds: Int64) {
        #expect(Instant(rfc3339: text) == Instant(millisecondsSinceEpoch: milliseconds))
    }

    @Test(
        "anything else is not an instant",
        arguments: [
            "", "2026", "2026-03-29", "2026-03-29T01:00:00", "2026-03-29 01:00:00Z", "2026-03-29T01:00Z",
            "2026-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z", "2026-04-31T00:00:00Z",
            "2026-04-00T00:00:00Z", "2026-04-01T24:00:00Z", "2026-04-01T00:60:00Z", "2026-04-01T00:00:60Z",
            "2026-04-01T00:00:00.Z", "2026-04-01T00:00:00+0200", "2026-04-01T00:00:00+24:00",
            "2026-04-01T00:00:00+02:60", "2026-04-01T00:00:00Z ", " 2026-04-01T00:00:00Z",
            "26-04-01T00:00:00Z",
            "2026-4-1T00:00:00Z", "-2026-04-01T00:00:00Z", "2026-04-01T00:00:00é",
        ]
    )
    func refusing(text: String) {
        #expect(Instant(rfc3339: text) == nil)
    }

    @Test("an instant is written in UTC with milliseconds, and read back the same")
    func writing() {
        #expect(Instant(millisecondsSinceEpoch: 1_774_746_000_000).formatted() == "2026-03-29T01:00:00.000Z")
        #expect(Instant(millisecondsSinceEpoch: -1).description == "1969-12-31T23:59:59.999Z")
        var generator = SeededGenerator(seed: 1)
        for _ in 0..<1_000 {
            let range: ClosedRange<Int64> = -62_167_219_200_000...253_402_300_799_999
            let instant = Instant(millisecondsSinceEpoch: .random(in: range, using: &generator))
            #expect(Instant(rfc3339: instant.formatted()) == instant)
        }
    }

    @Test("local time carries its offset, and milliseconds only when there are any")
    func writingLocally() throws {
        let berlin = try TimeZoneID("Europe/Berlin")
        #expect(try instant("2026-03-29T01:00:00Z").formatted(in: berlin) == "2026-03-29T03:00:00+02:00")
        #expect(
            try instant("2026-03-29T00:59:59.007Z").formatted(in: berlin) == "2026-03-29T01:59:59.007+01:00"
        )
        #expect(try instant("2026-03-29T01:00:00Z").formatted(in: .utc) == "2026-03-29T01:00:00+00:00")
        let kolkata = try #require(TimeZone(identifier: "Asia/Kolkata"))
        #expect(try instant("2026-03-29T01:00:00Z").formatted(in: kolkata) == "2026-03-29T06:30:00+05:30")
        let newYork = try TimeZoneID("America/New_York")
        #expect(try instant("2026-03-29T01:00:00Z").formatted(in: newYork) == "2026-03-28T21:00:00-04:00")
    }

    @Test("local time of every zone is that of Foundation, in every year, and means the same instant")
    func localTimes() throws {
        var generator = SeededGenerator(seed: 2)
        for name in [
            "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca", "Pacific/Apia", "Europe/Dublin",
        ] {
            let zone = try TimeZoneID(name)
            for _ in 0..<200 {
                let milliseconds = Int64.random(in: -2_208_988_800_000..<7_258_118_400_000, using: &generator)
                let instant = Instant(millisecondsSinceEpoch: milliseconds)
                #expect(instant.formatted(in: zone) == instant.formatted(in: zone.timeZone))
                #expect(Instant(rfc3339: instant.formatted(in: zone)) == instant)
            }
        }
    }

    @Test("an instant is a JSON string")
    func coding() throws {
        let instant = Instant(millisecondsSinceEpoch: 1_774_746_000_123)
        let data = try JSONEncoder().encode([instant])
        #expect(String(decoding: data, as: UTF8.self) == #"["2026-03-29T01:00:00.123Z"]"#)
        #expect(try JSONDecoder().decode([Instant].self, from: data) == [instant])
        #expect(throws: DecodingError.self) {
            try JSONDecoder().decode([Instant].self, from: Data(#"["tomorrow"]"#.utf8))
        }
    }
}
