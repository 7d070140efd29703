public import Domain
public import Scheduling

/// Why a history cannot be checked.
public enum RunCheckError: Error, Hashable, Sendable {
    /// The task is due more often in the window than a check can hold.
    case tooManyInstants(TaskID)
}

/// Decides whether a history keeps what was promised: every due instant, held against what tasks recorded of
/// themselves and what the cluster recorded of them.
///
/// A history is valid if
/// - every due instant has exactly one disposition: ran, skipped, missed or lost;
/// - at-most-once tasks start no instant twice, and lose only what an agent killed meanwhile had journaled;
/// - at-least-once tasks complete every instant, repeating it only with growing attempt numbers;
/// - no first start is later than the bound, and nothing starts early, unknown to the cluster, or without being due;
/// - attempts of tasks that the policy calls exclusive do not overlap.
///
/// Runs that somebody requested are not checked: they are due when they are asked for.
public struct RunChecker: Sendable {
    /// The tasks, in their latest revision.
    public var definitions: [TaskDefinition]
    /// The instants to check; leave out what may still be undecided.
    public var window: ClosedRange<Instant>
    /// What the history is held to.
    public var policy: RunCheckPolicy

    /// Most instants of one task in a window: a task that is due every 100 ms, for more than a day.
    public static let instantsMax = 1_000_000

    /// Creates a checker.
    public init(definitions: [TaskDefinition], window: ClosedRange<Instant>, policy: RunCheckPolicy) {
        self.definitions = definitions
        self.window = window
        self.policy = policy
    }

    /// Checks a history.
    public func check(_ history: RunEvidence) throws(RunCheckError) -> RunCheckReport {
        let starts = Dictionary(grouping: history.starts.filter { isMeant($0.run) }) { $0.run.fireKey?.uid }
        let runs = Dictionary(grouping: history.runs.filter(isMeant)) { Optional($0.uid) }
        var reports: [TaskCheckReport] = []
        for definition in definitions.sorted(by: { ($0.name, $0.uid) < ($1.name, $1.uid) }) {
            let check = TaskCheck(
                definition: definition,
                expected: try Self.expectedInstants(of: definition, in: window),
                policy: policy,
                faults: history.faults
            )
            let uid = Optional(definition.uid)
            reports.append(check.report(starts: starts[uid] ?? [], runs: runs[uid] ?? []))
        }
        return RunCheckReport(window: window, tasks: reports, strays: strays(history))
    }

    /// The instants at which a task is due in a window, ascending.
    public static func expectedInstants(
        of definition: TaskDefinition,
        in window: ClosedRange<Instant>
    ) throws(RunCheckError) -> [Instant] {
        var instants: [Instant] = []
        var cursor = window.lowerBound - .milliseconds(1)
        while let due = definition.nextDue(after: cursor), due <= window.upperBound {
            guard instants.count < instantsMax else { throw .tooManyInstants(definition.name) }
            instants.append(due)
            cursor = due
        }
        return instants
    }

    private func isMeant(_ run: RunID) -> Bool {
        guard let due = run.fireKey?.due else { return false }
        return window.contains(due)
    }

    /// A range of missed instants is meant if any part of it lies in the window.
    private func isMeant(_ run: Run) -> Bool {
        guard run.id.fireKey != nil else { return false }
        return run.due >= window.lowerBound && (run.since ?? run.due) <= window.upperBound
    }

    private func strays(_ history: RunEvidence) -> [RunFinding] {
        let known = Set(definitions.map(\.uid))
        let unknownStarts = history.starts
            .filter { isMeant($0.run) && $0.run.fireKey.map { known.contains($0.uid) } == false }
            .sorted(by: TaskCheck.isBefore)
        let unknownRuns = history.runs
            .filter { isMeant($0) && !known.contains($0.uid) }
            .sorted { $0.id < $1.id }
        return unknownStarts.map { RunFinding(.startNotDue, starts: [$0]) }
            + unknownRuns.map { RunFinding(.runNotDue, run: $0) }
            + history.unreadableLines.sorted().map { RunFinding(kind: .unreadable, line: $0) }
    }
}
