import Domain
import Payloads
import Scheduling
import Testing

@testable import Control

@Suite struct RevisionSearchTests {
    private static let task = TaskID("t")!

    private func search(_ numbers: Int...) -> RevisionSearch {
        RevisionSearch(
            task: Self.task,
            revisions: numbers.map { number in
                RevisionPayload(
                    revision: number,
                    savedAt: .epoch,
                    task: TaskSpecification(name: Self.task, action: .command(["true"]))
                )
            }
        )
    }

    @Test("a revision that calendars and pauses made is the one before it")
    func between() throws {
        let kept = search(2, 5)
        for (asked, found) in [(2, 2), (3, 2), (4, 2), (5, 5)] {
            #expect(kept.revisions[try kept.index(of: asked)].revision == found)
        }
    }

    @Test("one that is not kept, or not there yet, is refused with those that are", arguments: [1, 6])
    func refused(number: Int) {
        #expect(throws: ControlError("task t has no revision \(number): use one of 2, 5", .notFound)) {
            try search(2, 5).index(of: number)
        }
    }

    @Test("calendars are summed up by the kinds of their days")
    func calendars() throws {
        let calendar = DayCalendar(
            name: CalendarID("off")!,
            days: DaySelection(
                dates: [try DayRange(parsing: "2026-12-24")],
                weekdays: [.sunday],
                yearly: [try YearlyDay(parsing: "01-01"), try YearlyDay(parsing: "12-25")]
            ),
            ical: "BEGIN:VCALENDAR"
        )
        #expect(CalendarTable.summary(of: calendar) == "1 date, 2 yearly, sun, iCalendar")
    }

    @Test("an author is what the environment says")
    func author() {
        #expect(Author.name(["CLOUDTASK_AUTHOR": "ci"]) == "ci")
        #expect(Author.name(["LOGNAME": "ada", "USER": "x"]).hasPrefix("ada@"))
    }
}
