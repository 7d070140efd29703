import Scheduling
import Testing

@Suite("Refused expressions")
struct CronRefusalTests {
    struct Refusal: Sendable {
        let text: String
        let position: Int
        let message: String
        var dialect = Dialect.unix
    }

    private static let refusals = [
        Refusal(text: "60 * * * *", position: 0, message: "60 is not a minute: write 0 to 59"),
        Refusal(text: "  0 24 * * *", position: 4, message: "24 is not an hour: write 0 to 23"),
        Refusal(text: "0 0 1,32 * *", position: 6, message: "32 is not a day-of-month: write 1 to 31"),
        Refusal(text: "0 0 * 0 *", position: 6, message: "0 is not a month: write 1 to 12"),
        Refusal(text: "0 0 * * 1-8", position: 10, message: "8 is not a day-of-week: write 0 to 7"),
        Refusal(
            text: "0 0 0 ? * 0",
            position: 10,
            message: "0 is not a day-of-week: write 1 to 7",
            dialect: .quartz
        ),
        Refusal(text: "*/0 * * * *", position: 2, message: "a step must be at least 1"),
        Refusal(
            text: "*/61 * * * *",
            position: 2,
            message: "step 61 is larger than the minute field: write at most 60"
        ),
        Refusal(
            text: "5/ * * * *",
            position: 2,
            message: "the minute field ends too early: write * or numbers from 0 to 59"
        ),
        Refusal(
            text: "0 +12 * * *",
            position: 2,
            message: "unexpected '+' in the hour field: write * or numbers from 0 to 23"
        ),
        Refusal(
            text: "0 0é * * *",
            position: 3,
            message: "unexpected 'é' in the hour field: write * or numbers from 0 to 23"
        ),
        Refusal(
            text: "0 0 * FOO *",
            position: 6,
            message:
                "'foo' is not a month: use one of JAN, FEB, MAR, APR, MAY, JUN, JUL, AUG, SEP, OCT, NOV, DEC"
        ),
        Refusal(
            text: "0 0 * * mon,bad",
            position: 12,
            message: "'bad' is not a day-of-week: use one of SUN, MON, TUE, WED, THU, FRI, SAT"
        ),
        Refusal(
            text: "mon * * * *",
            position: 0,
            message: "the minute field takes no names, found 'mon': write * or numbers from 0 to 59"
        ),
        Refusal(
            text: "0 0 * * MON#6",
            position: 12,
            message: "a month has at most five of each weekday: write #1 to #5"
        ),
        Refusal(
            text: "0 0 L-31 * *",
            position: 6,
            message: "no month has a day 31 days before its last: write L-0 to L-30"
        ),
        Refusal(
            text: "0 0 0 1 1 * 2030-2026",
            position: 17,
            message: "the year range ends before it begins: write the earlier year first"
        ),
        Refusal(text: "0 0 0 1 1 * 1969", position: 12, message: "1969 is not a year: write 1970 to 2099"),
        Refusal(
            text: "0 0 * *",
            position: 7,
            message: "expected 5, 6 (seconds first) or 7 (year last) fields, found 4"
        ),
        Refusal(
            text: "0 0 0 * * * * 8",
            position: 14,
            message: "expected 5, 6 (seconds first) or 7 (year last) fields, found 8"
        ),
        Refusal(
            text: "",
            position: 0,
            message: "expected 5, 6 (seconds first) or 7 (year last) fields, found none"
        ),
        Refusal(
            text: " @reboot",
            position: 1,
            message: "@reboot is no time: write a schedule with onAgentStart: true instead"
        ),
        Refusal(
            text: "@every 5m",
            position: 0,
            message: "@every is no cron expression: give the interval as every, for example every: 90s"
        ),
        Refusal(text: "@daily 5", position: 7, message: "nothing may follow @daily: remove the rest"),
        Refusal(
            text: "CRON_TZ=Europe/London 0 0 * * *",
            position: 0,
            message: "an expression names no time zone: give the zone as timeZone instead"
        ),
        Refusal(
            text: "0 0 * * MON-FRIL",
            position: 12,
            message: "a range cannot end with L: write two weekdays"
        ),
        Refusal(
            text: "0 0 0 ? * * */131",
            position: 14,
            message: "step 131 is larger than the year field: write at most 130"
        ),
    ]

    @Test("a refusal says what is wrong, what to write, and where", arguments: refusals)
    func refusing(_ refusal: Refusal) {
        let error = #expect(throws: ScheduleError.self) { try cron(refusal.text, dialect: refusal.dialect) }
        #expect(error == ScheduleError(refusal.message, at: refusal.position))
    }

    @Test("any bytes are parsed or refused inside the text, never trapped on")
    func randomText() {
        var generator = SeededGenerator(seed: 3)
        let pieces = [
            "*", "?", "/", "-", ",", "#", "L", "W", "0", "5", "31", "59", "99", "MON", "jan", " ", " ", "é",
            "@",
        ]
        for _ in 0..<5_000 {
            let count = Int.random(in: 0...14, using: &generator)
            let text = (0..<count).map { _ in pieces.randomElement(using: &generator) ?? "" }.joined()
            for dialect in Dialect.allCases {
                do throws(ScheduleError) {
                    let zone = TimeZoneID.utc
                    let options = CronOptions(timeZone: zone, dialect: dialect)
                    _ = try CronExpression(text, options: options).next(after: .epoch)
                } catch {
                    #expect((0...text.utf8.count).contains(error.position ?? -1), "\(text): \(error)")
                }
            }
        }
    }
}
