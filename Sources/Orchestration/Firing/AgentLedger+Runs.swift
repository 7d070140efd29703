import Domain
import Mutations
import Scheduling

extension AgentLedger.LivingRun {
    /// Whether nothing of it runs now, and what comes next is for an instant far off, and far behind that of an attempt: a clock that was
    /// ahead began it.
    func isForLater(than fire: JournaledFire, now: Instant) -> Bool {
        (!hasBegun || isResting)
            && due > max(fire.due, now) + .milliseconds(AgentLedger.Limit.aheadMilliseconds)
    }
}

/// Which runs of a part live.
extension AgentLedger {
    /// Marks the runs that due fires of a newer run replace.
    mutating func replaceRunning(now: Instant) {
        var others: [Due] = []
        while let instant = nextExact(), instant <= now, let entry = exact.popMin() {
            if definitions[entry.key.uid]?.specification.concurrency.policy == .replace {
                stopLiving(entry.key)
            } else {
                others.append(entry)
            }
        }
        for entry in others { exact.insert(entry) }
    }

    mutating func stopLiving(_ key: TaskPart) {
        guard replacing.insert(key).inserted else { return }
        for (run, life) in (living[key] ?? [:]).sorted(by: { $0.key < $1.key }) {
            unnamedReplacements.append(AttemptID(run: run, number: life.number))
        }
        schedule(key)
    }

    /// Notes what a committed fire means for its run.
    mutating func enter(_ fire: JournaledFire) {
        guard fire.decision == .launch else {
            // What waits behind it may have a chance now.
            if fire.trigger == .schedule { isReleased = true }
            return leave(fire, at: fire.due)
        }
        // What was to be replaced has been.
        replacing.remove(fire.key)
        let run = fire.attempt.run
        living[fire.key, default: [:]][run] = LivingRun(
            number: fire.attempt.number,
            due: fire.due,
            hasBegun: living[fire.key]?[run]?.hasBegun ?? false,
            isResident: definitions[fire.uid]?.specification.residency != nil
        )
        reschedule(fire.key)
    }

    /// The run is over, unless a later attempt of it is known.
    mutating func leave(_ fire: JournaledFire, at instant: Instant) {
        let key = fire.key
        guard let life = living[key]?[fire.attempt.run], life.number <= fire.attempt.number else { return }
        living[key]?[fire.attempt.run] = nil
        if living[key]?.isEmpty == true {
            living[key] = nil
            replacing.remove(key)
        }
        isReleased = true
        let waited = parts[key]?.waitedUntil ?? instant
        parts[key]?.waitedUntil = max(waited, instant)
        reschedule(key)
    }

    /// The run goes on with another attempt.
    mutating func rest(_ fire: JournaledFire) {
        guard living[fire.key]?[fire.attempt.run]?.number == fire.attempt.number else { return }
        living[fire.key]?[fire.attempt.run]?.isResting = true
        isReleased = true
    }

    /// Forgets the runs of which nothing lives here: whose next attempt, if any, is no longer ours to make.
    mutating func forgetAwaited(_ key: TaskPart) {
        guard let runs = living[key] else { return }
        let left = runs.filter { run, life in
            open[AttemptID(run: run, number: life.number)].map { $0.result == nil } ?? false
        }
        living[key] = left.isEmpty ? nil : left
        if left.isEmpty { replacing.remove(key) }
    }

    /// Looks again when a part is due, after the number of its runs has changed.
    mutating func reschedule(_ key: TaskPart) {
        guard definitions[key.uid]?.specification.concurrency.livingMax != nil else { return }
        guard let part = parts[key], !blocked.contains(key), isListed(key) else { return }
        schedule(key, previous: part.next.map { ($0, part.pace) })
    }

    /// Whether a part is not in hand of a segment, which schedules it itself.
    private func isListed(_ key: TaskPart) -> Bool {
        guard case .segment(_, let keys)? = inHand else { return true }
        return !keys.contains(key)
    }

    /// Whether this incarnation is the one that counts the part's runs, and may begin to.
    func mayCount(_ key: TaskPart) -> Bool {
        guard let part = parts[key] else { return Mutation.countsForeign.isOn }
        return part.row.state == .active && inGrace[key] == nil
    }

    /// Whether an earlier attempt of the run may live with a former owner.
    func isHeld(elsewhere fire: JournaledFire) -> Bool {
        let held = (parts[fire.key]?.row.hold?.attempts ?? []).map(\.attempt)
        return held.contains { $0.run == fire.attempt.run && $0.number < fire.attempt.number }
    }

    /// What was launched here, and what the row holds.
    func launched(_ key: TaskPart) -> Set<RunID> {
        Set((living[key] ?? [:]).keys).union((parts[key]?.row.hold?.attempts ?? []).map(\.attempt.run))
    }

    /// The launched runs that do not hold up an attempt, but wait for it (`begin`).
    ///
    /// A clock that was ahead launched them, for instants far behind the attempt's own; or its run began before them.
    func passed(by fire: JournaledFire, now: Instant) -> Set<RunID> {
        guard let runs = living[fire.key] else { return [] }
        let hasBegun = runs[fire.attempt.run]?.hasBegun ?? false
        return Set(runs.filter { (hasBegun && !$1.hasBegun) || $1.isForLater(than: fire, now: now) }.keys)
    }

    /// Everything that counts against the next fire.
    func countedRuns(_ key: TaskPart) -> Set<RunID> {
        launched(key).union(awaited[key] ?? []).union(launching[key] ?? [])
    }
}
