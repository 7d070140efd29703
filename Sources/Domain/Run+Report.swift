import Mutations
import Scheduling

extension Run {
    /// The record of a run of which nothing but this report is known.
    public init(_ report: RunReport) {
        let fire = report.fire
        self.init(
            id: fire.attempt.run,
            task: fire.task,
            uid: fire.uid,
            part: fire.part,
            runtime: report.runtime,
            due: fire.due,
            trigger: fire.trigger,
            state: .waiting,
            origin: fire.origin
        )
        apply(report)
    }

    /// A run that no agent has begun with, as it was dispatched.
    public init(toCome dispatched: DispatchedRun, in runtime: RuntimeID) {
        self.init(
            id: dispatched.attempt.run,
            task: dispatched.task,
            uid: dispatched.uid,
            part: dispatched.part,
            runtime: runtime,
            due: dispatched.due,
            trigger: dispatched.trigger,
            state: .waiting,
            origin: dispatched.origin
        )
        terms = dispatched.terms
    }

    /// Adds what the report says.
    ///
    /// Applying any reports in any order, any number of times, gives the same record.
    public mutating func apply(_ report: RunReport) {
        precondition(
            report.fire.attempt.run == id,
            "a report of \(report.fire.attempt) cannot be applied to \(id)"
        )
        terms = RunTerms.kept(terms, report.fire.terms)
        switch report.fire.decision {
        case .launch: applyAttempt(report)
        case .skipped(let why, let range):
            reason = why
            since = range?.since
            count = range?.count ?? 1
        case .missed(let why, let since, let count):
            reason = why
            self.since = since
            self.count = count
        }
        state = Run.state(of: self, decision: report.fire.decision)
    }

    private mutating func applyAttempt(_ report: RunReport) {
        var attempt = RunAttempt(
            number: report.fire.attempt.number,
            agent: report.agent,
            incarnation: report.incarnation,
            revision: report.fire.revision
        )
        let index = attempts.firstIndex { $0.number == attempt.number }
        if let index { attempt = attempts[index] }
        attempt.absorb(report.phase)
        if let told = report.account { take(told, of: attempt.number) }
        if let index {
            attempts[index] = attempt
        } else {
            attempts.append(attempt)
            attempts.sort { $0.number < $1.number }
        }
    }

    private static func state(of run: Run, decision: FireDecision) -> RunState {
        guard let last = run.attempts.last else {
            if case .skipped = decision { return .skipped }
            return .missed
        }
        guard let result = last.result else { return last.startedAt == nil ? .waiting : .running }
        // With a reason the attempt that was to follow was taken and not launched.
        if result.retryAt != nil, run.reason == nil { return .retrying }
        switch result.outcome {
        case .succeeded: return .succeeded
        case .failed, .notStarted: return .failed
        case .timedOut: return .timedOut
        case .stopped: return .stopped
        case .missed: return .missed
        case .lost: return .lost
        }
    }
}

extension RunAttempt {
    /// Takes over what is newer: an end over a start, the truth over `lost`.
    fileprivate mutating func absorb(_ phase: RunReport.Phase) {
        // What follows a loss was decided when it was recorded: nothing does because of a truth that comes later.
        defer { if lost != nil { result?.retryAt = nil } }
        switch phase {
        case .waiting: break
        case .started(let at), .decided(let at):
            startedAt = startedAt ?? at
        case .ended(let newer) where newer.outcome == .lost:
            // Several leaders may have recorded it: the earliest record stays, whatever comes first.
            lost = [lost, newer].compactMap(\.self).min { $0.precedes($1) }
            startedAt = startedAt ?? newer.startedAt
            guard result == nil || result?.outcome == .lost else { return }
            result = lost
        case .ended(let newer):
            if Mutation.keepsLost.isOn, result != nil { return }
            // That no attempt follows after all is the last word, whatever comes first.
            if let result, result.outcome == newer.outcome, result.retryAt != nil, newer.retryAt == nil {
                return self.result = newer
            }
            guard result == nil || result?.outcome == .lost else { return }
            // A record of an older version has the loss in the result only.
            lost = lost ?? result
            result = newer
            startedAt = newer.startedAt ?? startedAt
        }
    }
}

extension AttemptResult {
    fileprivate func precedes(_ other: AttemptResult) -> Bool {
        (endedAt, message ?? "") < (other.endedAt, other.message ?? "")
    }
}
