import Cluster
import Domain
import Scheduling

/// Which fires of a task's past have run, as far as the history knows.
struct PastFires: Sendable {
    let history: any RunHistory
    let tree: Tree
    /// Other backfills of the task.
    var others: [Backfill] = []

    /// Whether the fire of an instant has run: by its schedule, or by another backfill.
    func hasRun(_ due: Instant, of task: TaskUID) async throws -> Bool {
        let fills = others.filter { $0.uid == task && $0.from <= due && due <= $0.to }
        let runs =
            [RunID(FireKey(uid: task, due: due))] + fills.map { RunID.backfilled(due, by: $0.id, in: tree) }
        for run in runs {
            if let known = try await history.knownRun(run), known.hasBegun { return true }
        }
        return false
    }
}

extension Run {
    /// Whether an attempt was begun, or may have been.
    fileprivate var hasBegun: Bool {
        attempts.contains { attempt in
            switch attempt.result?.outcome {
            case .missed, .notStarted: false
            case nil, .succeeded, .failed, .timedOut, .stopped, .lost: true
            }
        }
    }
}
