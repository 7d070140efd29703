import Foundation
import Scheduling
import Testing

@Suite("iCalendar texts")
struct ICalendarTests {
    private func calendar(_ lines: String...) -> String {
        (["BEGIN:VCALENDAR", "VERSION:2.0"] + lines + ["END:VCALENDAR"]).joined(separator: "\r\n") + "\r\n"
    }

    private func event(_ lines: String...) -> String {
        calendar((["BEGIN:VEVENT", "SUMMARY:x"] + lines + ["END:VEVENT"]).joined(separator: "\n"))
    }

    @Test(
        "an event is its days",
        arguments: [
            ("DTSTART;VALUE=DATE:20261224", ["2026-12-24"]),
            ("DTSTART;VALUE=DATE:20261224\nDTEND;VALUE=DATE:20261227", ["2026-12-24..2026-12-26"]),
            ("DTSTART;VALUE=DATE:20261224\nDTEND;VALUE=DATE:20261224", ["2026-12-24"]),
            ("DTSTART;VALUE=DATE:20261224\nDURATION:P1W", ["2026-12-24..2026-12-30"]),
            (
                "DTSTART;TZID=Europe/Berlin:20261224T140000\nDTEND;TZID=Europe/Berlin:20261225T020000",
                ["2026-12-24..2026-12-25"]
            ),
            ("DTSTART:20261224T000000\nDTEND:20261225T000000", ["2026-12-24"]),
            // A folded line is one line.
            ("DTSTART;VALUE=DATE:2026\n 1224", ["2026-12-24"]),
        ]
    )
    func dates(lines: String, days: [String]) throws {
        let selection = try DaySelection(iCalendar: event(lines))
        #expect(selection.dates.map(\.description) == days)
        #expect(selection.yearly.isEmpty && selection.weekdays.isEmpty)
    }

    @Test(
        "a yearly rule is days of the year",
        arguments: [
            ("20201225", "FREQ=YEARLY", ["12-25 from 2020"]),
            ("20201225", "FREQ=YEARLY;INTERVAL=2;WKST=MO", ["12-25 from 2020 every 2 years"]),
            ("20201225", "FREQ=YEARLY;COUNT=3", ["12-25 from 2020 until 2022"]),
            ("20201225", "FREQ=YEARLY;UNTIL=20251224", ["12-25 from 2020 until 2024"]),
            ("20201225", "FREQ=YEARLY;UNTIL=20251225T000000Z", ["12-25 from 2020 until 2025"]),
            ("20201126", "FREQ=YEARLY;BYMONTH=11;BYDAY=4TH", ["4th thu nov from 2020"]),
            ("20200525", "FREQ=YEARLY;BYMONTH=5;BYDAY=-1MO", ["last mon may from 2020"]),
            ("20200525", "FREQ=YEARLY;BYMONTH=5;BYDAY=MO;BYSETPOS=-1", ["last mon may from 2020"]),
            (
                "20200131", "FREQ=YEARLY;BYMONTH=1,7;BYMONTHDAY=-1,15",
                [
                    "last jan from 2020", "01-15 from 2021", "last jul from 2020", "07-15 from 2020",
                ]
            ),
            ("20200229", "FREQ=YEARLY", ["02-29 from 2020"]),
            ("20200229", "FREQ=YEARLY;UNTIL=20300101", ["02-29 from 2020 until 2028"]),
        ]
    )
    func yearly(start: String, rule: String, days: [String]) throws {
        let selection = try DaySelection(iCalendar: event("DTSTART;VALUE=DATE:\(start)", "RRULE:\(rule)"))
        #expect(selection.yearly.map(\.description) == days)
        #expect(selection.dates.isEmpty)
    }

    @Test("a yearly event of several days is each of them, over the end of the year too")
    func several() throws {
        let text = event("DTSTART;VALUE=DATE:20201231", "DTEND;VALUE=DATE:20210103", "RRULE:FREQ=YEARLY")
        let selection = try DaySelection(iCalendar: text)
        #expect(
            selection.yearly.map(\.description) == ["12-31 from 2020", "01-01 from 2021", "01-02 from 2021"]
        )
    }

    @Test("cancelled events, alarms, zones and to-dos are no days")
    func others() throws {
        let text = calendar(
            "BEGIN:VTIMEZONE\nTZID:Europe/Berlin\nBEGIN:DAYLIGHT\nDTSTART:19700329T020000\nRRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU\nEND:DAYLIGHT\nEND:VTIMEZONE",
            "BEGIN:VTODO\nDTSTART;VALUE=DATE:20260101\nEND:VTODO",
            "BEGIN:VEVENT\nSTATUS:CANCELLED\nDTSTART;VALUE=DATE:20260102\nEND:VEVENT",
            "BEGIN:VEVENT\nDTSTART;VALUE=DATE:20260103\nBEGIN:VALARM\nTRIGGER:-PT1H\nDURATION:PT5M\nEND:VALARM\nEND:VEVENT"
        )
        #expect(try DaySelection(iCalendar: text).dates.map(\.description) == ["2026-01-03"])
    }

    @Test(
        "what cannot be represented is refused with its line",
        arguments: [
            ("DTSTART;VALUE=DATE:20261324", "'20261324' is no date: it is written like 20261224 (line 5"),
            ("DTSTART:20261224T230000Z", "DTSTART in UTC is another day elsewhere"),
            ("SUMMARY:y", "the event on line 3 of the iCalendar text has no DTSTART"),
            ("DTSTART:20261224\nDTEND:20261222", "ends before it begins"),
            ("DTSTART:20261224\nDURATION:PT8H", "DURATION must be whole days or weeks"),
            ("DTSTART:20261224\nRRULE:FREQ=WEEKLY", "FREQ=WEEKLY is not understood, only YEARLY"),
            ("DTSTART:20261224\nRRULE:FREQ=YEARLY;BYDAY=4TH", "BYDAY without BYMONTH"),
            ("DTSTART:20261224\nRRULE:FREQ=YEARLY;BYMONTH=1;BYDAY=TH", "BYDAY=TH in RRULE is not understood"),
            ("DTSTART:20261224\nRRULE:FREQ=YEARLY;BYWEEKNO=3", "BYWEEKNO in RRULE is not understood"),
            (
                "DTSTART:20261224\nRRULE:FREQ=YEARLY;BYMONTH=1,2;COUNT=3",
                "COUNT is understood of one day a year only"
            ),
            ("DTSTART:20261224\nRRULE:FREQ=YEARLY;INTERVAL=0", "INTERVAL=0 in RRULE is out of range"),
            ("DTSTART:20261224\nRRULE:FREQ=YEARLY\nEXDATE:20271224", "EXDATE is not understood"),
            ("DTSTART:20260227\nDTEND:20260303\nRRULE:FREQ=YEARLY", "over the end of February"),
            (
                "DTSTART:20261126\nDTEND:20261128\nRRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=4TH",
                "on a fixed date only"
            ),
        ]
    )
    func refused(lines: String, reason: String) {
        let error = #expect(throws: ScheduleError.self) { try DaySelection(iCalendar: event(lines)) }
        #expect(error?.message.contains(reason) == true, "\(String(describing: error))")
    }

    @Test(
        "what is no calendar is refused",
        arguments: [
            "", "hello", "BEGIN:VCALENDAR\nEND:VCALENDAR", "BEGIN:VCALENDAR\nBEGIN:VEVENT\nEND:VCALENDAR",
            "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:20260101\n", "END:VEVENT",
        ]
    )
    func nonsense(text: String) {
        #expect(throws: ScheduleError.self) { try DaySelection(iCalendar: text) }
    }
}
