import Cluster
import Domain
import Scheduling

/// What saving a workflow does to its tasks; pure but for the uids of new ones.
struct WorkflowEdit: Sendable {
    /// What it is to be.
    let workflow: Workflow
    /// The definitions to write; none when it is the same already.
    private(set) var definitions: [TaskDefinition] = []
    /// The steps that are gone.
    let removed: [TaskID]
    /// The definitions whose content is superseded.
    private(set) var superseded: [TaskDefinition] = []
    /// What the caller is told.
    let outcome: WorkflowOutcome
    /// The beginning task while only a part of all this is written, and afterwards (rule N8).
    let closed: TaskDefinition
    let opened: TaskDefinition

    init(
        _ workflow: Workflow,
        _ catalog: Catalog,
        _ sources: TaskSources,
        _ request: SaveRequest,
        uid: (TaskID) -> TaskUID,
        now: Instant
    ) throws(CenterError) {
        self.workflow = workflow
        var request = request
        request.condition = .any
        var kept: Set<TaskID> = []
        for task in workflow.tasks {
            kept.insert(task.name)
            let present = catalog.tasks[task.name]?.value
            let edit = try TaskEdit(task, of: present, sources, request, uid: uid(task.name), now: now)
            if let definition = edit.definition { definitions.append(definition) }
            if let former = edit.superseded { superseded.append(former) }
        }
        let known = catalog.tasks(of: workflow.name)
        removed = known.map(\.name).filter { !kept.contains($0) }
        outcome = WorkflowOutcome(
            workflow: workflow.name,
            change: known.isEmpty ? .created : definitions.isEmpty && removed.isEmpty ? .unchanged : .updated,
            stepCount: workflow.steps.count,
            removed: removed
        )
        let head = catalog.tasks[workflow.head.name]?.value
        let id = definitions.first { $0.name == workflow.head.name }?.uid ?? uid(workflow.head.name)
        (closed, opened) = try Self.heads(of: workflow, head, sources, request, id, now)
    }

    /// What is written of it, when that is one write.
    var changes: [CatalogWriter.Change] {
        definitions.map { .save($0) } + removed.map { .delete($0) }
    }

    /// What is written between the closed and the opened beginning, one after another: new steps, changed ones, and last those that are gone.
    ///
    /// So whatever is written already, no step comes after one that is not there: an occasion that began before can go on.
    var stepChanges: [[CatalogWriter.Change]] {
        let steps = definitions.filter { $0.name != opened.name }
        let (created, edited) = (steps.filter { $0.revision == 1 }, steps.filter { $0.revision > 1 })
        return [created.map { .save($0) }, edited.map { .save($0) }, removed.map { .delete($0) }]
    }

    /// Two revisions of the same instant, so that what comes due while the steps are written begins the workflow as soon as they are.
    private static func heads(
        of workflow: Workflow,
        _ present: TaskDefinition?,
        _ sources: TaskSources,
        _ request: SaveRequest,
        _ uid: TaskUID,
        _ now: Instant
    ) throws(CenterError) -> (closed: TaskDefinition, opened: TaskDefinition) {
        var halves: [TaskDefinition] = []
        for head in [workflow.closedHead, workflow.head] {
            let edit = try TaskEdit(head, of: present, sources, request, uid: uid, now: now)
            // One that is the same already is written all the same, should its steps take several writes.
            halves.append(
                edit.definition ?? present?.edited(head, now: now) ?? .created(head, uid: uid, now: now)
            )
        }
        let (closed, revised) = (halves[0], halves[1])
        var opened = revised
        opened.revision = closed.revision + 1
        return (closed, opened)
    }
}
