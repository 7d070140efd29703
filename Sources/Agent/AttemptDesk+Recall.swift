import Cluster
import Domain
import Orchestration
import Scheduling

/// Why what waits of a task is not to begin any more.
enum Recall: Hashable, Sendable {
    /// The task was deleted: nothing of it begins.
    case deleted
    /// The task is paused: what its schedules have begun does not begin, unless it is due at the end of the pause or later; what somebody
    /// asked for does.
    case paused(until: Instant?)

    /// The reason for people.
    var message: String {
        switch self {
        case .deleted: "the task was deleted before it was started"
        case .paused: "the task was paused before it was started"
        }
    }

    /// Whether an attempt is meant.
    func concerns(_ fire: JournaledFire) -> Bool {
        switch self {
        case .deleted: true
        case .paused(let end):
            fire.trigger == .schedule && fire.attempt.number == 1 && end.map { fire.due < $0 } ?? true
        }
    }
}

/// Attempts that wait although their tasks were deleted or paused meanwhile.
extension AttemptDesk {
    /// The tasks of these parts of which something waits here.
    func tasksWaiting(of parts: Set<TaskPart>) -> [TaskUID: TaskID] {
        func task(_ entry: Waiting) -> (TaskUID, TaskID)? {
            parts.contains(entry.fire.key) ? (entry.fire.uid, entry.fire.task) : nil
        }
        let tasks =
            waiting.unordered.compactMap(task) + queue.compactMap(task) + unentitled.values.compactMap(task)
        return Dictionary(tasks) { first, _ in first }
    }

    /// Ends what waits of tasks that are not to begin anything any more.
    func recall(_ recalls: [TaskUID: Recall]) {
        func isMeant(_ entry: Waiting) -> Bool { recalls[entry.fire.uid]?.concerns(entry.fire) ?? false }
        var taken = takeUnentitled(isMeant)
        var others = MinHeap<Waiting>()
        for entry in waiting.unordered.sorted() {
            if isMeant(entry) { taken.append(entry) } else { others.insert(entry) }
        }
        waiting = others
        taken += queue.extract { entry, _ in isMeant(entry) ? true : nil }.map(\.element)
        for entry in taken {
            entitled[entry.fire.attempt] = nil
            concludeUnstarted(entry.fire, entry.live, because: .recalled(recalls[entry.fire.uid] ?? .deleted))
        }
    }
}
