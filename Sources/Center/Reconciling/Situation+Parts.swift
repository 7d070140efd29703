import Cluster
import Domain
import Orchestration
import Scheduling

/// The rows of parts that come and go while their task stays: by an edit of its shards, and with the agents that run a broadcast.
extension Situation {
    /// Agents that are away for no longer than that make up for the broadcasts that came due meanwhile, by their tasks' misfire policies.
    static let absenceMax = Duration.seconds(30)

    /// Rows of parts that are gone are kept until their cursor is so old that no row that begins anew can begin before it: much more than
    /// clocks differ and agents look ahead, so that no instant is ever decided twice.
    static let goneRowsKept = Duration.seconds(3_600)

    /// The parts a task has now; of a broadcast those of all agents there are.
    func parts(of task: TaskDefinition) -> [Int] {
        guard task.specification.split == .broadcast else { return Array(task.specification.split.parts) }
        return catalog.registrations(task.specification.runtime).map { TaskPart.number(of: $0.agent) }
    }

    /// The instant after which a part without a row begins: of a shard the edit that made it, of an agent's part besides when the agent came.
    func begin(of key: TaskPart, _ task: TaskDefinition, at seat: Seat) -> Instant {
        let begin = task.begin(of: key.part)
        guard TaskPart.isAgent(key.part) else { return begin }
        let came = catalog.agents[seat]?.start?.at ?? begin
        return max(begin, min(came, blueprint.now), blueprint.now - Self.absenceMax)
    }

    /// The instant after which a parked row goes on.
    func resumption(of row: AllocationRow) -> Instant {
        TaskPart.isAgent(row.part) ? max(row.cursor, blueprint.now - Self.absenceMax) : row.cursor
    }

    /// Whether a parked row will not be needed any more: its task is deleted, or its part is gone, and long decided, and nothing of it lives
    /// that the part would have to wait for if it came back.
    func isGone(_ row: AllocationRow) -> Bool {
        guard let task = catalog.task(row.uid) else { return true }
        let mayReturn = task.specification.split.contains(row.part) && !TaskPart.isAgent(row.part)
        return !mayReturn && row.hold == nil && row.cursor + Self.goneRowsKept < blueprint.now
    }
}

extension Roster {
    /// Whether nobody will make a further attempt of a part's run: its agent is not there, or the part is gone by which its runs were counted.
    func isAbandoned(_ key: TaskPart, of task: TaskDefinition) -> Bool {
        let isPart = task.specification.split.contains(key.part)
        guard TaskPart.isAgent(key.part) else {
            if case .owned = mirror.places[key] { return false }
            return !isPart && task.specification.concurrency.livingMax != nil
        }
        return !isPart || !hasAgent(of: key.part, in: task.specification.runtime)
    }

    /// Whether what is abandoned may be taken up again: the agent of a broadcast may come back.
    func mayReturn(_ key: TaskPart, of task: TaskDefinition) -> Bool {
        TaskPart.isAgent(key.part) && task.specification.split.contains(key.part)
    }

    /// Whether the agent is there whose part of a broadcast this is.
    func hasAgent(of part: Int, in runtime: RuntimeID) -> Bool {
        catalog.registrations(runtime).contains { TaskPart.number(of: $0.agent) == part }
    }
}
