public import Domain

extension PlannableTask {
    /// A part of a task as the planner sees it; `nil` for an agent's part when that agent may not run the task now.
    public init?(_ definition: TaskDefinition, part: Int, among agents: [PlannableAgent]) {
        let (task, uid) = (definition.specification, definition.uid)
        var placement = task.placement
        if TaskPart.isAgent(part) {
            let eligible = Self.eligible(task, among: agents)
            guard let agent = eligible.first(where: { TaskPart.number(of: $0) == part }) else { return nil }
            placement = Placement(agents: [agent])
        }
        self.init(task, uid, part: part, placement)
    }

    /// The parts of a task that are to have owners, see `parts(of:_:among:)`.
    public static func parts(of task: TaskDefinition, among agents: [PlannableAgent]) -> [PlannableTask] {
        parts(of: task.specification, task.uid, among: agents)
    }

    /// The parts of a task that are to have owners: its shards, or one for each agent that may run a broadcast.
    ///
    /// A broadcast that no agent may run is part 0, which has no owner: so that the reason is told.
    public static func parts(
        of task: TaskSpecification,
        _ uid: TaskUID,
        among agents: [PlannableAgent]
    ) -> [PlannableTask] {
        guard task.split == .broadcast else {
            return task.split.parts.map { PlannableTask(task, uid, part: $0, task.placement) }
        }
        let eligible = eligible(task, among: agents)
        guard !eligible.isEmpty else { return [PlannableTask(task, uid, part: 0, task.placement)] }
        var numbers: Set<Int> = []
        return eligible.compactMap { agent in
            let part = TaskPart.number(of: agent)
            // Its other conditions are met: the rest of the plan knows one set of conditions for each agent.
            let isFirst = numbers.insert(part).inserted
            return isFirst ? PlannableTask(task, uid, part: part, Placement(agents: [agent])) : nil
        }
    }

    private init(_ task: TaskSpecification, _ uid: TaskUID, part: Int, _ placement: Placement) {
        self.init(
            part: TaskPart(uid: uid, part: part),
            task: task.name,
            runtime: task.runtime,
            placement: placement
        )
    }

    /// The agents that may run a task now, sorted by name.
    private static func eligible(_ task: TaskSpecification, among agents: [PlannableAgent]) -> [AgentID] {
        agents.filter { agent in
            agent.runtime == task.runtime && agent.satisfies(task.placement)
                && !agent.isDrained && agent.slots > 0
        }.map(\.agent).sorted()
    }
}
