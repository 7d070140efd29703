import Cluster
import Domain

/// Whether the tasks that others come after are there, and none comes after itself by way of others; pure.
struct DependencyCheck: Sendable {
    private let edges: [TaskID: [TaskID]]
    private let known: Set<TaskID>
    /// The tasks whose runs on an occasion nobody can count.
    private let broadcasts: Set<TaskID>
    private let outputs: ShardOutputCheck

    /// Looks at the tasks as they will be when `specifications` are saved.
    init(_ catalog: Catalog, saving specifications: [TaskSpecification]) {
        outputs = ShardOutputCheck(catalog, saving: specifications)
        guard specifications.contains(where: { !$0.after.edges.isEmpty || $0.isBroadcast }) else {
            (edges, known, broadcasts) = ([:], [], [])
            return
        }
        var edges: [TaskID: [TaskID]] = [:]
        for (name, task) in catalog.tasks where !task.value.specification.after.edges.isEmpty {
            edges[name] = task.value.specification.after.edges.map(\.task)
        }
        for task in specifications { edges[task.name] = task.after.edges.map(\.task) }
        self.edges = edges
        let saved = Set(specifications.map(\.name))
        let others = catalog.tasks.filter {
            $0.value.value.specification.isBroadcast && !saved.contains($0.key)
        }
        broadcasts = Set(others.keys).union(specifications.filter(\.isBroadcast).map(\.name))
        known = Set(catalog.tasks.keys).union(specifications.map(\.name))
    }

    /// What is wrong with what a task comes after.
    func problems(of task: TaskSpecification) -> [ValidationProblem] {
        if task.isBroadcast, let child = edges.filter({ $0.value.contains(task.name) }).keys.min() {
            let message =
                "task \(child) comes after \(task.name), and no run can come after a broadcast: use shards"
            return [ValidationProblem(field: "broadcast", message: message)]
        }
        return outputs.problems(of: task) + edgeProblems(of: task)
    }

    private func edgeProblems(of task: TaskSpecification) -> [ValidationProblem] {
        task.after.edges.enumerated().compactMap { index, edge in
            let field = "after[\(index)].task"
            if broadcasts.contains(edge.task) {
                let message =
                    "no run can come after \(edge.task), a broadcast, of which nobody knows how many runs it has: use shards"
                return ValidationProblem(field: field, message: message)
            }
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
