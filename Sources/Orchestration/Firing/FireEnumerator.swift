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

/// Enumerates the due instants of one task after its cursor and decides about each.
///
/// The cost is bounded by the limits, never by how long nobody looked.
public struct FireEnumerator: Hashable, Sendable {
    /// What happens to late fires.
    public var policy: MisfirePolicy

    /// Creates an enumerator.
    public init(policy: MisfirePolicy = .standard) { self.policy = policy }

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
        let border = min(now - policy.launchAge, horizon)
        var decided = older(definition, after: cursor, before: border)
        if Mutation.recordsNoMissedRange.isOn { decided.removeAll { $0.decision != .launch } }
        var last = decided.last?.due ?? cursor
        while decided.count < limit, let due = definition.nextDue(after: last), due <= horizon {
            decided.append(DecidedInstant(due: due, decision: .launch))
            last = due
        }
        return decided
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

    /// Decides about the instants in `(cursor, border)`: at most a missed range and one launch.
    private func older(
        _ definition: TaskDefinition,
        after cursor: Instant,
        before border: Instant
    ) -> [DecidedInstant] {
        let end = Instant(millisecondsSinceEpoch: border.millisecondsSinceEpoch - 1)
        guard let first = definition.nextDue(after: cursor), first <= end else { return [] }
        let latest = latestDue(definition, from: first, through: end)
        switch policy.older {
        case .never:
            return [missed(definition, since: first, through: latest)]
        case .once where first == latest:
            return [DecidedInstant(due: latest, decision: .launch)]
        case .once:
            let before = Instant(millisecondsSinceEpoch: latest.millisecondsSinceEpoch - 1)
            let previous = latestDue(definition, from: first, through: before)
            return [
                missed(definition, since: first, through: previous),
                DecidedInstant(due: latest, decision: .launch),
            ]
        }
    }

    private func missed(
        _ definition: TaskDefinition,
        since first: Instant,
        through last: Instant,
        because reasons: (counted: String, uncounted: String) = (
            MissedReason.late, MissedReason.lateUncounted
        )
    ) -> DecidedInstant {
        var count = 1
        var due = first
        while count < policy.countMax, let next = definition.nextDue(after: due), next <= last {
            due = next
            count += 1
        }
        let isComplete = due == last
        let reason = isComplete ? reasons.counted : reasons.uncounted
        return DecidedInstant(due: last, decision: .missed(reason: reason, since: first, count: count))
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
    /// Journaled, but the agent's right to launch ended first.
    public static let leaseEnded = "late: the agent lost touch with ZooKeeper before it could start it"
    /// Journaled, but the incarnation was replaced first.
    public static let incarnationEnded = "late: the agent had to register anew before it could start it"
    /// Journaled, but too many attempts waited for a slot.
    public static let noSlot = "late: too many attempts wait for a slot of the agent"
    /// Journaled, but results could not be stored.
    public static let noStorage = "late: the agent cannot store results (is its disk full?)"
}
