import Domain
import Foundation
import Scheduling
import Testing

@Suite struct DayCalendarTests {
    private func calendar(_ json: String) throws -> DayCalendar {
        try JSONDecoder().decode(DayCalendar.self, from: Data(json.utf8))
    }

    private func task(_ schedule: String) throws -> TaskSpecification {
        let json = #"{"name":"billing","command":["true"],"schedules":[\#(schedule)]}"#
        return try JSONDecoder().decode(TaskSpecification.self, from: Data(json.utf8))
    }

    private static let holidays =
        #"{"name":"holidays","dates":["2026-01-02..2026-01-03"],"yearly":["12-25"],"ical":"BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:20260105\nEND:VEVENT\nEND:VCALENDAR"}"#
    private static let nightly = #"{"cron":"0 9 * * *","exclude":{"calendars":["holidays"]}}"#

    private func instant(_ text: String) throws -> Instant { try #require(Instant(rfc3339: text)) }

    @Test("a calendar has the days it says and those of its iCalendar text, and survives JSON")
    func days() throws {
        let calendar = try calendar(Self.holidays)
        let days = try calendar.resolved()
        #expect(days.dates.map(\.description) == ["2026-01-02..2026-01-03", "2026-01-05"])
        #expect(days.yearly.map(\.description) == ["12-25"])
        #expect(calendar.problems.isEmpty)
        #expect(try JSONDecoder().decode(DayCalendar.self, from: JSONEncoder().encode(calendar)) == calendar)
    }

    @Test(
        "a calendar that cannot be used is refused",
        arguments: [
            (#"{"name":"x"}"#, "dates"),
            (#"{"name":"x","dates":["2026-01-01"],"calendars":["y"]}"#, "calendars"),
            (#"{"name":"x","ical":"hello"}"#, "ical"),
        ]
    )
    func problems(json: String, field: String) throws {
        #expect(try calendar(json).problems.map(\.field) == [field])
    }

    @Test("a definition carries the days of the calendars it names, through JSON too")
    func definition() throws {
        let specification = try task(Self.nightly)
        let holidays = try calendar(Self.holidays)
        let days = try CalendarDays(of: specification.schedules, among: [holidays.name: holidays])
        let now = try instant("2026-01-01T12:00:00Z")
        let task = TaskDefinition.created(specification, uid: TaskUID(bits: 1), now: now, calendars: days)
        let read = try JSONDecoder().decode(TaskDefinition.self, from: JSONEncoder().encode(task))
        #expect(read == task)
        for definition in [task, read] {
            let first = try #require(definition.nextDue(after: now))
            #expect(first == (try instant("2026-01-04T09:00:00Z")))
            #expect(definition.nextDue(after: first) == (try instant("2026-01-06T09:00:00Z")))
        }
    }

    @Test("an edit of a calendar leaves the instants before it as they were")
    func edited() throws {
        let specification = try task(Self.nightly)
        let holidays = try calendar(Self.holidays)
        let days = try CalendarDays(of: specification.schedules, among: [holidays.name: holidays])
        let changed = try calendar(#"{"name":"holidays","dates":["2026-01-06"]}"#)
        let newDays = try CalendarDays(of: specification.schedules, among: [changed.name: changed])
        let now = try instant("2026-01-01T12:00:00Z")
        let edit = try instant("2026-01-04T12:00:00Z")
        let task = TaskDefinition.created(specification, uid: TaskUID(bits: 1), now: now, calendars: days)
            .edited(specification, now: edit, calendars: newDays)
        let read = try JSONDecoder().decode(TaskDefinition.self, from: JSONEncoder().encode(task))
        for definition in [task, read] {
            var fires: [String] = []
            var cursor = now
            while fires.count < 3, let due = definition.nextDue(after: cursor) {
                fires.append(due.description)
                cursor = due
            }
            #expect(
                fires == ["2026-01-04T09:00:00.000Z", "2026-01-05T09:00:00.000Z", "2026-01-07T09:00:00.000Z"]
            )
        }
        #expect(task.edited(specification, now: edit).calendars == newDays)
    }

    @Test("calendars that do not exist are named")
    func unknown() throws {
        let specification = try task(Self.nightly)
        #expect(throws: UnknownCalendars(names: ["holidays"])) {
            try CalendarDays(of: specification.schedules, among: [:])
        }
        let problems = specification.calendarProblems(knowing: [])
        #expect(problems.map(\.field) == ["schedules[0]"])
        #expect(problems[0].message.contains("there is no calendar 'holidays'"))
        #expect(specification.calendarProblems(knowing: [CalendarID("holidays")!]).isEmpty)
        #expect(specification.problems.isEmpty)
    }

    @Test("a definition without calendars is written as before")
    func absent() throws {
        let task = TaskDefinition.created(
            try task(#"{"cron":"0 9 * * *"}"#),
            uid: TaskUID(bits: 1),
            now: .epoch
        ).edited(try task(#"{"every":"1h"}"#), now: .epoch)
        let json = String(decoding: try JSONEncoder().encode(task), as: UTF8.self)
        #expect(!json.contains("calendars"))
    }

    @Test("a task waits for its own end once")
    func completion() throws {
        let two = try task(#"{"afterCompletion":"5m"},{"afterCompletion":"6m"}"#)
        #expect(two.problems.map(\.field) == ["schedules[1]"])
    }

    @Test("a task follows a start once, and is not counted")
    func start() throws {
        var task = try task(#"{"every":"5m"},{"onAgentStart":true}"#)
        #expect(task.problems.isEmpty)
        task.concurrency = Concurrency(.forbid)
        #expect(task.problems.map(\.field) == ["concurrency"])
        let two = try self.task(#"{"onAgentStart":true},{"onAgentStart":"30s"}"#)
        #expect(two.problems.map(\.field) == ["schedules[1]"])
    }
}
