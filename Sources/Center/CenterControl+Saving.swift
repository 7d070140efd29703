import Cluster
import Domain
import Mutations
import Scheduling

extension CenterControl {
    func save(_ request: SaveRequest) async throws -> SaveReceipt {
        _ = try leading()
        let mistakes = request.note.problems() + problems(request)
        guard mistakes.isEmpty else { throw CenterError.invalid(mistakes) }
        let names = request.tasks.map(\.name)
        return try await change { leading in
            let plan = try plan(request)
            try checkPools(plan.definitions)
            try checkSizes(plan.definitions)
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
        var sources = sources(for: request.tasks)
        for calendar in request.calendars { sources.replace(calendar) }
        var seen: Set<TaskID> = []
        let dependencies = DependencyCheck(state.store.catalog, saving: request.tasks)
        return request.tasks.enumerated().flatMap { index, specification in
            var found = specification.problems + dependencies.problems(of: specification)
            found += specification.calendarProblems(knowing: sources.known)
            found += specification.demand.problems(knowing: pools)
            if found.isEmpty { found += Self.problems(specification, with: sources) }
            if !runtimes.contains(specification.runtime) {
                found.append(.init(field: "runtime", message: Self.unknown(specification.runtime, runtimes)))
            }
            if !seen.insert(specification.name).inserted {
                found.append(.init(field: "name", message: "the name appears twice; each task is saved once"))
            }
            return found.map { problem in
                ValidationProblem(
                    field: "tasks[\(index)].\(problem.field)",
                    message: "task \(specification.name): \(problem.message)",
                    position: problem.position
                )
            }
        }
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
