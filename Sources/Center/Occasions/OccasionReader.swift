import Cluster
import Domain
import Scheduling

/// Finds the runs that belong together.
struct OccasionReader: Sendable {
    let leading: LeadingCenter
    let store: CatalogStore
    let history: any RunHistory

    /// More tasks than that which hang together are not looked at as one: a workflow of any size, and as many that come after it.
    static let tasksMax = 2 * Workflow.stepsMax

    /// Everything of an occasion on which a task has a run.
    func read(_ occasion: String, of task: TaskID) async throws -> Occasion {
        let tasks = Self.sorted(try Self.connected(to: task, in: store.catalog))
        var found = try await read(occasion, tasks)
        var name = occasion
        for _ in 0..<Self.generationsMax {
            guard name.contains("~"), let former = found.members.compactMap({ $0.former(in: name) }).min(),
                let run = try await history.knownRun(former)
            else { break }
            name = run.occasion
            found.fill(from: try await read(name, tasks))
        }
        return found
    }

    /// The latest repetition of an occasion, of that one and so on; the occasion itself when nobody has repeated it.
    func latest(_ occasion: String, of task: TaskID) async throws -> Occasion {
        var name = occasion
        while true {
            let next = Occasion.repetition(of: name, in: leading.writer.tree)
            if try await begun(next, of: task).isEmpty { return try await read(name, of: task) }
            name = next
        }
    }

    /// What there is of an occasion itself, without what it takes over from the one that it repeats.
    func begun(_ occasion: String, of task: TaskID) async throws -> [Occasion.Member] {
        let tasks = Self.sorted(try Self.connected(to: task, in: store.catalog))
        return try await read(occasion, tasks).members.filter(\.isPresent)
    }

    /// As many repetitions of repetitions are looked back at.
    private static let generationsMax = 20

    private func read(_ occasion: String, _ tasks: [TaskDefinition]) async throws -> Occasion {
        let members = try await pipelined(tasks, limit: 16) { try await member($0, on: occasion) }
        return Occasion(name: occasion, members: members)
    }

    private func member(_ task: TaskDefinition, on occasion: String) async throws -> Occasion.Member {
        let tree = leading.writer.tree
        let following = RunID.dependent(task.uid, on: occasion, in: tree)
        var member = Occasion.Member(task: task)
        if let (parts, total) = try await parts(of: task, on: occasion) {
            member.parts = parts
            member.partsMissing = max(0, total - parts.count)
            member.run = parts.max { $0.state.weight < $1.state.weight }
            return member
        }
        for id in [following] + Self.beginnings(task, occasion) {
            guard let run = try await history.knownRun(id), run.uid == task.uid else { continue }
            member.run = run
            return member
        }
        member.awaited = try await AwaitedRuns(writer: leading.writer).read(following)
        let runtimes = store.read { $0.runtimes.keys.sorted() }
        let dispatch = LeaderDispatch(writer: leading.writer)
        member.isDispatched = try await dispatch.latestMarker(following, in: runtimes) != nil
        return member
    }

    /// The runs of a task's parts, and how many there should be as far as that is known; `nil` for a task that has one part.
    private func parts(of task: TaskDefinition, on occasion: String) async throws
        -> (runs: [Run], total: Int)?
    {
        let due = Int64(occasion).map { Instant(millisecondsSinceEpoch: $0) }
        let split = due.map(task.split(at:)) ?? task.specification.split
        guard split != .whole else { return nil }
        var parts = Array(split.parts)
        // When it was requested there may have been more.
        if due == nil { parts += task.formerParts }
        if split == .broadcast {
            parts = store.read { $0.registrations(task.specification.runtime) }.map {
                TaskPart.number(of: $0.agent)
            }
        }
        let (history, tree) = (history, leading.writer.tree)
        let runs = try await pipelined(parts, limit: 16) { part -> Run? in
            if let due {
                return try await history.knownRun(RunID(FireKey(uid: task.uid, part: part, due: due)))
            }
            guard let request = RunID(occasion) else { return nil }
            if let run = try await history.knownRun(.part(part, of: request, in: tree)) { return run }
            // A shard that was asked for alone.
            return try await history.knownRun(request).flatMap { $0.part == part ? $0 : nil }
        }
        let known = runs.compactMap(\.self).filter { $0.uid == task.uid }
        let isAlone = known.contains { $0.id.text == occasion }
        let total = known.first.map { $0.origin?.parts ?? task.split(at: $0.splitAt).parts.count } ?? 0
        return (known, isAlone ? known.count : total)
    }

    /// The run with which a task would have begun the occasion.
    private static func beginnings(_ task: TaskDefinition, _ occasion: String) -> [RunID] {
        if let milliseconds = Int64(occasion) {
            let due = Instant(millisecondsSinceEpoch: milliseconds)
            return [RunID(FireKey(uid: task.uid, due: due))]
        }
        return RunID(occasion).map { [$0] } ?? []
    }

    /// The tasks that a task comes after, that come after it, and so on, sorted by name.
    private static func connected(to task: TaskID, in catalog: Catalog) throws -> [TaskDefinition] {
        var seen: Set<TaskID> = [task]
        var queue = [task][...]
        var found: [TaskDefinition] = []
        while let name = queue.popFirst() {
            guard let definition = catalog.tasks[name]?.value else { continue }
            found.append(definition)
            guard found.count <= tasksMax else {
                throw CenterError.conflict(
                    "more than \(tasksMax) tasks hang together with \(task): repeat or stop single runs"
                )
            }
            let others =
                definition.specification.after.edges.map(\.task) + catalog.dependents(of: name).map(\.name)
            for other in others where seen.insert(other).inserted { queue.append(other) }
        }
        return found.sorted { $0.name < $1.name }
    }

    /// The tasks, each behind those it comes after.
    private static func sorted(_ tasks: [TaskDefinition]) -> [TaskDefinition] {
        let names = Set(tasks.map(\.name))
        var placed: Set<TaskID> = []
        var sorted: [TaskDefinition] = []
        var rest = tasks
        while !rest.isEmpty {
            let next = rest.filter { task in
                task.specification.after.edges.allSatisfy {
                    placed.contains($0.task) || !names.contains($0.task)
                }
            }
            // A cycle cannot be saved; should there be one, its tasks come last.
            guard !next.isEmpty else { return sorted + rest }
            sorted += next
            placed.formUnion(next.map(\.name))
            rest.removeAll { placed.contains($0.name) }
        }
        return sorted
    }
}
