import Cluster
import Domain
import Orchestration
import Scheduling

/// Which agent each enabled task should have, in all runtimes; pure.
struct Blueprint: Sendable {
    /// The owner each enabled, placeable part should have.
    private(set) var owners: [TaskPart: Seat] = [:]
    /// Why a part has no owner although its task is enabled.
    private(set) var reasons: [TaskPart: UnplaceableReason] = [:]
    /// When it was made.
    let now: Instant
    /// When time alone may change the plan.
    private(set) var nextCheck: Instant?

    /// Plans every runtime that has tasks.
    init(_ roster: Roster, now: Instant) {
        self.now = now
        for (runtime, definitions) in Self.plannable(roster.catalog) {
            let agents = roster.agents(of: runtime)
            let tasks = definitions.flatMap { definition in
                let parts = PlannableTask.parts(of: definition, among: agents)
                let former = Self.undecided(definition, roster.mirror)
                if former.isEmpty { return parts }
                let known = Set(parts.map(\.part.part))
                return parts
                    + former.filter { !known.contains($0) }
                    .compactMap { PlannableTask(definition, part: $0, among: agents) }
            }
            let plan = AllocationPlanner.plan(
                tasks: tasks,
                agents: agents,
                current: Self.current(tasks, runtime, roster.mirror),
                now: now
            )
            for (part, agent) in plan.owners { owners[part] = Seat(runtime: runtime, agent: agent) }
            for entry in plan.unplaceable { reasons[entry.part] = entry.reason }
            nextCheck = [nextCheck, plan.nextCheck].compactMap { $0 }.min()
        }
    }

    private static func plannable(_ catalog: Catalog) -> [(RuntimeID, [TaskDefinition])] {
        var tasks: [RuntimeID: [TaskDefinition]] = [:]
        // Whose runs are counted has an owner also while it is paused: requests have to be counted by somebody.
        for entry in catalog.tasks.values
        where entry.value.specification.isEnabled || entry.value.specification.concurrency.livingMax != nil {
            // A definition that was copied by hand has another's uid: only one of them is planned.
            guard catalog.names[entry.value.uid] == entry.value.name else { continue }
            tasks[entry.value.specification.runtime, default: []].append(entry.value)
        }
        return tasks.keys.sorted().map { ($0, tasks[$0] ?? []) }
    }

    /// The parts that an edit has taken from a task, as long as fires from before it are not decided, as far as their rows say.
    private static func undecided(_ task: TaskDefinition, _ mirror: LeaderMirror) -> [Int] {
        task.formerParts.filter { part in
            guard let row = mirror.row(TaskPart(uid: task.uid, part: part)) else { return false }
            return task.narrowed(to: part).nextDue(after: row.cursor) != nil
        }
    }

    private static func current(
        _ tasks: [PlannableTask],
        _ runtime: RuntimeID,
        _ mirror: LeaderMirror
    ) -> [TaskPart: AgentID] {
        var current: [TaskPart: AgentID] = [:]
        for task in tasks {
            if case .owned(let seat) = mirror.places[task.part], seat.runtime == runtime {
                current[task.part] = seat.agent
            }
        }
        return current
    }
}

/// What the leader knows at one moment and what should be: what has to be done follows from it; pure.
struct Situation: Sendable {
    let roster: Roster
    let blueprint: Blueprint

    var catalog: Catalog { roster.catalog }
    var mirror: LeaderMirror { roster.mirror }
    var usable: [Seat: Incarnation] { roster.usable }
    var owners: [TaskPart: Seat] { blueprint.owners }

    /// The journal of the incarnation that may own rows of an agent.
    func journal(of seat: Seat) -> JournalID? { roster.journal(of: seat) }
}
