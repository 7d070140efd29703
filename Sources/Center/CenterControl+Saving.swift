import Cluster
import Domain
import Mutations
import Scheduling

extension CenterControl {
    func save(_ request: SaveRequest) async throws -> SaveReceipt {
        _ = try leading()
        let mistakes = request.note.problems() + problems(request)
        guard mistakes.isEmpty else { throw CenterError.invalid(mistakes) }
        let names = names(in: request)
        return try await change { leading in
            let plan = try plan(request)
            let definitions = plan.definitions + plan.workflows.flatMap(\.definitions)
            try checkPools(definitions)
            try checkSizes(definitions)
            if request.isDryRun { return plan.receipt }
            if let objection = ChangedShare.objection(
                to: plan.receipt.shares,
                confirmed: request.confirmed
            ) {
                throw CenterError.conflict(objection)
            }
            try await carryOut(plan, leading.catalogWriter)
            return plan.receipt
        } rereading: { leading in
            try await leading.catalogWriter.rereadSources()
            try await leading.catalogWriter.reread(names + dependents(of: request.calendars))
        }
    }

    /// Calendars first: should this leader end in between, the next one gives their tasks the new days.
    private func carryOut(_ plan: SavePlan, _ writer: CatalogWriter) async throws {
        for calendar in plan.calendars { try await writer.write(calendar) }
        try await writer.record(plan.superseded)
        for workflow in plan.workflows { try await write(workflow, writer) }
        if !plan.definitions.isEmpty { try await writer.write(plan.definitions.map { .save($0) }) }
    }

    /// A pool may have been deleted or made smaller since the request was looked at.
    private func checkPools(_ definitions: [TaskDefinition]) throws {
        let pools = state.store.read { $0.pools.mapValues(\.value) }
        for task in definitions {
            guard let problem = task.specification.demand.problems(knowing: pools).first else { continue }
            throw CenterError.conflict("task \(task.name): \(problem.message)")
        }
    }

    /// Writes a workflow at once, or else such that nothing begins it before all of it is there (rule N8).
    private func write(_ edit: WorkflowEdit, _ writer: CatalogWriter) async throws {
        if edit.changes.isEmpty { return }
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
    private func names(in request: SaveRequest) -> [TaskID] {
        let said = request.tasks.map(\.name) + request.workflows.flatMap { $0.tasks.map(\.name) }
        let known = state.store.read { catalog in
            request.workflows.flatMap { Array(catalog.workflows[$0.name] ?? []) }
        }
        return Array(Set(said + known))
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
        let (runtimes, pools) = state.store.read { (Set($0.runtimes.keys), $0.pools.mapValues(\.value)) }
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

    private static func problems(_ calendars: [DayCalendar]) -> [ValidationProblem] {
        var seen: Set<CalendarID> = []
        return calendars.enumerated().flatMap { index, calendar in
            var found = calendar.problems
            if !seen.insert(calendar.name).inserted {
                found.append(
                    .init(field: "name", message: "the name appears twice; each calendar is saved once")
                )
            }
            return found.map { problem in
                ValidationProblem(
                    field: "calendars[\(index)].\(problem.field)",
                    message: "calendar \(calendar.name): \(problem.message)",
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
