import Foundation
import Testing

@testable import Scheduling

@Suite("Excluded and included days")
struct DaySelectionTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let json: String
        let after: String
        let fires: [String]
        var testDescription: String { json }
    }

    static let cases = [
        Case(
            json:
                #"{"cron":"0 9 * * *","exclude":{"weekdays":["sat","sun"],"dates":["2026-12-24..2026-12-25"]}}"#,
            after: "2026-12-23T00:00:00Z",
            fires: ["2026-12-23T09:00:00+00:00", "2026-12-28T09:00:00+00:00", "2026-12-29T09:00:00+00:00"]
        ),
        // Included days have the schedule's times, whatever its day fields say, and even if they are excluded.
        Case(
            json:
                #"{"cron":"0 9,17 * * 1-5","include":{"dates":["2026-12-19"]},"exclude":{"dates":["2026-12-18..2026-12-31"]}}"#,
            after: "2026-12-17T12:00:00Z",
            fires: [
                "2026-12-17T17:00:00+00:00", "2026-12-19T09:00:00+00:00", "2026-12-19T17:00:00+00:00",
                "2027-01-01T09:00:00+00:00",
            ]
        ),
        Case(
            json: #"{"cron":"0 9 * * *","exclude":{"yearly":["12-25","4th thu nov"]}}"#,
            after: "2026-11-25T12:00:00Z",
            fires: ["2026-11-27T09:00:00+00:00", "2026-11-28T09:00:00+00:00"]
        ),
        Case(
            json: #"{"cron":"0 0 0 1 1 * 2026","include":{"dates":["2028-02-29"]}}"#,
            after: "2025-01-01T00:00:00Z",
            fires: ["2026-01-01T00:00:00+00:00", "2028-02-29T00:00:00+00:00"]
        ),
        // The day is the local one.
        Case(
            json: #"{"cron":"30 0 * * *","timeZone":"Europe/Berlin","exclude":{"dates":["2026-07-02"]}}"#,
            after: "2026-06-30T23:00:00Z",
            fires: ["2026-07-03T00:30:00+02:00"]
        ),
        // A window is excluded by the day it begins on.
        Case(
            json:
                #"{"calendar":{"daily":1,"windows":[{"from":"22:00","to":"02:00","every":"2h"}]},"exclude":{"dates":["2026-01-02"]}}"#,
            after: "2026-01-01T23:00:00Z",
            fires: ["2026-01-02T00:00:00+00:00", "2026-01-02T02:00:00+00:00", "2026-01-03T22:00:00+00:00"]
        ),
        Case(
            json: #"{"calendar":{"weekly":["mon"],"at":"8:00"},"include":{"dates":["2026-01-07"]}}"#,
            after: "2026-01-05T00:00:00Z",
            fires: ["2026-01-05T08:00:00+00:00", "2026-01-07T08:00:00+00:00", "2026-01-12T08:00:00+00:00"]
        ),
        // Intervals go on counting through the days they do not fire on.
        Case(
            json: #"{"every":"7h","start":"2026-01-01T00:00:00Z","exclude":{"weekdays":["fri"]}}"#,
            after: "2026-01-01T12:00:00Z",
            fires: ["2026-01-01T14:00:00+00:00", "2026-01-01T21:00:00+00:00", "2026-01-03T01:00:00+00:00"]
        ),
        Case(
            json: #"{"every":"1h","exclude":{"dates":["2026-03-29"]},"timeZone":"Europe/Berlin"}"#,
            after: "2026-03-28T22:00:00Z",
            fires: ["2026-03-30T00:00:00+02:00"]
        ),
        // Apia had no 2011-12-30: leaving out the day before leads over it.
        Case(
            json: #"{"every":"1h","exclude":{"dates":["2011-12-29"]},"timeZone":"Pacific/Apia"}"#,
            after: "2011-12-29T15:00:00Z",
            fires: ["2011-12-31T00:00:00+14:00"]
        ),
        Case(
            json: #"{"every":"2h","exclude":{"weekdays":["mon-sun"]},"include":{"dates":["2026-01-05"]}}"#,
            after: "2026-01-05T21:00:00Z",
            fires: ["2026-01-05T22:00:00+00:00"]
        ),
        Case(
            json: #"{"at":"2026-01-05T21:00:00Z","exclude":{"dates":["2026-01-06"]}}"#,
            after: "2026-01-01T00:00:00Z",
            fires: ["2026-01-05T21:00:00+00:00"]
        ),
        // The number is of fires that come, from the start on.
        Case(
            json:
                #"{"cron":"0 9 * * *","start":"2026-01-02T00:00:00Z","maxRuns":3,"exclude":{"weekdays":["sun"]}}"#,
            after: "2020-01-01T00:00:00Z",
            fires: ["2026-01-02T09:00:00+00:00", "2026-01-03T09:00:00+00:00", "2026-01-05T09:00:00+00:00"]
        ),
        Case(
            json: #"{"every":"1h","start":"2026-01-02T00:00:00Z","maxRuns":2}"#,
            after: "2020-01-01T00:00:00Z",
            fires: ["2026-01-02T00:00:00+00:00", "2026-01-02T01:00:00+00:00"]
        ),
        Case(
            json: #"{"every":"1h","start":"2026-01-02T00:00:00Z","end":"2026-01-02T01:30:00Z","maxRuns":5}"#,
            after: "2020-01-01T00:00:00Z",
            fires: ["2026-01-02T00:00:00+00:00", "2026-01-02T01:00:00+00:00"]
        ),
    ]

    @Test("days are left out and put in", arguments: cases)
    func table(row: Case) throws {
        let schedule = try CalendarScheduleTests.decode(row.json)
        let isEnd =
            schedule.maxRuns != nil || row.json.contains("\"at\":\"2026") || row.json.contains("mon-sun")
        let isYear = row.json.contains("* 2026")
        let count = row.fires.count + (isEnd || isYear ? 1 : 0)
        #expect(try CalendarScheduleTests.fires(schedule, after: row.after, count: count) == row.fires)
    }

    @Test("a document survives", arguments: cases)
    func coding(row: Case) throws {
        let schedule = try CalendarScheduleTests.decode(row.json)
        let encoded = String(decoding: try JSONEncoder().encode(schedule), as: UTF8.self)
        #expect(try CalendarScheduleTests.decode(encoded) == schedule, "\(encoded)")
    }

    @Test("a number of fires is counted with the clocks put forward and back")
    func counted() throws {
        let schedule = try CalendarScheduleTests.decode(
            #"{"cron":"*/30 * * * *","timeZone":"Australia/Lord_Howe","start":"2026-04-04T13:30:00Z","maxRuns":5}"#
        )
        #expect(
            try CalendarScheduleTests.fires(schedule, after: "2020-01-01T00:00:00Z", count: 9) == [
                "2026-04-05T00:30:00+11:00", "2026-04-05T01:00:00+11:00", "2026-04-05T01:30:00+11:00",
                "2026-04-05T01:30:00+10:30", "2026-04-05T02:00:00+10:30",
            ]
        )
    }

    @Test("named calendars count when the context knows them")
    func calendars() throws {
        let schedule = try CalendarScheduleTests.decode(
            #"{"cron":"0 9 * * *","exclude":{"calendars":["holidays"]},"include":{"calendars":["extra"]}}"#
        )
        let days = DaySet(DaySelection(dates: [try DayRange(parsing: "2026-01-02..2026-01-04")]))
        let extra = DaySet(DaySelection(dates: [try DayRange(parsing: "2026-01-03")]))
        let context = ScheduleContext(task: "t", calendars: ["holidays": days, "extra": extra])
        let after = try instant("2026-01-01T12:00:00Z")
        #expect(schedule.calendarNames == ["extra", "holidays"])
        #expect(schedule.next(after: after) == (try instant("2026-01-02T09:00:00Z")))
        #expect(schedule.next(after: after, in: context) == (try instant("2026-01-03T09:00:00Z")))
        let bound = schedule.bound(to: context)
        #expect(
            bound.next(after: try instant("2026-01-03T12:00:00Z")) == (try instant("2026-01-05T09:00:00Z"))
        )
    }

    @Test(
        "texts are read, and written as they are meant",
        arguments: [
            ("12-25", "12-25"), ("02-29", "02-29"), ("fourth thursday november", "4th thu nov"),
            ("last Mon May", "last mon may"), ("last feb", "last feb"),
            ("12-25 from 2020 until 2030 every 2 years", "12-25 from 2020 until 2030 every 2 years"),
        ]
    )
    func yearly(text: String, canonical: String) throws {
        let day = try YearlyDay(parsing: text)
        #expect(day.description == canonical)
        #expect(try YearlyDay(parsing: canonical) == day)
    }

    @Test(
        "texts that mean nothing are refused",
        arguments: [
            "", "13-01", "02-30", "12-25 from", "12-25 from x", "6th mon may", "12-25 2020",
            "12-25 from 3000",
        ]
    )
    func noYearlyDay(text: String) {
        #expect(throws: ScheduleError.self) { try YearlyDay(parsing: text) }
    }

    @Test(
        "bad selections are refused",
        arguments: [
            (#"{"cron":"@daily","exclude":{}}"#, "no day is named"),
            (#"{"cron":"@daily","exclude":{"dates":["2026-02-30"]}}"#, "'2026-02-30' is no date"),
            (#"{"cron":"@daily","exclude":{"dates":["2026-02-03..2026-02-01"]}}"#, "ends before it begins"),
            (#"{"cron":"@daily","exclude":{"date":["2026-02-03"]}}"#, "has no 'date'"),
            (#"{"every":"1h","timeZone":"UTC"}"#, "has no 'timeZone'"),
            (#"{"at":"2026-01-01T00:00:00Z","include":{"weekdays":["mon"]}}"#, "has no 'include'"),
        ]
    )
    func refused(json: String, reason: String) {
        let error = #expect(throws: DecodingError.self) { try CalendarScheduleTests.decode(json) }
        guard case .dataCorrupted(let context) = error else { return }
        #expect(context.debugDescription.contains(reason), "\(context.debugDescription)")
    }

    @Test(
        "what can never fire or be counted is refused when validated",
        arguments: [
            (#"{"every":"7d","exclude":{"weekdays":["thu"]}}"#, "exclude leaves no day"),
            (#"{"cron":"* * * * * *","exclude":{"weekdays":["mon-sun"]}}"#, "exclude leaves no day"),
            (#"{"cron":"0 0 25 12 *","exclude":{"yearly":["12-25"]}}"#, "exclude leaves no day"),
            (#"{"at":"2026-01-06T21:00:00Z","exclude":{"dates":["2026-01-06"]}}"#, "exclude leaves no day"),
            (#"{"cron":"@daily","maxRuns":3}"#, "give a start"),
            (#"{"cron":"@daily","start":"2026-01-01T00:00:00Z","maxRuns":0}"#, "maxRuns cannot be 0"),
            (#"{"cron":"@daily","start":"2026-01-01T00:00:00Z","maxRuns":10001}"#, "maxRuns cannot be 10001"),
        ]
    )
    func invalid(json: String, reason: String) throws {
        let schedule = try CalendarScheduleTests.decode(json)
        let error = #expect(throws: ScheduleError.self) { try schedule.validate() }
        #expect(error?.message.contains(reason) == true, "\(String(describing: error))")
    }

    @Test("a search over days that are left out agrees with leaving out fires", arguments: 0..<40)
    func model(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        func number(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &generator) }
        func days(_ count: Int) throws -> DaySelection {
            let first = CivilDate(year: 2_026, month: 1, day: 1).daysSinceEpoch
            return DaySelection(
                dates: (0..<count).map { _ in
                    let day = first + number(0...364)
                    return DayRange(day...day + number(0...20))
                },
                weekdays: (0..<number(0...2)).compactMap { _ in Weekday(rawValue: number(0...6)) },
                yearly: [YearlyDay(month: number(1...12), day: .lastOf(.tuesday))]
            )
        }
        let zone = ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "UTC"][number(0...3)]
        let expression = try cron(["*/25 */3 * * *", "0 0 * * *", "30 2 * * 1-5"][number(0...2)], in: zone)
        let everyDay = try cron(expression.text.replacing("1-5", with: "*"), in: zone)
        var schedule = Schedule.cron(CronSchedule(expression))
        let (excluded, included) = (try days(number(1...8)), try days(number(1...3)))
        schedule.exclude = excluded
        schedule.include = included
        let (start, end) = (try instant("2026-01-01T12:00:00Z"), try instant("2027-01-20T00:00:00Z"))
        let (outSet, inSet) = (DaySet(excluded), DaySet(included))
        func contains(_ set: DaySet, _ fire: Instant) throws -> Bool {
            // A fire after a gap belongs to the local day the gap was in, which no gap of these zones leaves.
            let text = fire.formatted(in: expression.options.timeZone).prefix(10)
            let date = try DayRange(parsing: String(text)).days.lowerBound
            let civil = CivilDate(daysSinceEpoch: date)
            return set.mask(ofMonth: civil, firstDay: date - civil.day + 1).contains(civil.day)
        }
        let own = Set(expression.fires(after: start, before: end))
        let wanted = try everyDay.fires(after: start, before: end).filter { fire in
            try contains(inSet, fire) || (own.contains(fire) && !contains(outSet, fire))
        }
        var found: [Instant] = []
        var last = start
        while let fire = schedule.next(after: last), fire < end {
            found.append(fire)
            last = fire
        }
        #expect(found == wanted)
    }
}

@Suite("Schedules that follow events")
struct EventScheduleTests {
    private let context = ScheduleContext(task: "billing")

    @Test("a delay counts from the end of the run before, and the first comes at the start")
    func afterCompletion() throws {
        let schedule = try CalendarScheduleTests.decode(
            #"{"afterCompletion":"5m","start":"2026-01-01T00:00:00Z","end":"2026-01-01T12:00:00Z"}"#
        )
        let start = try instant("2026-01-01T00:00:00Z")
        func due(_ completed: Instant?, _ effective: Instant) -> Instant? {
            schedule.due(afterCompletion: completed, effectiveFrom: effective, in: context)
        }
        #expect(due(nil, start - .seconds(9)) == start)
        #expect(due(nil, start + .seconds(9)) == start + .seconds(9))
        #expect(due(start + .seconds(60), start) == start + .seconds(360))
        #expect(due(try instant("2026-01-01T11:55:00Z"), start) == (try instant("2026-01-01T12:00:00Z")))
        #expect(due(try instant("2026-01-01T11:55:01Z"), start) == nil)
        #expect(schedule.next(after: .epoch) == nil)
        #expect(throws: Never.self) { try schedule.validate() }
    }

    @Test("a delay that ends on an excluded day waits for the next day")
    func excluded() throws {
        let schedule = try CalendarScheduleTests.decode(
            #"{"afterCompletion":"5m","exclude":{"weekdays":["sat","sun"]},"timeZone":"Europe/Berlin"}"#
        )
        let friday = try instant("2026-03-27T22:57:00Z")
        let due = schedule.due(afterCompletion: friday, effectiveFrom: .epoch, in: context)
        #expect(due == (try instant("2026-03-29T22:00:00Z")))
    }

    @Test("a start of the agent fires after its delay, spread by the task's name")
    func agentStart() throws {
        let now = try instant("2026-01-01T00:00:00Z")
        let plain = try CalendarScheduleTests.decode(#"{"onAgentStart":true}"#)
        #expect(plain.due(afterAgentStart: now, in: context) == now)
        let late = try CalendarScheduleTests.decode(#"{"onAgentStart":"30s","jitter":"10m"}"#)
        let due = try #require(late.due(afterAgentStart: now, in: context))
        #expect(due > now + .seconds(30) && due < now + .seconds(630))
        #expect(late.due(afterAgentStart: now, in: ScheduleContext(task: "reports")) != due)
        #expect(plain.due(afterCompletion: now, effectiveFrom: now, in: context) == nil)
    }

    @Test(
        "a document survives",
        arguments: [
            #"{"afterCompletion":"5m"}"#, #"{"onAgentStart":true}"#, #"{"onAgentStart":"30s"}"#,
            #"{"afterCompletion":"1h","end":"2030-01-01T00:00:00Z","exclude":{"weekdays":["sun"]}}"#,
        ]
    )
    func coding(json: String) throws {
        let schedule = try CalendarScheduleTests.decode(json)
        let encoded = String(decoding: try JSONEncoder().encode(schedule), as: UTF8.self)
        #expect(try CalendarScheduleTests.decode(encoded) == schedule)
    }

    @Test(
        "what makes no sense is refused",
        arguments: [
            (#"{"onAgentStart":false}"#, "onAgentStart cannot be false"),
            (#"{"onAgentStart":"2d"}"#, "the delay 2d is out of range"),
            (#"{"onAgentStart":true,"maxRuns":3}"#, "has no 'maxRuns'"),
            (#"{"afterCompletion":"1ms"}"#, "the interval 1ms is out of range"),
            (#"{"afterCompletion":"5m","every":"5m"}"#, "cannot stand beside 'every'"),
        ]
    )
    func refused(json: String, reason: String) {
        let error = #expect(throws: DecodingError.self) { try CalendarScheduleTests.decode(json) }
        guard case .dataCorrupted(let context) = error else { return }
        #expect(context.debugDescription.contains(reason), "\(context.debugDescription)")
    }
}
