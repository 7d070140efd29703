import Cluster
import Domain
import Scheduling

extension CenterControl {
    func change(_ request: BulkRequest) async throws -> BulkReceipt {
        guard Set(request.tasks).count == request.tasks.count else {
            throw CenterError.invalid([
                ValidationProblem(field: "tasks", message: "a name comes twice; each task is changed once")
            ])
        }
        try refuse(request.note.problems() + endProblems(request.until))
        if request.until != nil, request.action != .pause {
            throw CenterError.invalid([
                ValidationProblem(field: "until", message: "only a pause has an end: leave \"until\" out")
            ])
        }
        return try await change { leading in
            if request.action == .delete {
                try refuseSteps(request.tasks)
                try refuseOrphans(request.tasks)
            }
            var plan = plan(request)
            plan.receipt.catchUps = await catchUps(by: plan.edits.compactMap(\.definition), leading)
            try checkSizes(plan.edits.compactMap(\.definition))
            if request.isDryRun { return plan.receipt }
            let changes = ChangeGuard(plan.receipt.shares, plan.receipt.catchUps)
            if let objection = changes.objection(confirmed: request.confirmed) {
                throw CenterError.conflict(objection)
            }
            try await leading.catalogWriter.record(plan.edits.compactMap(\.superseded))
            let paused = plan.edits.compactMap(\.definition)
            try await recordWorkflows(of: paused, request.note, leading.catalogWriter)
            if !plan.changes.isEmpty { try await leading.catalogWriter.write(plan.changes) }
            if request.action == .delete {
                try await leading.catalogWriter.forget(plan.changes.map(\.name))
            }
            return plan.receipt
        } rereading: { leading in
            try await leading.catalogWriter.reread(request.tasks)
        }
    }

    /// Tasks of workflows are deleted with these only.
    func refuseSteps(_ names: [TaskID]) throws(CenterError) {
        for name in names.sorted() {
            guard let place = state.store.read({ $0.tasks[name]?.value.specification.workflow }) else {
                continue
            }
            throw .conflict(WorkflowCheck.refusal(name, place))
        }
    }

    /// Tasks that others come after are deleted together with these only.
    func refuseOrphans(_ names: [TaskID]) throws(CenterError) {
        let deleted = Set(names)
        for name in names.sorted() {
            let dependents = state.store.read { $0.dependents(of: name).map(\.name) }
            let left = dependents.filter { !deleted.contains($0) }
            guard left.isEmpty else { throw DependencyCheck.refusal(to: name, left) }
        }
    }

    private struct BulkPlan {
        var edits: [TaskEdit] = []
        var changes: [CatalogWriter.Change] = []
        var receipt = BulkReceipt(outcomes: [])
    }

    private func plan(_ request: BulkRequest) -> BulkPlan {
        let (catalog, now) = (state.store.catalog, time.now)
        var plan = BulkPlan()
        var changed: [TaskDefinition] = []
        for name in request.tasks {
            guard let task = catalog.tasks[name]?.value else {
                plan.receipt.outcomes.append(.init(task: name, change: .absent))
                continue
            }
            var change = BulkReceipt.Change.changed
            if request.action == .delete {
                plan.changes.append(.delete(name))
            } else {
                let next = request.action == .resume ? task.resumed(now: now) : request.paused(task, now: now)
                let edit = TaskEdit(task, becoming: next, request.note, now: now)
                plan.edits.append(edit)
                if let definition = edit.definition {
                    plan.changes.append(.save(definition))
                } else {
                    change = .unchanged
                }
            }
            if change == .changed { changed.append(task) }
            plan.receipt.outcomes.append(.init(task: name, change: change))
        }
        plan.receipt.shares = catalog.shares(of: changed)
        return plan
    }

    func revisions(of task: TaskID) async throws -> [TaskRevision] {
        guard let definition = state.store.catalog.tasks[task]?.value else {
            throw CenterError.notFound(kind: "task", name: task.text)
        }
        let leading = try leading()
        let present = TaskRevision(definition)
        let earlier = try await translating { try await leading.catalogWriter.revisions(of: definition) }
        // A save that was not completed may have left the present revision there, too.
        return earlier.filter { $0.note.revision < present.note.revision } + [present]
    }
}

extension BulkRequest {
    /// The task paused as the request wants it; `nil` when it is paused already, as long or longer.
    ///
    /// A change of many does not cut short what somebody paused for reasons of its own.
    fileprivate func paused(_ task: TaskDefinition, now: Instant) -> TaskDefinition? {
        if let present = task.pause(at: now) {
            guard let end = present.until, until.map({ end < $0 }) ?? true else { return nil }
        }
        return task.paused(
            PauseRecord(since: now, until: until, reason: note.message, author: note.author)
        )
    }
}
