import Foundation
import Testing

@testable import Scheduling

@Suite struct DaySetComingTests {
    private func selection(
        dates: [String] = [],
        weekdays: [Weekday] = [],
        yearly: [String] = []
    ) throws -> DaySelection {
        DaySelection(
            dates: try dates.map { try DayRange(parsing: $0) },
            weekdays: weekdays,
            yearly: try yearly.map { try YearlyDay(parsing: $0) }
        )
    }

    struct Row: Sendable, CustomTestStringConvertible {
        var dates: [String] = []
        var weekdays: [Weekday] = []
        var yearly: [String] = []
        var from: String
        var count = 3
        var days: [String]
        var testDescription: String { "\(dates) \(weekdays) \(yearly) from \(from)" }
    }

    static let rows = [
        Row(dates: ["2026-12-24..2026-12-26"], from: "2026-12-25", days: ["2026-12-25", "2026-12-26"]),
        Row(dates: ["2026-12-24"], from: "2026-12-25", days: []),
        Row(weekdays: [.sunday], from: "2026-02-27", days: ["2026-03-01", "2026-03-08", "2026-03-15"]),
        Row(yearly: ["02-29"], from: "2026-01-01", count: 2, days: ["2028-02-29", "2032-02-29"]),
        Row(yearly: ["last mon may"], from: "2026-06-01", count: 1, days: ["2027-05-31"]),
        Row(
            dates: ["2026-12-31..2027-01-01"],
            yearly: ["01-01"],
            from: "2026-12-31",
            days: ["2026-12-31", "2027-01-01", "2028-01-01"]
        ),
    ]

    @Test("the coming days of a set, each once and in order", arguments: rows)
    func coming(_ row: Row) throws {
        let set = DaySet(try selection(dates: row.dates, weekdays: row.weekdays, yearly: row.yearly))
        let days = set.days(from: try DayRange(parsing: row.from), count: row.count)
        #expect(days.map(\.description) == row.days)
    }

    @Test("a day knows its day of the week")
    func weekday() throws {
        #expect(try DayRange(parsing: "2026-12-25").firstWeekday == .friday)
        #expect(try DayRange(parsing: "1969-12-31").firstWeekday == .wednesday)
    }

    @Test("trimming keeps what a span can meet and never leaves nothing")
    func trimmed() throws {
        let whole = try selection(
            dates: ["2026-01-01", "2026-03-01..2026-03-10", "2026-06-01"],
            weekdays: [.sunday]
        )
        let start = try #require(Instant(rfc3339: "2026-03-12T00:00:00Z"))
        let end = try #require(Instant(rfc3339: "2026-03-20T00:00:00Z"))
        #expect(whole.trimmed(from: start, to: end).dates.map(\.description) == ["2026-03-01..2026-03-10"])
        #expect(whole.trimmed(from: nil, to: end).dates.count == 2)
        let distant = try selection(dates: ["2020-01-01", "2020-01-02"])
        #expect(distant.trimmed(from: start, to: end).dates.map(\.description) == ["2020-01-01"])
        #expect(DaySelection().trimmed(from: start, to: end).isEmpty)
    }
}
