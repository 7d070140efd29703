public import Domain
public import Scheduling

/// Everything that can be asked of a center; the HTTP API is an adapter of it.
///
/// All changes need the leader: on a standby they throw `CenterError.unavailable` (the API forwards them instead).
/// On return a change is in ZooKeeper.
public protocol CenterOperations: Sendable {
    /// Who leads.
    func leadership() async -> LeadershipView
    /// The cluster at a glance.
    func cluster() async -> ClusterView

    /// Tasks sorted by name.
    func tasks(_ filter: TaskFilter, page: String?, limit: Int) async throws -> Page<TaskView>
    /// One task.
    func task(_ name: TaskID) async throws -> TaskView
    /// Creates or edits calendars and tasks; everything is validated before anything is saved.
    func save(_ request: SaveRequest) async throws -> SaveReceipt
    /// Changes several tasks in the same way.
    func change(_ request: BulkRequest) async throws -> BulkReceipt
    /// What a task said lately, the present revision last.
    func revisions(of task: TaskID) async throws -> [TaskRevision]
    /// Deletes a task; running attempts go on.
    func deleteTask(_ name: TaskID) async throws
    /// Makes a task's schedules count no more: until an instant, else until it is resumed.
    func pause(_ name: TaskID, until end: Instant?, _ note: ChangeNote) async throws -> SaveOutcome
    /// Makes a task's schedules count again; `confirmed` is the number the caller knows, where many missed fires are made up for.
    func resume(_ name: TaskID, _ note: ChangeNote, confirmed: Int?) async throws -> SaveOutcome
    /// Begins the process of a resident task anew.
    func restart(_ name: TaskID, _ note: ChangeNote) async throws -> SaveOutcome
    /// Makes single fires of a task different; what is different about them now.
    func changeFires(of name: TaskID, _ change: FireChange) async throws -> [FireException]

    /// Calendars sorted by name.
    func calendars(page: String?, limit: Int) async throws -> Page<CalendarView>
    /// One calendar.
    func calendar(_ name: CalendarID) async throws -> CalendarView
    /// Deletes a calendar that no task names.
    func deleteCalendar(_ name: CalendarID) async throws

    /// The pools, and the exclusive keys that tasks name, sorted by name; who holds units of them is left out.
    func pools() async throws -> [PoolView]
    /// One pool or exclusive key, with who holds units of it and who waits.
    func pool(_ source: UnitSource) async throws -> PoolView
    /// Creates a pool or changes its size; what it was before, if it was there.
    func setPool(_ pool: Pool, _ note: ChangeNote) async throws -> Pool?
    /// Deletes a pool that no task names.
    func deletePool(_ name: PoolID) async throws
    /// What attempts that have not begun wait for, for people; only those that wait for units.
    func unitWaits(of attempts: [AttemptID]) async -> [AttemptID: String]

    /// The groups that have tasks or settings, sorted by name.
    func groups() async throws -> [GroupView]
    /// Makes the schedules of all tasks of a group or runtime not count, or count again.
    func setPaused(_ request: ScopeRequest) async throws -> ScopeOutcome

    /// Who is to end a run; `nil` when it has ended.
    func owner(of run: Run) async -> RunOwner?

    /// Which part of its fire a run is; `nil` for a task that has one part, and when the task is gone.
    func part(of run: Run) async -> RunPart?
    /// The runs of all parts of a run's fire or request, its own included; `nil` for a run that is the only one.
    func parts(besides run: Run) async throws -> FireParts?

    /// Requests a run, at once unless the terms put it off, of a task with several parts one of each, in their order; the same key gives the same runs, however often it is asked.
    ///
    /// With other terms than it was asked with before, it is refused. `shard` is a shard's name or number: only its run is requested.
    func requestRuns(of task: TaskID, key: String, terms: RunTerms, shard: String?) async throws -> [RunID]
    /// Requests a run that repeats one that is over, with the same parameters but for those given.
    func retryRun(_ run: RunID, key: String, terms: RunTerms) async throws -> RunID
    /// A run that was put off when it was asked for, and has not begun; `nil` for any other.
    func runToCome(_ run: RunID) async throws -> Run?
    /// Asks the agent that runs it to stop (or kill) the run's current attempt.
    func stop(_ run: RunID, kill: Bool) async throws

    /// Workflows sorted by name, without their occasions.
    func workflows(page: String?, limit: Int) async throws -> Page<WorkflowView>
    /// One workflow with its last occasions, at most `limit`.
    func workflow(_ name: WorkflowID, occasions limit: Int) async throws -> WorkflowView
    /// Deletes a workflow with all its steps; running attempts go on. The tasks that are gone.
    func deleteWorkflow(_ request: WorkflowDeletion) async throws -> [TaskID]

    /// The runs that belong together with one.
    func occasion(of run: RunID) async throws -> OccasionView
    /// Stops what runs of them, and skips what is to come, whoever leads then.
    func cancelOccasion(of run: RunID, _ note: ChangeNote) async throws -> OccasionView
    /// Repeats what failed of them and what comes after that.
    ///
    /// Runs are repeated as a whole once, by whichever key: who asks again while that runs gets the same repetition. What failed of that is
    /// repeated by asking with a run of it.
    func repeatOccasion(of run: RunID, key: String, _ note: ChangeNote) async throws -> OccasionRepetition

    /// What a backfill would do; refuses one that cannot be.
    func plan(_ request: BackfillRequest) async throws -> BackfillPlan
    /// Begins to run the fires of a past span; the same key means the same backfill, however often it is asked.
    func backfill(_ request: BackfillRequest) async throws -> BackfillView
    /// The backfills that are known, of one task or all, latest first.
    func backfills(of task: TaskID?) async throws -> [BackfillView]
    /// One backfill.
    func backfill(_ id: BackfillID) async throws -> BackfillView
    /// Pauses, resumes or stops a backfill.
    func change(_ id: BackfillID, _ command: BackfillCommand, _ note: ChangeNote) async throws -> BackfillView

    /// Why a task does (not) run now, or what about an instant.
    func explain(_ name: TaskID, at instant: Instant?) async throws -> Explanation
    /// Why a run is where it is.
    func explain(_ run: RunID) async throws -> Explanation

    /// The runtimes, sorted by name.
    func runtimes() async throws -> [RuntimeSettings]
    /// Creates or replaces a runtime's settings.
    func setRuntime(_ settings: RuntimeSettings, _ note: ChangeNote) async throws
    /// What a calendar, workflow, pool or runtime said lately, the present revision last.
    func revisions(of kind: Definition.Kind, named name: String) async throws -> [DefinitionRevision]
    /// The agents, sorted by runtime and name.
    func nodes() async throws -> [NodeView]
    /// Makes an agent take no new work, or lets it again.
    func setDrained(_ agent: AgentID, in runtime: RuntimeID?, _ isDrained: Bool) async throws
    /// Lists an agent no more that has ended.
    func forgetAgent(_ agent: AgentID, in runtime: RuntimeID?) async throws

    /// Stores an agent's reports; the receipt's epoch is set when this center leads and all derived state is in ZooKeeper.
    func accept(_ reports: [RunReport], from agent: AgentID) async throws -> Epoch?
    /// Takes over what is known of an agent's attempts that run: for people to look at, nothing depends on it.
    func note(_ progress: [ProgressNote], from agent: AgentID) async
    /// How far the attempt of a run is that runs now, and what it does; `nil` when it does not say, or none runs.
    func news(of run: Run) async -> ProgressNote?
    /// The history.
    var history: any RunHistory { get }
}

extension CenterOperations {
    /// Pauses or resumes a task; nobody says why.
    public func setEnabled(_ name: TaskID, _ isEnabled: Bool) async throws -> SaveOutcome {
        try await isEnabled
            ? resume(name, ChangeNote()) : pause(name, until: nil, ChangeNote())
    }

    /// Creates a pool or changes its size; nobody says what for.
    public func setPool(_ pool: Pool) async throws -> Pool? { try await setPool(pool, ChangeNote()) }

    /// Creates or replaces a runtime's settings; nobody says what for.
    public func setRuntime(_ settings: RuntimeSettings) async throws {
        try await setRuntime(settings, ChangeNote())
    }

    /// Makes a task's schedules count again; few missed fires are made up for.
    public func resume(_ name: TaskID, _ note: ChangeNote) async throws -> SaveOutcome {
        try await resume(name, note, confirmed: nil)
    }

    /// Pauses a group or runtime without an end, or resumes it.
    public func setPaused(
        _ scope: PausedScope,
        _ isPaused: Bool,
        _ note: ChangeNote
    ) async throws -> ScopeOutcome {
        try await setPaused(ScopeRequest(scope, isPaused ? .pause(until: nil) : .resume, note: note))
    }

    /// Requests a run of a task as its schedules would make it.
    public func requestRun(of task: TaskID, key: String) async throws -> RunID {
        try await requestRun(of: task, key: key, terms: RunTerms())
    }

    /// Requests a run; of a task with several parts the first of them is told.
    public func requestRun(of task: TaskID, key: String, terms: RunTerms) async throws -> RunID {
        let runs = try await requestRuns(of: task, key: key, terms: terms, shard: nil)
        guard let first = runs.first else { throw CenterError.unavailable("no agent may run task \(task)") }
        return first
    }
}
