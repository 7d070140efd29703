public import Domain
import Mutations
public import Scheduling

/// A due instant (or, for a missed range, the last of several) and what was decided about it.
public struct DecidedInstant: Hashable, Sendable {
    /// The instant; the cursor moves here.
    public var due: Instant
    /// What happens.
    public var decision: FireDecision

    /// Creates a decision.
    public init(due: Instant, decision: FireDecision) {
        self.due = due
        self.decision = decision
    }
}

/// Enumerates the due instants of one task after its cursor and decides about each, by the task's misfire policy.
///
/// The cost is bounded by the limits, never by how long nobody looked.
public struct FireEnumerator: Hashable, Sendable {
    /// How far missed fires are counted; beyond it the record says "at least".
    public var countMax: Int

    /// Creates an enumerator.
    public init(countMax: Int = 1_000) {
        precondition(countMax >= 1, "fires cannot be counted up to \(countMax)")
        self.countMax = countMax
    }

    /// The decisions about the instants in `(cursor, horizon]`, in order, at most `limit`.
    ///
    /// When the limit cuts the list short, a further call with the last `due` as cursor continues it.
    public func decide(
        _ definition: TaskDefinition,
        after cursor: Instant,
        now: Instant,
        horizon: Instant,
        limit: Int
    ) -> [DecidedInstant] {
        precondition(limit >= 2, "a limit of \(limit) cannot hold a missed range and what follows it")
        let task = definition.specification
        // What may start at all: an instant whose deadline has passed is as good as missed.
        let grace = min(task.misfire.grace, task.startDeadline ?? task.misfire.grace)
        var decided = older(definition, after: cursor, before: min(now - grace, horizon), now: now, limit)
        if Mutation.recordsNoMissedRange.isOn { decided.removeAll { $0.decision != .launch } }
        var last = decided.last?.due ?? cursor
        while decided.count < limit, let due = definition.nextDue(after: last), due <= horizon {
            decided.append(DecidedInstant(due: due, decision: .launch))
            last = due
        }
        return excepted(decided, definition)
    }

    /// How many of the fires after `cursor` would be launched now although they are older than the grace: as many as the misfire policy
    /// makes up for, its cap at most.
    public func catchUps(_ definition: TaskDefinition, after cursor: Instant, now: Instant) -> Int {
        let task = definition.specification
        let grace = min(task.misfire.grace, task.startDeadline ?? task.misfire.grace)
        // Room for the missed range, and for all that any policy makes up for.
        let limit = Misfire.capMax + 1
        let decided = older(definition, after: cursor, before: now - grace, now: now, limit)
        return excepted(decided, definition).count { $0.decision == .launch }
    }

    /// The decisions, with those about fires that somebody wants skipped.
    private func excepted(_ decided: [DecidedInstant], _ definition: TaskDefinition) -> [DecidedInstant] {
        guard definition.exceptions.contains(where: \.isSkipped) else { return decided }
        return decided.map { instant in
            guard instant.decision == .launch,
                let exception = definition.exception(decidedAt: instant.due), exception.isSkipped
            else { return instant }
            return DecidedInstant(
                due: instant.due,
                decision: .skipped(reason: SkippedReason.requested(exception))
            )
        }
    }

    /// The missed range of the instants in `(cursor, end]`, which a restored cluster may have launched before; `nil` when
    /// there are none (rule T3).
    func restored(
        _ definition: TaskDefinition,
        after cursor: Instant,
        through end: Instant
    ) -> DecidedInstant? {
        guard let first = definition.nextDue(after: cursor), first <= end else { return nil }
        return missed(
            definition,
            since: first,
            through: latestDue(definition, from: first, through: end),
            because: (MissedReason.restored, MissedReason.restoredUncounted)
        )
    }

    /// The decisions about the instants in `(cursor, end]` that had to wait for the end of a run: the latest `cap` may be launched.
    ///
    /// Either one range of those that may not, or launches: whoever wrote the range asks again.
    func queued(
        _ definition: TaskDefinition,
        after cursor: Instant,
        through end: Instant,
        now: Instant,
        cap: Int
    ) -> [DecidedInstant] {
        guard let first = definition.nextDue(after: cursor), first <= end else { return [] }
        let earliest = definition.specification.startDeadline.map { now - $0 } ?? first
        if first < earliest {
            let last = latestDue(definition, from: first, through: min(end, earliest - .milliseconds(1)))
            let reason = MissedReason.deadline
            return [missed(definition, since: first, through: last, because: (reason, reason))]
        }
        let waiting = instants(of: definition, from: first, through: end, countMax: cap)
        if waiting.count <= cap {
            return excepted(waiting.map { DecidedInstant(due: $0, decision: .launch) }, definition)
        }
        let kept = latest(cap, of: definition, from: first, through: end)
        let limit = kept.first.map { $0 - .milliseconds(1) } ?? end
        let last = latestDue(definition, from: first, through: limit)
        let count = count(definition, from: first, through: last)
        let range = FireRange(since: first, count: count.value)
        let reason = count.isComplete ? SkippedReason.crowded : SkippedReason.crowdedUncounted
        return [DecidedInstant(due: last, decision: .skipped(reason: reason, range: range))]
    }

    /// Decides about the instants in `(cursor, border)`: at most a missed range, and what the policy makes up for.
    private func older(
        _ definition: TaskDefinition,
        after cursor: Instant,
        before border: Instant,
        now: Instant,
        _ limit: Int
    ) -> [DecidedInstant] {
        let end = border - .milliseconds(1)
        guard let first = definition.nextDue(after: cursor), first <= end else { return [] }
        let madeUpFor = madeUpFor(definition, since: first, through: end, now: now)
        let launches = madeUpFor.map { DecidedInstant(due: $0, decision: .launch) }
        if madeUpFor.first == first { return Array(launches.prefix(limit)) }
        let missedEnd = madeUpFor.first.map { $0 - .milliseconds(1) } ?? end
        let latest = latestDue(definition, from: first, through: missedEnd)
        let isByDeadline = isByDeadline(latest, definition.specification, made: madeUpFor.count, now: now)
        let reasons =
            isByDeadline
            ? (MissedReason.deadline, MissedReason.deadlineUncounted)
            : (MissedReason.late, MissedReason.lateUncounted)
        let range = missed(definition, since: first, through: latest, because: reasons)
        return [range] + launches.prefix(limit - 1)
    }

    /// Whether the latest of the missed instants would have been launched but for the start deadline.
    private func isByDeadline(
        _ latest: Instant,
        _ task: TaskSpecification,
        made count: Int,
        now: Instant
    ) -> Bool {
        let age = latest.duration(to: now)
        guard let deadline = task.startDeadline, age > deadline else { return false }
        if age <= task.misfire.grace { return true }
        return count < Self.cap(of: task.misfire) && age <= task.misfire.window ?? age
    }

    /// How many fires beyond the grace a policy makes up for at most.
    private static func cap(of misfire: Misfire) -> Int {
        switch misfire.policy {
        case .skip: 0
        case .once: 1
        case .all: misfire.cap
        }
    }

    /// Which of the instants in `[first, end]` are launched although they are old: the latest ones, as many as the policy says.
    private func madeUpFor(
        _ definition: TaskDefinition,
        since first: Instant,
        through end: Instant,
        now: Instant
    ) -> [Instant] {
        let task = definition.specification
        let age = [task.misfire.window, task.startDeadline].compactMap(\.self).min()
        let begin = age.map { max(first, now - $0) } ?? first
        let cap = Self.cap(of: task.misfire)
        guard cap > 0, let earliest = definition.nextDue(after: begin - .milliseconds(1)), earliest <= end
        else { return [] }
        let all = instants(of: definition, from: earliest, through: end, countMax: cap)
        if all.count <= cap { return all }
        return latest(cap, of: definition, from: earliest, through: end)
    }

    /// The latest `count` instants in `[first, end]`, of which there are more, by bisection for where they begin.
    private func latest(
        _ count: Int,
        of definition: TaskDefinition,
        from first: Instant,
        through end: Instant
    )
        -> [Instant]
    {
        // Of the instants from `many` there are more than `count`, of those from `few` at most so many.
        var (many, few) = (first.millisecondsSinceEpoch, end.millisecondsSinceEpoch + 1)
        while few - many > 1 {
            let middle = many + (few - many) / 2
            let probe = Instant(millisecondsSinceEpoch: middle)
            let found = instants(of: definition, from: probe, through: end, countMax: count)
            if found.count > count { many = middle } else { few = middle }
        }
        return instants(
            of: definition,
            from: Instant(millisecondsSinceEpoch: few),
            through: end,
            countMax: count
        )
    }

    /// The instants in `[begin, end]` in order; one more than `countMax` means that there are more.
    private func instants(
        of definition: TaskDefinition,
        from begin: Instant,
        through end: Instant,
        countMax: Int
    ) -> [Instant] {
        var found: [Instant] = []
        var last = begin - .milliseconds(1)
        while found.count <= countMax, let due = definition.nextDue(after: last), due <= end {
            found.append(due)
            last = due
        }
        return found
    }

    private func missed(
        _ definition: TaskDefinition,
        since first: Instant,
        through last: Instant,
        because reasons: (counted: String, uncounted: String)
    ) -> DecidedInstant {
        let count = count(definition, from: first, through: last)
        let reason = count.isComplete ? reasons.counted : reasons.uncounted
        return DecidedInstant(due: last, decision: .missed(reason: reason, since: first, count: count.value))
    }

    /// How many instants there are in `[first, last]`, both of which are some, counted no further than `countMax`.
    private func count(
        _ definition: TaskDefinition,
        from first: Instant,
        through last: Instant
    ) -> (value: Int, isComplete: Bool) {
        var count = 1
        var due = first
        while count < countMax, let next = definition.nextDue(after: due), next <= last {
            due = next
            count += 1
        }
        return (count, due == last)
    }

    /// The latest due instant through `end`, by bisection; `known` is one.
    private func latestDue(_ definition: TaskDefinition, from known: Instant, through end: Instant) -> Instant
    {
        var latest = known
        var empty = end
        while latest < empty {
            let middle = (latest.millisecondsSinceEpoch + empty.millisecondsSinceEpoch) / 2
            let probe = max(Instant(millisecondsSinceEpoch: middle), latest)
            if let due = definition.nextDue(after: probe), due <= end {
                latest = due
            } else {
                empty = probe
            }
        }
        return latest
    }
}

/// Why fires are recorded as missed: the texts people read.
public enum MissedReason {
    /// Nobody could launch them while they were fresh.
    public static let late = "late: no agent could launch it within the misfire age"
    /// As `late`, and there were more than anybody wants to count.
    public static let lateUncounted =
        "late: no agent could launch it within the misfire age; counted no further"
    /// Due before the cluster was restored: it may have run in the history that was lost.
    public static let restored =
        "restored: due before the cluster was restored from a snapshot; it may have run before"
    /// As `restored`, and there were more than anybody wants to count.
    public static let restoredUncounted =
        "restored: due before the cluster was restored from a snapshot; it may have run before; counted no further"
    /// The task says how late it may start.
    public static let deadline = "late: its start deadline passed before it could be started"
    /// As `deadline`, and there were more than anybody wants to count.
    public static let deadlineUncounted = deadline + "; counted no further"
    /// The task says how long the whole run may take.
    public static let totalTimeout = "late: the run's total timeout passed before it could be started"
    /// Journaled, but the agent's right to launch ended first.
    public static let leaseEnded = "late: the agent lost touch with ZooKeeper before it could start it"
    /// Journaled, but the incarnation was replaced first.
    public static let incarnationEnded = "late: the agent had to register anew before it could start it"
    /// Journaled, but too many attempts waited for a slot.
    public static let noSlot = "late: too many attempts wait for a slot of the agent"
    /// Journaled, but too many attempts waited for units.
    public static let noUnits = "late: too many attempts of the agent wait for keys and units of pools"
    /// Journaled, but results could not be stored.
    public static let noStorage = "late: the agent cannot store results (is its disk full?)"
}
