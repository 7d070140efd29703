import Foundation
import Synchronization
import Testing

@testable import Scheduling

@Suite("The search for days is bounded")
struct SearchBoundTests {
    /// A rule that counts how many months it is asked for.
    private final class CountingDays: DayPattern {
        let filter: DayFilter?
        private let rule: CalendarPattern
        private let count = Mutex(0)

        init(_ days: CalendarSchedule.Days, filter: DayFilter? = nil) {
            rule = CalendarPattern(days, .at([TimeOfDay(seconds: 0)]), anchorDay: 0)
            self.filter = filter
        }

        var monthsSeen: Int { count.withLock { $0 } }

        func mask(ofMonth month: CivilDate, firstDay: Int) -> UInt64 {
            count.withLock { $0 += 1 }
            return rule.mask(ofMonth: month, firstDay: firstDay)
        }

        func nextYear(atOrAfter year: Int) -> Int? { rule.nextYear(atOrAfter: year) }
    }

    private func monthsSeen(_ days: CalendarSchedule.Days, excluding selection: DaySelection? = nil) -> Int {
        let filter = selection.map { DayFilter(excluded: [DaySet($0)], included: []) }
        let counting = CountingDays(days, filter: filter)
        let date = CivilDate(year: 2_026, month: 1, day: 31)
        _ = counting.nextDay(after: date, daysSinceEpoch: date.daysSinceEpoch)
        return counting.monthsSeen
    }

    @Test("it looks at the months up to the day, never day by day")
    func months() throws {
        #expect(monthsSeen(.daily(every: 1)) == 2)
        #expect(monthsSeen(.daily(every: 366)) <= 14)
        #expect(monthsSeen(.weekly([.monday], every: 53)) <= 14)
        #expect(monthsSeen(.monthly([.day(29)], months: [2])) == 26)
        let century = DaySelection(dates: [try DayRange(parsing: "2026-01-01..2125-12-31")])
        #expect(monthsSeen(.daily(every: 1), excluding: century) == 1_201)
    }

    @Test("it ends with the year 2199 when no day comes")
    func end() {
        let always = DaySelection(weekdays: Weekday.allCases)
        #expect(monthsSeen(.daily(every: 1), excluding: always) == (2_199 - 2_026 + 1) * 12)
        #expect(monthsSeen(.monthly([.day(31)], months: [2])) == (2_199 - 2_026 + 1) * 12)
    }

    @Test(
        "every search of every schedule ends, in every zone, far before and after the years that are searched"
    )
    func extremes() throws {
        let texts = [
            #"{"calendar":{"daily":7,"windows":[{"from":"22:00","to":"06:00","every":"1s"}]},"timeZone":"Pacific/Apia"}"#,
            #"{"every":"100ms","exclude":{"weekdays":["mon-sat"],"yearly":["last sun may"]},"timeZone":"Australia/Lord_Howe"}"#,
            #"{"cron":"* * * * * *","exclude":{"weekdays":["mon-fri"]},"include":{"yearly":["02-29 every 4 years"]}}"#,
            #"{"at":"2026-01-01T00:00:00Z","exclude":{"dates":["2026-01-02"]}}"#,
        ]
        for text in texts {
            let schedule = try CalendarScheduleTests.decode(text)
            for seconds in [
                Int64.min / 2_000, -10_000_000_000, 0, 1_774_746_000, 7_258_118_400, Int64.max / 2_000,
            ] {
                let instant = Instant(millisecondsSinceEpoch: seconds * 1_000)
                let fire = schedule.next(after: instant)
                #expect(fire.map { $0 > instant } ?? true)
                #expect(fire.map { schedule.next(atOrAfter: $0) == $0 } ?? true, "\(text)")
            }
        }
    }
}
