import Domain
import Mutations
import Scheduling

/// What becomes of a fire that a sealed incarnation left without an accepted result (rule L7); pure.
struct OpenFireDecision: Hashable, Sendable {
    /// What the history must say before anything is written; `nil` when it says so already.
    var report: RunReport?
    /// The attempt that follows elsewhere, if any.
    var next: DispatchedRun?

    /// Decides a fire as the journal has it, by what the history knows of its run and whether its task is still there.
    ///
    /// A fire that was due until `floor` may have been repeated in the history that a restore has lost: it is not again (rule T3).
    static func decide(
        _ open: OpenFire,
        by owner: (agent: AgentID, incarnation: Incarnation, runtime: RuntimeID),
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
                phase: phase
            )
        }
        guard open.fire.decision == .launch else {
            return OpenFireDecision(report: report(.decided(at: now)))
        }
        let number = open.fire.attempt.number
        let known = run?.attempts.first { $0.number == number }?.result
        let (result, isTold) = result(of: open, known: known, agent: owner.agent, now: now)
        var decision = OpenFireDecision(report: isTold ? nil : report(.ended(result)))
        let isRestored = floor.map { open.fire.due <= $0 } ?? false
        let isRepeated = isRestored || (run?.attempts.contains { $0.number > number } ?? false)
        if open.fire.demandsAnotherAttempt(after: result.outcome), !isRepeated, let task,
            task.uid == open.fire.uid, !Mutation.repeatsNothing.isOn
        {
            decision.next = nextAttempt(of: open.fire, task)
        }
        return decision
    }

    /// How the attempt ended, by the journal, else by the history, else nobody knows; and whether the history says so.
    private static func result(
        of open: OpenFire,
        known: AttemptResult?,
        agent: AgentID,
        now: Instant
    ) -> (result: AttemptResult, isTold: Bool) {
        if let result = open.result, result.outcome != .lost { return (result, false) }
        if let known { return (known, true) }
        let lost = AttemptResult(
            attempt: open.fire.attempt,
            outcome: .lost,
            endedAt: now,
            message: "agent \(agent) went away; whether the attempt ran to its end is not known"
        )
        return (open.result ?? lost, false)
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
            trigger: fire.trigger
        )
    }
}
