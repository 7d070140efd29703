import Cluster
import Domain
import Scheduling

/// Everything that a request writes, worked out before anything is written; pure but for the uids of new tasks.
struct SavePlan: Sendable {
    /// The pools to write.
    private(set) var pools: [Pool] = []
    /// The calendars to write.
    private(set) var calendars: [DayCalendar] = []
    /// What becomes of the workflows.
    private(set) var workflows: [WorkflowEdit] = []
    /// The definitions to write: those of the request, and those of other tasks that name its calendars.
    private(set) var definitions: [TaskDefinition] = []
    /// The definitions whose content is superseded.
    private(set) var superseded: [TaskDefinition] = []
    /// What the caller is told.
    private(set) var receipt = SaveReceipt()

    /// Plans a request; throws when a condition does not hold.
    init(_ request: SaveRequest, _ catalog: Catalog, uid: (TaskID) -> TaskUID, now: Instant)
        throws(CenterError)
    {
        for pool in request.pools {
            let known = catalog.pools[pool.name]?.value
            if known != pool { pools.append(pool) }
            let change: SaveOutcome.Change =
                known == nil ? .created : known == pool ? .unchanged : .updated
            receipt.pools.append(PoolOutcome(pool: pool.name, change: change))
        }
        let names = Set(request.calendars.map(\.name.text))
        let all = request.workflows.flatMap(\.tasks) + request.tasks
        let saved = Set(all.map(\.name))
        let dependents = names.isEmpty ? [] : catalog.dependents(of: names)
        var sources = TaskSources(catalog, for: all + dependents.map(\.specification))
        for calendar in request.calendars { sources.replace(calendar) }
        for workflow in request.workflows {
            let edit = try WorkflowEdit(workflow, catalog, sources, request, uid: uid, now: now)
            workflows.append(edit)
            receipt.workflows.append(edit.outcome)
            superseded += edit.superseded
        }
        for specification in request.tasks {
            let edit = try TaskEdit(
                specification,
                of: catalog.tasks[specification.name]?.value,
                sources,
                request,
                uid: uid(specification.name),
                now: now
            )
            receipt.tasks.append(edit.outcome)
            if let definition = edit.definition { definitions.append(definition) }
            if let former = edit.superseded { superseded.append(former) }
        }
        let removed = workflows.flatMap(\.removed).compactMap { catalog.tasks[$0]?.value }
        receipt.shares = catalog.shares(of: superseded + removed)
        // Of a workflow its beginning alone names calendars, and its edit has their new days.
        let renewed = dependents.filter { !saved.contains($0.name) }
            .compactMap { sources.renewed($0, now: now) }
        definitions += renewed
        for calendar in request.calendars.map(\.ordered) {
            let known = catalog.calendars[calendar.name]?.value
            if known != calendar { calendars.append(calendar) }
            receipt.calendars.append(
                CalendarOutcome(
                    calendar: calendar.name,
                    change: known == nil ? .created : known == calendar ? .unchanged : .updated,
                    taskCount: renewed.count { $0.specification.names(calendar.name) }
                )
            )
        }
    }
}

extension Catalog {
    /// The tasks that name one of these calendars, sorted by name.
    func dependents(of calendars: Set<String>) -> [TaskDefinition] {
        tasks.values.map(\.value)
            .filter { task in
                task.specification.schedules.contains {
                    $0.namesCalendars && !calendars.isDisjoint(with: $0.calendarNames)
                }
            }
            .sorted { $0.name < $1.name }
    }

    /// How much of its runtime each of these tasks is, which are about to be changed or deleted.
    func shares(of changed: [TaskDefinition]) -> [ChangedShare] {
        let counts = Dictionary(grouping: changed, by: \.specification.runtime).mapValues(\.count)
        guard !counts.isEmpty else { return [] }
        var totals: [RuntimeID: Int] = [:]
        for task in tasks.values { totals[task.value.specification.runtime, default: 0] += 1 }
        return counts.keys.sorted().map { runtime in
            ChangedShare(
                runtime: runtime,
                changed: counts[runtime] ?? 0,
                total: totals[runtime] ?? 0,
                allowedPercent: runtimes[runtime]?.value.massChangePercent
                    ?? RuntimeSettings(name: runtime).massChangePercent
            )
        }
    }
}

extension TaskSpecification {
    /// Whether a schedule of the task names a calendar.
    func names(_ calendar: CalendarID) -> Bool {
        schedules.contains { $0.calendarNames.contains(calendar.text) }
    }
}
