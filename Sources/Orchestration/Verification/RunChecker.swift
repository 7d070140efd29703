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
/// - every due instant has exactly one disposition: ran, skipped, missed or lost; at the end of the window it may wait for its turn
///   behind earlier fires of a task whose concurrency says so;
/// - at-most-once tasks start no instant twice, and lose only what an agent that was killed, or lost its session, had journaled;
/// - at-least-once tasks complete every instant, repeating it only with growing attempt numbers;
/// - no first start is later than the bound, unless a fault explains it, and nothing starts early, unknown to the cluster, or
///   without being due;
/// - what agents recorded is what the centers say;
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
        let starts = Dictionary(grouping: history.starts.filter { isMeant($0.run) }) {
            $0.run.fireKey?.taskPart
        }
        let runs = Dictionary(grouping: RunMerge.merge(history.runs.filter(isMeant))) {
            $0.id.fireKey?.taskPart
        }
        let reports = Dictionary(grouping: history.reports.filter(isMeant)) { Optional($0.fire.key) }
        let seen = Set((Array(starts.keys) + Array(runs.keys)).compactMap(\.self))
        let excuses = FaultExcuses(history.faults, agents: Self.agents(of: history), policy: policy)
        var checked: [TaskCheckReport] = []
        var lateness: [Duration] = []
        for definition in definitions.sorted(by: { ($0.name, $0.uid) < ($1.name, $1.uid) }) {
            let known = Self.knownSince(definition)
            for part in Self.parts(of: definition, seen) {
                let key = Optional(TaskPart(uid: definition.uid, part: part))
                let evidence = TaskCheck.Evidence(
                    starts: (starts[key] ?? []).filter { ($0.run.fireKey?.due).map { $0 > known } ?? false },
                    runs: (runs[key] ?? []).filter { $0.due > known },
                    reports: (reports[key] ?? []).filter { $0.fire.due > known }
                )
                let narrowed = definition.narrowed(to: part)
                var expected = try Self.expectedInstants(of: narrowed, in: window)
                // A chain may have begun before what is known.
                if let first = expected.first, first <= known { expected.removeAll { $0 <= known } }
                if TaskPart.isAgent(part) { expected = expected.filter(evidence.hasPart) }
                let check = TaskCheck(
                    definition: narrowed,
                    part: part,
                    expected: expected,
                    policy: policy,
                    excuses: excuses,
                    end: window.upperBound
                )
                let result = check.report(evidence)
                checked.append(result.report)
                lateness += result.lateness
            }
        }
        return RunCheckReport(window: window, tasks: checked, strays: strays(history), lateness: lateness)
    }

    /// The parts of a task that fires in the window had: by its definition, and those of agents and of forgotten revisions by what there is of them.
    private static func parts(of definition: TaskDefinition, _ seen: Set<TaskPart>) -> [Int] {
        let known = Set(definition.specification.split.parts).union(definition.formerParts)
        return known.union(seen.filter { $0.uid == definition.uid }.map(\.part)).sorted()
    }

    /// The instant after which the definition says when the task was due.
    ///
    /// Schedules that were replaced long ago, or that an answer of the API leaves out, are not known: instants of theirs are neither
    /// expected nor wrong.
    private static func knownSince(_ definition: TaskDefinition) -> Instant {
        // When processes of a resident task begin is decided by edits and the ends of those before, not by time.
        if definition.specification.residency != nil { return Instant(millisecondsSinceEpoch: .max) }
        let isComplete = definition.supersededSchedules.count >= definition.revision - 1
        if isComplete { return Instant(millisecondsSinceEpoch: .min) }
        return definition.supersededSchedules.first?.effectiveFrom ?? definition.effectiveFrom
    }

    private static func agents(of history: RunEvidence) -> Set<String> {
        Set(
            history.starts.map(\.node.text) + history.runs.flatMap { $0.attempts.map(\.agent.text) }
                + history.reports.map(\.agent.text)
        )
    }

    /// The instants at which a task is due in a window, ascending.
    public static func expectedInstants(
        of definition: TaskDefinition,
        in window: ClosedRange<Instant>
    ) throws(RunCheckError) -> [Instant] {
        guard definition.specification.residency == nil else { return [] }
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

    /// What was recorded after the window may not have been delivered when the histories were read.
    private func isMeant(_ report: RunReport) -> Bool {
        let recordedAt =
            switch report.phase {
            case .waiting(let at), .started(let at), .decided(let at): at
            case .ended(let result): result.endedAt
            }
        return isMeant(report.fire.attempt.run) && recordedAt <= window.upperBound
    }

    private func strays(_ history: RunEvidence) -> [RunFinding] {
        let known = Set(definitions.map(\.uid))
        let unknownStarts = history.starts
            .filter { isMeant($0.run) && $0.run.fireKey.map { known.contains($0.uid) } == false }
            .sorted(by: TaskCheck.isBefore)
        let unknownRuns = history.runs
            .filter { isMeant($0) && !known.contains($0.uid) }
            .sorted { $0.id < $1.id }
        guard policy.knowsAllTasks else { return unchecked(unknownStarts, unknownRuns, history) }
        return unknownStarts.map { RunFinding(.startNotDue, starts: [$0]) }
            + unknownRuns.map { RunFinding(.runNotDue, run: $0) }
            + history.unreadableLines.sorted().map { RunFinding(kind: .unreadable, line: $0) }
    }

    /// One finding for each task of which nothing is known any more.
    private func unchecked(_ starts: [RecordedStart], _ runs: [Run], _ history: RunEvidence) -> [RunFinding] {
        let fires = Dictionary(grouping: starts.map(\.run) + runs.map(\.id)) { $0.fireKey?.uid.text ?? "" }
        return fires.keys.sorted().map { uid in
            let first = fires[uid]?.min()
            return RunFinding(kind: .unknownTask, isViolation: false, due: first?.fireKey?.due, run: first)
        } + history.unreadableLines.sorted().map { RunFinding(kind: .unreadable, line: $0) }
    }
}

extension FireKey {
    /// The part whose fire it is.
    fileprivate var taskPart: TaskPart { TaskPart(uid: uid, part: part) }
}

extension TaskCheck.Evidence {
    /// Whether an agent took part in the fire of a broadcast: who did is not known otherwise.
    fileprivate func hasPart(_ due: Instant) -> Bool {
        runs.contains { ($0.since ?? $0.due) <= due && due <= $0.due }
            || starts.contains { $0.run.fireKey?.due == due }
    }
}
