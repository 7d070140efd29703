import Cluster
import Domain

/// Whether workflows and tasks of their own keep apart: nobody edits a step alone, and no workflow takes a task that is somebody else's; pure.
struct WorkflowCheck: Sendable {
    private let catalog: Catalog
    private let request: SaveRequest

    init(_ catalog: Catalog, _ request: SaveRequest) {
        self.catalog = catalog
        self.request = request
    }

    /// Everything that is wrong, each problem with its place in the request.
    var problems: [ValidationProblem] {
        request.workflows.enumerated().flatMap { index, workflow in
            let found = workflow.problems + takenNames(workflow) + orphans(of: workflow)
            return found.map { problem in
                ValidationProblem(
                    field: "workflows[\(index)].\(problem.field)",
                    message: "workflow \(workflow.name): \(problem.message)",
                    position: problem.position
                )
            }
        }
            + request.tasks.enumerated().compactMap { index, task in
                guard let place = catalog.tasks[task.name]?.value.specification.workflow ?? task.workflow
                else {
                    return nil
                }
                return ValidationProblem(
                    field: "tasks[\(index)].name",
                    message: Self.refusal(task.name, place)
                )
            }
    }

    /// Why a task is not changed by itself.
    static func refusal(_ task: TaskID, _ place: WorkflowPlace) -> String {
        "task \(task) belongs to workflow \(place.workflow): change the workflow"
    }

    /// Names of the workflow's tasks that other tasks have.
    private func takenNames(_ workflow: Workflow) -> [ValidationProblem] {
        workflow.tasks.compactMap { task in
            guard let other = catalog.tasks[task.name]?.value.specification,
                other.workflow?.workflow != workflow.name
            else { return nil }
            let owner = other.workflow.map { "belongs to workflow \($0.workflow)" } ?? "is a task of its own"
            let field = task.workflow?.step.map { "steps.\($0)" } ?? "name"
            return ValidationProblem(
                field: field,
                message: "task \(task.name) exists already and \(owner): delete it, or choose another name"
            )
        }
    }

    /// Steps that are gone, and that tasks come after which are not.
    private func orphans(of workflow: Workflow) -> [ValidationProblem] {
        let kept = Set(workflow.tasks.map(\.name))
        let saved = Dictionary(request.tasks.map { ($0.name, $0.after) }) { first, _ in first }
        return catalog.tasks(of: workflow.name).map(\.name).filter { !kept.contains($0) }.compactMap { gone in
            let left = catalog.dependents(of: gone).filter { task in
                if task.specification.workflow?.workflow == workflow.name { return false }
                return (saved[task.name] ?? task.specification.after).edges.contains { $0.task == gone }
            }
            guard let first = left.first else { return nil }
            let step = WorkflowPlace(workflow.name).step(of: gone)?.text ?? gone.text
            return ValidationProblem(
                field: "steps",
                message:
                    "step \(step) is gone, and task \(first.name) comes after it: edit or delete that task first"
            )
        }
    }
}
