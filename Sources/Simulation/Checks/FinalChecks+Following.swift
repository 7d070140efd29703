import CenterDoubles
import Cluster
import Domain
import Scheduling
import SimulationKit
import ZooKeeper

/// What had to follow from the ends of runs.
extension FinalChecks {
    /// Every end that was told up to `end` led to what comes after it, and no chain of runs has broken off.
    func checkFollowers(through end: Instant) {
        // What only a machine that was lost for good knew, nobody knows.
        if faults.contains(.cloneAgent) { return }
        let tasks = Dictionary(definitions.map { ($0.name, $0) }) { first, _ in first }
        let known = knownRuns
        for child in definitions where !workload.edited.contains(child.name) {
            // Whether several ends belong together is for them to say; one is enough here.
            guard child.specification.after.edges.count == 1,
                let edge = child.specification.after.edges.first,
                edge.condition == .finished, let parent = tasks[edge.task],
                !workload.edited.contains(parent.name)
            else { continue }
            for report in toldEnds(of: parent.uid, after: child.createdAt, through: end) {
                let run = RunID.dependent(child.uid, on: report.fire.occasion, in: cluster.tree)
                guard !known.contains(run) else { continue }
                let what = "\(run) of \(child.name) did not follow \(report.fire.attempt) of \(parent.name)"
                cluster.trace.violated(.following, what)
            }
        }
        for task in definitions where task.completionSince != nil && !workload.edited.contains(task.name) {
            checkChain(of: task)
        }
    }

    /// Longest time from one run of a chain to the next: what runs may take, a retry, a pause, a hand-over.
    private static let chainGapMax = Duration.seconds(30)

    private func checkChain(of task: TaskDefinition) {
        let latest = cluster.centers.flatMap(\.history.runs)
            .filter { $0.uid == task.uid && $0.trigger != .request }
            .map(\.due).max()
        guard latest.map({ $0 + Self.chainGapMax < cluster.wallNow }) ?? true else { return }
        // An end whose instant two wrong clocks agree on puts the next run where they have been.
        if faults.contains(.stepClock), waitsForTheFuture(task) { return }
        let since = latest.map { "since \($0)" } ?? "ever"
        cluster.trace.violated(.following, "no run of \(task.name) has followed another \(since)")
    }

    private func waitsForTheFuture(_ task: TaskDefinition) -> Bool {
        cluster.ensemble.paths.contains { path in
            guard case .inboxEntry = KnownNode(path, under: cluster.tree.root),
                let data = cluster.ensemble.node(path)?.data,
                case .launch(let run)? = try? ZNodeCodec.decode(Dispatch.self, from: data, at: path.text)
            else { return false }
            return run.uid == task.uid && run.due > cluster.wallNow
        }
    }

    private func toldEnds(of task: TaskUID, after start: Instant, through end: Instant) -> [RunReport] {
        cluster.agents.flatMap(\.machine.store.reports).filter { report in
            guard report.fire.uid == task, case .ended(let result) = report.phase else { return false }
            return !report.demandsAnotherAttempt && result.outcome != .missed && result.endedAt > start
                && result.endedAt <= end
        }
    }

    /// Every run that anybody knows, also one that has only been dispatched.
    private var knownRuns: Set<RunID> {
        var known = Set(cluster.centers.flatMap(\.history.runs).map(\.id))
        known.formUnion(cluster.agents.flatMap(\.machine.store.reports).map(\.fire.attempt.run))
        for root in [try? cluster.tree.runtime(.standard).dispatched, try? cluster.tree.workflows] {
            guard let root else { continue }
            for bucket in cluster.ensemble.children(root) {
                guard let path = try? root.child(bucket) else { continue }
                known.formUnion(cluster.ensemble.children(path).compactMap { RunID($0) })
            }
        }
        return known
    }
}
