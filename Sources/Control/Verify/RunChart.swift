import Domain
import Orchestration
import Scheduling

/// What the page draws: for each task its due instants with their verdicts and its attempts, and the faults.
struct RunChart: Sendable {
    /// How an instant fared.
    enum Verdict: Hashable, Sendable { case kept, explained, violated }

    /// A due instant.
    struct Window: Hashable, Sendable {
        var due: Instant
        var verdict: Verdict
    }

    /// An attempt.
    struct Bar: Hashable, Sendable {
        var start: Instant
        /// `nil` if nobody knows when it ended.
        var end: Instant?
        var agent: String
    }

    /// A task.
    struct Row: Sendable {
        var report: TaskCheckReport
        var windows: [Window]
        var bars: [Bar]
    }

    /// The window of time.
    var span: ClosedRange<Instant>
    /// How long after its instant a start is in time.
    var latenessBound: Duration
    /// The tasks in the order of the report.
    var rows: [Row]
    /// The faults that touch the window, by target, each by start.
    var faults: [(target: String, periods: [FaultPeriod])]
    /// The agents that ran something, sorted.
    var agents: [String]

    /// Gathers what there is to draw.
    init(checker: RunChecker, evidence: RunEvidence, report: RunCheckReport) {
        span = checker.window
        latenessBound = checker.policy.latenessBound
        let starts = Dictionary(grouping: evidence.starts) { $0.run.taskPart }
        let runs = Dictionary(grouping: evidence.runs) { $0.id.taskPart }
        let definitions = Dictionary(checker.definitions.map { ($0.uid, $0) }) { first, _ in first }
        rows = report.tasks.map { task in
            let key = Optional(TaskPart(uid: task.uid, part: task.part ?? 0))
            // The check was done, so the number of instants is within its limit.
            let expected =
                definitions[task.uid].flatMap {
                    try? RunChecker.expectedInstants(of: $0.narrowed(to: task.part ?? 0), in: checker.window)
                } ?? []
            let marked = (starts[key] ?? []).map {
                Bar(start: $0.startedAt, end: $0.endedAt, agent: $0.node.text)
            }
            let bars = marked.isEmpty ? Self.bars(of: runs[key] ?? []) : marked
            return Row(report: task, windows: Self.windows(expected, task), bars: Self.sorted(bars))
        }
        let span = span
        let periods = evidence.faults.filter {
            $0.start <= span.upperBound && ($0.end ?? $0.start) >= span.lowerBound
        }
        faults = Dictionary(grouping: periods, by: \.target).sorted { $0.key < $1.key }
            .map { (target: $0.key, periods: $0.value.sorted { $0.start < $1.start }) }
        agents = Set(rows.flatMap { $0.bars.map(\.agent) }).sorted()
    }

    private static func windows(_ expected: [Instant], _ task: TaskCheckReport) -> [Window] {
        var verdicts: [Instant: Verdict] = [:]
        for finding in task.findings {
            guard let due = finding.due else { continue }
            if finding.isViolation {
                verdicts[due] = .violated
            } else if finding.excuse != nil, verdicts[due] == nil {
                verdicts[due] = .explained
            }
        }
        return expected.map { Window(due: $0, verdict: verdicts[$0] ?? .kept) }
    }

    private static func bars(of runs: [Run]) -> [Bar] {
        let bars = runs.flatMap { run in
            run.attempts.compactMap { attempt in
                (attempt.startedAt ?? attempt.result?.startedAt).map { start in
                    Bar(start: start, end: attempt.result?.endedAt, agent: attempt.agent.text)
                }
            }
        }
        // Several centers tell of the same attempts.
        return Array(Set(bars))
    }

    private static func sorted(_ bars: [Bar]) -> [Bar] {
        bars.sorted { ($0.start, $0.agent, $0.end ?? $0.start) < ($1.start, $1.agent, $1.end ?? $1.start) }
    }
}

extension RunID {
    /// The part whose fire it is; `nil` for a request.
    fileprivate var taskPart: TaskPart? { fireKey.map { TaskPart(uid: $0.uid, part: $0.part) } }
}

extension TaskCheckReport {
    /// The task's name, with the shard of a task that has such.
    var title: String {
        guard let part, !TaskPart.isAgent(part) else { return task.text }
        return "\(task), shard \(part)"
    }
}
