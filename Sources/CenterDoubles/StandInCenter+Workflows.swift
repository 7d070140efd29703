public import Center
public import Domain

/// Workflows that do not get on.
extension StandInCenter {
    /// Workflows sorted by name.
    public func workflows(page: String?, limit: Int) throws -> Page<WorkflowView> {
        let names = Set(definitions.values.compactMap(\.specification.workflow?.workflow)).sorted()
            .filter { name in page.map { name.text > $0 } ?? true }
        let shown = try names.prefix(limit).map { try view($0) }
        return Page(elements: shown, next: names.count > shown.count ? shown.last?.name.text : nil)
    }

    /// One workflow, which never ran.
    public func workflow(_ name: WorkflowID, occasions limit: Int) throws -> WorkflowView { try view(name) }

    /// Deletes a workflow.
    public func deleteWorkflow(_ request: WorkflowDeletion) throws -> [TaskID] {
        let names = try present(request.workflow).map(\.name)
        if !request.isDryRun { for name in names { definitions[name] = nil } }
        return names
    }

    /// Creates or edits a workflow.
    func save(_ workflow: Workflow, note: ChangeNote) throws -> WorkflowOutcome {
        guard workflow.problems.isEmpty else { throw CenterError.invalid(workflow.problems) }
        let known = tasks(of: workflow.name)
        let former = (try? view(workflow.name))?.definition
        keep(.workflow(workflow), instead: former.map { .workflow($0) }, note)
        let kept = Set(workflow.tasks.map(\.name))
        let removed = known.map(\.name).filter { !kept.contains($0) }
        for name in removed { definitions[name] = nil }
        let changes = Set(workflow.tasks.map { save($0, note: note).change })
        return WorkflowOutcome(
            workflow: workflow.name,
            change: known.isEmpty
                ? .created : removed.isEmpty && changes == [.unchanged] ? .unchanged : .updated,
            stepCount: workflow.steps.count,
            removed: removed
        )
    }

    private func view(_ name: WorkflowID) throws -> WorkflowView {
        let tasks = try present(name).map(\.specification)
        let workflow = Workflow(head: tasks[0], steps: Array(tasks.dropFirst()))
        return WorkflowView(name: name, definition: workflow, stepCount: tasks.count - 1)
    }

    private func present(_ name: WorkflowID) throws -> [TaskDefinition] {
        let found = tasks(of: name)
        guard !found.isEmpty else { throw CenterError.notFound(kind: "workflow", name: name.text) }
        return found
    }

    private func tasks(of name: WorkflowID) -> [TaskDefinition] {
        definitions.values.filter { $0.specification.workflow?.workflow == name }.sorted { $0.name < $1.name }
    }
}
