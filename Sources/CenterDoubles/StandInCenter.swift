public import Center
public import Domain
public import Scheduling

/// A center without a cluster, for tests of what stands before one; keeps its state in memory.
public actor StandInCenter: CenterOperations {
    /// The history behind it.
    public nonisolated let runHistory = InMemoryRunHistory()
    /// The history.
    public nonisolated var history: any RunHistory { runHistory }

    /// Keys of requested runs, by task.
    public internal(set) var requests: [TaskID: [String]] = [:]
    /// Runs that were asked to stop, and whether they were to be killed.
    public internal(set) var stopped: [RunID: Bool] = [:]

    /// Runs that were put off when they were asked for.
    var runsToCome: [RunID: Run] = [:]
    private var leader = LeadershipView.leading(Epoch(rawValue: 7))
    var definitions: [TaskID: TaskDefinition] = [:]
    private var earlier: [TaskID: [TaskRevision]] = [:]
    var kept: [CalendarID: DayCalendar] = [:]
    var pausedGroups: [GroupID: PauseRecord] = [:]
    var settings: [RuntimeID: RuntimeSettings] = [:]
    private var views: [NodeView] = []
    private var drained: Set<DrainedAgent> = []
    private var refusal: [ValidationProblem] = []
    private var missed: [CatchUpShare] = []
    var fills: [Backfill] = []
    var sizes: [PoolID: Pool] = [:]
    var histories: [String: DefinitionRevisions] = [:]
    var claims: [UnitClaim] = []
    var cancelled: [RunID: String] = [:]
    var now = Instant(millisecondsSinceEpoch: 1_767_225_600_000)
    private var noted: [AttemptID: ProgressNote] = [:]
    private var isHolding = false
    private var held: [CheckedContinuation<Void, Never>] = []
    private var heldWatchers: [(count: Int, continuation: CheckedContinuation<Void, Never>)] = []

    /// Creates a center that leads epoch 7 and knows of nothing.
    public init() {}

    /// Changes who leads.
    public func lead(_ leadership: LeadershipView) { leader = leadership }

    /// Changes the agents.
    public func show(_ nodes: [NodeView]) { views = nodes }

    /// Makes every later save find these problems, or none.
    public func refuseSaves(with problems: [ValidationProblem]) { refusal = problems }

    /// Makes every later save and resumption have so many missed fires made up for.
    public func miss(_ fires: [CatchUpShare]) { missed = fires }

    /// Makes `accept` wait until `release`.
    public func hold() { isHolding = true }

    /// Waits until `count` calls of `accept` are held.
    public func waitUntilHeld(_ count: Int) async {
        if held.count >= count { return }
        await withCheckedContinuation { heldWatchers.append((count, $0)) }
    }

    /// Lets `accept` go on.
    public func release() {
        isHolding = false
        let waiting = held
        held = []
        for continuation in waiting { continuation.resume() }
    }

    /// Who leads.
    public func leadership() -> LeadershipView { leader }

    /// The cluster at a glance.
    public func cluster() -> ClusterView {
        let identity = Nonce("0123456789abcdef").map { ClusterIdentity(id: $0, timeline: $0) }
        return ClusterView(
            identity: identity,
            leadership: leader,
            centers: [],
            nodes: views,
            taskCount: definitions.count,
            unplacedCount: 0
        )
    }

    /// Tasks sorted by name.
    public func tasks(_ filter: TaskFilter, page: String?, limit: Int) throws -> Page<TaskView> {
        let all = definitions.values.sorted { $0.name < $1.name }.filter { filter.matches($0, at: now) }
        let rest = all.drop { definition in page.map { definition.name.text <= $0 } ?? false }
        let elements = rest.prefix(limit).map { view(of: $0) }
        return Page(
            elements: elements,
            next: rest.count > limit ? elements.last?.definition.name.text : nil
        )
    }

    /// One task.
    public func task(_ name: TaskID) throws -> TaskView { view(of: try definition(name)) }

    /// Creates or edits calendars and tasks.
    public func save(_ request: SaveRequest) throws -> SaveReceipt {
        guard refusal.isEmpty else { throw CenterError.invalid(refusal) }
        let specifications = request.tasks
        for specification in specifications {
            try check(request.condition, against: definitions[specification.name])
        }
        let pools = request.pools.map { pool in
            let known = sizes[pool.name]
            let change: SaveOutcome.Change =
                known == nil ? .created : known == pool ? .unchanged : .updated
            return PoolOutcome(pool: pool.name, change: change)
        }
        let calendars = request.calendars.map { calendar in
            let known = kept[calendar.name]
            return CalendarOutcome(
                calendar: calendar.name,
                change: known == nil ? .created : known == calendar ? .unchanged : .updated,
                taskCount: users(of: calendar.name).count
            )
        }
        let changed = specifications.filter { task in
            definitions[task.name].map { $0.specification != task } ?? false
        }
        let shares = shares(of: changed)
        if request.isDryRun {
            let outcomes = specifications.map { task in
                let known = definitions[task.name]
                let change: SaveOutcome.Change =
                    known == nil ? .created : known?.specification == task ? .unchanged : .updated
                return SaveOutcome(task: task.name, change: change, revision: known?.revision ?? 0)
            }
            return SaveReceipt(
                pools: pools,
                calendars: calendars,
                tasks: outcomes,
                shares: shares,
                catchUps: missed
            )
        }
        if let objection = ChangeGuard(shares, missed).objection(confirmed: request.confirmed) {
            throw CenterError.conflict(objection)
        }
        for pool in request.pools { _ = try setPool(pool, request.note) }
        for calendar in request.calendars {
            keep(.calendar(calendar), instead: kept[calendar.name].map { .calendar($0) }, request.note)
            kept[calendar.name] = calendar
        }
        let workflows = try request.workflows.map { try save($0, note: request.note) }
        let outcomes = specifications.map { save($0, note: request.note) }
        return SaveReceipt(
            pools: pools,
            calendars: calendars,
            workflows: workflows,
            tasks: outcomes,
            shares: shares
        )
    }

    /// Changes several tasks.
    public func change(_ request: BulkRequest) throws -> BulkReceipt {
        let present = request.tasks.compactMap { definitions[$0]?.specification }
        let shares = shares(of: present)
        let catchUps = request.action == .resume ? missed : []
        let changes = ChangeGuard(shares, catchUps)
        if !request.isDryRun, let objection = changes.objection(confirmed: request.confirmed) {
            throw CenterError.conflict(objection)
        }
        let outcomes = try request.tasks.map { name in
            guard let known = definitions[name] else {
                return BulkReceipt.Outcome(task: name, change: .absent)
            }
            let isPaused = known.pause(at: now) != nil
            if request.action != .delete, isPaused == (request.action == .pause) {
                return BulkReceipt.Outcome(task: name, change: .unchanged)
            }
            if !request.isDryRun {
                switch request.action {
                case .delete: definitions[name] = nil
                case .pause: _ = try pause(name, until: request.until, request.note)
                case .resume: _ = try resume(name, request.note, confirmed: request.confirmed)
                }
            }
            return BulkReceipt.Outcome(task: name, change: .changed)
        }
        return BulkReceipt(outcomes: outcomes, shares: shares, catchUps: catchUps)
    }

    func shares(of tasks: [TaskSpecification]) -> [ChangedShare] {
        Set(tasks.map(\.runtime)).sorted().map { runtime in
            ChangedShare(
                runtime: runtime,
                changed: tasks.count { $0.runtime == runtime },
                total: definitions.values.count { $0.specification.runtime == runtime },
                allowedPercent: settings[runtime]?.massChangePercent ?? 50
            )
        }
    }

    /// What a task said lately.
    public func revisions(of task: TaskID) throws -> [TaskRevision] {
        (earlier[task] ?? []) + [TaskRevision(try definition(task))]
    }

    /// Deletes a task.
    public func deleteTask(_ name: TaskID) throws {
        _ = try definition(name)
        definitions[name] = nil
    }

    /// Pauses a task.
    public func pause(_ name: TaskID, until end: Instant?, _ note: ChangeNote) throws -> SaveOutcome {
        let pause = PauseRecord(since: now, until: end, reason: note.message, author: note.author)
        return try redefine(name) { $0.paused(pause) }
    }

    /// Resumes a task.
    public func resume(_ name: TaskID, _ note: ChangeNote, confirmed: Int?) throws -> SaveOutcome {
        if let objection = ChangeGuard([], missed).objection(confirmed: confirmed) {
            throw CenterError.conflict(objection)
        }
        return try redefine(name) { $0.resumed(now: now) }
    }

    /// Begins the process of a resident task anew.
    public func restart(_ name: TaskID, _ note: ChangeNote) throws -> SaveOutcome {
        if let refusal = CenterError.refusal(toRestart: try definition(name), now: now) { throw refusal }
        return try redefine(name) { $0.restarted(now: now) }
    }

    private func redefine(_ name: TaskID, _ body: (TaskDefinition) -> TaskDefinition?) throws -> SaveOutcome {
        let known = try definition(name)
        guard let next = body(known) else {
            return SaveOutcome(task: name, change: .unchanged, revision: known.revision)
        }
        definitions[name] = next
        return SaveOutcome(task: name, change: .updated, revision: next.revision)
    }

    /// Makes single fires different.
    public func changeFires(of name: TaskID, _ change: FireChange) throws -> [FireException] {
        let task = try definition(name)
        do throws(ValidationFailure) {
            let changed = try task.changed(by: change, now: now)
            definitions[name] = changed.definition
            return changed.fires
        } catch {
            throw CenterError.invalid(error.problems)
        }
    }

    /// Says what it was asked.
    public func explain(_ name: TaskID, at instant: Instant?) throws -> Explanation {
        let known = try definition(name)
        let finding = Explanation.Finding(
            .healthy,
            "Nothing keeps \(known.name) from running.",
            in: "nowhere"
        )
        return Explanation(subject: "task/\(name)", at: instant, findings: [finding])
    }

    /// Says what it was asked.
    public func explain(_ run: RunID) async throws -> Explanation {
        guard let known = await runHistory.run(run) else {
            throw CenterError.notFound(kind: "run", name: run.text)
        }
        let finding = Explanation.Finding(.ran, "It is \(known.state.rawValue).", in: "history")
        return Explanation(subject: "run/\(run)", findings: [finding])
    }

    /// The runtimes.
    public func runtimes() -> [RuntimeSettings] { settings.values.sorted { $0.name < $1.name } }

    /// Creates or replaces a runtime's settings.
    public func setRuntime(_ settings: RuntimeSettings, _ note: ChangeNote) {
        let known = self.settings[settings.name].map { Definition.runtime($0).lasting }
        keep(Definition.runtime(settings).lasting, instead: known, note)
        self.settings[settings.name] = settings
    }

    /// The agents.
    public func nodes() -> [NodeView] { views }

    /// Drains an agent, or no more; one that is drained is known also when it is not among the agents.
    public func setDrained(_ agent: AgentID, in runtime: RuntimeID?, _ isDrained: Bool) throws {
        let known = views.map { DrainedAgent(agent: $0.agent, runtime: $0.runtime) } + drained
        let found = Set(known).filter { $0.agent == agent && (runtime == nil || $0.runtime == runtime) }
        guard let only = found.first else { throw CenterError.notFound(kind: "agent", name: agent.text) }
        guard found.count == 1 else { throw CenterError.conflict("agent \(agent) is in several runtimes") }
        if isDrained { drained.insert(only) } else { drained.remove(only) }
        for index in views.indices where views[index].agent == agent && views[index].runtime == only.runtime {
            views[index].isDrained = isDrained
        }
    }

    /// Lists an agent no more that has ended.
    public func forgetAgent(_ agent: AgentID, in runtime: RuntimeID?) throws {
        let named = views.filter { $0.agent == agent && (runtime == nil || $0.runtime == runtime) }
        guard !named.isEmpty else { throw CenterError.notFound(kind: "agent", name: agent.text) }
        guard named.contains(where: { $0.departure != nil }) else {
            throw CenterError.conflict("agent \(agent) is there")
        }
        views.removeAll { $0.agent == agent && $0.departure != nil }
    }

    private struct DrainedAgent: Hashable {
        var agent: AgentID
        var runtime: RuntimeID
    }

    /// Stores reports, once it is not held.
    public func accept(_ reports: [RunReport], from agent: AgentID) async throws -> Epoch? {
        if isHolding { await wait() }
        guard reports.allSatisfy({ $0.agent == agent }) else {
            throw CenterError.invalid([
                ValidationProblem(field: "reports", message: "each agent sends its own")
            ])
        }
        try await runHistory.record(reports)
        if case .leading(let epoch) = leader { return epoch }
        return nil
    }

    /// Keeps what was said last.
    public func note(_ progress: [ProgressNote], from agent: AgentID) {
        for note in progress { noted[note.attempt] = note }
    }

    /// What the run's last attempt said.
    public func news(of run: Run) -> ProgressNote? {
        run.attempts.last.flatMap { noted[AttemptID(run: run.id, number: $0.number)] }
    }

    private func wait() async {
        await withCheckedContinuation { continuation in
            held.append(continuation)
            for watcher in heldWatchers where watcher.count <= held.count { watcher.continuation.resume() }
            heldWatchers.removeAll { $0.count <= held.count }
        }
    }

    func definition(_ name: TaskID) throws -> TaskDefinition {
        guard let definition = definitions[name] else {
            throw CenterError.notFound(kind: "task", name: name.text)
        }
        return definition
    }

    private func check(_ condition: SaveCondition, against known: TaskDefinition?) throws {
        switch condition {
        case .any: return
        case .absent:
            if let known { throw CenterError.conflict("the task \(known.name) exists already") }
        case .revision(let revision):
            guard known?.revision == revision else {
                throw CenterError.conflict("the task is at revision \(known?.revision ?? 0), not \(revision)")
            }
        }
    }

    func save(_ specification: TaskSpecification, note: ChangeNote = ChangeNote()) -> SaveOutcome {
        let name = specification.name
        guard let known = definitions[name] else {
            let uid = TaskUID(bits: UInt64(definitions.count + 1))
            var created = TaskDefinition.created(specification, uid: uid, now: now)
            created.saved = SaveNote(revision: 1, at: now, author: note.author, message: note.message)
            definitions[name] = created
            return SaveOutcome(task: name, change: .created, revision: 1)
        }
        guard known.specification != specification else {
            return SaveOutcome(task: name, change: .unchanged, revision: known.revision)
        }
        earlier[name, default: []].append(TaskRevision(known))
        var edited = known.edited(specification, now: now)
        edited.saved = SaveNote(
            revision: edited.revision,
            at: now,
            author: note.author,
            message: note.message
        )
        definitions[name] = edited
        return SaveOutcome(task: name, change: .updated, revision: edited.revision)
    }

    private func view(of definition: TaskDefinition) -> TaskView {
        TaskView(
            definition: definition,
            owner: nil,
            unplacedReason: "no agent",
            nextDue: definition.nextUnskippedDue(after: now),
            at: now
        )
    }
}
