import Cluster
import Domain
import Scheduling

/// What definitions take over from elsewhere: the days of the calendars they name, and whether their group or runtime is
/// paused; pure.
struct TaskSources: Sendable {
    private var calendars: [CalendarID: DayCalendar] = [:]
    private let pausedGroups: [GroupID: PauseRecord]
    private let pausedRuntimes: [RuntimeID: PauseRecord]

    /// Looks up what all tasks name.
    init(_ catalog: Catalog) {
        var names: Set<String> = []
        // Of a million tasks few name any.
        for task in catalog.tasks.values {
            for schedule in task.value.specification.schedules where schedule.namesCalendars {
                names.formUnion(schedule.calendarNames)
            }
        }
        self.init(catalog, calendars: names)
    }

    private init(_ catalog: Catalog, calendars names: Set<String>) {
        pausedGroups = catalog.groups.compactMapValues(\.value.pause)
        pausedRuntimes = catalog.runtimes.compactMapValues(\.value.pause)
        for name in names {
            guard let calendar = CalendarID(name).flatMap({ catalog.calendars[$0]?.value }) else { continue }
            replace(calendar)
        }
    }

    /// Looks up what these specifications name.
    init(_ catalog: Catalog, for specifications: [TaskSpecification]) {
        let schedules = specifications.lazy.flatMap(\.schedules).filter(\.namesCalendars)
        self.init(catalog, calendars: Set(schedules.flatMap(\.calendarNames)))
    }

    /// Uses a calendar as it is about to be.
    mutating func replace(_ calendar: DayCalendar) {
        // A calendar was validated before it was saved; one that cannot be read counts as missing.
        calendars[calendar.name] = try? calendar.flattened()
    }

    /// The calendars that are known here.
    var known: Set<CalendarID> { Set(calendars.keys) }

    /// The days of the calendars that a task names; throws their names when there are none.
    func calendars(of task: TaskSpecification) throws(UnknownCalendars) -> CalendarDays {
        guard task.schedules.contains(where: \.namesCalendars) else { return .none }
        return try CalendarDays(of: task.schedules, among: calendars)
    }

    /// What the pauses of its group and its runtime mean for a task.
    func suspension(of task: TaskSpecification, at now: Instant) -> Suspension {
        Suspension([pausedGroups[task.group], pausedRuntimes[task.runtime]].compactMap(\.self), at: now)
    }

    /// The definition with what the sources say now; `nil` when it says that already.
    func renewed(_ definition: TaskDefinition, now: Instant) -> TaskDefinition? {
        // Nobody deletes a calendar that is named; should one be gone all the same, its days stay as they were.
        let days = (try? calendars(of: definition.specification)) ?? definition.calendars
        let suspension = suspension(of: definition.specification, at: now)
        guard days != definition.calendars || suspension != definition.suspension(at: now) else { return nil }
        var renewed = definition.edited(
            definition.specification,
            now: now,
            calendars: days,
            suspension: suspension
        )
        renewed.saved = TaskRevision(definition).note
        return renewed
    }
}
