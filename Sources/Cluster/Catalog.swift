public import Domain

/// What every center knows of its workspace: tasks, runtimes, agents, centers and who leads.
///
/// Followed by leaders and standbys alike, so that a standby is warm when it is elected.
public struct Catalog: Sendable {
    /// The cluster's identity; `nil` until it was read.
    public internal(set) var identity: ClusterIdentity?
    /// Who leads; `nil` while nobody ever did.
    public internal(set) var leadership: Versioned<Leadership>?
    /// The index buckets that exist, with their versions.
    public private(set) var index: [Int: Versioned<TaskIndex>] = [:]
    /// The tasks by name, with the versions of their nodes.
    public private(set) var tasks: [TaskID: Versioned<TaskDefinition>] = [:]
    /// The names by uid.
    public private(set) var names: [TaskUID: TaskID] = [:]
    /// The tasks that come after each task.
    private var followers: [TaskID: Set<TaskID>] = [:]
    /// The tasks of each workflow.
    public private(set) var workflows: [WorkflowID: Set<TaskID>] = [:]
    /// The settings of the runtimes.
    public internal(set) var runtimes: [RuntimeID: Versioned<RuntimeSettings>] = [:]
    /// The calendars.
    public private(set) var calendars: [CalendarID: Versioned<DayCalendar>] = [:]
    /// The settings of the groups that have some.
    public private(set) var groups: [GroupID: Versioned<GroupSettings>] = [:]
    /// The pools.
    public private(set) var pools: [PoolID: Versioned<Pool>] = [:]
    /// The live agents.
    public private(set) var agents: [Seat: AgentRegistration] = [:]
    /// The transactions that last changed which agents are there.
    private var agentsChanged: [RuntimeID: Int64] = [:]
    /// The live centers.
    public internal(set) var centers: [CenterID: CenterRegistration] = [:]
    /// Raised by every change of tasks, runtimes or agents: what planning depends on.
    public internal(set) var generation = 0
    /// Raised by every change of what definitions take over from elsewhere: calendars, pauses of groups and runtimes.
    public internal(set) var sourceGeneration = 0

    /// Creates a catalog that knows nothing.
    public init() {}

    /// The task with this uid; `nil` when it was deleted, even if another has its name now.
    public func task(_ uid: TaskUID) -> TaskDefinition? {
        guard let name = names[uid] else { return nil }
        return tasks[name]?.value
    }

    /// The tasks that come after a task, sorted by name.
    public func dependents(of task: TaskID) -> [TaskDefinition] {
        (followers[task] ?? []).sorted().compactMap { tasks[$0]?.value }
    }

    /// The tasks of a workflow, sorted by name: the one that begins it comes first.
    public func tasks(of workflow: WorkflowID) -> [TaskDefinition] {
        (workflows[workflow] ?? []).sorted().compactMap { tasks[$0]?.value }
    }

    /// Whether only a part of a workflow is there, so that nothing begins it: it is half saved, or its beginning is gone.
    public func isIncomplete(_ workflow: WorkflowID) -> Bool {
        let place = TaskID(workflow.text).flatMap { tasks[$0]?.value.specification.workflow }
        return place?.isIncomplete ?? true
    }

    /// The live agents of a runtime, sorted by name.
    public func registrations(_ runtime: RuntimeID) -> [AgentRegistration] {
        agents.filter { $0.key.runtime == runtime }.values.sorted { $0.agent < $1.agent }
    }
}

extension Catalog {
    /// Takes over an index bucket and those of its definitions that changed, unless something newer is known.
    mutating func set(
        bucket: Int,
        _ index: Versioned<TaskIndex>,
        changed: [Versioned<TaskDefinition>]
    ) {
        if let known = self.index[bucket] {
            if known.version > index.version || known.version == index.version && changed.isEmpty { return }
        }
        let before = self.index[bucket]?.value.tasks ?? [:]
        self.index[bucket] = index
        for name in before.keys where index.value.tasks[name] == nil { remove(name) }
        for definition in changed where index.value.tasks[definition.value.name] != nil {
            remove(definition.value.name)
            tasks[definition.value.name] = definition
            names[definition.value.uid] = definition.value.name
            for edge in definition.value.specification.after.edges {
                followers[edge.task, default: []].insert(definition.value.name)
            }
            if let workflow = definition.value.specification.workflow?.workflow {
                workflows[workflow, default: []].insert(definition.value.name)
            }
        }
        generation += 1
    }

    private mutating func remove(_ name: TaskID) {
        guard let known = tasks.removeValue(forKey: name) else { return }
        names[known.value.uid] = nil
        for edge in known.value.specification.after.edges {
            followers[edge.task]?.remove(name)
            if followers[edge.task]?.isEmpty == true { followers[edge.task] = nil }
        }
        guard let workflow = known.value.specification.workflow?.workflow else { return }
        workflows[workflow]?.remove(name)
        if workflows[workflow]?.isEmpty == true { workflows[workflow] = nil }
    }

    /// Takes over the live agents of a runtime, and the transaction that last changed which there are.
    ///
    /// An agent that came and went between two reads has left a journal for the leader to seal: that counts as a change
    /// although the same agents are there as before.
    mutating func set(
        agents registrations: [AgentRegistration],
        of runtime: RuntimeID,
        changedBy transaction: Int64?
    ) {
        let before = agents.filter { $0.key.runtime == runtime }
        let now = Dictionary(registrations.map { (Seat(runtime: runtime, agent: $0.agent), $0) }) { $1 }
        guard before != now || agentsChanged[runtime] != transaction else { return }
        agentsChanged[runtime] = transaction
        for seat in before.keys { agents[seat] = nil }
        agents.merge(now) { $1 }
        generation += 1
    }

    /// Takes over a runtime's settings; `nil` when it is gone.
    mutating func set(runtime: RuntimeID, _ settings: Versioned<RuntimeSettings>?) {
        let known = runtimes[runtime]
        guard known != settings else { return }
        runtimes[runtime] = settings
        generation += 1
        if known?.value.pause != settings?.value.pause { sourceGeneration += 1 }
    }

    /// Takes over a calendar; `nil` when it is gone.
    mutating func set(calendar: CalendarID, _ content: Versioned<DayCalendar>?) {
        guard calendars[calendar] != content else { return }
        calendars[calendar] = content
        sourceChanged()
    }

    /// Takes over a group's settings; `nil` when it has none.
    mutating func set(group: GroupID, _ settings: Versioned<GroupSettings>?) {
        guard groups[group] != settings else { return }
        groups[group] = settings
        sourceChanged()
    }

    /// Takes over a pool; `nil` when it is gone.
    mutating func set(pool: PoolID, _ content: Versioned<Pool>?) {
        guard pools[pool] != content else { return }
        pools[pool] = content
        generation += 1
    }

    private mutating func sourceChanged() {
        sourceGeneration += 1
        generation += 1
    }
}

/// The index of one bucket of tasks: what a center compares to know which definitions to read.
public struct TaskIndex: Hashable, Sendable, Codable {
    /// What tells one state of a task from another.
    ///
    /// A task that is deleted and created again counts from 1 again, so the uid is part of it.
    public struct Entry: Hashable, Sendable, Codable {
        /// The revision.
        public var revision: Int
        /// The task's uid.
        public var uid: TaskUID

        /// Creates an entry.
        public init(revision: Int, uid: TaskUID) {
            self.revision = revision
            self.uid = uid
        }
    }

    /// The tasks of the bucket.
    public var tasks: [TaskID: Entry]

    /// Creates an index.
    public init(tasks: [TaskID: Entry] = [:]) { self.tasks = tasks }
}

extension TaskDefinition {
    /// The index entry of this state of the task.
    public var indexEntry: TaskIndex.Entry { TaskIndex.Entry(revision: revision, uid: uid) }
}
