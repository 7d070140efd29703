import Domain
import Mutations
import Scheduling

/// What becomes of a fire that a sealed incarnation left without an accepted result (rule L7); pure.
struct OpenFireDecision: Hashable, Sendable {
    /// The incarnation that left it, and since when it is known to be gone.
    struct Owner: Hashable, Sendable {
        var agent: AgentID
        var incarnation: Incarnation
        var runtime: RuntimeID
        /// When its session was found to be over, by the leader's clock; the end itself leaves no time anywhere.
        var endedBy: Instant
    }

    /// What the history must say before anything is written; `nil` when it says so already.
    var report: RunReport?
    /// The attempt that follows elsewhere, if any.
    var next: DispatchedRun?
    /// What the history says then of the end of the run; `nil` when another attempt follows.
    var end: RunReport?

    /// Decides a fire as the journal has it, by what the history knows of its run and whether its task is still there.
    ///
    /// A fire that was due until `floor` may have been repeated in the history that a restore has lost: it is not again (rule T3).
    static func decide(
        _ open: OpenFire,
        by owner: Owner,
        run: Run?,
        task: TaskDefinition?,
        floor: Instant? = nil,
        now: Instant
    ) -> OpenFireDecision {
        func report(_ phase: RunReport.Phase) -> RunReport {
            RunReport(
                fire: open.fire,
                agent: owner.agent,
                incarnation: owner.incarnation,
                runtime: owner.runtime,
                phase: phase,
                account: run?.told(at: phase)
            )
        }
        guard open.fire.decision == .launch else {
            return OpenFireDecision(report: report(.decided(at: now)), end: report(.decided(at: now)))
        }
        let number = open.fire.attempt.number
        let known = run?.attempts.first { $0.number == number }
        let isRestored = floor.map { open.fire.due <= $0 } ?? false
        let isRepeated = isRestored || (run?.attempts.contains { $0.number > number } ?? false)
        let next = task.flatMap { task in
            let isRepeatable = !isRepeated && task.uid == open.fire.uid && !Mutation.repeatsNothing.isOn
            return isRepeatable ? nextAttempt(of: open.fire, task) : nil
        }
        let lost = lost(open.fire, owner: owner, startedAt: known?.startedAt, isRepeatable: next != nil, now)
        var (result, isTold) = result(of: open, known: known?.result, lost: lost)
        guard open.fire.demandsAnotherAttempt(after: result) else {
            let end = report(.ended(result))
            return OpenFireDecision(report: isTold ? nil : end, end: end)
        }
        if var next {
            if let task { next.putOff(until: result.retryAt, now: now, task.specification.retry) }
            return OpenFireDecision(report: isTold ? nil : report(.ended(result)), next: next)
        }
        if result.retryAt != nil, !isRepeated {
            // What the record announces will not come.
            result.giveUpRetry(because: "its task is gone, or the cluster was restored since")
            isTold = false
        }
        return OpenFireDecision(report: isTold ? nil : report(.ended(result)), end: report(.ended(result)))
    }

    /// How the attempt ended, by the journal, else by the history, else nobody knows; and whether the history says so.
    private static func result(
        of open: OpenFire,
        known: AttemptResult?,
        lost: AttemptResult
    ) -> (result: AttemptResult, isTold: Bool) {
        if let result = open.result, result.outcome != .lost { return (result, false) }
        if let known { return (known, true) }
        return (open.result ?? lost, false)
    }

    /// The record of an attempt whose end nobody knows: who went away, since when that is known, what is known of the attempt.
    private static func lost(
        _ fire: JournaledFire,
        owner: Owner,
        startedAt: Instant?,
        isRepeatable: Bool,
        _ now: Instant
    ) -> AttemptResult {
        let known =
            startedAt.map { "it had started at \($0), how it ended is not known" }
            ?? "whether it was started is not known"
        let next =
            switch fire.delivery {
            case .atMostOnce: "it is not attempted again (delivery at-most-once)"
            case .atLeastOnce:
                isRepeatable
                    ? "another attempt follows (delivery at-least-once)"
                    : "it is not attempted again: its task or its process is gone, another attempt was made, or the cluster was restored since"
            }
        return AttemptResult(
            attempt: fire.attempt,
            outcome: .lost,
            startedAt: startedAt,
            endedAt: now,
            message: "the session of agent \(owner.agent) had ended by \(owner.endedBy); \(known); \(next)"
        )
    }

    /// The attempt that follows an inconclusive one.
    static func nextAttempt(of fire: JournaledFire, _ task: TaskDefinition) -> DispatchedRun {
        DispatchedRun(
            attempt: AttemptID(run: fire.attempt.run, number: fire.attempt.number + 1),
            task: fire.task,
            uid: fire.uid,
            part: fire.part,
            revision: task.revision,
            due: fire.due,
            trigger: fire.trigger,
            origin: fire.origin,
            terms: fire.trigger == .schedule ? task.exceptionTerms(decidedAt: fire.due) : fire.terms
        )
    }
}
