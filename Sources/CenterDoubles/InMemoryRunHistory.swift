public import Center
public import Domain
public import Scheduling

/// A history in memory, for tests; passes the same contract as the one on disk.
public actor InMemoryRunHistory: RunHistory {
    private var runs: [RunID: Run] = [:]
    private var authoredReports: [AuthoredReport] = []
    private var positions: [CenterID: Int64] = [:]
    private var failure: (any Error)?
    private var listFailure: (any Error)?

    /// Creates an empty history.
    public init() {}

    /// Makes every later write fail with `error`, or succeed again.
    public func failWrites(with error: (any Error)?) { failure = error }

    /// Makes every later list of runs fail with `error`, or succeed again.
    public func failLists(with error: (any Error)?) { listFailure = error }

    /// Stores what the reports say.
    public func record(_ reports: [RunReport]) throws {
        if let failure { throw failure }
        for report in reports {
            let id = report.fire.attempt.run
            var run = runs[id] ?? Run(report)
            run.apply(report)
            runs[id] = run
        }
    }

    /// As `record`, and remembers them for the peers.
    public func author(_ reports: [RunReport]) throws {
        try record(reports)
        for report in reports {
            let sequence = (authoredReports.last?.sequence ?? 0) + 1
            authoredReports.append(AuthoredReport(sequence: sequence, report: report))
        }
    }

    /// Reports authored after `sequence`, oldest first.
    public func authored(after sequence: Int64, limit: Int) -> [AuthoredReport] {
        Array(authoredReports.drop { $0.sequence <= sequence }.prefix(limit))
    }

    /// How far the reports of `peer` have been fetched.
    public func fetched(from peer: CenterID) -> Int64 { positions[peer] ?? 0 }

    /// Stores reports fetched from a peer.
    public func record(_ reports: [AuthoredReport], from peer: CenterID) throws {
        try record(reports.map(\.report))
        positions[peer] = max(fetched(from: peer), reports.map(\.sequence).max() ?? 0)
    }

    /// The run; `nil` when there is none.
    public func run(_ id: RunID) -> Run? { runs[id] }

    /// Runs, latest due first.
    public func runs(_ filter: RunFilter, page: String?, limit: Int) throws -> Page<Run> {
        if let listFailure { throw listFailure }
        var sorted = runs.values.filter { filter.accepts($0) }.sorted { ($0.due, $0.id) > ($1.due, $1.id) }
        if let page {
            guard let index = sorted.firstIndex(where: { $0.id.text == page }) else {
                throw CenterError.invalid([ValidationProblem(field: "page", message: "there is no such page")]
                )
            }
            sorted.removeFirst(index + 1)
        }
        let elements = Array(sorted.prefix(limit))
        return Page(elements: elements, next: sorted.count > limit ? elements.last?.id.text : nil)
    }

    /// The latest run of each of these tasks that has one.
    public func latestRuns(of tasks: [TaskID]) -> [TaskID: Run] {
        var latest: [TaskID: Run] = [:]
        for task in tasks {
            latest[task] = runs.values.filter { $0.task == task }.max { ($0.due, $0.id) < ($1.due, $1.id) }
        }
        return latest
    }

    /// Deletes what exceeds the retention.
    public func prune(_ retention: HistoryRetention, now: Instant) -> Int {
        let before = runs.count
        runs = runs.filter { $0.value.due >= now - retention.age }
        keepLatest(retention.countMax, of: Array(runs.values))
        for task in Set(runs.values.map(\.task)).sorted() {
            keepLatest(retention.countPerTaskMax, of: runs.values.filter { $0.task == task })
        }
        return before - runs.count
    }

    private func keepLatest(_ count: Int, of candidates: [Run]) {
        for run in candidates.sorted(by: { ($0.due, $0.id) > ($1.due, $1.id) }).dropFirst(count) {
            runs[run.id] = nil
        }
    }
}

extension RunFilter {
    fileprivate func accepts(_ run: Run) -> Bool {
        (task == nil || task == run.task)
            && (runtime == nil || runtime == run.runtime)
            && (agent == nil || run.attempts.contains { $0.agent == agent })
            && (states.isEmpty || states.contains(run.state))
            && (since.map { run.due >= $0 } ?? true)
            && (until.map { run.due <= $0 } ?? true)
    }
}
