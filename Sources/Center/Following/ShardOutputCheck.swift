import Cluster
import Domain

/// Whether a task uses what shards of another told, of which nobody could say which shard's it is; pure.
struct ShardOutputCheck: Sendable {
    private let sharded: Set<TaskID>
    /// Of tasks that will have shards: a use of what they tell by a task that is not saved with them.
    private let uses: [TaskID: (task: TaskID, output: TaskOutput)]

    /// Looks at the tasks as they will be when `specifications` are saved.
    init(_ catalog: Catalog, saving specifications: [TaskSpecification]) {
        let saved = Dictionary(specifications.map { ($0.name, $0) }) { $1 }
        let parents = Set(specifications.flatMap(\.after.edges).map(\.task))
        let kept = parents.filter {
            saved[$0] == nil && catalog.tasks[$0]?.value.specification.isSharded == true
        }
        let split = specifications.filter(\.isSharded).map(\.name)
        sharded = kept.union(split)
        var uses: [TaskID: (task: TaskID, output: TaskOutput)] = [:]
        for parent in split {
            let dependents = catalog.dependents(of: parent).filter { saved[$0.name] == nil }
            for dependent in dependents where uses[parent] == nil {
                let output = dependent.specification.neededOutputs.first { $0.task == parent }
                uses[parent] = output.map { (task: dependent.name, output: $0) }
            }
        }
        self.uses = uses
    }

    /// What is wrong with what a task uses, or with its shards because of what uses them.
    func problems(of task: TaskSpecification) -> [ValidationProblem] {
        var problems = task.outputUses.filter { sharded.contains($0.output.task) }
            .map { field, output in
                let message =
                    "'${{ after.\(output.task).\(output.name) }}' has no value, as \(output.task) has shards, whose outputs are not "
                    + "passed on: remove it"
                return ValidationProblem(field: field, message: message)
            }
        if let (user, output) = uses[task.name] {
            let message =
                "task \(user) uses '${{ after.\(output.task).\(output.name) }}', and outputs of shards are not passed on: "
                + "remove it there first"
            problems.append(ValidationProblem(field: "shards", message: message))
        }
        return problems
    }
}

extension TaskSpecification {
    /// Whether its fires have several shards; what the only one tells is passed on.
    fileprivate var isSharded: Bool { (shards?.total ?? 1) > 1 }
}
