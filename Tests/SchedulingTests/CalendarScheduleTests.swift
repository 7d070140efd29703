import Foundation
import Testing

@testable import Scheduling

@Suite("Calendar schedules")
struct CalendarScheduleTests {
    /// A document, an instant, and the fires that follow it.
    struct Case: Sendable, CustomTestStringConvertible {
        let json: String
        let after: String
        let fires: [String]
        var testDescription: String { json }
    }

    static func decode(_ json: String) throws -> Schedule {
        try JSONDecoder().decode([Schedule].self, from: Data("[\(json)]".utf8))[0]
    }

    static func fires(_ schedule: Schedule, after: String, count: Int) throws -> [String] {
        var fires: [String] = []
        var last = try instant(after)
        while fires.count < count, let fire = schedule.next(after: last) {
            fires.append(fire.formatted(in: schedule.dayZone))
            last = fire
        }
        return fires
    }

    static let modes = [
        Case(
            json: #"{"calendar":{"daily":3,"at":["09:30"]},"start":"2026-01-30T00:00:00Z"}"#,
            after: "2026-01-01T00:00:00Z",
            fires: ["2026-01-30T09:30:00+00:00", "2026-02-02T09:30:00+00:00", "2026-02-05T09:30:00+00:00"]
        ),
        // Without a start, days are counted from 1970-01-01 and weeks from the one it is in.
        Case(
            json: #"{"calendar":{"daily":2,"at":["00:00"]}}"#,
            after: "1970-01-01T00:00:00Z",
            fires: ["1970-01-03T00:00:00+00:00", "1970-01-05T00:00:00+00:00"]
        ),
        Case(
            json:
                #"{"calendar":{"weekly":["fri","mon"],"weeks":2,"at":["08:00","17:00"]},"start":"2026-01-07T00:00:00Z"}"#,
            after: "2026-01-01T00:00:00Z",
            fires: [
                "2026-01-09T08:00:00+00:00", "2026-01-09T17:00:00+00:00", "2026-01-19T08:00:00+00:00",
                "2026-01-19T17:00:00+00:00", "2026-01-23T08:00:00+00:00",
            ]
        ),
        Case(
            json: #"{"calendar":{"weekly":["sun"],"at":["12:00"]}}"#,
            after: "2026-01-01T00:00:00Z",
            fires: ["2026-01-04T12:00:00+00:00", "2026-01-11T12:00:00+00:00"]
        ),
        Case(
            json: #"{"calendar":{"monthly":[31,"last"],"at":["18:00"]}}"#,
            after: "2026-01-01T00:00:00Z",
            fires: ["2026-01-31T18:00:00+00:00", "2026-02-28T18:00:00+00:00", "2026-03-31T18:00:00+00:00"]
        ),
        Case(
            json:
                #"{"calendar":{"monthly":["2nd tue","last fri","last-2"],"months":["feb"],"at":["06:00"]}}"#,
            after: "2026-01-01T00:00:00Z",
            fires: [
                "2026-02-10T06:00:00+00:00", "2026-02-26T06:00:00+00:00", "2026-02-27T06:00:00+00:00",
                "2027-02-09T06:00:00+00:00",
            ]
        ),
        Case(
            json: #"{"calendar":{"monthly":["5th mon"],"at":"00:00"}}"#,
            after: "2026-01-01T00:00:00Z",
            fires: ["2026-03-30T00:00:00+00:00", "2026-06-29T00:00:00+00:00", "2026-08-31T00:00:00+00:00"]
        ),
        Case(
            json: #"{"calendar":{"monthly":[29],"months":[2],"at":"00:00"}}"#,
            after: "2096-03-01T00:00:00Z",
            fires: ["2104-02-29T00:00:00+00:00"]
        ),
    ]

    static let windows = [
        // Its ends fire too, but not the end of the day.
        Case(
            json: #"{"calendar":{"daily":1,"windows":[{"from":"08:00","to":"12:00","every":"2h"}]}}"#,
            after: "2026-01-01T09:00:00Z",
            fires: [
                "2026-01-01T10:00:00+00:00", "2026-01-01T12:00:00+00:00", "2026-01-02T08:00:00+00:00",
            ]
        ),
        Case(
            json: #"{"calendar":{"weekly":"mon","windows":[{"every":"12h"}]}}"#,
            after: "2026-01-01T00:00:00Z",
            fires: ["2026-01-05T00:00:00+00:00", "2026-01-05T12:00:00+00:00", "2026-01-12T00:00:00+00:00"]
        ),
        // A window belongs to the day it begins on: Friday's lasts into Saturday.
        Case(
            json: #"{"calendar":{"weekly":["fri"],"windows":[{"from":"22:00","to":"06:00","every":"4h"}]}}"#,
            after: "2026-01-02T21:00:00Z",
            fires: [
                "2026-01-02T22:00:00+00:00", "2026-01-03T02:00:00+00:00", "2026-01-03T06:00:00+00:00",
                "2026-01-09T22:00:00+00:00",
            ]
        ),
        // Yesterday's window and today's overlap; a coinciding instant fires once.
        Case(
            json:
                #"{"calendar":{"daily":1,"windows":[{"from":"20:00","to":"10:00","every":"7h"},{"from":"03:00","to":"04:00","every":"30m"}]}}"#,
            after: "2026-01-01T12:00:00Z",
            fires: [
                "2026-01-01T20:00:00+00:00", "2026-01-02T03:00:00+00:00", "2026-01-02T03:30:00+00:00",
                "2026-01-02T04:00:00+00:00", "2026-01-02T10:00:00+00:00", "2026-01-02T20:00:00+00:00",
            ]
        ),
        Case(
            json: #"{"calendar":{"monthly":["last weekday"],"at":"09:00"}}"#,
            after: "2026-01-01T00:00:00Z",
            fires: ["2026-01-30T09:00:00+00:00", "2026-02-27T09:00:00+00:00", "2026-03-31T09:00:00+00:00"]
        ),
        Case(
            json: #"{"calendar":{"daily":1,"windows":[{"from":"09:00","to":"09:30","every":"1h"}]}}"#,
            after: "2026-01-01T00:00:00Z",
            fires: ["2026-01-01T09:00:00+00:00", "2026-01-02T09:00:00+00:00"]
        ),
        Case(
            json:
                #"{"calendar":{"daily":1,"windows":[{"from":"09:00","to":"10:00","every":"30m"}]},"start":"2026-01-01T09:10:00Z","end":"2026-01-02T09:30:00Z"}"#,
            after: "2025-01-01T00:00:00Z",
            fires: [
                "2026-01-01T09:30:00+00:00", "2026-01-01T10:00:00+00:00", "2026-01-02T09:00:00+00:00",
                "2026-01-02T09:30:00+00:00",
            ]
        ),
    ]

    static let changes = [
        // Berlin has no 02:00 to 03:00 on 2026-03-29.
        Case(
            json: #"{"calendar":{"daily":1,"at":["02:30"]},"timeZone":"Europe/Berlin"}"#,
            after: "2026-03-28T12:00:00Z",
            fires: ["2026-03-29T03:00:00+02:00", "2026-03-30T02:30:00+02:00"]
        ),
        Case(
            json: #"{"calendar":{"daily":1,"at":["02:30"]},"timeZone":"Europe/Berlin","gap":"skip"}"#,
            after: "2026-03-28T12:00:00Z",
            fires: ["2026-03-30T02:30:00+02:00"]
        ),
        // A window across midnight and the gap: the times the gap swallows are one fire after it.
        Case(
            json:
                #"{"calendar":{"weekly":["sat"],"windows":[{"from":"22:00","to":"04:00","every":"45m"}]},"timeZone":"Europe/Berlin"}"#,
            after: "2026-03-28T23:00:00Z",
            fires: [
                "2026-03-29T00:15:00+01:00", "2026-03-29T01:00:00+01:00", "2026-03-29T01:45:00+01:00",
                "2026-03-29T03:00:00+02:00", "2026-03-29T03:15:00+02:00", "2026-03-29T04:00:00+02:00",
                "2026-04-04T22:00:00+02:00",
            ]
        ),
        // New York has 01:00 to 02:00 twice on 2026-11-01: windows fire in both, single times in the first.
        Case(
            json:
                #"{"calendar":{"daily":1,"windows":[{"from":"00:30","to":"02:00","every":"30m"}]},"timeZone":"America/New_York"}"#,
            after: "2026-11-01T03:00:00Z",
            fires: [
                "2026-11-01T00:30:00-04:00", "2026-11-01T01:00:00-04:00", "2026-11-01T01:30:00-04:00",
                "2026-11-01T01:00:00-05:00", "2026-11-01T01:30:00-05:00", "2026-11-01T02:00:00-05:00",
            ]
        ),
        Case(
            json: #"{"calendar":{"daily":1,"at":["01:30"]},"timeZone":"America/New_York"}"#,
            after: "2026-11-01T03:00:00Z",
            fires: ["2026-11-01T01:30:00-04:00", "2026-11-02T01:30:00-05:00"]
        ),
        Case(
            json: #"{"calendar":{"daily":1,"at":["01:30"]},"timeZone":"America/New_York","overlap":"both"}"#,
            after: "2026-11-01T03:00:00Z",
            fires: ["2026-11-01T01:30:00-04:00", "2026-11-01T01:30:00-05:00", "2026-11-02T01:30:00-05:00"]
        ),
        // Lord Howe moves its clocks by half an hour.
        Case(
            json: #"{"calendar":{"daily":1,"at":["02:15"]},"timeZone":"Australia/Lord_Howe"}"#,
            after: "2026-10-03T12:00:00Z",
            fires: ["2026-10-04T02:30:00+11:00", "2026-10-05T02:15:00+11:00"]
        ),
        Case(
            json:
                #"{"calendar":{"daily":1,"windows":[{"from":"01:15","to":"02:15","every":"30m"}]},"timeZone":"Australia/Lord_Howe"}"#,
            after: "2026-04-04T12:00:00Z",
            fires: [
                "2026-04-05T01:15:00+11:00", "2026-04-05T01:45:00+11:00", "2026-04-05T01:45:00+10:30",
                "2026-04-05T02:15:00+10:30",
            ]
        ),
        // Apia had no 2011-12-30 at all: what the day would have fired comes once, after it.
        Case(
            json: #"{"calendar":{"daily":1,"at":["09:00","15:00"]},"timeZone":"Pacific/Apia"}"#,
            after: "2011-12-30T00:30:00Z",
            fires: ["2011-12-29T15:00:00-10:00", "2011-12-31T00:00:00+14:00", "2011-12-31T09:00:00+14:00"]
        ),
        Case(
            json: #"{"calendar":{"weekly":["fri"],"at":["09:00"]},"timeZone":"Pacific/Apia","gap":"skip"}"#,
            after: "2011-12-24T00:00:00Z",
            fires: ["2012-01-06T09:00:00+14:00"]
        ),
    ]

    @Test("the modes mean what they say", arguments: modes + windows + changes)
    func table(row: Case) throws {
        let schedule = try Self.decode(row.json)
        #expect(try Self.fires(schedule, after: row.after, count: row.fires.count) == row.fires)
    }

    @Test("a document survives", arguments: modes + windows + changes)
    func coding(row: Case) throws {
        let schedule = try Self.decode(row.json)
        let encoded = String(decoding: try JSONEncoder().encode(schedule), as: UTF8.self)
        #expect(try Self.decode(encoded) == schedule, "\(encoded)")
        // A window that is shorter than its interval means something, and is refused when somebody writes it.
        guard !row.json.contains(#""to":"09:30","every":"1h""#) else {
            let error = #expect(throws: ScheduleError.self) { try schedule.validate() }
            #expect(error?.message.contains("is shorter than its interval 1h: write at: \"09:00\"") == true)
            return
        }
        #expect(throws: Never.self) { try schedule.validate() }
    }

    @Test(
        "what is wrong is refused where it stands",
        arguments: [
            (#"{"calendar":{}}"#, "calendar", "a calendar needs one of daily, weekly or monthly"),
            (#"{"calendar":{"daily":1}}"#, "calendar", "a calendar needs at or windows"),
            (
                #"{"calendar":{"daily":1,"weekly":["mon"],"at":"1:00"}}"#, "weekly",
                "cannot stand beside 'daily'"
            ),
            (#"{"calendar":{"daily":1,"at":"1:00","windows":[]}}"#, "windows", "cannot stand beside 'at'"),
            (
                #"{"calendar":{"daily":1,"weeks":2,"at":"1:00"}}"#, "weeks",
                "has no 'weeks': it may have daily, at"
            ),
            (#"{"calendar":{"daily":0,"at":"1:00"}}"#, "calendar", "daily cannot be 0"),
            (#"{"calendar":{"weekly":[],"at":"1:00"}}"#, "calendar", "weekly names no day"),
            (#"{"calendar":{"weekly":["mon","xyz"],"at":"1:00"}}"#, "1", "'xyz' is no day of the week"),
            (#"{"calendar":{"weekly":["mon"],"weeks":54,"at":"1:00"}}"#, "calendar", "weeks cannot be 54"),
            (#"{"calendar":{"monthly":[0],"at":"1:00"}}"#, "monthly", "'0' is no day of a month"),
            (
                #"{"calendar":{"monthly":["6th mon"],"at":"1:00"}}"#, "monthly",
                "'6th mon' is no day of a month"
            ),
            (#"{"calendar":{"monthly":[1],"months":["foo"],"at":"1:00"}}"#, "months", "'foo' is no month"),
            (#"{"calendar":{"daily":1,"at":"25:00"}}"#, "at", "'25:00' is no time of day"),
            (#"{"calendar":{"daily":1,"at":["24:00"]}}"#, "calendar", "24:00 is no time to fire at"),
            (#"{"calendar":{"daily":1,"at":[]}}"#, "calendar", "a day cannot have 0 times"),
            (
                #"{"calendar":{"daily":1,"windows":[{"from":"8:00","to":"8:00","every":"1h"}]}}"#, "to",
                "is empty"
            ),
            (
                #"{"calendar":{"daily":1,"windows":[{"every":"500ms"}]}}"#, "every",
                "use whole seconds from 1s to 1d"
            ),
            (#"{"calendar":{"daily":1,"at":"1:00"},"days":"both"}"#, "days", "has no 'days'"),
            (
                #"{"calendar":{"daily":1,"at":"1:00"},"cron":"@daily"}"#, "calendar",
                "cannot stand beside 'cron'"
            ),
        ]
    )
    func refused(json: String, key: String, reason: String) {
        let error = #expect(throws: DecodingError.self) { try Self.decode(json) }
        guard case .dataCorrupted(let context) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(context.codingPath.last?.stringValue == key || context.codingPath.last?.intValue == Int(key))
        #expect(context.debugDescription.contains(reason), "\(context.debugDescription)")
    }

    @Test("a calendar without a date is refused when it is validated")
    func never() throws {
        let schedule = try Self.decode(#"{"calendar":{"monthly":[31],"months":["feb","apr"],"at":"1:00"}}"#)
        let error = #expect(throws: ScheduleError.self) { try schedule.validate() }
        #expect(error?.message == "no date matches: change the days or months of the calendar")
    }

    @Test("the search agrees with a walk over every day", arguments: 0..<60)
    func model(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let model = CalendarModel(&generator)
        let schedule = Schedule(.calendar(try model.schedule()))
        var found: [Int] = []
        var last = try instant("2026-01-01T00:00:00Z")
        let end = try instant("2027-03-01T00:00:00Z")
        while let fire = schedule.next(after: last), fire < end {
            found.append(Int(fire.millisecondsSinceEpoch / 1_000))
            last = fire
        }
        let all = model.seconds(from: try instant("2026-01-01T00:00:00Z"), to: end)
        #expect(found == all, "\(model)")
    }
}

/// A calendar in UTC, evaluated day by day.
struct CalendarModel {
    let days: CalendarSchedule.Days
    let times: CalendarSchedule.Times
    let start: Instant

    init(_ generator: inout SeededGenerator) {
        func number(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &generator) }
        start = Instant(millisecondsSinceEpoch: Int64(number(1_700_000_000...1_760_000_000)) * 1_000)
        switch number(0...2) {
        case 0: days = .daily(every: number(1...40))
        case 1:
            let weekdays = (0...number(0...3)).compactMap { _ in Weekday(rawValue: number(0...6)) }
            days = .weekly(Set(weekdays).sorted(), every: number(1...5))
        default:
            let monthDays: [MonthDay] = (0...number(0...2)).map { _ in
                switch number(0...3) {
                case 0: .day(number(1...31))
                case 1: .last(minus: number(0...30))
                case 2: .nth(number(1...5), Weekday(rawValue: number(0...6)) ?? .monday)
                default: .lastOf(Weekday(rawValue: number(0...6)) ?? .monday)
                }
            }
            days = .monthly(
                monthDays,
                months: Array(Set((0..<number(0...4)).map { _ in number(1...12) })).sorted()
            )
        }
        if number(0...1) == 0 {
            times = .at((0...number(0...3)).map { _ in TimeOfDay(seconds: number(0...86_399)) })
        } else {
            times = .windows(
                (0...number(0...2)).compactMap { _ in
                    try? DailyWindow(
                        from: TimeOfDay(seconds: 60 * number(0...1_439)),
                        to: TimeOfDay(seconds: 60 * number(0...1_440)),
                        every: .seconds(60 * number(1...700))
                    )
                }
            )
        }
    }

    func schedule() throws -> CalendarSchedule {
        try CalendarSchedule(days: days, times: times, start: start)
    }

    func seconds(from: Instant, to: Instant) -> [Int] {
        let first = Int(from.millisecondsSinceEpoch / 86_400_000) - 2
        let last = Int(to.millisecondsSinceEpoch / 86_400_000)
        var seconds: Set<Int> = []
        for day in first...last where isMeant(day) { seconds.formUnion(times(of: day)) }
        let range = Int(from.millisecondsSinceEpoch / 1_000) + 1..<Int(to.millisecondsSinceEpoch / 1_000)
        return seconds.filter(range.contains).sorted()
    }

    private func isMeant(_ day: Int) -> Bool {
        var calendar = Calendar(identifier: .iso8601)
        calendar.timeZone = .gmt
        let date = Date(timeIntervalSince1970: Double(day) * 86_400)
        let parts = calendar.dateComponents([.year, .month, .day, .weekday], from: date)
        guard let month = parts.month, let number = parts.day, let weekday = parts.weekday,
            let length = calendar.range(of: .day, in: .month, for: date)?.count
        else { return false }
        switch days {
        case .daily(let count):
            let anchor = Int(start.millisecondsSinceEpoch / 86_400_000)
            return (day - anchor) % count == 0
        case .weekly(let weekdays, let count):
            guard let week = calendar.dateInterval(of: .weekOfYear, for: date),
                let anchor = calendar.dateInterval(of: .weekOfYear, for: start.date)
            else { return false }
            let weeks = Int((week.start.timeIntervalSince(anchor.start) / 604_800).rounded())
            return weeks % count == 0 && weekdays.contains { $0.rawValue + 1 == weekday }
        case .monthly(let monthDays, let months):
            guard months.isEmpty || months.contains(month) else { return false }
            return monthDays.contains { monthDay in
                switch monthDay {
                case .day(let day): day == number
                case .last(let minus): number == length - minus
                case .nth(let nth, let day): day.rawValue + 1 == weekday && (number - 1) / 7 + 1 == nth
                case .lastOf(let day): day.rawValue + 1 == weekday && number + 7 > length
                case .lastWorkday:
                    (2...6).contains(weekday) && (number == length || weekday == 6 && number + 2 >= length)
                }
            }
        }
    }

    private func times(of day: Int) -> [Int] {
        switch times {
        case .at(let times): times.map { day * 86_400 + $0.seconds }
        case .windows(let windows):
            windows.flatMap { window -> [Int] in
                let from = day * 86_400 + window.from.seconds
                let isNextDay = window.to <= window.from
                var to = day * 86_400 + window.to.seconds + (isNextDay ? 86_400 : 0)
                if window.to.seconds == 86_400 { to -= 1 }
                return Array(stride(from: from, through: to, by: Int(window.every.components.seconds)))
            }
        }
    }
}
