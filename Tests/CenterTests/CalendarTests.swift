import Cluster
import Domain
import Foundation
import Scheduling
import SimulationKit
import Testing
import ZooKeeper

@testable import Center

extension DayCalendar {
    static func dates(_ name: String, _ dates: String...) -> DayCalendar {
        DayCalendar(
            name: CalendarID(name)!,
            days: DaySelection(dates: dates.map { try! DayRange(parsing: $0) })
        )
    }
}

extension TaskSpecification {
    /// At noon (UTC) of every day that a calendar does not have.
    static func noon(_ name: String, without calendar: String, runtime: RuntimeID = .standard) throws
        -> TaskSpecification
    {
        var schedule = Schedule.cron(CronSchedule(try CronExpression("0 12 * * *")))
        schedule.exclude = DaySelection(calendars: [calendar])
        return TaskSpecification(
            name: TaskID(name)!,
            runtime: runtime,
            action: .command(["/bin/true"]),
            schedules: [schedule]
        )
    }
}

@Suite struct CalendarTests {
    /// `Workshop.start` is 2027-01-15T08:00:00Z.
    private func due(_ leader: Leader, _ name: String = "t") async throws -> [String] {
        let task = try await leader.control.task(TaskID(name)!).definition
        var cursor = leader.workshop.now
        var days: [String] = []
        while days.count < 3, let due = task.nextDue(after: cursor) {
            days.append(String(due.formatted().prefix(10)))
            cursor = due
        }
        return days
    }

    @Test("a task takes the days of its calendar over, and gets them anew when the calendar changes")
    func edited() async throws {
        let workshop = try Workshop()
        let leader = try await workshop.leader()
        try await leader.pass()
        let made = try await leader.control.save(
            SaveRequest(
                calendars: [.dates("off", "2027-01-16")],
                tasks: [try .noon("t", without: "off"), .every(60, "other")]
            )
        )
        #expect(made.calendars.map(\.change) == [.created] && made.calendars[0].taskCount == 0)
        #expect(made.tasks.map(\.revision) == [1, 1])
        #expect(try await due(leader) == ["2027-01-15", "2027-01-17", "2027-01-18"])
        let changed = try await leader.control.save(SaveRequest(calendars: [.dates("off", "2027-01-17")]))
        #expect(changed.calendars == [.init(calendar: CalendarID("off")!, change: .updated, taskCount: 1)])
        #expect(try await due(leader) == ["2027-01-15", "2027-01-16", "2027-01-18"])
        #expect(try await leader.control.task(TaskID("t")!).definition.revision == 2)
        #expect(try await leader.control.task(TaskID("other")!).definition.revision == 1)
        #expect(try await leader.control.calendar(CalendarID("off")!).taskCount == 1)
    }

    @Test("an unchanged calendar, and a task saved again, make no revision")
    func unchanged() async throws {
        let workshop = try Workshop()
        let leader = try await workshop.leader()
        try await leader.pass()
        let ical = """
            BEGIN:VCALENDAR
            BEGIN:VEVENT
            DTSTART;VALUE=DATE:20261003
            RRULE:FREQ=YEARLY;UNTIL=20301003
            END:VEVENT
            BEGIN:VEVENT
            DTSTART;VALUE=DATE:20270501
            DTEND;VALUE=DATE:20270503
            END:VEVENT
            END:VCALENDAR

            """
        let calendar = DayCalendar(
            name: CalendarID("off")!,
            days: DaySelection(
                dates: [
                    try DayRange(parsing: "2027-01-17..2027-01-18"), try DayRange(parsing: "2027-01-16"),
                ],
                weekdays: [.sunday, .wednesday],
                yearly: [
                    try YearlyDay(parsing: "last mon may"), try YearlyDay(parsing: "01-01"),
                    try YearlyDay(parsing: "12-31 from 2027 until 2030"),
                ]
            ),
            ical: ical
        )
        let request = SaveRequest(calendars: [calendar], tasks: [try .noon("t", without: "off")])
        _ = try await leader.control.save(request)
        for _ in 0..<2 {
            let again = try await leader.control.save(request)
            #expect(again.calendars.map(\.change) == [.unchanged])
            #expect(again.tasks == [.init(task: TaskID("t")!, change: .unchanged, revision: 1)])
        }
        // Another leader reads all of it back and finds nothing to do.
        let second = try await workshop.leader("c2")
        try await second.pass()
        let saved = try await second.control.save(request)
        #expect(saved.calendars.map(\.change) == [.unchanged] && saved.tasks.map(\.revision) == [1])
    }

    @Test("a leader that ends between a calendar and its tasks leaves them to the next one")
    func unfinished() async throws {
        let workshop = try Workshop()
        let first = try await workshop.leader()
        try await first.pass()
        _ = try await first.control.save(
            SaveRequest(
                calendars: [.dates("off", "2027-01-16")],
                tasks: [try .noon("t", without: "off"), try .noon("u", without: "off"), .every(60, "v")]
            )
        )
        // As if the leader had ended after its first write.
        try await first.leading.catalogWriter.write(DayCalendar.dates("off", "2027-01-17"))
        await first.die()
        let second = try await workshop.leader("c2")
        try await second.pass()
        for name in ["t", "u"] {
            #expect(try await due(second, name) == ["2027-01-15", "2027-01-16", "2027-01-18"])
            #expect(try await second.control.task(TaskID(name)!).definition.revision == 2)
        }
        #expect(try await second.control.task(TaskID("v")!).definition.revision == 1)
        try await second.pass()
        #expect(try await second.control.task(TaskID("t")!).definition.revision == 2)
    }

    @Test("names that nobody knows, and calendars that are none, are refused, and nothing is saved")
    func refused() async throws {
        let workshop = try Workshop()
        let leader = try await workshop.leader()
        try await leader.pass()
        await #expect {
            try await leader.control.save(
                SaveRequest(calendars: [.dates("other", "2027-01-16")], tasks: [.noon("t", without: "off")])
            )
        } throws: { error in
            guard case CenterError.invalid(let problems) = error else { return false }
            return problems.map(\.field) == ["tasks[0].schedules[0]"]
                && problems[0].message.hasPrefix("task t: there is no calendar 'off'")
        }
        #expect(try await leader.control.calendars(page: nil, limit: 9).elements.isEmpty)
        await #expect {
            try await leader.control.save(
                SaveRequest(calendars: [DayCalendar(name: CalendarID("off")!)], tasks: [.every(60, "u")])
            )
        } throws: { error in
            guard case CenterError.invalid(let problems) = error else { return false }
            return problems.map(\.field) == ["calendars[0].dates"]
        }
        let always = DayCalendar(name: CalendarID("off")!, days: DaySelection(weekdays: Weekday.allCases))
        await #expect {
            try await leader.control.save(
                SaveRequest(calendars: [always], tasks: [.noon("t", without: "off")])
            )
        } throws: { error in
            guard case CenterError.invalid(let problems) = error else { return false }
            return problems.map(\.field) == ["tasks[0].schedules[0]"]
        }
        #expect(await leader.control.cluster().taskCount == 0)
        #expect(try await leader.control.calendars(page: nil, limit: 9).elements.isEmpty)
    }

    @Test("a calendar that tasks name is kept, and they are named: five and the count")
    func deleted() async throws {
        let workshop = try Workshop()
        let leader = try await workshop.leader()
        try await leader.pass()
        let tasks = try (1...7).map { try TaskSpecification.noon("t\($0)", without: "off") }
        _ = try await leader.control.save(
            SaveRequest(calendars: [.dates("off", "2027-01-16")], tasks: tasks)
        )
        let off = CalendarID("off")!
        await #expect(
            throws: CenterError.conflict(
                "calendar off is kept: 7 tasks name it: t1, t2, t3, t4, t5 and 2 more; take it out of their schedules "
                    + "first"
            )
        ) {
            try await leader.control.deleteCalendar(off)
        }
        for task in tasks { try await leader.control.deleteTask(task.name) }
        try await leader.control.deleteCalendar(off)
        await #expect(throws: CenterError.notFound(kind: "calendar", name: "off")) {
            try await leader.control.deleteCalendar(off)
        }
        #expect(workshop.ensemble.children(try workshop.tree.calendars).isEmpty)
    }

    @Test("calendars are listed in pages, by name")
    func pages() async throws {
        let workshop = try Workshop()
        let leader = try await workshop.leader()
        try await leader.pass()
        _ = try await leader.control.save(
            SaveRequest(calendars: ["b", "a", "c"].map { .dates($0, "2027-01-16") })
        )
        let first = try await leader.control.calendars(page: nil, limit: 2)
        #expect(first.elements.map(\.calendar.name.text) == ["a", "b"] && first.next == "b")
        let rest = try await leader.control.calendars(page: "b", limit: 2)
        #expect(rest.elements.map(\.calendar.name.text) == ["c"] && rest.next == nil)
    }

    @Test("a dry run says what would be saved and saves nothing")
    func dryRun() async throws {
        let workshop = try Workshop()
        let leader = try await workshop.leader()
        try await leader.pass()
        let receipt = try await leader.control.save(
            SaveRequest(
                calendars: [.dates("off", "2027-01-16")],
                tasks: [try .noon("t", without: "off")],
                isDryRun: true
            )
        )
        #expect(receipt.calendars.map(\.change) == [.created] && receipt.tasks.map(\.change) == [.created])
        #expect(await leader.control.cluster().taskCount == 0)
        #expect(try await leader.control.calendars(page: nil, limit: 9).elements.isEmpty)
    }

    @Test("a standby learns of calendars and of their end")
    func standby() async throws {
        let workshop = try Workshop()
        let leader = try await workshop.leader()
        try await leader.pass()
        let reader = CatalogStore()
        let session = try await workshop.ensemble.connect(resuming: nil)
        let follower = CatalogFollower(
            session: session,
            tree: workshop.tree,
            store: reader,
            time: workshop.time,
            random: workshop.random,
            logger: leader.control.logger,
            onChange: { _ in }
        )
        _ = try await leader.control.save(SaveRequest(calendars: [.dates("off", "2027-01-16")]))
        try await follower.warmUp()
        #expect(reader.catalog.calendars.keys.map(\.text) == ["off"])
        try await leader.control.deleteCalendar(CalendarID("off")!)
        try await follower.warmUp()
        #expect(reader.catalog.calendars.isEmpty)
    }
}
