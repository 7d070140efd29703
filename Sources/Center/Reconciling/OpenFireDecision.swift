import Domain
import Scheduling

/// What becomes of a fire that a sealed incarnation left without an accepted result (rule L7); pure.
struct OpenFireDecision: Hashable, Sendable {
    /// What the history must say before anything is written; `nil` when it says so already.
    var report: RunReport?
    /// The attempt that follows elsewhere, if any.
    var next: DispatchedRun?

    /// Decides a fire as the journal has it, by what the history knows of its run and whether its task is still there.
    static func decide(
        _ open: OpenFire,
        by owner: (agent: AgentID, incarnation: Incarnation, runtime: RuntimeID),
        run: Run?,
        task: TaskDefinition?,
        now: Instant
    ) -> OpenFireDecision {
        func report(_ phase: RunReport.Phase) -> RunReport {
            RunReport(
                fire: open.fire,
                agent: owner.agent,
                incarnation: owner.incarnation,
                runtime: owner.runtime,
                phase: phase
            )
        }
        guard open.fire.decision == .launch else {
            return OpenFireDecision(report: report(.decided(at: now)))
        }
        if let result = open.result, result.outcome != .lost {
            return OpenFireDecision(report: report(.ended(result)))
        }
        let known = run?.attempts.first { $0.number == open.fire.attempt.number }?.result
        if let known, known.outcome != .lost { return OpenFireDecision() }
        let lost = AttemptResult(
            attempt: open.fire.attempt,
            outcome: .lost,
            endedAt: now,
            message: "agent \(owner.agent) went away; whether the attempt ran to its end is not known"
        )
        var decision = OpenFireDecision(report: known == nil ? report(.ended(lost)) : nil)
        if open.fire.delivery == .atLeastOnce, let task, task.uid == open.fire.uid {
            decision.next = nextAttempt(of: open.fire, task)
        }
        return decision
    }

    private static func nextAttempt(of fire: JournaledFire, _ task: TaskDefinition) -> DispatchedRun {
        DispatchedRun(
            attempt: AttemptID(run: fire.attempt.run, number: fire.attempt.number + 1),
            task: fire.task,
            uid: fire.uid,
            part: fire.part,
            revision: task.revision,
            due: fire.due,
            trigger: fire.trigger
        )
    }
}
