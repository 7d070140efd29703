import Domain
import Scheduling

/// The check of one task.
struct TaskCheck {
    let definition: TaskDefinition
    /// The part of it that is checked.
    let part: Int
    /// Due instants, ascending.
    let expected: [Instant]
    let policy: RunCheckPolicy
    let excuses: FaultExcuses
    /// When the history ends.
    let end: Instant

    /// What is known of one task.
    struct Evidence {
        /// What the task recorded.
        var starts: [RecordedStart]
        /// What the centers recorded, merged.
        var runs: [Run]
        /// What the agents recorded.
        var reports: [RunReport]
    }

    /// Holds the task's starts and runs against its due instants; the first starts' lateness comes beside the report.
    func report(_ evidence: Evidence) -> (report: TaskCheckReport, lateness: [Duration]) {
        let marked = !evidence.starts.isEmpty || evidence.runs.isEmpty || policy.expectsMarks
        let starts = (marked ? evidence.starts : Self.starts(of: evidence.runs)).sorted(by: Self.isBefore)
        let startsByFire = Dictionary(grouping: starts) { $0.run }
        let runsByInstant = dispositions(evidence.runs)
        let owners = TaskOwners(starts: starts, runs: evidence.runs)
        let line = WaitingLine(self, starts: starts, runs: evidence.runs)
        var tally = Tally()
        for due in expected {
            let fire = RunID(FireKey(uid: definition.uid, part: part, due: due))
            let instance = Instance(
                due: due,
                starts: startsByFire[fire] ?? [],
                runs: runsByInstant[due] ?? []
            )
            if line.holds(instance) {
                tally.findings.append(RunFinding(kind: .waiting, isViolation: false, due: due, run: fire))
            } else {
                check(instance, owners, &tally)
            }
        }
        tally.findings += overlaps(starts)
        tally.findings += undue(starts: starts, runs: evidence.runs)
        tally.findings += RecordCheck(runs: evidence.runs).findings(evidence.reports)
        if !marked { tally.findings.append(RunFinding(kind: .unmarked, isViolation: false)) }
        let report = TaskCheckReport(
            task: definition.name,
            uid: definition.uid,
            part: definition.specification.split == .whole ? nil : part,
            delivery: definition.specification.delivery,
            expected: expected.count,
            started: tally.lateness.count,
            completed: tally.completed,
            dispositions: tally.dispositions,
            lateness: LatenessSummary(milliseconds: tally.lateness.map(\.wholeMilliseconds)),
            findings: tally.findings.sorted(by: Self.isBefore)
        )
        return (report, tally.lateness)
    }

    /// The starts that the cluster knows of, for a task that records none itself.
    private static func starts(of runs: [Run]) -> [RecordedStart] {
        runs.flatMap { run in
            run.attempts.compactMap { attempt in
                guard let startedAt = attempt.startedAt ?? attempt.result?.startedAt else { return nil }
                let outcome = attempt.result?.outcome
                return RecordedStart(
                    task: run.task,
                    run: run.id,
                    due: run.due,
                    attempt: attempt.number,
                    node: attempt.agent,
                    startedAt: startedAt,
                    endedAt: outcome == .lost || outcome == .missed ? nil : attempt.result?.endedAt
                )
            }
        }
    }

    /// What is summed up over all instants.
    struct Tally {
        var findings: [RunFinding] = []
        var lateness: [Duration] = []
        var completed = 0
        var dispositions: [String: Int] = [:]
    }

    /// One due instant with all that is known of it.
    struct Instance {
        var due: Instant
        /// In the order of their starts.
        var starts: [RecordedStart]
        /// Its dispositions: own records, and ranges of missed instants that include it.
        var runs: [Run]

        func result(of start: RecordedStart) -> AttemptResult? {
            runs.lazy.flatMap(\.attempts).first { $0.number == start.attempt }?.result
        }

        /// Whether some attempt has ended; also one that was ended before it could record its start.
        var isCompleted: Bool {
            starts.contains(where: isCompleted)
                || runs.lazy.flatMap(\.attempts).contains { Self.isConclusive($0.result) }
        }

        /// Whether the process, or the kernel through its agent, says that it ended; how does not matter.
        func isCompleted(_ start: RecordedStart) -> Bool {
            start.endedAt != nil || Self.isConclusive(result(of: start))
        }

        private static func isConclusive(_ result: AttemptResult?) -> Bool {
            result.map { !$0.isInconclusive } ?? false
        }
    }
}

extension TaskCheck {
    /// For each due instant its dispositions.
    private func dispositions(_ runs: [Run]) -> [Instant: [Run]] {
        var found: [Instant: [Run]] = [:]
        for run in runs where run.part == part {
            guard run.attempts.isEmpty, let since = run.since, since < run.due else {
                found[run.due, default: []].append(run)
                continue
            }
            for due in expected[firstIndex(from: since)...].prefix(while: { $0 <= run.due }) {
                found[due, default: []].append(run)
            }
        }
        return found
    }

    /// Index of the first due instant at or after `instant`, by binary search.
    private func firstIndex(from instant: Instant) -> Int {
        var low = 0
        var high = expected.count
        while low < high {
            let middle = (low + high) / 2
            if expected[middle] < instant { low = middle + 1 } else { high = middle }
        }
        return low
    }

    private func isDue(_ run: RunID) -> Bool {
        guard let key = run.fireKey, key.part == part else { return false }
        let index = firstIndex(from: key.due)
        return index < expected.count && expected[index] == key.due
    }

    private func undue(starts: [RecordedStart], runs: [Run]) -> [RunFinding] {
        starts.filter { !isDue($0.run) }.map { RunFinding(.startNotDue, starts: [$0]) }
            + runs
            .filter { !isDue($0.id) && !reachesBeyondExpected($0) }
            .map { RunFinding(.runNotDue, run: $0) }
    }

    /// A range of instants that were not launched may end after the window, where nothing is expected.
    private func reachesBeyondExpected(_ run: Run) -> Bool {
        guard run.attempts.isEmpty, let since = run.since, let last = expected.last else { return false }
        return since <= last && run.due > last
    }

    /// Consecutive attempts that ran at the same time; one without an end overlaps nothing, as nobody knows.
    private func overlaps(_ starts: [RecordedStart]) -> [RunFinding] {
        let violates =
            policy.exclusiveTasks.contains(definition.uid) || definition.specification.concurrency.isExclusive
        var findings: [RunFinding] = []
        var longest: RecordedStart?
        for start in starts {
            if let longest, let end = longest.endedAt, start.startedAt < end - policy.clockSkew {
                let finding = RunFinding(.overlapping, isViolation: violates, starts: [longest, start])
                let clock =
                    excuses.clock(of: longest.node, at: longest.startedAt, end)
                    ?? excuses.clock(of: start.node, at: start.startedAt)
                findings.append(violates ? finding.excused(by: clock) : finding)
            }
            if let end = start.endedAt, end > longest?.endedAt ?? start.startedAt { longest = start }
        }
        return findings
    }

    /// The order of starts: by time, then by all that could tell two apart.
    static func isBefore(_ left: RecordedStart, _ right: RecordedStart) -> Bool {
        (left.startedAt, left.run, left.attempt, left.node) < (
            right.startedAt, right.run, right.attempt, right.node
        )
    }

    private static func isBefore(_ left: RunFinding, _ right: RunFinding) -> Bool {
        (left.due ?? .epoch, left.kind.rawValue, left.attempts.first ?? 0, left.nodes.first?.text ?? "")
            < (
                right.due ?? .epoch, right.kind.rawValue, right.attempts.first ?? 0,
                right.nodes.first?.text ?? ""
            )
    }
}
