import Domain

/// What one request saves: workflows are never cut, and what comes after one another is saved together, because it is checked together.
struct SavingPart: Sendable {
    var workflows: [Workflow] = []
    var tasks: [TaskSpecification] = []

    /// How many tasks it has, steps included.
    var count: Int { workflows.reduce(tasks.count) { $0 + $1.tasks.count } }

    /// Cuts workflows and tasks into parts of at most `size` tasks, more only where they come after one another.
    ///
    /// - Parameters:
    ///   - workflows: The workflows; they come first.
    ///   - tasks: The tasks.
    ///   - size: How many tasks a part has at most, if it can be.
    /// - Returns: The parts, in the order of the first thing of each.
    static func parts(_ workflows: [Workflow], _ tasks: [TaskSpecification], size: Int) -> [SavingPart] {
        var parts: [SavingPart] = []
        for family in families(workflows, tasks) {
            if let last = parts.last, last.count + family.count <= size {
                parts[parts.count - 1].workflows += family.workflows
                parts[parts.count - 1].tasks += family.tasks
            } else {
                parts.append(family)
            }
        }
        return parts
    }

    /// What hangs together by what it comes after.
    private static func families(_ workflows: [Workflow], _ tasks: [TaskSpecification]) -> [SavingPart] {
        let items = workflows.map { SavingPart(workflows: [$0]) } + tasks.map { SavingPart(tasks: [$0]) }
        let members = items.map { $0.workflows.flatMap(\.tasks) + $0.tasks }
        var owners: [TaskID: Int] = [:]
        for (index, tasks) in members.enumerated() { for task in tasks { owners[task.name] = index } }
        // A forest of which each tree is a family; looking for a root halves the way to it (Tarjan and van Leeuwen, 1984).
        var parents = Array(items.indices)
        func root(_ index: Int) -> Int {
            var index = index
            while parents[index] != index {
                parents[index] = parents[parents[index]]
                index = parents[index]
            }
            return index
        }
        for (index, tasks) in members.enumerated() {
            for edge in tasks.flatMap(\.after.edges) {
                guard let other = owners[edge.task] else { continue }
                let (left, right) = (root(index), root(other))
                parents[max(left, right)] = min(left, right)
            }
        }
        var families: [Int: SavingPart] = [:]
        for (index, item) in items.enumerated() {
            families[root(index), default: SavingPart()].workflows += item.workflows
            families[root(index), default: SavingPart()].tasks += item.tasks
        }
        return families.sorted { $0.key < $1.key }.map(\.value)
    }
}
