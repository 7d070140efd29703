import Cluster
import Domain
import Mutations
import Orchestration
import Scheduling

/// Attempts that are over without having been started, and what is reported of those that were.
extension AttemptDesk {
    /// Why the fire will never be started; `nil` while it may.
    ///
    /// A task that must run at least once is never given up for being late while its incarnation lives, unless it says so itself.
    func hopeless(_ entry: Waiting, keptCount: Int) -> String? {
        if let reason = overdue(entry) { return reason }
        if entry.fire.delivery == .atLeastOnce { return nil }
        if keptCount >= AgentTiming.queueMax { return MissedReason.noSlot }
        guard max(entry.launchAt, entry.committedAt).duration(to: time.now) > AgentTiming.lateMax else {
            return nil
        }
        if !spool.isStoring { return MissedReason.noStorage }
        if !entry.live.allowsLaunch(at: time.monotonic) { return MissedReason.leaseEnded }
        return nil
    }

    /// Why the fire will never be started, whatever it waits for; `nil` while it may.
    func overdue(_ entry: Waiting) -> String? {
        if entry.live.isOver { return MissedReason.incarnationEnded }
        if let deadline = entry.specification.startDeadline, entry.fire.attempt.number == 1,
            entry.launchAt.duration(to: time.now) > deadline
        {
            return MissedReason.deadline
        }
        if let total = entry.specification.totalTimeout, entry.fire.due.duration(to: time.now) >= total {
            return MissedReason.totalTimeout
        }
        return nil
    }

    /// The fire will not be started here.
    ///
    /// Once its incarnation is over (or about to be), a fire that must run at least once is left without a result: the
    /// leader finds it open and has it attempted elsewhere. A result would tell it that nothing is left to do.
    func miss(_ fire: JournaledFire, _ live: LiveIncarnation, _ reason: String, isLeaving: Bool = false) {
        told.remove(fire.attempt)
        if fire.delivery == .atLeastOnce, isLeaving || live.isOver, !Mutation.missesForGood.isOn { return }
        let result = AttemptResult(
            attempt: fire.attempt,
            outcome: .missed,
            endedAt: time.now,
            message: reason
        )
        conclude(fire, live.incarnation, result)
    }

    /// The fire was stopped before it was started.
    func concludeUnstarted(
        _ fire: JournaledFire,
        _ live: LiveIncarnation,
        because reason: StopReason = .request
    ) {
        let message =
            switch reason {
            case .replaced: "a newer run replaced it before it was started (concurrency: replace)"
            case .resident(let stop): "stopped before it was started: \(stop.reason)"
            case .recalled(let recall): recall.message
            case .timeout, .request, .shutdown, .unhealthy: "stopped before it was started"
            }
        let result = AttemptResult(
            attempt: fire.attempt,
            outcome: .stopped,
            endedAt: time.now,
            message: message
        )
        conclude(fire, live.incarnation, result)
    }

    func conclude(
        _ fire: JournaledFire,
        _ incarnation: Incarnation,
        _ result: AttemptResult,
        _ account: AttemptAccount? = nil
    ) {
        told.remove(fire.attempt)
        progress.forget(fire.attempt)
        var end = report(fire, incarnation, .ended(result))
        end.account = account
        spool.submit([end])
    }

    func report(_ fire: JournaledFire, _ incarnation: Incarnation, _ phase: RunReport.Phase) -> RunReport {
        RunReport(
            fire: fire,
            agent: seat.agent,
            incarnation: incarnation,
            runtime: seat.runtime,
            phase: phase
        )
    }
}
