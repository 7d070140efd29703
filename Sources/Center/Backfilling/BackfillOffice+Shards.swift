import Cluster
import Domain
import Scheduling
import ZooKeeper

/// Fires of tasks with shards: a run for each of these, all noted with the fire.
extension BackfillOffice {
    /// Dispatches runs of a fire's shards that wait for it, as many as one write takes; `false` when there is nobody for them, and then
    /// nothing is written.
    ///
    /// The write notes which of them it dispatches: whoever leads next goes on with the rest.
    func dispatchShards(_ begun: Backfill, of due: Instant, instead known: Versioned<Backfill>)
        async throws -> Bool
    {
        var next = begun
        guard let task = control.state.store.read({ $0.task(next.uid) }),
            let roster = await leading.reconciler.roster,
            let fire = next.active.first(where: { $0.due == due }), let waiting = fire.shards?.waiting
        else { return false }
        let dispatch = LeaderDispatch(writer: leading.writer)
        let tree = leading.writer.tree
        var checks: [String: Operation] = [:]
        var (launches, taken): ([Operation], [Int]) = ([], [])
        for shard in waiting.prefix(Self.runsMax(of: next.terms)) {
            guard let target = roster.agent(for: task, part: shard), let fence = roster.mirror.fences[target]
            else { continue }
            taken.append(shard)
            let run = next.run(ofShard: shard, fire, of: task, in: tree, now: time.now)
            // What is left of a tree that was mended by hand: the run is somewhere.
            if try await dispatch.marker(run.attempt.run, target.seat.runtime) != nil { continue }
            let path = try tree.fence(target)
            checks[path.text] = .check(path, version: fence.version)
            launches += try dispatch.launchOperations(run, to: target, replacing: nil, now: time.now)
        }
        guard !taken.isEmpty else { return false }
        next.dispatch(taken, of: due)
        let fences = checks.sorted { $0.key < $1.key }.map(\.value)
        _ = try await leading.writer.write(fences + [try shelf.change(known, to: next)] + launches)
        return true
    }

    /// Runs that one write takes: each is a marker and an entry of an inbox, and may need the fence of an agent of its own.
    private static func runsMax(of terms: RunTerms) -> Int {
        let bytes = 2 * (terms.bytes + 1_024)
        return max(1, min(LeaderWriter.Limit.operationsMax / 3 - 1, LeaderWriter.Limit.bytesMax / bytes))
    }
}

extension Backfill {
    /// The run of a shard that makes up for its part of a fire.
    fileprivate func run(
        ofShard shard: Int,
        _ fire: Active,
        of task: TaskDefinition,
        in tree: Tree,
        now: Instant
    ) -> DispatchedRun {
        var run = run(for: fire.due, of: task, in: tree, now: now)
        run.attempt.run = fire.run(of: shard, in: tree)
        run.part = shard
        // What comes after them waits for those that are run.
        run.origin?.occasion = fire.run.text
        run.origin?.parts = fire.shards?.total
        return run
    }
}
