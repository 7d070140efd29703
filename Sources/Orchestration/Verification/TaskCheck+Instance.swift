import Domain
import Scheduling

/// The judgement of one instant.
extension TaskCheck {
    /// Adds what one instant comes to.
    func check(_ instance: Instance, _ owners: TaskOwners, _ tally: inout Tally) {
        let isCompleted = instance.isCompleted
        tally.completed += isCompleted ? 1 : 0
        if instance.runs.count == 1 { tally.dispositions[instance.runs[0].state.rawValue, default: 0] += 1 }
        tally.findings += disposition(instance)
        tally.findings += repetition(instance)
        tally.findings += loss(instance)
        let unlaunched = unlaunched(instance, owners)
        tally.findings += unlaunched
        tally.findings += contradictions(instance)
        for start in instance.starts where !instance.isCompleted(start) {
            tally.findings.append(RunFinding(.incomplete, isViolation: false, starts: [start]))
        }
        if definition.specification.delivery == .atLeastOnce, !isCompleted,
            !instance.starts.isEmpty || !instance.runs.isEmpty, !isSkippedByPolicy(instance)
        {
            var finding = about(instance, .notCompleted, isViolation: !mayStillRun(instance))
            if let missed = unlaunched.first {
                finding.isViolation = missed.isViolation
                finding.excuse = missed.excuse
            }
            tally.findings.append(finding)
        }
        if let first = instance.starts.first {
            tally.lateness.append(first.startedAt - instance.due)
            tally.findings += punctuality(instance, first, owners)
        }
    }

    /// Whether the task's own concurrency kept it, or its next attempt, from being launched.
    private func isSkippedByPolicy(_ instance: Instance) -> Bool {
        guard definition.specification.concurrency.livingMax != nil else { return false }
        return instance.runs.allSatisfy { run in
            if run.state == .skipped { return instance.starts.isEmpty }
            // What began before is an attempt that is on record.
            let numbers = Set(run.attempts.map(\.number))
            return run.reason != nil && !numbers.isEmpty
                && instance.starts.allSatisfy { numbers.contains($0.attempt) }
        }
    }

    private func punctuality(_ instance: Instance, _ first: RecordedStart, _ owners: TaskOwners)
        -> [RunFinding]
    {
        let lateness = first.startedAt - instance.due
        let clock = excuses.clock(of: first.node, at: instance.due, first.startedAt)
        if lateness > policy.latenessBound {
            let ownership = owners.ownership(at: instance.due, decidedBy: [first.node])
            let excuse =
                clock ?? excuses.delay(from: instance.due, to: first.startedAt, ownership)
            var finding = RunFinding(.late, starts: [first], lateness: lateness).excused(by: excuse)
            // It may have waited for another run, for units, or for the end of what an owner that was cut off had left.
            if definition.specification.endsWithLease { finding.isViolation = false }
            return [finding]
        }
        guard lateness < .zero - policy.clockSkew else { return [] }
        return [RunFinding(.early, starts: [first], lateness: lateness).excused(by: clock)]
    }

    /// A record that nobody could launch it; held against the faults if the policy says how long they last.
    private func unlaunched(_ instance: Instance, _ owners: TaskOwners) -> [RunFinding] {
        guard policy.settling != nil, let run = instance.runs.first(where: { $0.state == .missed }) else {
            return []
        }
        let finding = RunFinding(.notLaunched, isViolation: false, run: run, due: instance.due)
        // An operator said so when a snapshot was restored.
        if run.reason == MissedReason.restored || run.reason == MissedReason.restoredUncounted {
            return [finding]
        }
        let ownership = owners.ownership(at: instance.due, decidedBy: run.attempts.map(\.agent))
        let clock = ownership.agents.sorted().lazy.compactMap(AgentID.init)
            .compactMap { excuses.clock(of: $0, at: instance.due) }.first
        let haste = run.attempts.last.flatMap { attempt in
            attempt.result.flatMap {
                excuses.haste(of: attempt.agent, due: instance.due, decided: $0.endedAt)
            }
        }
        let excuse = clock ?? haste ?? excuses.delay(from: instance.due, to: nil, ownership)
        return [finding.excused(by: excuse)]
    }

    private func about(_ instance: Instance, _ kind: RunFinding.Kind, isViolation: Bool = true) -> RunFinding
    {
        if let run = instance.runs.first {
            return RunFinding(kind, isViolation: isViolation, run: run, due: instance.due)
        }
        guard instance.starts.isEmpty else {
            return RunFinding(kind, isViolation: isViolation, starts: instance.starts)
        }
        let run = RunID(FireKey(uid: definition.uid, part: part, due: instance.due))
        return RunFinding(kind: kind, isViolation: isViolation, due: instance.due, run: run)
    }

    private func disposition(_ instance: Instance) -> [RunFinding] {
        switch instance.runs.count {
        case 0: [about(instance, instance.starts.isEmpty ? .missed : .startWithoutRun)]
        case 1 where instance.runs[0].state.isFinal: []
        case 1: [about(instance, .undecided, isViolation: !mayStillRun(instance))]
        default: [about(instance, .decidedTwice)]
        }
    }

    private func repetition(_ instance: Instance) -> [RunFinding] {
        let starts = instance.starts
        switch definition.specification.delivery {
        case .atMostOnce:
            // Another attempt only after one that is known to have failed.
            let isRetried = zip(starts, starts.dropFirst()).allSatisfy { before, next in
                before.attempt < next.attempt && instance.result(of: before)?.retryAt != nil
            }
            return isRetried ? [] : [RunFinding(.doubled, starts: starts)]
        case .atLeastOnce:
            let grows = zip(starts, starts.dropFirst()).allSatisfy { $0.attempt < $1.attempt }
            return grows ? [] : [RunFinding(.doubled, starts: starts)]
        }
    }

    /// Whether its last attempt has started, nobody says that it ended, and its agent has not been touched since.
    private func mayStillRun(_ instance: Instance) -> Bool {
        guard instance.runs.count == 1, !instance.runs[0].state.isFinal, let start = instance.starts.last,
            !instance.isCompleted(start)
        else { return false }
        return !excuses.hasHit(start.node, since: start.startedAt)
    }

    private func loss(_ instance: Instance) -> [RunFinding] {
        guard let run = instance.runs.first(where: { $0.state == .lost }) else { return [] }
        let excuse = run.attempts.last.flatMap { attempt in
            excuses.loss(of: attempt.agent, due: run.due, end: attempt.result?.endedAt)
        }
        return [RunFinding(excuse == nil ? .lostWithoutFault : .lost, run: run).excused(by: excuse)]
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
