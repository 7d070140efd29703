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
            let ends = toldEnds(of: parent.uid, after: child.createdAt, through: end)
            let parts = Dictionary(grouping: ends, by: \.fire.occasion).mapValues {
                Set($0.map(\.fire.part)).count
            }
            for report in ends {
                // It follows when all parts have ended.
                if parts[report.fire.occasion] != parent.specification.split.parts.count { continue }
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

    /// What follows the last start of each agent's process was dispatched, if it has begun after the task was there.
    func checkStarts() {
        guard let runtime = try? cluster.tree.runtime(.standard) else { return }
        let known = knownRuns
        for agent in cluster.agents {
            guard let registration = read(AgentRegistration.self, try? runtime.agent(agent.id)),
                let start = registration.start
            else { continue }
            let head = read(AllocationHead.self, try? runtime.allocation(agent.id))
            if head?.followedStart != start.id {
                cluster.trace.violated(.following, "nothing has followed the start of \(agent.id)")
            }
            if clocksWereApart || workload.drained.contains(agent.id) { continue }
            for task in definitions where !workload.edited.contains(task.name) && task.createdAt < start.at {
                guard task.nextStartDue(after: start.at) != nil else { continue }
                let run = RunID.started(start.id, of: task.uid, in: cluster.tree)
                guard !known.contains(run) else { continue }
                cluster.trace.violated(
                    .following,
                    "\(run) of \(task.name) did not follow the start of \(agent.id)"
                )
            }
        }
    }

    private func read<Payload: Decodable>(_ type: Payload.Type, _ path: ZNodePath?) -> Payload? {
        path.flatMap { path in
            cluster.ensemble.node(path).flatMap { try? ZNodeCodec.decode(type, from: $0.data, at: path.text) }
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
        waitingRuns.contains { $0.uid == task.uid && $0.due > cluster.wallNow }
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
