import Cluster
import Domain
import Orchestration
import Scheduling

/// Who may own rows and take dispatches now; pure.
struct Roster: Sendable {
    let catalog: Catalog
    let mirror: LeaderMirror
    /// The incarnation of every live agent whose fence stands.
    let usable: [Seat: Incarnation]
    /// From when on agents that start too often are given tasks again.
    let acceptsFrom: [Seat: Instant]

    init(catalog: Catalog, mirror: LeaderMirror, acceptsFrom: [Seat: Instant] = [:]) {
        self.acceptsFrom = acceptsFrom
        self.catalog = catalog
        self.mirror = mirror
        var usable: [Seat: Incarnation] = [:]
        for (seat, registration) in catalog.agents {
            let journal = JournalID(seat: seat, incarnation: registration.incarnation)
            if mirror.fences[journal]?.value.isSealed == false { usable[seat] = registration.incarnation }
        }
        self.usable = usable
    }

    /// The journal of the incarnation that may own rows of an agent.
    func journal(of seat: Seat) -> JournalID? {
        usable[seat].map { JournalID(seat: seat, incarnation: $0) }
    }

    /// The usable agents of a runtime as the planner sees them.
    func agents(of runtime: RuntimeID) -> [PlannableAgent] {
        let drained = Set(catalog.runtimes[runtime]?.value.drained ?? [])
        return catalog.registrations(runtime)
            .filter { usable[Seat(runtime: runtime, agent: $0.agent)] != nil }
            .map { registration in
                PlannableAgent(
                    agent: registration.agent,
                    runtime: runtime,
                    labels: registration.labels,
                    region: registration.region,
                    zone: registration.zone,
                    slots: registration.slots,
                    isDrained: drained.contains(registration.agent),
                    acceptsFrom: acceptsFrom[Seat(runtime: runtime, agent: registration.agent)]
                )
            }
    }

    /// A live agent for an attempt of this task, wherever its row is: its owner, else whom the planner would choose.
    ///
    /// After a failed attempt of `last` the task's retry policy has a say.
    func agent(for task: TaskDefinition, part: Int, after last: AgentID? = nil) -> JournalID? {
        if task.specification.concurrency.livingMax != nil { return counter(of: task, part: part) }
        let owner = owner(of: task, part: part)
        guard let last else { return owner ?? choice(for: task, part: part) { _ in true } }
        switch task.specification.retry.agent {
        case .any: break
        case .same:
            if let same = choice(for: task, part: part, among: { $0 == last }) { return same }
        case .other:
            if let owner, owner.seat.agent != last { return owner }
            if let other = choice(for: task, part: part, among: { $0 != last }) { return other }
        }
        return agent(for: task, part: part)
    }

    /// A live agent for an attempt that is dispatched; of a run that follows the start of a process, only that process.
    func agent(for run: DispatchedRun, of task: TaskDefinition, after last: AgentID? = nil) -> JournalID? {
        guard let start = run.origin?.start else { return agent(for: task, part: run.part, after: last) }
        guard case .there(let seat) = process(of: start) else { return nil }
        return journal(of: seat)
    }

    /// What is known of a process of an agent.
    enum ProcessState: Hashable { case there(Seat), away, gone }

    /// What has become of the process that started so.
    func process(of start: AgentStart) -> ProcessState {
        let seats = catalog.agents.keys.filter { $0.agent == start.agent }.sorted()
        if let seat = seats.first(where: { catalog.agents[$0]?.start?.id == start.id }) {
            return .there(seat)
        }
        return seats.isEmpty ? .away : .gone
    }

    /// Whether an agent may run a task now: by its placement, and because it is not drained.
    func mayRun(_ task: TaskDefinition, at seat: Seat) -> Bool {
        task.specification.runtime == seat.runtime && choice(for: task, part: 0) { $0 == seat.agent } != nil
    }

    /// Who counts the runs of a part, and so makes all of its attempts: its owner; `nil` also while it is on its way to one.
    func counter(of task: TaskDefinition, part: Int) -> JournalID? {
        let key = TaskPart(uid: task.uid, part: part)
        guard case .owned(let seat) = mirror.places[key], seat.runtime == task.specification.runtime,
            mirror.row(key)?.state == .active, let journal = journal(of: seat),
            mirror.tables[seat]?.head?.value.incarnation == journal.incarnation
        else { return nil }
        return journal
    }

    private func owner(of task: TaskDefinition, part: Int) -> JournalID? {
        guard case .owned(let seat) = mirror.places[TaskPart(uid: task.uid, part: part)],
            seat.runtime == task.specification.runtime
        else { return nil }
        return journal(of: seat)
    }

    /// Whom the planner would choose among some agents.
    private func choice(
        for task: TaskDefinition,
        part: Int,
        among isCandidate: (AgentID) -> Bool
    ) -> JournalID? {
        let runtime = task.specification.runtime
        let agents = agents(of: runtime)
        guard let wanted = PlannableTask(task, part: part, among: agents) else { return nil }
        let plan = AllocationPlanner.plan(
            tasks: [wanted],
            agents: agents.filter { isCandidate($0.agent) },
            current: [:],
            now: .epoch
        )
        guard let agent = plan.assign.first?.agent else { return nil }
        return journal(of: Seat(runtime: runtime, agent: agent))
    }
}
