import Domain
import Payloads
import Scheduling
import Testing

@testable import Control

@Suite struct RevisionSearchTests {
    private func search(_ numbers: Int...) -> RevisionSearch {
        RevisionSearch(subject: "task t", numbers: numbers)
    }

    @Test("a revision that calendars and pauses made is the one before it")
    func between() throws {
        let kept = search(2, 5)
        for (asked, found) in [(2, 2), (3, 2), (4, 2), (5, 5)] {
            #expect(kept.numbers[try kept.index(of: asked)] == found)
        }
    }

    @Test("one that is not kept, or not there yet, is refused with those that are", arguments: [1, 6])
    func refused(number: Int) {
        #expect(throws: ControlError("task t has no revision \(number): use one of 2, 5", .notFound)) {
            try search(2, 5).index(of: number)
        }
    }

    @Test("without numbers the present one is compared with the one before")
    func compared() throws {
        let kept = search(2, 5, 6)
        func places(from: Int?, to: Int?) throws -> [Int] {
            let (before, after) = try kept.indices(from: from, to: to)
            return [before, after]
        }
        #expect(try places(from: nil, to: nil) == [1, 2])
        #expect(try places(from: 2, to: nil) == [0, 2])
        #expect(try places(from: nil, to: 5) == [0, 1])
        let message = "no revision of task t before 2 is kept"
        #expect(throws: ControlError(message)) { _ = try search(2).indices(from: nil, to: nil) }
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
