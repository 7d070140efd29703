public import Center
public import Domain
public import Scheduling
import Synchronization

/// A history in memory, for tests and simulations; passes the same contract as the one on disk.
///
/// What it has recorded outlives the process that used it, as a file would.
public final class InMemoryRunHistory: RunHistory {
    fileprivate struct State {
        var runs: [RunID: Run] = [:]
        var authoredReports: [AuthoredReport] = []
        var positions: [CenterID: Int64] = [:]
        var failure: (any Error)?
        var listFailure: (any Error)?
    }

    private let state = Mutex(State())

    /// What the center announces as its history's identity.
    public let identity: Nonce?

    /// Creates an empty history.
    public init(identity: Nonce? = nil) { self.identity = identity }

    /// Makes every later write fail with `error`, or succeed again.
    public func failWrites(with error: (any Error)?) async { state.withLock { $0.failure = error } }

    /// Makes every later write fail, or succeed again.
    public func setFailing(_ isFailing: Bool) {
        struct Failing: Error {}
        state.withLock { $0.failure = isFailing ? Failing() : nil }
    }

    /// Makes every later list of runs fail with `error`, or succeed again.
    public func failLists(with error: (any Error)?) async { state.withLock { $0.listFailure = error } }

    /// Everything that is recorded, in the order of the identities.
    public var runs: [Run] { state.withLock { $0.runs.values.sorted { $0.id < $1.id } } }

    /// Stores what the reports say.
    public func record(_ reports: [RunReport]) async throws {
        try state.withLock { try $0.record(reports) }
    }

    /// As `record`, and remembers them for the peers.
    public func author(_ reports: [RunReport]) async throws {
        try state.withLock { state in
            try state.record(reports)
            for report in reports {
                let sequence = (state.authoredReports.last?.sequence ?? 0) + 1
                state.authoredReports.append(AuthoredReport(sequence: sequence, report: report))
            }
        }
    }

    /// Reports authored after `sequence`, oldest first.
    public func authored(after sequence: Int64, limit: Int) async -> [AuthoredReport] {
        state.withLock { state in
            // From the end: what is asked for is nearly always the latest of many.
            let count = state.authoredReports.reversed().prefix { $0.sequence > sequence }.count
            return Array(state.authoredReports.suffix(count).prefix(limit))
        }
    }

    /// How far the reports of `peer` have been fetched.
    public func fetched(from peer: CenterID) async -> Int64 { state.withLock { $0.positions[peer] ?? 0 } }

    /// Stores reports fetched from a peer.
    public func record(_ reports: [AuthoredReport], from peer: CenterID) async throws {
        try state.withLock { state in
            try state.record(reports.map(\.report))
            let reached = reports.map(\.sequence).max() ?? 0
            state.positions[peer] = max(state.positions[peer] ?? 0, reached)
        }
    }

    /// The run; `nil` when there is none.
    public func run(_ id: RunID) async -> Run? { state.withLock { $0.runs[id] } }

    /// Runs, latest due first.
    public func runs(_ filter: RunFilter, page: String?, limit: Int) async throws -> Page<Run> {
        let (all, failure) = state.withLock { ($0.runs.values, $0.listFailure) }
        if let failure { throw failure }
        var sorted = all.filter { filter.accepts($0) }.sorted { ($0.due, $0.id) > ($1.due, $1.id) }
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
    public func latestRuns(of tasks: [TaskID]) async -> [TaskID: Run] {
        let all = state.withLock(\.runs.values)
        var latest: [TaskID: Run] = [:]
        for task in tasks {
            latest[task] = all.filter { $0.task == task }.max { ($0.due, $0.id) < ($1.due, $1.id) }
        }
        return latest
    }

    /// The runs that repeat a run, oldest first.
    public func retries(of run: RunID) async -> [RunID] {
        let all = state.withLock(\.runs.values)
        let found = all.filter { $0.terms?.retryOf == run }.sorted { ($0.due, $0.id) < ($1.due, $1.id) }
        return found.prefix(100).map(\.id)
    }

    /// Deletes what exceeds the retention.
    public func prune(_ retention: HistoryRetention, now: Instant) async -> Int {
        state.withLock { $0.prune(retention, now: now) }
    }
}

extension InMemoryRunHistory.State {
    fileprivate mutating func record(_ reports: [RunReport]) throws {
        if let failure { throw failure }
        for report in reports {
            let id = report.fire.attempt.run
            var run = runs[id] ?? Run(report)
            run.apply(report)
            runs[id] = run
        }
    }

    fileprivate mutating func prune(_ retention: HistoryRetention, now: Instant) -> Int {
        let before = runs.count
        runs = runs.filter { $0.value.due >= now - retention.age }
        keepLatest(retention.countMax, of: Array(runs.values))
        for task in Set(runs.values.map(\.task)).sorted() {
            keepLatest(retention.countPerTaskMax, of: runs.values.filter { $0.task == task })
        }
        return before - runs.count
    }

    private mutating func keepLatest(_ count: Int, of candidates: [Run]) {
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
