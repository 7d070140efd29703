import Cluster
import Domain
import Scheduling

/// What definitions take over from elsewhere: the days of the calendars they name, and whether their group or runtime is
/// paused; pure.
struct TaskSources: Sendable {
    private var calendars: [CalendarID: DayCalendar] = [:]
    private let pausedGroups: Set<GroupID>
    private let pausedRuntimes: Set<RuntimeID>

    /// Looks up what these schedules name.
    init(_ catalog: Catalog, for schedules: some Sequence<Schedule>) {
        pausedGroups = Set(catalog.groups.values.filter { $0.value.pause != nil }.map(\.value.name))
        pausedRuntimes = Set(catalog.runtimes.values.filter { $0.value.pause != nil }.map(\.value.name))
        for name in Set(schedules.flatMap(\.calendarNames)) {
            guard let calendar = CalendarID(name).flatMap({ catalog.calendars[$0]?.value }) else { continue }
            replace(calendar)
        }
    }

    /// Looks up what these specifications name.
    init(_ catalog: Catalog, for specifications: [TaskSpecification]) {
        self.init(catalog, for: specifications.lazy.flatMap(\.schedules))
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
        guard task.schedules.contains(where: { !$0.calendarNames.isEmpty }) else { return .none }
        return try CalendarDays(of: task.schedules, among: calendars)
    }

    /// Whether the schedules of a task do not count although the task is enabled.
    func isSuspended(_ task: TaskSpecification) -> Bool {
        pausedGroups.contains(task.group) || pausedRuntimes.contains(task.runtime)
    }

    /// The definition with what the sources say now; `nil` when it says that already, or names a calendar that is gone.
    func renewed(_ definition: TaskDefinition, now: Instant) -> TaskDefinition? {
        let task = definition.specification
        // Nobody deletes a calendar that is named; should one be gone all the same, its days stay as they were.
        guard let days = try? calendars(of: task) else { return nil }
        let isSuspended = isSuspended(task)
        guard days != definition.calendars || isSuspended != definition.isSuspended else { return nil }
        var renewed = definition.edited(task, now: now, calendars: days, isSuspended: isSuspended)
        renewed.saved = TaskRevision(definition).note
        return renewed
    }
}
