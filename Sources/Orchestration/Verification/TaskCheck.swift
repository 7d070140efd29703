import Domain
import Scheduling

/// The check of one task.
struct TaskCheck {
    let definition: TaskDefinition
    /// Due instants, ascending.
    let expected: [Instant]
    let policy: RunCheckPolicy
    let faults: [FaultPeriod]

    /// Holds the task's starts and runs against its due instants.
    func report(starts: [RecordedStart], runs: [Run]) -> TaskCheckReport {
        let starts = starts.sorted(by: Self.isBefore)
        let startsByFire = Dictionary(grouping: starts) { $0.run }
        let runsByInstant = dispositions(runs)
        var tally = Tally()
        for due in expected {
            let fire = RunID(FireKey(uid: definition.uid, due: due))
            check(
                Instance(due: due, starts: startsByFire[fire] ?? [], runs: runsByInstant[due] ?? []),
                &tally
            )
        }
        tally.findings += overlaps(starts, violates: policy.exclusiveTasks.contains(definition.uid))
        tally.findings += undue(starts: starts, runs: runs)
        return TaskCheckReport(
            task: definition.name,
            uid: definition.uid,
            delivery: definition.specification.delivery,
            expected: expected.count,
            started: tally.lateness.count,
            completed: tally.completed,
            dispositions: tally.dispositions,
            lateness: LatenessSummary(milliseconds: tally.lateness.map(\.wholeMilliseconds)),
            findings: tally.findings.sorted(by: Self.isBefore)
        )
    }

    /// What is summed up over all instants.
    private struct Tally {
        var findings: [RunFinding] = []
        var lateness: [Duration] = []
        var completed = 0
        var dispositions: [String: Int] = [:]
    }

    /// One due instant with all that is known of it.
    private struct Instance {
        var due: Instant
        /// In the order of their starts.
        var starts: [RecordedStart]
        /// Its dispositions: own records, and ranges of missed instants that include it.
        var runs: [Run]

        func result(of start: RecordedStart) -> AttemptResult? {
            runs.lazy.flatMap(\.attempts).first { $0.number == start.attempt }?.result
        }

        /// Whether the process, or the kernel through its agent, says that it ended; how does not matter.
        func isCompleted(_ start: RecordedStart) -> Bool {
            if start.endedAt != nil { return true }
            switch result(of: start)?.outcome {
            case .succeeded, .failed, .timedOut, .stopped: return true
            case .notStarted, .missed, .lost, nil: return false
            }
        }
    }

    private func check(_ instance: Instance, _ tally: inout Tally) {
        let isCompleted = instance.starts.contains(where: instance.isCompleted)
        tally.completed += isCompleted ? 1 : 0
        if instance.runs.count == 1 { tally.dispositions[instance.runs[0].state.rawValue, default: 0] += 1 }
        tally.findings += disposition(instance)
        tally.findings += repetition(instance)
        tally.findings += loss(instance)
        tally.findings += contradictions(instance)
        for start in instance.starts where !instance.isCompleted(start) {
            tally.findings.append(RunFinding(.incomplete, isViolation: false, starts: [start]))
        }
        if definition.specification.delivery == .atLeastOnce, !isCompleted,
            !instance.starts.isEmpty || !instance.runs.isEmpty
        {
            tally.findings.append(about(instance, .notCompleted))
        }
        if let first = instance.starts.first {
            let lateness = first.startedAt - instance.due
            tally.lateness.append(lateness)
            if lateness > policy.latenessBound {
                tally.findings.append(RunFinding(.late, starts: [first], lateness: lateness))
            }
            if lateness < .zero - policy.clockSkew {
                tally.findings.append(RunFinding(.early, starts: [first], lateness: lateness))
            }
        }
    }

    private func about(_ instance: Instance, _ kind: RunFinding.Kind, isViolation: Bool = true) -> RunFinding
    {
        if let run = instance.runs.first {
            return RunFinding(kind, isViolation: isViolation, run: run, due: instance.due)
        }
        guard instance.starts.isEmpty else {
            return RunFinding(kind, isViolation: isViolation, starts: instance.starts)
        }
        let run = RunID(FireKey(uid: definition.uid, due: instance.due))
        return RunFinding(kind: kind, isViolation: isViolation, due: instance.due, run: run)
    }

    private func disposition(_ instance: Instance) -> [RunFinding] {
        switch instance.runs.count {
        case 0: [about(instance, instance.starts.isEmpty ? .missed : .startWithoutRun)]
        case 1: instance.runs[0].state.isFinal ? [] : [about(instance, .undecided)]
        default: [about(instance, .decidedTwice)]
        }
    }

    private func repetition(_ instance: Instance) -> [RunFinding] {
        let starts = instance.starts
        switch definition.specification.delivery {
        case .atMostOnce: return starts.count > 1 ? [RunFinding(.doubled, starts: starts)] : []
        case .atLeastOnce:
            let grows = zip(starts, starts.dropFirst()).allSatisfy { $0.attempt < $1.attempt }
            return grows ? [] : [RunFinding(.doubled, starts: starts)]
        }
    }

    private func loss(_ instance: Instance) -> [RunFinding] {
        guard let run = instance.runs.first(where: { $0.state == .lost }) else { return [] }
        return [
            RunFinding(isExcused(run) ? .lost : .lostWithoutFault, isViolation: !isExcused(run), run: run)
        ]
    }

    /// Whether the agent of the lost attempt was killed after it can have journaled the fire and before it was given up.
    private func isExcused(_ run: Run) -> Bool {
        guard let attempt = run.attempts.last else { return false }
        return faults.contains { fault in
            fault.kind == .killed && fault.target == attempt.agent.text
                && fault.start >= run.due - policy.lookAhead
                && attempt.result.map { fault.start <= $0.endedAt + policy.clockSkew } != false
        }
    }

    private func contradictions(_ instance: Instance) -> [RunFinding] {
        var findings: [RunFinding] = []
        if let run = instance.runs.first {
            let isUnlaunched = run.state == .skipped || run.state == .missed
            if isUnlaunched, !instance.starts.isEmpty {
                findings.append(RunFinding(.startOfUnlaunched, starts: instance.starts))
            }
            if run.state == .succeeded, instance.starts.isEmpty {
                findings.append(RunFinding(.successWithoutStart, run: run))
            }
            for start in instance.starts where !isUnlaunched {
                let attempt = run.attempts.first { $0.number == start.attempt }
                if attempt?.agent != start.node {
                    findings.append(RunFinding(.contradiction, starts: [start]))
                }
            }
        }
        for start in instance.starts where start.due != instance.due || start.task != definition.name {
            findings.append(RunFinding(.contradiction, starts: [start]))
        }
        return findings
    }
}

extension TaskCheck {
    /// For each due instant its dispositions; equal records of one run count once.
    private func dispositions(_ runs: [Run]) -> [Instant: [Run]] {
        var found: [Instant: [Run]] = [:]
        for run in Set(runs).sorted(by: Self.isBefore) where run.part == 0 {
            guard run.state == .missed, let since = run.since, since < run.due else {
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
        guard let key = run.fireKey, key.part == 0 else { return false }
        let index = firstIndex(from: key.due)
        return index < expected.count && expected[index] == key.due
    }

    private func undue(starts: [RecordedStart], runs: [Run]) -> [RunFinding] {
        starts.filter { !isDue($0.run) }.map { RunFinding(.startNotDue, starts: [$0]) }
            + Set(runs).sorted(by: Self.isBefore)
            .filter { !isDue($0.id) && !reachesBeyondExpected($0) }
            .map { RunFinding(.runNotDue, run: $0) }
    }

    /// A range of missed instants may end after the window, where nothing is expected.
    private func reachesBeyondExpected(_ run: Run) -> Bool {
        guard run.state == .missed, let since = run.since, let last = expected.last else { return false }
        return since <= last && run.due > last
    }

    /// Consecutive attempts that ran at the same time; one without an end overlaps nothing, as nobody knows.
    private func overlaps(_ starts: [RecordedStart], violates: Bool) -> [RunFinding] {
        var findings: [RunFinding] = []
        var longest: RecordedStart?
        for start in starts {
            if let longest, let end = longest.endedAt, start.startedAt < end {
                findings.append(RunFinding(.overlapping, isViolation: violates, starts: [longest, start]))
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

    private static func isBefore(_ left: Run, _ right: Run) -> Bool {
        (left.id, left.state.rawValue, left.attempts.count, left.reason ?? "")
            < (right.id, right.state.rawValue, right.attempts.count, right.reason ?? "")
    }

    private static func isBefore(_ left: RunFinding, _ right: RunFinding) -> Bool {
        (left.due ?? .epoch, left.kind.rawValue, left.attempts.first ?? 0, left.nodes.first?.text ?? "")
            < (
                right.due ?? .epoch, right.kind.rawValue, right.attempts.first ?? 0,
                right.nodes.first?.text ?? ""
            )
    }
}
