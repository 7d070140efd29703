public import Domain
public import Scheduling

/// What is done with a dispatched attempt, by its task's concurrency.
public enum Admission: Hashable, Sendable {
    /// It is taken now.
    case taken
    /// It is taken, and not launched.
    case skipped(reason: String)
    /// It stays in the inbox until a run has ended.
    case waiting
}

/// How many runs of a part live, and what that means for the next one.
///
/// A run lives from its launch until its last attempt has ended. Those the ledger knows are its own launches, those whose next
/// attempt waits in the inbox, and those the row holds. All attempts of tasks whose runs are counted are made by the owner,
/// so that nobody else has to be asked.
extension AgentLedger {
    /// What is done with dispatched attempts, in this order; those that are taken count for the ones behind them.
    ///
    /// - Parameters:
    ///   - fires: The attempts, with their tasks' policies.
    ///   - stopped: Attempts that somebody wants stopped: they do not wait.
    ///   - now: The present.
    /// - Returns: What is done with each, in the same order.
    public func admit(
        _ fires: [(fire: JournaledFire, concurrency: Concurrency)],
        stopped: Set<AttemptID> = [],
        now: Instant
    ) -> [Admission] {
        var taken: [TaskPart: Set<RunID>] = [:]
        return fires.map { fire, concurrency in
            guard fire.decision == .launch, let max = concurrency.livingMax else { return .taken }
            let run = fire.attempt.run
            if replacing.contains(fire.key), living[fire.key]?[run] != nil {
                return .skipped(reason: SkippedReason.replaced)
            }
            let others = launched(fire.key).subtracting(passed(by: fire, now: now))
                .union(taken[fire.key] ?? []).subtracting([run])
            let isHeld =
                !mayCount(fire.key) || isHeld(elsewhere: fire)
                || (concurrency.waitingMax > 0 && isBehindFire(fire, now: now))
            if others.count < max, !isHeld {
                taken[fire.key, default: []].insert(run)
                return .taken
            }
            if stopped.contains(fire.attempt) { return .skipped(reason: SkippedReason.stopped) }
            // What has begun, goes on; a request is as good as a fire.
            if isHeld || fire.attempt.number > 1 || concurrency.waitingMax > 0 { return .waiting }
            return .skipped(reason: SkippedReason.lives(others.min()))
        }
    }

    /// Lets a launched attempt begin, at its instant or later, unless runs that have begun leave no room for it.
    ///
    /// There is room for whatever was admitted, except for what a clock that was ahead has launched: others went before it. The task may
    /// be somebody else's by now.
    ///
    /// - Parameters:
    ///   - fire: The attempt.
    ///   - max: How many runs may live, as the task said when the attempt was launched.
    ///   - now: The present.
    /// - Returns: Whether it begins; from then on its run counts until it is over.
    public mutating func begin(_ fire: JournaledFire, max: Int, now: Instant) -> Bool {
        guard hasRoom(for: fire, max: max, now: now) else { return false }
        living[fire.key]?[fire.attempt.run]?.hasBegun = true
        return true
    }

    /// Whether a launched attempt could begin now (see `begin`).
    public func hasRoom(for fire: JournaledFire, max: Int, now: Instant) -> Bool {
        guard let runs = living[fire.key], runs[fire.attempt.run] != nil else { return true }
        let others = runs.count {
            $0 != fire.attempt.run && $1.hasBegun && !$1.isForLater(than: fire, now: now)
        }
        return others < max
    }

    /// The parts that are gone from the table while runs of theirs live here.
    public mutating func partsLeftBehind() -> Set<TaskPart> {
        leftBehind = leftBehind.filter { parts[$0] == nil && living[$0] != nil }
        return leftBehind
    }

    /// The tasks of the table that are paused while runs of theirs live here, and the ends of their pauses.
    public func tasksAtRest(now: Instant) -> [(uid: TaskUID, until: Instant?)] {
        let uids = Set(living.keys.filter { parts[$0] != nil }.map(\.uid))
        return uids.sorted().compactMap { uid in
            guard let definition = definitions[uid], !definition.counts(at: now) else { return nil }
            return (uid, definition.restEnd(at: now))
        }
    }

    /// The attempts that have not begun, and whose instants are far off, although their parts are another agent's by now.
    ///
    /// A clock that was ahead has launched them. Whoever has the part waits for their ends, so they are better made there.
    public mutating func strandedAttempts(now: Instant) -> [AttemptID] {
        let limit = now + .milliseconds(Limit.aheadMilliseconds)
        return partsLeftBehind().sorted().flatMap { key in
            (living[key] ?? [:]).filter { !$1.hasBegun && !$1.isResting && $1.due > limit }
                .map { AttemptID(run: $0, number: $1.number) }.sorted()
        }
    }

    /// Whether a fire of the part waits that was due before: they are launched in the order in which they are due.
    private func isBehindFire(_ fire: JournaledFire, now: Instant) -> Bool {
        guard fire.attempt.number == 1, !blocked.contains(fire.key), let next = parts[fire.key]?.next else {
            return false
        }
        return next < min(fire.due, now)
    }

    /// The runs whose next attempts are in the inbox, as it was read last.
    public mutating func awaitInbox(_ runs: [TaskPart: Set<RunID>]) {
        let changed = Set(runs.keys).union(awaited.keys).filter { runs[$0] != awaited[$0] }
        awaited = runs
        for key in changed { reschedule(key) }
    }

    /// The attempts of requests that wait and are to replace what lives.
    public mutating func replace(for keys: Set<TaskPart>) {
        for key in keys.sorted() { stopLiving(key) }
    }

    /// The attempts that have to be stopped in favour of newer ones; each is named once.
    public mutating func takeReplacements() -> [AttemptID] {
        defer { unnamedReplacements = [] }
        return unnamedReplacements
    }

    /// Whether a run has ended, or a hold, since this was asked last: what waits may have a chance now.
    public mutating func takeRelease() -> Bool {
        defer { isReleased = false }
        return isReleased
    }

    /// The parts that wait because attempts of former owners may live on until they are killed, each with a number that is another one
    /// whenever the wait begins anew.
    public var partsInGrace: [TaskPart: Int] { inGrace }

    /// What a former owner may have left is dead by now.
    public mutating func endGrace(of key: TaskPart) {
        guard inGrace.removeValue(forKey: key) != nil else { return }
        parts[key]?.waitedUntil = Part.now
        isReleased = true
        reschedule(key)
    }
}

extension AgentLedger {
    /// When the next fire of a part is decided.
    func pace(of key: TaskPart, _ concurrency: Concurrency) -> Pace {
        guard let max = concurrency.livingMax else { return .ahead }
        if inGrace[key] != nil { return .held }
        guard countedRuns(key).count >= max else { return .ahead }
        switch concurrency.policy {
        case .allow, .forbid: return .exact
        case .queueOne, .queueAll: return .held
        case .replace: return replacing.contains(key) ? .held : .exact
        }
    }

    /// The decisions about a part's instants, by its task's misfire and concurrency policies.
    mutating func counted(
        _ part: Part,
        _ definition: TaskDefinition,
        now: Instant,
        horizon: Instant,
        limit: Int
    ) -> [DecidedInstant] {
        let concurrency = definition.specification.concurrency
        let key = part.row.key
        guard let max = concurrency.livingMax else {
            return enumerator.decide(
                definition,
                after: part.cursor,
                now: now,
                horizon: horizon,
                limit: limit
            )
        }
        let lives = countedRuns(key)
        let free = Swift.max(0, max - lives.count)
        let waited = part.waitedUntil.map { min($0, now) }
        parts[key]?.waitedUntil = waited
        if concurrency.waitingMax > 0, let waited {
            let queued = enumerator.queued(
                definition,
                after: part.cursor,
                through: waited,
                now: now,
                cap: concurrency.waitingMax
            )
            if let first = queued.first {
                return first.decision == .launch ? Array(queued.prefix(free)) : [first]
            }
        }
        let decided = enumerator.decide(
            definition,
            after: part.cursor,
            now: now,
            horizon: free > 0 ? horizon : now,
            limit: limit
        )
        guard concurrency.waitingMax == 0 else { return Self.limited(decided, free: free, now: now) }
        let first = decided.first { $0.decision == .launch }.map {
            RunID(FireKey(uid: key.uid, part: key.part, due: $0.due))
        }
        return Self.limited(
            decided,
            free: free,
            now: now,
            otherwise: .skipped(reason: SkippedReason.lives(lives.min() ?? first))
        )
    }

    /// Lets only so many of the decided instants be launched; what becomes of the others that are due is what `otherwise` says, nothing
    /// for now when it says nothing.
    private static func limited(
        _ decided: [DecidedInstant],
        free: Int,
        now: Instant,
        otherwise: FireDecision? = nil
    ) -> [DecidedInstant] {
        var kept: [DecidedInstant] = []
        var launched = 0
        for instant in decided {
            if instant.decision != .launch {
                kept.append(instant)
            } else if launched < free {
                launched += 1
                kept.append(instant)
            } else if instant.due <= now, let otherwise {
                kept.append(DecidedInstant(due: instant.due, decision: otherwise))
            } else {
                break
            }
        }
        return kept
    }
}
