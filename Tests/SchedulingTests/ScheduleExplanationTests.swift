import Foundation
import Scheduling
import Testing

@Suite("Schedules in words")
struct ScheduleExplanationTests {
    @Test(
        "a cron schedule is explained",
        arguments: [
            ("0 2 * * 1-5", "At 02:00 on Monday to Friday, UTC time."),
            ("0 2,14 * * *", "At 02:00 and 14:00, UTC time."),
            ("15 30 9 * * *", "At 09:30:15, UTC time."),
            ("* * * * *", "Every minute, UTC time."),
            ("*/5 * * * *", "Every 5 minutes, UTC time."),
            ("0/5 9-17 * * MON", "Every 5 minutes of hours 9 to 17 on Monday, UTC time."),
            ("*/7 * * * *", "At every 7th minute of every hour, UTC time."),
            ("3-40/7,55 8 * * *", "At every 7th minute from 3 to 40 and minute 55 of hour 8, UTC time."),
            ("5 * * * *", "At minute 5 of every hour, UTC time."),
            ("@hourly", "Every hour, UTC time."),
            ("0 */6 * * *", "Every 6 hours, UTC time."),
            ("*/10 * * * * *", "Every 10 seconds, UTC time."),
            ("* * * * * *", "Every second, UTC time."),
            ("5 10-20,50 8 * * *", "At second 5 at minutes 10 to 20 and 50 of hour 8, UTC time."),
            ("@monthly", "At 00:00 on day 1 of the month, UTC time."),
            ("@yearly", "At 00:00 on day 1 of the month in January, UTC time."),
            ("0 0 L * *", "At 00:00 on the last day of the month, UTC time."),
            ("0 0 LW * *", "At 00:00 on the last weekday of the month, UTC time."),
            ("0 0 1,15W * *", "At 00:00 on day 1 and the weekday nearest to day 15 of the month, UTC time."),
            ("0 0 L-2 * *", "At 00:00 on the 2nd day before the last of the month, UTC time."),
            (
                "0 0 * * MON#2,FRIL",
                "At 00:00 on the 2nd Monday of the month and the last Friday of the month, UTC time."
            ),
            ("0 0 13 * FRI", "At 00:00 on day 13 of the month or on Friday, UTC time."),
            ("0 0 */2 * FRI", "At 00:00 on every 2nd day of the month if that is Friday, UTC time."),
            (
                "0 0 1-7 6-8,DEC *",
                "At 00:00 on day 1 to 7 of the month in June to August and December, UTC time."
            ),
            ("0 0 0 1 1 * 2027", "At 00:00 on day 1 of the month in January in 2027, UTC time."),
        ]
    )
    func cronSchedules(text: String, sentence: String) throws {
        #expect(Schedule.cron(CronSchedule(try cron(text))).explained == sentence)
    }

    @Test("bounds, intervals and single instants are explained")
    func others() throws {
        let start = try instant("2026-01-01T00:00:00Z")
        let end = try instant("2027-01-01T00:00:00Z")
        let daily = CronSchedule(try cron("0 2 * * *", in: "Europe/Berlin"), start: start, end: end)
        #expect(
            Schedule.cron(daily).explained
                == "At 02:00, Europe/Berlin time, from 2026-01-01T00:00:00.000Z on, until 2027-01-01T00:00:00.000Z."
        )
        let every = Schedule.every(try IntervalSchedule(every: .seconds(90)))
        #expect(every.explained == "Every 1m30s, counted from 1970-01-01T00:00:00.000Z.")
        let from = Schedule.every(try IntervalSchedule(every: .seconds(90), start: start))
        #expect(from.explained == "Every 1m30s, from 2026-01-01T00:00:00.000Z on.")
        #expect(Schedule.once(start).explained == "Once, at 2026-01-01T00:00:00.000Z.")
    }

    @Test("every expression of the cases has a sentence without a hole in it")
    func cases() throws {
        struct Row: Decodable {
            let expr: String
            let dialect: Dialect
        }
        for row in try CaseFile.rows("cron_next", of: Row.self) {
            let sentence = Schedule.cron(CronSchedule(try cron(row.expr, dialect: row.dialect))).explained
            #expect(sentence.hasSuffix(", UTC time."), "\(row.expr): \(sentence)")
            #expect(
                !sentence.contains("  ") && sentence.first?.isUppercase == true,
                "\(row.expr): \(sentence)"
            )
        }
    }

    @Test(
        "calendars, events and what is done with fires are explained",
        arguments: [
            (#"{"calendar":{"daily":1,"at":["09:30","17:00"]}}"#, "At 09:30 and 17:00, UTC time."),
            (
                #"{"calendar":{"daily":3,"at":["09:30"]},"start":"2026-01-01T00:00:00Z"}"#,
                "At 09:30 every 3 days, UTC time, from 2026-01-01T00:00:00.000Z on."
            ),
            (
                #"{"calendar":{"weekly":["mon-fri"],"windows":[{"from":"22:00","to":"06:00","every":"15m"}]},"timeZone":"Europe/Berlin"}"#,
                "Every 15 minutes from 22:00 to 06:00 on Monday to Friday, Europe/Berlin time."
            ),
            (
                #"{"calendar":{"weekly":["sun","tue"],"weeks":2,"windows":[{"every":"1h"},{"from":"8:00","to":"9:00","every":"90s"}]}}"#,
                "Every hour and every 90 seconds from 08:00 to 09:00 on Tuesday and Sunday of every 2 weeks, UTC time."
            ),
            (
                #"{"calendar":{"monthly":[1,"last-2","2nd tue","last fri"],"months":["jul","jan"],"at":"18:00"}}"#,
                "At 18:00 on day 1, the 2nd day before the last, the 2nd Tuesday and the last Friday of the month in January and July, UTC time."
            ),
            (#"{"afterCompletion":"5m"}"#, "5m after the end of the run before."),
            (#"{"onAgentStart":true}"#, "At every start of the agent."),
            (
                #"{"onAgentStart":"30s","jitter":"5m"}"#,
                "30s after every start of the agent, up to 5m later, by the task's name."
            ),
            (
                #"{"cron":"0 2 * * *","start":"2026-01-01T00:00:00Z","maxRuns":3,"exclude":{"weekdays":["sat","sun"],"dates":["2026-12-24..2026-12-26"],"yearly":["05-01"],"calendars":["bank"]},"include":{"dates":["2026-12-19"]}}"#,
                "At 02:00, UTC time, from 2026-01-01T00:00:00.000Z on, except on Saturday, Sunday, 2026-12-24 to 2026-12-26, every 05-01 and the days of calendar bank, also on 2026-12-19, 3 times."
            ),
            (
                #"{"every":"1h","exclude":{"weekdays":["sun"]},"timeZone":"Europe/Berlin"}"#,
                "Every 1h, counted from 1970-01-01T00:00:00.000Z, except on Sunday, by Europe/Berlin days."
            ),
            (
                #"{"cron":"H H(0-5) * * *"}"#,
                "At one minute by the task's name of one hour from 0 to 5 by the task's name, UTC time."
            ),
            (#"{"cron":"H/15 * * * *"}"#, "At every 15th minute by the task's name of every hour, UTC time."),
        ]
    )
    func newer(json: String, sentence: String) throws {
        #expect(try CalendarScheduleTests.decode(json).explained == sentence)
    }
}
