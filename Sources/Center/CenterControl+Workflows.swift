import Cluster
import Domain
import Scheduling

/// Workflows: tasks that are saved, seen and deleted as one.
extension CenterControl {
    func workflows(page: String?, limit: Int) async throws -> Page<WorkflowView> {
        let catalog = state.store.catalog
        let names = catalog.workflows.keys.sorted().filter { name in page.map { name.text > $0 } ?? true }
        let shown = names.prefix(max(1, limit))
        let views = shown.map { WorkflowView($0, catalog.tasks(of: $0), now: time.now) }
        return Page(elements: views, next: names.count > shown.count ? shown.last?.text : nil)
    }

    func workflow(_ name: WorkflowID, occasions limit: Int) async throws -> WorkflowView {
        let tasks = state.store.read { $0.tasks(of: name) }
        guard !tasks.isEmpty else { throw CenterError.notFound(kind: "workflow", name: name.text) }
        var view = WorkflowView(name, tasks, now: time.now)
        guard limit > 0, let head = tasks.first, view.definition != nil else { return view }
        let filter = RunFilter(task: head.name)
        let begun = try await history.runs(filter, page: nil, limit: limit).elements
            .filter { $0.uid == head.uid }
        let history = history
        let runs = try await pipelined(Array(tasks.dropFirst()), limit: 16) { task in
            let filter = RunFilter(task: task.name, since: begun.map(\.due).min())
            return try await history.runs(filter, page: nil, limit: Self.runsPerOccasion * limit).elements
                .filter { $0.uid == task.uid }
        }
        view.occasions = WorkflowOccasion.all(of: tasks, begun: begun, runs: runs.flatMap(\.self))
        return view
    }

    /// As many repetitions of each occasion are seen at most.
    private static let runsPerOccasion = 4

    func deleteWorkflow(_ request: WorkflowDeletion) async throws -> [TaskID] {
        try refuse(request.note.problems())
        return try await change { leading in
            let catalog = state.store.catalog
            let tasks = catalog.tasks(of: request.workflow)
            let names = tasks.map(\.name)
            guard let first = names.first else {
                throw CenterError.notFound(kind: "workflow", name: request.workflow.text)
            }
            try refuseOrphans(names)
            let shares = catalog.shares(of: tasks)
            if let objection = ChangedShare.objection(to: shares, confirmed: request.confirmed) {
                throw CenterError.conflict(objection)
            }
            if request.isDryRun { return names }
            let changes = names.map { CatalogWriter.Change.delete($0) }
            // What begins it goes first, unless all goes at once (rule N8).
            if try !leading.catalogWriter.isOneWrite(changes) {
                try await leading.catalogWriter.write([.delete(first)])
                try await leading.catalogWriter.write(Array(changes.dropFirst()))
            } else {
                try await leading.catalogWriter.write(changes)
            }
            try await leading.catalogWriter.forget(names)
            try await leading.catalogWriter.forget(.workflow, request.workflow.text)
            return names
        } rereading: { leading in
            let names = state.store.read { $0.workflows[request.workflow] } ?? []
            try await leading.catalogWriter.reread(Array(names))
        }
    }

    /// Nobody begins or repeats anything of a workflow of which only a part is there.
    func refuseIncomplete(_ task: TaskSpecification) throws(CenterError) {
        guard let workflow = task.workflow?.workflow, state.store.read({ $0.isIncomplete(workflow) }) else {
            return
        }
        throw .conflict("workflow \(workflow) is half saved: apply its document again")
    }
}

extension WorkflowView {
    /// What the catalog knows of a workflow.
    init(_ name: WorkflowID, _ tasks: [TaskDefinition], now: Instant) {
        let head = tasks.first { $0.specification.workflow?.step == nil }
        let steps = tasks.filter { $0.specification.workflow?.step != nil }
        self.init(
            name: name,
            definition: head.flatMap { head in
                Workflow(head: head.specification, steps: steps.map(\.specification))
            },
            stepCount: steps.count,
            nextDue: head?.nextUnskippedDue(after: now),
            pause: head?.pause(at: now),
            isSuspended: head.map { $0.suspension(at: now) != .absent } ?? false
        )
    }
}
