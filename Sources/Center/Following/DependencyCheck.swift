import Cluster
import Domain

/// Whether the tasks that others come after are there, and none comes after itself by way of others; pure.
struct DependencyCheck: Sendable {
    private let edges: [TaskID: [TaskID]]
    private let known: Set<TaskID>

    /// Looks at the tasks as they will be when `specifications` are saved.
    init(_ catalog: Catalog, saving specifications: [TaskSpecification]) {
        guard specifications.contains(where: { !$0.after.edges.isEmpty }) else {
            (edges, known) = ([:], [])
            return
        }
        var edges: [TaskID: [TaskID]] = [:]
        for (name, task) in catalog.tasks where !task.value.specification.after.edges.isEmpty {
            edges[name] = task.value.specification.after.edges.map(\.task)
        }
        for task in specifications { edges[task.name] = task.after.edges.map(\.task) }
        self.edges = edges
        known = Set(catalog.tasks.keys).union(specifications.map(\.name))
    }

    /// What is wrong with what a task comes after.
    func problems(of task: TaskSpecification) -> [ValidationProblem] {
        task.after.edges.enumerated().compactMap { index, edge in
            let field = "after[\(index)].task"
            guard known.contains(edge.task) else {
                let message = "there is no task \(edge.task): save it first, or together with this one"
                return ValidationProblem(field: field, message: message)
            }
            guard edge.task != task.name, let path = path(from: edge.task, to: task.name) else { return nil }
            let cycle = ([task.name] + path).map(\.text).joined(separator: ", which comes after ")
            return ValidationProblem(field: field, message: "no run could ever be the first: \(cycle)")
        }
    }

    /// A way back from one task to another along what they come after.
    private func path(from start: TaskID, to end: TaskID) -> [TaskID]? {
        var cameFrom: [TaskID: TaskID] = [:]
        var seen: Set<TaskID> = [start]
        var queue = [start][...]
        while let task = queue.popFirst() {
            if task == end {
                return sequence(first: end) { cameFrom[$0] }.reversed()
            }
            for next in edges[task] ?? [] where seen.insert(next).inserted {
                cameFrom[next] = task
                queue.append(next)
            }
        }
        return nil
    }

    /// Why a task cannot be deleted.
    static func refusal(to task: TaskID, _ dependents: [TaskID]) -> CenterError {
        let names = dependents.prefix(3).map(\.text).joined(separator: ", ")
        let rest = dependents.count > 3 ? " and \(dependents.count - 3) more" : ""
        return .conflict("\(names)\(rest) come after task \(task): delete or edit them first")
    }
}
