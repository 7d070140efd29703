import CenterDoubles
import Cluster
import Domain
import Orchestration
import Scheduling
import SimulationKit
import Synchronization

/// P13: once the cluster is as it should be, what comes due is journaled in time.
struct LatenessCheck {
    /// How late a fire may be decided by an agent that nothing holds up: it trusts no wait for longer than a second.
    private static let latest = Duration.seconds(2)

    /// From when on the cluster is as it should be; `nil` while it is not.
    var steadySince: Instant?

    func saw(_ node: KnownNode, _ change: SimulatedEnsemble.Change, at now: Instant) -> [Finding] {
        guard let steadySince, case .segment(let journal, _) = node, change.isCreation,
            let segment = change.decoded(JournalSegment.self)
        else { return [] }
        return segment.fires.filter { AgentLedger.movesCursor($0) && $0.due >= steadySince }.compactMap {
            fire in
            let late = fire.due.duration(to: now)
            guard late > Self.latest else { return nil }
            return (.recovery, "\(fire.attempt) of \(fire.task) is journaled by \(journal.seat) \(late) late")
        }
    }
}

extension FinalChecks {
    /// V7: however often a request was repeated with its key, it is one run.
    func checkRequests() {
        let runs = cluster.centers.flatMap(\.history.runs).filter { $0.trigger == .request }
        // A task that was replaced by one of its name is another task.
        for (uid, runs) in Dictionary(grouping: runs, by: \.uid).sorted(by: { $0.key < $1.key }) {
            guard let task = runs.first?.task else { continue }
            let count = Set(runs.map(\.id)).count
            let asked = workload.requestCounts[task] ?? 0
            if count > asked {
                let what = "\(asked) runs of \(task) (\(uid)) were requested, and there are \(count)"
                cluster.trace.violated(.dispatch, what)
            }
        }
    }

    /// P10: an attempt whose end its agent told before `end` is lost in no center's history.
    func checkResults(through end: Instant) {
        let told = cluster.agents.flatMap(\.machine.store.reports).compactMap { report -> AttemptResult? in
            guard case .ended(let result) = report.phase, result.outcome != .lost, result.endedAt <= end
            else { return nil }
            return result
        }
        for center in cluster.centers {
            let attempts = center.history.runs.flatMap { run in
                run.attempts.map { (AttemptID(run: run.id, number: $0.number), $0.result?.outcome) }
            }
            let known = Dictionary(attempts) { first, _ in first }
            for result in told where known[result.attempt] == .lost {
                let what = "\(result.attempt) is lost at \(center.id), and was told to be \(result.outcome)"
                cluster.trace.violated(.result, what)
            }
        }
    }
}
