import Cluster
import Domain
import Mutations
import Scheduling

extension CenterControl {
    func save(_ request: SaveRequest) async throws -> SaveReceipt {
        _ = try leading()
        let mistakes = request.note.problems() + Self.problems(request.pools) + problems(request)
        guard mistakes.isEmpty else { throw CenterError.invalid(mistakes) }
        let names = names(in: request)
        let receipt: SaveReceipt = try await change { leading in
            let plan = try plan(request)
            let definitions = plan.definitions + plan.workflows.flatMap(\.definitions)
            try checkPools(request.pools, definitions, plan.workflows.flatMap(\.removed))
            try checkSizes(definitions)
            var receipt = plan.receipt
            // What only gets the new days of a calendar cannot be confirmed.
            let said = definitions.filter { names.contains($0.name) }
            receipt.catchUps = await catchUps(by: said, leading)
            if request.isDryRun { return receipt }
            let changes = ChangeGuard(receipt.shares, receipt.catchUps)
            if let objection = changes.objection(confirmed: request.confirmed) {
                throw CenterError.conflict(objection)
            }
            try await carryOut(plan, request.note, leading.catalogWriter)
            return receipt
        } rereading: { leading in
            try await leading.catalogWriter.rereadSources()
            try await leading.catalogWriter.reread(Array(names) + dependents(of: request.calendars))
        }
        if !request.isDryRun, !request.pools.isEmpty { state.hints.pools.wake() }
        return receipt
    }

    /// Calendars and pools first: should this leader end in between, the next one gives the calendars' tasks the new days.
    private func carryOut(_ plan: SavePlan, _ note: ChangeNote, _ writer: CatalogWriter) async throws {
        for pool in plan.pools {
            try await record(.pool(pool), note, writer)
            try await writer.write(pool)
        }
        for calendar in plan.calendars {
            try await record(.calendar(calendar), note, writer)
            try await writer.write(calendar)
        }
        try await writer.record(plan.superseded)
        for edit in plan.workflows where !edit.changes.isEmpty {
            try await record(.workflow(edit.workflow), note, writer)
            try await write(edit, writer)
        }
        if !plan.definitions.isEmpty { try await writer.write(plan.definitions.map { .save($0) }) }
    }

    /// A pool may have been deleted or made smaller since the request was looked at, or is made too small by it for what stays.
    private func checkPools(
        _ wanted: [Pool],
        _ definitions: [TaskDefinition],
        _ removed: [TaskID]
    ) throws {
        let catalog = state.store.catalog
        let changed = Set(definitions.map(\.name) + removed)
        for pool in wanted {
            let users = catalog.users(of: .pool(pool.name)).filter { !changed.contains($0.name) }
            try refuse(pool, tooSmallFor: users)
        }
        let pools = Self.pools(catalog, wanted)
        for task in definitions {
            guard let problem = task.specification.demand.problems(knowing: pools).first else { continue }
            throw CenterError.conflict("task \(task.name): \(problem.message)")
        }
    }

    /// Writes a workflow at once, or else such that nothing begins it before all of it is there (rule N8).
    private func write(_ edit: WorkflowEdit, _ writer: CatalogWriter) async throws {
        if try writer.isOneWrite(edit.changes) {
            try await writer.write(edit.changes)
        } else {
            try await writer.write([.save(edit.closed)])
            for changes in edit.stepChanges { try await writer.write(changes) }
            try await writer.write([.save(edit.opened)])
        }
        try await writer.forget(edit.removed)
    }

    /// The tasks that a request may change: those it says, and those that its workflows have now.
    private func names(in request: SaveRequest) -> Set<TaskID> {
        let said = request.tasks.map(\.name) + request.workflows.flatMap { $0.tasks.map(\.name) }
        let known = state.store.read { catalog in
            request.workflows.flatMap { Array(catalog.workflows[$0.name] ?? []) }
        }
        return Set(said + known)
    }

    private func plan(_ request: SaveRequest) throws -> SavePlan {
        try SavePlan(
            request,
            state.store.catalog,
            uid: { Mutation.derivesUID.isOn ? Self.uid(of: $0) : random.taskUID() },
            now: time.now
        )
    }

    /// The tasks that name one of these calendars, sorted by name.
    private func dependents(of calendars: [DayCalendar]) -> [TaskID] {
        let names = Set(calendars.map(\.name.text))
        guard !names.isEmpty else { return [] }
        return state.store.read { $0.dependents(of: names) }.map(\.name)
    }

    /// What specifications take over from elsewhere, as this center knows it.
    func sources(for specifications: [TaskSpecification]) -> TaskSources {
        TaskSources(state.store.catalog, for: specifications)
    }

    /// The uid that `uid-from-name` gives every task of a name.
    private static func uid(of name: TaskID) -> TaskUID {
        TaskUID(bits: name.text.utf8.reduce(5_381) { $0 &* 33 &+ UInt64($1) })
    }
}

extension CenterControl {
    /// Everything that is wrong with a request, each problem with the place of its calendar or task in it.
    private func problems(_ request: SaveRequest) -> [ValidationProblem] {
        let calendars = Self.problems(request.calendars)
        guard calendars.isEmpty else { return calendars }
        let (runtimes, pools) = state.store.read { catalog in
            (Set(catalog.runtimes.keys), Self.pools(catalog, request.pools))
        }
        let all = request.workflows.flatMap(\.tasks) + request.tasks
        var sources = sources(for: all)
        for calendar in request.calendars { sources.replace(calendar) }
        var places: [(field: String, task: TaskSpecification)] = []
        for (index, workflow) in request.workflows.enumerated() {
            places += workflow.tasks.map { ("workflows[\(index)]", $0) }
        }
        for (index, task) in request.tasks.enumerated() { places.append(("tasks[\(index)]", task)) }
        let dependencies = DependencyCheck(state.store.catalog, saving: all)
        var problems = WorkflowCheck(state.store.catalog, request).problems
        var seen: Set<TaskID> = []
        for (field, task) in places {
            var found = Self.problems(task, dependencies, sources) + task.demand.problems(knowing: pools)
            if !runtimes.contains(task.runtime) {
                found.append(.init(field: "runtime", message: Self.unknown(task.runtime, runtimes)))
            }
            if !seen.insert(task.name).inserted {
                found.append(.init(field: "name", message: "the name appears twice; each task is saved once"))
            }
            problems += found.map { problem in
                ValidationProblem(
                    field: "\(field).\(problem.field)",
                    message: "task \(task.name): \(problem.message)",
                    position: problem.position
                )
            }
        }
        return problems
    }

    /// What is wrong with what a task says, as far as that was not looked at with its workflow: steps come after one another only.
    private static func problems(
        _ task: TaskSpecification,
        _ dependencies: DependencyCheck,
        _ sources: TaskSources
    ) -> [ValidationProblem] {
        var found = task.workflow == nil ? task.problems + dependencies.problems(of: task) : []
        found += task.calendarProblems(knowing: sources.known)
        return found.isEmpty ? problems(task, with: sources) : found
    }

    /// The pools there are once a request is carried out.
    private static func pools(_ catalog: Catalog, _ wanted: [Pool]) -> [PoolID: Pool] {
        let present = catalog.pools.mapValues(\.value)
        return present.merging(wanted.map { ($0.name, $0) }) { $1 }
    }

    private static func problems(_ pools: [Pool]) -> [ValidationProblem] {
        problems(pools, "pool", name: \.name.text, problems: \.problems)
    }

    private static func problems(_ calendars: [DayCalendar]) -> [ValidationProblem] {
        problems(calendars, "calendar", name: \.name.text, problems: \.problems)
    }

    private static func problems<Item>(
        _ items: [Item],
        _ kind: String,
        name: (Item) -> String,
        problems: (Item) -> [ValidationProblem]
    ) -> [ValidationProblem] {
        var seen: Set<String> = []
        return items.enumerated().flatMap { index, item in
            let name = name(item)
            var found = problems(item)
            if !seen.insert(name).inserted {
                let message = "the name appears twice; each \(kind) is saved once"
                found.append(ValidationProblem(field: "name", message: message))
            }
            return found.map { problem in
                ValidationProblem(
                    field: "\(kind)s[\(index)].\(problem.field)",
                    message: "\(kind) \(name): \(problem.message)",
                    position: problem.position
                )
            }
        }
    }

    /// What is wrong with schedules only because of the days of their calendars: that they leave none.
    private static func problems(_ task: TaskSpecification, with sources: TaskSources) -> [ValidationProblem]
    {
        guard let days = try? sources.calendars(of: task), days != .none else { return [] }
        let context = ScheduleContext(task: task.name.text, calendars: days)
        return task.schedules.enumerated().compactMap { index, schedule in
            do throws(ScheduleError) {
                try schedule.validate(in: context)
                return nil
            } catch {
                return ValidationProblem(field: "schedules[\(index)]", message: error.message)
            }
        }
    }

    private static func unknown(_ runtime: RuntimeID, _ known: Set<RuntimeID>) -> String {
        let names = known.sorted().map(\.text).joined(separator: ", ")
        return
            "there is no runtime \(runtime); create it with \"cloudtask runtime set \(runtime)\" or use one of: \(names)"
    }
}
