import Cluster
import Domain
import Scheduling

/// What definitions take over from elsewhere: the days of the calendars they name, and whether their group or runtime is
/// paused; pure.
struct TaskSources: Sendable {
    private var calendars: [CalendarID: DayCalendar] = [:]
    private let pausedGroups: Set<GroupID>
    private let pausedRuntimes: Set<RuntimeID>

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
        pausedGroups = Set(catalog.groups.values.filter { $0.value.pause != nil }.map(\.value.name))
        pausedRuntimes = Set(catalog.runtimes.values.filter { $0.value.pause != nil }.map(\.value.name))
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

    /// Whether the schedules of a task do not count although the task is enabled.
    func isSuspended(_ task: TaskSpecification) -> Bool {
        pausedGroups.contains(task.group) || pausedRuntimes.contains(task.runtime)
    }

    /// The definition with what the sources say now; `nil` when it says that already.
    func renewed(_ definition: TaskDefinition, now: Instant) -> TaskDefinition? {
        // Nobody deletes a calendar that is named; should one be gone all the same, its days stay as they were.
        let days = (try? calendars(of: definition.specification)) ?? definition.calendars
        let isSuspended = isSuspended(definition.specification)
        guard days != definition.calendars || isSuspended != definition.isSuspended else { return nil }
        var renewed = definition.edited(
            definition.specification,
            now: now,
            calendars: days,
            isSuspended: isSuspended
        )
        renewed.saved = TaskRevision(definition).note
        return renewed
    }
}
