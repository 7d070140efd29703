import Cluster
import Domain
import Logging
import Orchestration
import Scheduling

extension AttemptDesk {
    /// What the runner says about an attempt; attempts of an earlier process are not known and only noted.
    func handle(_ event: AttemptEvent) {
        switch event {
        case .started(let attempt, let at): started(attempt, at: at)
        case .progress(let attempt, let progress): return note(of: attempt) { $0.progress = progress }
        case .status(let attempt, let status): return note(of: attempt) { $0.status = status }
        case .outputs(let attempt, let outputs): return note(of: attempt) { $0.outputs = outputs }
        case .told(let attempt, let account): running[attempt]?.account = account
        case .ended(let result): ended(result)
        case .refused(let attempt, let reason):
            guard let known = remove(attempt) else { return note(attempt) }
            miss(known.fire, known.live, reason)
        }
        bell.ring()
        idle.ring()
    }

    private func started(_ attempt: AttemptID, at: Instant) {
        guard let known = running[attempt] else { return note(attempt) }
        if !known.hasStarted { handedCount -= 1 }
        running[attempt]?.hasStarted = true
        running[attempt]?.timeoutAt = known.allowance(at: time.now).map { time.monotonic + $0 }
        if let probe = known.specification.residency?.probe, let order = known.order {
            probes.yield(ProbedAttempt(probe: probe, order: order))
        }
        spool.submit([report(known.fire, known.live.incarnation, .started(at: at))])
    }

    private func ended(_ result: AttemptResult) {
        guard let known = remove(result.attempt) else { return note(result.attempt) }
        var judged = known.judged(result, now: time.monotonic)
        known.decideRetry(after: &judged)
        let count = known.account?.outputs.count ?? 0
        judged.outputCount = count > 0 ? count : nil
        conclude(known.fire, known.live.incarnation, judged, known.account)
    }

    private func note(of attempt: AttemptID, _ change: (inout ProgressNote) -> Void) {
        if running[attempt] != nil { progress.note(attempt, change) }
    }

    private func remove(_ attempt: AttemptID) -> Running? {
        guard let known = running.removeValue(forKey: attempt) else { return nil }
        if !known.hasStarted { handedCount -= 1 }
        queue.advance(to: time.monotonic.sinceOrigin)
        queue.ended(known.specification.group)
        return known
    }

    private func note(_ attempt: AttemptID) {
        logger.debug("an attempt of an earlier process was heard of", metadata: ["attempt.id": "\(attempt)"])
    }

    /// Takes over what a probe found out about an attempt, which is stopped when it is not healthy any more.
    ///
    /// Returns whether it goes on.
    func heard(_ health: RunHealth, of attempt: AttemptID) async -> Bool {
        guard let known = running[attempt], known.reason == nil else { return false }
        note(of: attempt) { $0.health = health }
        if !health.isHealthy { await stop(attempt, because: .unhealthy(health.answer)) }
        return health.isHealthy
    }

    /// Whether an attempt runs, and nobody has asked it to stop.
    func goesOn(_ attempt: AttemptID) -> Bool { running[attempt].map { $0.reason == nil } ?? false }

    /// Stops or kills an attempt on request; one that has not started never will.
    func stop(_ attempt: AttemptID, kill: Bool = false, because reason: StopReason = .request) async {
        if let known = running[attempt] {
            running[attempt]?.reason = known.reason ?? reason
            await runner.stop(attempt, grace: kill ? .zero : known.specification.killGrace)
            return
        }
        guard let entry = withdraw(attempt) else { return }
        concludeUnstarted(entry.fire, entry.live, because: reason)
    }

    /// Leaves attempts to whoever has their parts by now: a clock that was ahead launched them here, and their instants are far off.
    func handOn(_ attempts: [AttemptID]) {
        let limit = time.now + .milliseconds(AgentLedger.Limit.aheadMilliseconds)
        for attempt in attempts {
            let known = unentitled[attempt] ?? waiting.unordered.first { $0.fire.attempt == attempt }
            guard let known, known.launchAt > limit, !known.live.isOver,
                known.specification.concurrency.livingMax != nil, let entry = withdraw(attempt)
            else { continue }
            let result = AttemptResult(
                attempt: attempt,
                outcome: .notStarted,
                endedAt: time.now,
                message: "its instant was yet to come when the task moved: the next attempt is made there",
                retryAt: time.now
            )
            conclude(entry.fire, entry.live.incarnation, result)
        }
    }

    /// Takes out what has not been handed over.
    func withdraw(_ attempt: AttemptID) -> Waiting? {
        entitled[attempt] = nil
        if let entry = unentitled.removeValue(forKey: attempt) {
            claimed[attempt] = nil
            return entry
        }
        var found: Waiting?
        var others = MinHeap<Waiting>()
        while let entry = waiting.popMin() {
            if entry.fire.attempt == attempt { found = entry } else { others.insert(entry) }
        }
        waiting = others
        let queued = queue.extract { entry, _ in entry.fire.attempt == attempt ? true : nil }
        return queued.first?.element ?? found
    }

    /// Lets the attempts that may not outlive the agent's lease live as long as it lasts now, and sees to it that it is renewed.
    func prolong() async {
        let now = time.monotonic
        var lives: [AttemptID: MonotonicInstant] = [:]
        for (attempt, known) in running {
            guard let renewAt = known.renewAt, renewAt <= now, let until = known.livesUntil else { continue }
            if let deadline = known.live.launchDeadline, deadline > until {
                lives[attempt] = deadline
                running[attempt]?.livesUntil = deadline
            }
            if known.live.isLeaseShort(at: now) { known.live.wish { $0.renewal = true } }
        }
        if !lives.isEmpty { await runner.prolong(lives) }
    }

    func stopTimedOut() async {
        let now = time.monotonic
        let late = running.filter {
            $0.value.reason == nil && ($0.value.timeoutAt.map { $0 <= now } ?? false)
        }
        for (attempt, known) in late.sorted(by: { $0.key < $1.key }) {
            running[attempt]?.reason = .timeout
            await runner.stop(attempt, grace: known.specification.killGrace)
        }
    }

    /// Lets everything come to an end; returns when nothing is left, or the graces are over.
    ///
    /// What is committed still starts; what runs has a moment to end by itself, is then asked to (SIGTERM), and killed
    /// after its grace.
    func close() async {
        bell.ring()
        // The journal lane takes no grants any more.
        giveUp(takeUnentitled { _ in true })
        await waitUntilIdle(time.monotonic + AgentTiming.settle)
        giveUp(queue.extract { _, _ in true }.map(\.element))
        let left = running.sorted { $0.key < $1.key }
        for (attempt, known) in left where known.reason == nil {
            running[attempt]?.reason = .shutdown
            await runner.stop(attempt, grace: known.specification.killGrace)
        }
        let grace = left.map(\.value.specification.killGrace).max() ?? .zero
        await waitUntilIdle(time.monotonic + grace + AgentTiming.settle)
        closed.set()
    }

    private func giveUp(_ unstarted: [Waiting]) {
        for entry in unstarted {
            let reason = "the agent was stopped before it could be started"
            miss(entry.fire, entry.live, reason, isLeaving: true)
        }
    }

    private func waitUntilIdle(_ deadline: MonotonicInstant) async {
        while !(waiting.count == 0 && queue.isEmpty && running.isEmpty), time.monotonic < deadline,
            !Task.isCancelled
        {
            await idle.wait(until: deadline, time)
        }
    }
}

extension AttemptDesk.Running {
    /// From when on its life is to be prolonged; `nil` when it is not bounded, or cannot be prolonged any more.
    var renewAt: MonotonicInstant? {
        guard let livesUntil, !live.isOver else { return nil }
        return livesUntil - live.leaseLength / 3
    }

    /// How long it may run: by its own timeout, and what the whole run has left; `nil` for ever.
    func allowance(at now: Instant) -> Duration? {
        let left = specification.totalTimeout.map { max(now.duration(to: fire.due + $0), .zero) }
        return [specification.timeout, left].compactMap(\.self).min()
    }

    /// Notes when another attempt follows by the task's policy, or why none does although the policy has more.
    func decideRetry(after result: inout AttemptResult) {
        result.retryAt = nil
        guard reason == nil || reason == .timeout else { return }
        guard let next = specification.retry.next(after: result) else {
            guard !fire.demandsAnotherAttempt(after: result),
                let why = specification.retry.refusal(after: result)
            else { return }
            return result.giveUpRetry(because: why)
        }
        if let total = specification.totalTimeout, fire.due + total <= next {
            let why = "the total timeout \(DurationText(total)) would be over before the next attempt"
            return result.giveUpRetry(because: why)
        }
        result.retryAt = next
    }

    /// The runner's result under the name that tells why it ended, if we ended it; the kernel's words stay.
    func judged(_ result: AttemptResult, now: MonotonicInstant) -> AttemptResult {
        var judged = result
        judged.message = result.message.map {
            String(String.UnicodeScalarView($0.unicodeScalars.prefix(AttemptDesk.messageMax)))
        }
        switch reason {
        case nil where result.signal != nil && livesUntil.map({ $0 <= now }) ?? false:
            judged.outcome = fire.delivery == .atLeastOnce ? .lost : .stopped
            judged.message =
                specification.demand.isEmpty
                ? "the agent lost touch with ZooKeeper, and the task's runs must not overlap"
                : "the agent lost touch with ZooKeeper, and the units it held may go to others"
        case nil: break
        case .timeout:
            judged.outcome = .timedOut
        case .request, .recalled:
            judged.outcome = .stopped
        case .replaced:
            judged.outcome = .stopped
            judged.message = "a newer run replaced it (concurrency: replace)"
        case .resident(let stop):
            judged.outcome = .stopped
            judged.message = stop.reason
        case .unhealthy(let answer):
            judged.outcome = .failed
            judged.message = "unhealthy: \(answer)"
        case .shutdown:
            guard result.outcome != .succeeded else { break }
            // Lost is what the leader has attempted elsewhere, for tasks that must run at least once.
            judged.outcome = fire.delivery == .atLeastOnce ? .lost : .stopped
            judged.message = "the agent was stopped"
        }
        return judged
    }
}
