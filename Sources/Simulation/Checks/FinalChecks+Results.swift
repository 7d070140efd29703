import CenterDoubles
import Domain
import Scheduling

/// What histories must say of requests and of results that were told.
extension FinalChecks {
    /// V7: however often a request was repeated with its key, it is one run.
    func checkRequests() {
        let runs = cluster.centers.flatMap(\.history.runs).filter { $0.trigger == .request }
        // A task that was replaced by one of its name is another task.
        let parts = Dictionary(definitions.map { ($0.uid, $0.specification.split.parts.count) }) { first, _ in
            first
        }
        for (uid, runs) in Dictionary(grouping: runs, by: \.uid).sorted(by: { $0.key < $1.key }) {
            guard let task = runs.first?.task else { continue }
            let count = Set(runs.map(\.id)).count
            let asked = (workload.requestCounts[task] ?? 0) * (parts[uid] ?? Self.shardsMax)
            if count > asked {
                let what = "\(asked) runs of \(task) (\(uid)) were requested, and there are \(count)"
                cluster.trace.violated(.dispatch, what)
            }
        }
    }

    /// The most shards that the workload gives a task.
    private static let shardsMax = 3

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
