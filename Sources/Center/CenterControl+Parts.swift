import Cluster
import Domain
import Orchestration
import Scheduling

/// Tasks and fires that have several parts.
extension CenterControl {
    func part(of run: Run) async -> RunPart? {
        guard let task = state.store.read({ $0.task(run.uid) }) else { return nil }
        switch task.split(at: run.splitAt) {
        case .whole: return nil
        case .broadcast: return RunPart(index: nil, total: nil, name: nil)
        case .shards(let shards):
            return RunPart(index: run.part, total: shards.total, name: shards.name(of: run.part))
        }
    }

    func parts(besides run: Run) async throws -> FireParts? {
        guard let task = state.store.read({ $0.task(run.uid) }) else { return nil }
        let split = task.split(at: run.splitAt)
        // A shard that was asked for alone has no others.
        if split == .whole || run.occasion == run.id.text || run.origin?.parts == 1 { return nil }
        let request = run.id.fireKey == nil ? RunID(run.occasion) : nil
        var parts = Set(parts(of: task, at: run.splitAt)).union([run.part])
        if split == .broadcast { parts.formUnion(try await recordedParts(besides: run)) }
        let numbers = parts.sorted()
        let runs = try await pipelined(numbers, limit: Self.readAtOnceMax) { [history, tree] part -> Run? in
            if let request { return try await history.run(.part(part, of: request, in: tree)) }
            return try await history.run(RunID(FireKey(uid: run.uid, part: part, due: run.due)))
        }
        let known = runs.compactMap(\.self)
        let total = run.origin?.parts ?? split.parts.count
        return FireParts(total: split == .broadcast ? known.count : total, runs: known)
    }

    /// The parts of a broadcast's fire that are on record: also those of agents that have gone since.
    private func recordedParts(besides run: Run) async throws -> [Int] {
        let filter = RunFilter(task: run.task, since: run.due, until: run.due)
        var parts: [Int] = []
        var page: String?
        repeat {
            let known = try await history.runs(filter, page: page, limit: Self.pageMax)
            parts += known.elements.filter { $0.uid == run.uid && $0.occasion == run.occasion }.map(\.part)
            page = known.next
        } while page != nil
        return parts
    }

    /// Runs of one instant that are listed at a time.
    private static let pageMax = 500

    /// Records that are read at a time.
    private static let readAtOnceMax = 16

    /// The parts that a fire may have had, as far as they are known.
    func parts(of definition: TaskDefinition, at due: Instant) -> [Int] {
        let split = definition.split(at: due)
        guard split == .broadcast else { return Array(split.parts) }
        let agents = state.store.read { $0.registrations(definition.specification.runtime) }
        return agents.map { TaskPart.number(of: $0.agent) }
    }

    /// Whether the task, or each of its parts, has an owner.
    func isPlaced(_ task: TaskDefinition, _ mirror: LeaderMirror, _ parts: PartPlacement?) -> Bool {
        parts.map { $0.unplaced == nil && $0.total > 0 } ?? (mirror.owner(of: TaskPart(uid: task.uid)) != nil)
    }

    /// Where the parts of a task are; `nil` for one that is not split.
    func placement(of task: TaskDefinition, _ mirror: LeaderMirror) -> PartPlacement? {
        let split = task.specification.split
        if split == .whole { return nil }
        var owners: [Int: AgentID?] = [:]
        for part in split.parts {
            owners[part] = .some(mirror.owner(of: TaskPart(uid: task.uid, part: part))?.agent)
        }
        guard split == .broadcast else { return PartPlacement(owners) }
        for agent in state.store.read({ $0.registrations(task.specification.runtime).map(\.agent) }) {
            let part = TaskPart.number(of: agent)
            // Who has no row does not take part.
            if let owner = mirror.owner(of: TaskPart(uid: task.uid, part: part)) {
                owners[part] = owner.agent
            }
        }
        return PartPlacement(owners)
    }

    /// Who took part in a fire of the past nobody knows: no backfill makes up for it.
    func refuseBroadcast(of task: TaskDefinition) throws {
        guard task.specification.isBroadcast else { return }
        throw CenterError.conflict(
            "task \(task.name) runs on every agent that may run it (broadcast), and nobody knows which agents a fire of the past was "
                + "meant for: run it with the times that are meant (task run --due)"
        )
    }
}

extension LeaderMirror {
    /// The agent that owns a part; `nil` when it is parked or has no row.
    func owner(of part: TaskPart) -> Seat? {
        guard case .owned(let seat) = places[part] else { return nil }
        return seat
    }
}
