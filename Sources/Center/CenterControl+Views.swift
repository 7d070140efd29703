import Cluster
import Domain
import Orchestration
import Scheduling

extension CenterControl {
    func cluster() async -> ClusterView {
        let catalog = state.store.catalog
        let mirror = await mirror
        let enabled = catalog.tasks.values.filter(\.value.specification.isEnabled)
        let unplaced = mirror.map { mirror in
            enabled.filter { !isPlaced($0.value, mirror, placement(of: $0.value, mirror)) }.count
        }
        return ClusterView(
            identity: catalog.identity,
            leadership: await leadership(),
            centers: catalog.centers.values.sorted { $0.center < $1.center },
            nodes: nodes(catalog, mirror, await heldBack, await departed),
            taskCount: catalog.tasks.count,
            unplacedCount: unplaced ?? 0,
            defects: await state.leading?.reconciler.defects.map { "\($0): \($1)" }.sorted() ?? [],
            ownerlessRunCount: state.ownerlessRuns
        )
    }

    func owner(of run: Run) async -> RunOwner? {
        let seat = run.attempts.last.map { Seat(runtime: run.runtime, agent: $0.agent) }
        let (registered, task) = state.store.read { catalog in
            (seat.flatMap { catalog.agents[$0]?.incarnation }, catalog.task(run.uid))
        }
        return .of(run, living: registered, task: task)
    }

    func nodes() async throws -> [NodeView] {
        nodes(state.store.catalog, await mirror, await heldBack, await departed)
    }

    func tasks(_ filter: TaskFilter, page: String?, limit: Int) async throws -> Page<TaskView> {
        let catalog = state.store.catalog
        let now = time.now
        let names = catalog.tasks.keys.sorted().filter { name in
            guard let task = catalog.tasks[name]?.value else { return false }
            return filter.matches(task, at: now) && (page.map { name.text > $0 } ?? true)
        }
        let shown = names.prefix(max(1, limit))
        let placement = await placement()
        let views = shown.compactMap { catalog.tasks[$0]?.value }.map { view(of: $0, placement) }
        return Page(elements: views, next: names.count > shown.count ? shown.last?.text : nil)
    }

    func task(_ name: TaskID) async throws -> TaskView {
        guard let definition = state.store.catalog.tasks[name]?.value else {
            throw CenterError.notFound(kind: "task", name: name.text)
        }
        return view(of: definition, await placement())
    }

    func runtimes() async throws -> [RuntimeSettings] {
        let now = time.now
        let known = state.store.read { $0.runtimes.values.map(\.value) }.sorted { $0.name < $1.name }
        return known.map { settings in
            var settings = settings
            settings.pause = settings.pause?.inForce(at: now)
            return settings
        }
    }

    func setRuntime(_ settings: RuntimeSettings, _ note: ChangeNote) async throws {
        try refuse(note.problems())
        var settings = settings
        settings.drained = Set(settings.drained).sorted()
        let wanted = settings
        try checkSize(wanted)
        try await change { leading in
            // Pausing is a request of its own.
            var saved = wanted
            saved.pause = state.store.catalog.runtimes[saved.name]?.value.pause
            guard state.store.catalog.runtimes[saved.name]?.value != saved else { return }
            try await record(.runtime(saved), note, leading.catalogWriter)
            try await leading.catalogWriter.write(saved)
        } rereading: { leading in
            try await leading.catalogWriter.reread(runtime: wanted.name)
        }
    }

    func setDrained(_ agent: AgentID, in runtime: RuntimeID?, _ isDrained: Bool) async throws {
        let home = try await self.runtime(of: agent, runtime)
        try await change { leading in
            guard var settings = state.store.catalog.runtimes[home]?.value else {
                throw CenterError.notFound(kind: "runtime", name: home.text)
            }
            var drained = Set(settings.drained)
            let isChanged = isDrained ? drained.insert(agent).inserted : drained.remove(agent) != nil
            guard isChanged else { return }
            settings.drained = drained.sorted()
            try checkSize(settings)
            try await leading.catalogWriter.write(settings)
        } rereading: { leading in
            try await leading.catalogWriter.reread(runtime: home)
        }
    }
}

extension CenterControl {
    /// Refuses settings that no znode may hold.
    private func checkSize(_ settings: RuntimeSettings) throws {
        let size = try ZNodeCodec.encode(settings).count
        guard size > ZNodeCodec.payloadBytesMax else { return }
        let limit = ZNodeCodec.payloadBytesMax
        let isLongText = (settings.description?.utf8.count ?? 0) > limit / 2
        throw CenterError.invalid([
            ValidationProblem(
                field: isLongText ? "description" : "drained",
                message:
                    "the settings of runtime \(settings.name) take \(size) bytes, more than the \(limit) "
                    + "that are kept of one runtime; shorten its description or undrain agents that are gone"
            )
        ])
    }

    /// What only the leader knows about owners.
    private struct Placement {
        var mirror: LeaderMirror?
        var reasons: [TaskPart: UnplaceableReason] = [:]
    }

    private var mirror: LeaderMirror? {
        get async { await state.leading?.reconciler.mirror }
    }

    private var heldBack: [Seat: Instant] {
        get async { await state.leading?.reconciler.acceptsFrom ?? [:] }
    }

    private var departed: [Seat: DepartedAgent] {
        get async { await state.leading?.reconciler.departed?.mapValues(\.value) ?? [:] }
    }

    private func placement() async -> Placement {
        guard let reconciler = state.leading?.reconciler else { return Placement() }
        return Placement(mirror: await reconciler.mirror, reasons: await reconciler.reasons)
    }

    private func view(of definition: TaskDefinition, _ placement: Placement) -> TaskView {
        let owner = placement.mirror?.owner(of: TaskPart(uid: definition.uid))
        let parts = placement.mirror.flatMap { self.placement(of: definition, $0) }
        let due = definition.specification.isEnabled ? definition.nextUnskippedDue(after: time.now) : nil
        var reason: String?
        if !definition.specification.isEnabled {
            reason = "the task is disabled"
        } else if definition.suspension(at: time.now) != .absent {
            reason = suspension(of: definition.specification)
        } else if let mirror = placement.mirror, !isPlaced(definition, mirror, parts) {
            let part = TaskPart(uid: definition.uid, part: parts?.unplaced?.first ?? 0)
            reason = placement.reasons[part]?.description ?? "the task is about to be placed"
        }
        return TaskView(
            definition: definition,
            owner: parts == nil ? owner?.agent : nil,
            parts: parts,
            unplacedReason: reason,
            nextDue: due,
            at: time.now
        )
    }

    private func nodes(
        _ catalog: Catalog,
        _ mirror: LeaderMirror?,
        _ heldBack: [Seat: Instant],
        _ departed: [Seat: DepartedAgent]
    ) -> [NodeView] {
        let owning = (mirror?.tables ?? [:]).filter { !$0.value.rows.isEmpty }.keys
        // The leader may not have noticed yet that one of them is back, or that its time is over.
        let gone = departed.filter {
            catalog.agents[$0.key] == nil && time.now < $0.value.since + DepartedAgent.memory
        }
        let seats = Set(catalog.agents.keys).union(owning).union(gone.keys)
        return seats.sorted().map { seat in
            NodeView(
                registration: catalog.agents[seat],
                agent: seat.agent,
                runtime: seat.runtime,
                isDrained: catalog.runtimes[seat.runtime]?.value.drained.contains(seat.agent) ?? false,
                taskCount: mirror?.tables[seat]?.rows.count ?? 0,
                heldUntil: heldBack[seat],
                departure: gone[seat].map { NodeView.Departure(at: $0.since, taskCount: $0.taskCount) }
            )
        }
    }

    func forgetAgent(_ agent: AgentID, in runtime: RuntimeID?) async throws {
        let leading = try leading()
        let named = try await nodes().filter {
            $0.agent == agent && (runtime == nil || $0.runtime == runtime)
        }
        guard !named.isEmpty else { throw CenterError.notFound(kind: "agent", name: agent.text) }
        let gone = named.filter { $0.departure != nil }
        guard let node = gone.first else {
            throw CenterError.conflict("agent \(agent) is there: only one that has ended can be forgotten")
        }
        guard gone.count == 1 else {
            let names = gone.map(\.runtime.text).joined(separator: ", ")
            throw CenterError.conflict("agents \(agent) of runtimes \(names) are gone; name the runtime")
        }
        guard node.taskCount == 0 else {
            let tasks = node.taskCount == 1 ? "1 task" : "\(node.taskCount) tasks"
            throw CenterError.conflict("agent \(agent) still owns \(tasks): no other agent has them yet")
        }
        let seat = Seat(runtime: node.runtime, agent: agent)
        guard try await translating({ try await leading.reconciler.forgetDeparture(of: seat) }) else {
            throw CenterError.notFound(kind: "agent", name: agent.text)
        }
    }

    /// The runtime in which an agent is known, live or drained; without `runtime` there must be exactly one.
    private func runtime(of agent: AgentID, _ runtime: RuntimeID?) async throws -> RuntimeID {
        if let runtime, state.store.read({ $0.runtimes[runtime] }) == nil {
            throw CenterError.notFound(kind: "runtime", name: runtime.text)
        }
        // One that has ended counts when there is no other of its name.
        let named = try await nodes().filter { $0.agent == agent }
        let present = named.filter { $0.departure == nil }
        let known = (present.isEmpty ? named : present).map(\.runtime)
        let drained = state.store.read { catalog in
            catalog.runtimes.values.filter { $0.value.drained.contains(agent) }.map(\.value.name)
        }
        let candidates = Set(known + drained).filter { runtime == nil || $0 == runtime }.sorted()
        guard let only = candidates.first else { throw CenterError.notFound(kind: "agent", name: agent.text) }
        guard candidates.count == 1 else {
            let names = candidates.map(\.text).joined(separator: ", ")
            throw CenterError.conflict("runtimes \(names) each have an agent \(agent); name the runtime")
        }
        return only
    }
}
