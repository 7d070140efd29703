import Cluster
import Domain
import Scheduling

/// Which fires of a task's past have run, as far as the history knows.
struct PastFires: Sendable {
    let history: any RunHistory
    let tree: Tree
    /// Other backfills of the task.
    var others: [Backfill] = []

    /// The parts of a fire, among those that are meant, which have not run: neither by its schedule, nor by another backfill.
    ///
    /// - Parameters:
    ///   - parts: The parts that are meant.
    ///   - split: How the fire is split by who asks.
    ///   - due: The fire's instant.
    ///   - task: The task as it is now, which knows how its fires were split.
    /// - Returns: Those that have not run, in the order of `parts`; all or none of them when the fire was split otherwise then.
    /// - Throws: What the history throws.
    func missing(_ parts: [Int], of split: TaskSplit, at due: Instant, _ task: TaskDefinition) async throws
        -> [Int]
    {
        var missing = parts
        for way in ways(split, due, task) where !missing.isEmpty {
            if way.isAlike {
                missing = try await notRun(missing, way)
            } else if !way.parts.isEmpty, try await notRun(way.parts, way).isEmpty {
                // It was split otherwise then, and all of it has run.
                return []
            }
        }
        return missing
    }

    /// A way in which a fire may have been run.
    private struct Way: Sendable {
        /// Whether its parts are those of who asks.
        var isAlike: Bool
        /// The parts that it has.
        var parts: [Int]
        /// The run of a part.
        var run: @Sendable (Int) -> RunID
    }

    private func ways(_ split: TaskSplit, _ due: Instant, _ task: TaskDefinition) -> [Way] {
        let uid = task.uid
        let then = task.split(at: due)
        let schedule = Way(isAlike: then == split, parts: Array(then.parts)) { part in
            RunID(FireKey(uid: uid, part: part, due: due))
        }
        let fills = others.filter { $0.uid == uid && $0.from <= due && due <= $0.to }
        return [schedule]
            + fills.map { [tree] fill in
                let run = RunID.backfilled(due, by: fill.id, in: tree)
                let isAlike =
                    task.split(at: fill.createdAt) == split && fill.shards == split.shards?.total
                // One shard of another split is not all of the fire.
                let parts = isAlike || fill.shard == nil ? fill.parts : []
                return Way(isAlike: isAlike, parts: parts) { [isSplit = fill.shards != nil] part in
                    isSplit ? .part(part, of: run, in: tree) : run
                }
            }
    }

    private func notRun(_ parts: [Int], _ way: Way) async throws -> [Int] {
        let history = history
        let known = try await pipelined(parts, limit: Self.readAtOnceMax) { part in
            try await history.knownRun(way.run(part))?.hasBegun ?? false
        }
        return zip(parts, known).filter { !$1 }.map(\.0)
    }

    /// Records that are read at a time.
    private static let readAtOnceMax = 16
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
