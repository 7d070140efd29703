import Foundation
import Scheduling
import Testing

@Suite("Schedules from phrases")
struct SchedulePhraseTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let phrase: String
        let json: String
        var testDescription: String { phrase }

        init(_ phrase: String, _ json: String) {
            self.phrase = phrase
            self.json = json
        }
    }

    private static let working = #"["mon","tue","wed","thu","fri"]"#

    static let cases = [
        Case("every 15 minutes", #"{"every":"15m"}"#),
        Case("Every minute.", #"{"every":"1m"}"#),
        Case("every 90s", #"{"every":"90s"}"#),
        Case("every 5 min", #"{"every":"5m"}"#),
        Case("every 2 hrs", #"{"every":"2h"}"#),
        Case("each two hours", #"{"every":"2h"}"#),
        Case("hourly", #"{"every":"1h"}"#),
        Case(
            "every 30 seconds from 2026-01-01T00:00:00Z on",
            #"{"every":"30s","start":"2026-01-01T00:00:00Z"}"#
        ),
        Case("every hour until 2026-01-01T00:00:00Z", #"{"every":"1h","end":"2026-01-01T00:00:00Z"}"#),
        Case(
            "weekdays at 09:30 Europe/Berlin",
            #"{"calendar":{"weekly":\#(working),"at":["09:30"]},"timeZone":"Europe/Berlin"}"#
        ),
        Case(
            "at 9:30 on business days, Europe/Berlin time",
            #"{"calendar":{"weekly":\#(working),"at":["09:30"]},"timeZone":"Europe/Berlin"}"#
        ),
        Case(
            "every weekday at 5pm in America/New_York",
            #"{"calendar":{"weekly":\#(working),"at":["17:00"]},"timeZone":"America/New_York"}"#
        ),
        Case("every monday at 8", #"{"calendar":{"weekly":["mon"],"at":["08:00"]}}"#),
        Case(
            "on mondays and thursdays at 8 and 17:30",
            #"{"calendar":{"weekly":["mon","thu"],"at":["08:00","17:30"]}}"#
        ),
        Case("monday to wednesday at noon", #"{"calendar":{"weekly":["mon","tue","wed"],"at":["12:00"]}}"#),
        Case("mon-fri at midnight", #"{"calendar":{"weekly":\#(working),"at":["00:00"]}}"#),
        Case("weekends at 12 am", #"{"calendar":{"weekly":["sat","sun"],"at":["00:00"]}}"#),
        Case("every 2 weeks on friday at 12pm", #"{"calendar":{"weekly":["fri"],"weeks":2,"at":["12:00"]}}"#),
        Case("every other monday at 8", #"{"calendar":{"weekly":["mon"],"weeks":2,"at":["08:00"]}}"#),
        Case("daily at 2:15", #"{"calendar":{"daily":1,"at":["02:15"]}}"#),
        Case("every day at 06:00 and 18:00", #"{"calendar":{"daily":1,"at":["06:00","18:00"]}}"#),
        Case("every 3 days at 07:00", #"{"calendar":{"daily":3,"at":["07:00"]}}"#),
        Case("every 3rd day at 10:00", #"{"calendar":{"daily":3,"at":["10:00"]}}"#),
        Case("every third day at 10:00", #"{"calendar":{"daily":3,"at":["10:00"]}}"#),
        Case(
            "every second week on friday at 8",
            #"{"calendar":{"weekly":["fri"],"weeks":2,"at":["08:00"]}}"#
        ),
        Case(
            "last weekday of the month at 18:00",
            #"{"calendar":{"monthly":["last weekday"],"at":["18:00"]}}"#
        ),
        Case(
            "at 02:30, Europe/Berlin time, left out when clocks skip the time, twice when clocks repeat the time",
            #"{"calendar":{"daily":1,"at":["02:30"]},"timeZone":"Europe/Berlin","gap":"skip","overlap":"both"}"#
        ),
        Case(
            "every 15 minutes from 1 to 4 Europe/Berlin, once when clocks repeat the time",
            #"{"calendar":{"daily":1,"windows":[{"from":"01:00","to":"04:00","every":"15m"}]},"timeZone":"Europe/Berlin","overlap":"first"}"#
        ),
        Case("every other day at 7am", #"{"calendar":{"daily":2,"at":["07:00"]}}"#),
        Case("at 09:30", #"{"calendar":{"daily":1,"at":["09:30"]}}"#),
        Case("last day of the month at 18:00", #"{"calendar":{"monthly":["last"],"at":["18:00"]}}"#),
        Case("on the 1st and 15th of every month at 6", #"{"calendar":{"monthly":[1,15],"at":["06:00"]}}"#),
        Case("second tuesday of the month at 10:00", #"{"calendar":{"monthly":["2nd tue"],"at":["10:00"]}}"#),
        Case(
            "on the last friday of january and july at 22:00",
            #"{"calendar":{"monthly":["last fri"],"months":["jan","jul"],"at":["22:00"]}}"#
        ),
        Case("first day of the month at 00:05", #"{"calendar":{"monthly":[1],"at":["00:05"]}}"#),
        Case(
            "at 12:00 on the 2nd day before the last of the month",
            #"{"calendar":{"monthly":["last-2"],"at":["12:00"]}}"#
        ),
        Case(
            "every 2 hours from 08:00 to 18:00",
            #"{"calendar":{"daily":1,"windows":[{"from":"08:00","to":"18:00","every":"2h"}]}}"#
        ),
        Case(
            "every 15 minutes between 9 and 17 on weekdays",
            #"{"calendar":{"weekly":\#(working),"windows":[{"from":"09:00","to":"17:00","every":"15m"}]}}"#
        ),
        Case(
            "every 10 minutes from 22:00 to 06:00 Australia/Lord_Howe",
            #"{"calendar":{"daily":1,"windows":[{"from":"22:00","to":"06:00","every":"10m"}]},"timeZone":"Australia/Lord_Howe"}"#
        ),
        Case(
            "every 15 minutes from 8 to 12 and from 13 to 17",
            #"{"calendar":{"daily":1,"windows":[{"from":"08:00","to":"12:00","every":"15m"},{"from":"13:00","to":"17:00","every":"15m"}]}}"#
        ),
        Case("every 15 minutes UTC", #"{"calendar":{"daily":1,"windows":[{"every":"15m"}]}}"#),
        Case("every 1h30m on sundays", #"{"calendar":{"weekly":["sun"],"windows":[{"every":"90m"}]}}"#),
        Case("once at 2026-03-29T02:30:00+01:00", #"{"at":"2026-03-29T01:30:00Z"}"#),
        Case("5 minutes after each run", #"{"afterCompletion":"5m"}"#),
        Case(
            "5m after completion until 2026-01-01T00:00:00Z",
            #"{"afterCompletion":"5m","end":"2026-01-01T00:00:00Z"}"#
        ),
        Case("at every start of the agent", #"{"onAgentStart":true}"#),
        Case(
            "30 seconds after every start of the agent, up to 5m later",
            #"{"onAgentStart":"30s","jitter":"5m"}"#
        ),
        Case(
            "weekdays at 9 except on 2026-12-24 to 2026-12-26, every 05-01 and the days of calendar bank",
            #"{"calendar":{"weekly":\#(working),"at":["09:00"]},"exclude":{"dates":["2026-12-24..2026-12-26"],"yearly":["05-01"],"calendars":["bank"]}}"#
        ),
        Case(
            "every hour, except on weekends and every 4th thu nov from 2020, by Europe/Berlin days",
            #"{"every":"1h","exclude":{"weekdays":["sat","sun"],"yearly":["4th thu nov from 2020"]},"timeZone":"Europe/Berlin"}"#
        ),
        Case(
            "at 8 on monday, also on 2026-12-19, from 2026-01-01T00:00:00Z on, 10 times, up to 10 minutes later",
            #"{"calendar":{"weekly":["mon"],"at":["08:00"]},"include":{"dates":["2026-12-19"]},"start":"2026-01-01T00:00:00Z","maxRuns":10,"jitter":"10m"}"#
        ),
    ]

    @Test("a phrase is the schedule it describes", arguments: cases)
    func meaning(row: Case) throws {
        #expect(try Schedule(phrase: row.phrase) == CalendarScheduleTests.decode(row.json))
    }

    @Test("phrase, schedule, text and schedule are the same", arguments: cases)
    func roundTrip(row: Case) throws {
        let schedule = try Schedule(phrase: row.phrase)
        let text = schedule.explained
        #expect(try Schedule(phrase: text) == schedule, "\(text)")
    }

    @Test(
        "the sentences of other schedules are phrases too",
        arguments: CalendarScheduleTests.modes + CalendarScheduleTests.windows
    )
    func calendars(row: CalendarScheduleTests.Case) throws {
        let schedule = try CalendarScheduleTests.decode(row.json)
        let read = try Schedule(phrase: schedule.explained)
        #expect(read.explained == schedule.explained)
        #expect(try CalendarScheduleTests.fires(read, after: row.after, count: row.fires.count) == row.fires)
    }

    @Test(
        "the sentence of a cron expression that a phrase can say means the same",
        arguments: [
            "0 2 * * 1-5", "30 9,17 * * *", "*/15 * * * *", "0 18 L * *", "0 0 1,15 * *",
            "0 8 * * MON#2,FRIL", "0 9 LW * *",
            "0 12 1 JAN,JUL *", "0 0 * * SUN", "*/10 * * * * *", "0 */6 * * *", "15 30 9 * * *",
        ],
        ["UTC", "Europe/Berlin"]
    )
    func crons(text: String, zone: String) throws {
        let schedule = Schedule.cron(CronSchedule(try cron(text, in: zone)))
        let read = try Schedule(phrase: schedule.explained)
        for after in ["2026-03-27T12:00:00Z", "2026-10-23T12:00:00Z"] {
            #expect(
                try CalendarScheduleTests.fires(read, after: after, count: 60)
                    == CalendarScheduleTests.fires(schedule, after: after, count: 60),
                "\(schedule.explained)"
            )
        }
    }

    @Test("a phrase may count from now")
    func relative() throws {
        let now = try instant("2026-01-01T00:00:00Z")
        #expect(try Schedule(phrase: "in 5 minutes", now: now) == .once(now + .seconds(300)))
        #expect(try Schedule(phrase: "in 2 hrs", now: now) == .once(now + .seconds(7_200)))
    }

    @Test("what a cron expression says of clock changes is said and read")
    func clockChanges() throws {
        let schedule = try CalendarScheduleTests.decode(
            #"{"cron":"30 2 * * *","timeZone":"Europe/Berlin","gap":"skip","overlap":"both"}"#
        )
        let sentence =
            "At 02:30, Europe/Berlin time, left out when clocks skip the time, twice when clocks repeat the time."
        #expect(schedule.explained == sentence)
        let read = try Schedule(phrase: sentence)
        for after in ["2026-03-27T12:00:00Z", "2026-10-23T12:00:00Z"] {
            #expect(
                try CalendarScheduleTests.fires(read, after: after, count: 5)
                    == CalendarScheduleTests.fires(schedule, after: after, count: 5)
            )
        }
    }

    @Test(
        "what is no phrase is refused at the word that is not understood",
        arguments: [
            ("", 0, "the phrase is empty"), ("whenever it suits", 0, "'whenever' is not understood here"),
            ("every monday at 25", 13, "'at' is not understood"),
            ("every monday", nil, "says no time of day"),
            ("every 2 weeks at 8", nil, "names no day of the week"),
            ("every 3 months at 8", 8, "months are named one by one"),
            ("every 3rd day of the month at 8", 10, "days of the month are named one by one"),
            ("in 5 minutes", 0, "say when"),
            ("from 8 to 18", 10, "say how often"),
            ("weekdays at 9 Europe/Berln", 14, "unknown time zone 'Europe/Berln'"),
            ("at 8 every 15 minutes", nil, "single times and an interval"),
            ("monday and day 3 at 8", nil, "mixes days of the week"),
            ("at 8 in january", nil, "names no day of the month"),
            ("at 8 except on holidays", 15, "say which days"),
        ] as [(String, Int?, String)]
    )
    func refused(phrase: String, position: Int?, reason: String) {
        let error = #expect(throws: ScheduleError.self) { try Schedule(phrase: phrase) }
        #expect(
            error?.position == position && error?.message.contains(reason) == true,
            "\(String(describing: error))"
        )
    }
}
