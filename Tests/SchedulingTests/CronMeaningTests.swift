import Scheduling
import Testing

@Suite("What expressions mean")
struct CronMeaningTests {
    @Test(
        "two spellings have the same fires",
        arguments: [
            ("@yearly", "0 0 1 1 *"), ("@annually", "0 0 1 JAN ?"), ("@monthly", "0 0 1 * *"),
            ("@weekly", "0 0 * * 0"), ("@daily", "0 0 * * *"), ("@midnight", "0 0 0 * * *"),
            ("@hourly", "0 * * * *"), (" @Hourly ", "0\t*  * * *"), ("0 0 * * 7", "0 0 * * SUN"),
            ("0 0 * * 0-7", "0 0 * * *"), ("0 0 * * 1-7", "0 0 * * *"), ("0 0 * * 5-7", "0 0 * * FRI,SAT,0"),
            ("0 0 * * 7-2", "0 0 * * sun-tuesday"), ("0 0 * * 7/2", "0 0 * * 0,2,4,6"),
            ("0 22-2 * * *", "0 22,23,0,1,2 * * *"), ("0 20-4/3 * * *", "0 20,23,2 * * *"),
            ("0 0 31-1 * *", "0 0 1,31 * *"), ("0 0 1 11-2/2 *", "0 0 1 11,1 *"),
            ("50/5 * * * *", "50,55 * * * *"), ("0 0 L-0 * *", "0 0 L * *"), ("0 0 L-0W * *", "0 0 lw * *"),
            ("0 0 * * 5l", "0 0 * * fril"), ("0 0 0 1 1 * *", "0 0 1 1 *"),
            ("0 0 0 1 1 * 1970-2099", "0 0 1 1 *"),
        ]
    )
    func spellings(left: String, right: String) throws {
        let start = try instant("2026-01-01T00:00:00Z")
        let end = try instant("2029-01-01T00:00:00Z")
        let fires = try cron(left).fires(after: start, before: end)
        #expect(!fires.isEmpty)
        #expect(try cron(right).fires(after: start, before: end) == fires)
    }

    @Test(
        "the Quartz dialect numbers weekdays from Sunday as 1",
        arguments: [
            ("0 0 0 ? * 1", "0 0 * * SUN"), ("0 0 0 ? * 7", "0 0 * * SAT"),
            ("0 0 0 ? * 2-6", "0 0 * * MON-FRI"),
            ("0 0 0 ? * L", "0 0 * * SAT"), ("0 0 0 ? * 6L", "0 0 * * FRIL"),
            ("0 0 0 ? * 6#3", "0 0 * * FRI#3"),
            ("0 /15 * * * ?", "*/15 * * * *"), ("0 0 0 ? * 1-7", "0 0 * * *"),
            ("0 0 0 ? * SAT-MON", "0 0 * * 6-1"),
        ]
    )
    func quartz(left: String, right: String) throws {
        let start = try instant("2026-01-01T00:00:00Z")
        let end = try instant("2027-01-01T00:00:00Z")
        let fires = try cron(left, dialect: .quartz).fires(after: start, before: end)
        #expect(!fires.isEmpty)
        #expect(try cron(right).fires(after: start, before: end) == fires)
    }

    @Test(
        "the two day fields combine by the rule",
        arguments: [
            ("0 0 13 * FRI", .cron, ["02", "09", "13", "16", "23", "30"]),
            ("0 0 13 * FRI", .either, ["02", "09", "13", "16", "23", "30"]),
            ("0 0 13 * FRI", .both, []),
            ("0 0 2,13 * FRI", .both, ["02"]),
            ("0 0 */10 * FRI", .cron, []),
            ("0 0 */10 * FRI", .either, ["01", "02", "09", "11", "16", "21", "23", "30", "31"]),
            ("0 0 1-31 * FRI", .both, ["02", "09", "16", "23", "30"]),
            ("0 0 ? * FRI", .either, ["02", "09", "16", "23", "30"]),
            ("0 0 30 * *", .either, ["30"]),
        ] as [(String, DaysRule, [String])]
    )
    func dayRules(text: String, rule: DaysRule, days: [String]) throws {
        let start = try instant("2025-12-31T12:00:00Z")
        let fires = try cron(text, days: rule).fires(
            after: start,
            before: try instant("2026-02-01T00:00:00Z")
        )
        // 2026 begins on a Thursday.
        #expect(fires.map { $0.formatted() } == days.map { "2026-01-\($0)T00:00:00.000Z" })
    }

    @Test("a leap day on a weekday is found across a century without one")
    func rareDates() throws {
        let sunday = try cron("0 0 29 2 SUN", days: .both)
        let sundays = ["2060-02-29T00:00:00+00:00", "2088-02-29T00:00:00+00:00", "2128-02-29T00:00:00+00:00"]
        #expect(try sunday.fires(3, after: "2032-03-01T00:00:00Z") == sundays)
        let fifthSaturday = try cron("0 0 ? 2 SAT#5")
        let saturdays = [
            "2048-02-29T00:00:00+00:00", "2076-02-29T00:00:00+00:00", "2116-02-29T00:00:00+00:00",
        ]
        #expect(try fifthSaturday.fires(3, after: "2020-03-01T00:00:00Z") == saturdays)
    }

    @Test("the search begins in 1900 and ends with 2199, however far away it is asked")
    func horizon() throws {
        let daily = try cron("0 0 * * *")
        #expect(
            daily.next(after: Instant(millisecondsSinceEpoch: .min / 2))
                == (try instant("1900-01-01T00:00:00Z"))
        )
        #expect(
            daily.next(after: try instant("2199-12-30T00:00:00Z")) == (try instant("2199-12-31T00:00:00Z"))
        )
        #expect(daily.next(after: try instant("2199-12-31T00:00:00Z")) == nil)
        #expect(daily.next(atOrAfter: Instant(millisecondsSinceEpoch: .max)) == nil)
    }

    @Test("fractions of a second lie between two fires")
    func fractions() throws {
        let seconds = try cron("* * * * * *")
        let half = try instant("2026-01-01T00:00:00.500Z")
        #expect(seconds.next(after: half) == (try instant("2026-01-01T00:00:01Z")))
        #expect(seconds.next(atOrAfter: half) == (try instant("2026-01-01T00:00:01Z")))
        let whole = try instant("2026-01-01T00:00:01Z")
        #expect(seconds.next(atOrAfter: whole) == whole)
        #expect(seconds.next(after: whole) == (try instant("2026-01-01T00:00:02Z")))
        #expect(seconds.next(after: Instant(millisecondsSinceEpoch: -500)) == .epoch)
    }
}
