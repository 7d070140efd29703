import Domain
import Scheduling

/// Why a run started late: only what the records show, and where they show nothing, what it may have been.
extension RunExplainer {
    /// How long before a start what it waited for may have become free.
    private static let freedMax = Duration.seconds(5)
    /// How long before a start the slot it took may have become free.
    private static let slotFreedMax = Duration.milliseconds(500)

    /// Why it started late; nothing when it did not.
    static func lateness(_ facts: RunFacts) -> [Explanation.Finding] {
        let run = facts.run
        guard let first = run.attempts.first, let startedAt = first.startedAt,
            run.due.duration(to: startedAt) > lateMin
        else { return [] }
        let late = DurationText(.seconds(run.due.duration(to: startedAt).wholeMilliseconds / 1_000))
        let reason =
            concurrency(facts, startedAt) ?? exclusiveKey(facts, startedAt)
            ?? slots(facts, first.agent, startedAt) ?? unrecorded(facts, first.agent, startedAt)
        return [
            .init(
                .late,
                "It started \(late) after it was due: \(reason.why).",
                in: reason.source,
                advice: reason.advice
            )
        ]
    }

    private typealias Reason = (why: String, source: String, advice: String?)

    private static func concurrency(_ facts: RunFacts, _ startedAt: Instant) -> Reason? {
        let concurrency = facts.definition?.specification.concurrency ?? Concurrency()
        guard concurrency.livingMax != nil else { return nil }
        let others = facts.neighbours.filter { $0.uid == facts.run.uid }
        guard let earlier = blocker(of: facts.run, among: others, from: facts.run.due, startedAt) else {
            return nil
        }
        return (
            "it waited for the end of run \(earlier.id) (concurrency: \(concurrency.policy.rawValue))",
            facts.paths.history(of: earlier), "A timeout would end a run that takes too long."
        )
    }

    /// No two runs hold a key at a time, so that one that had it until shortly before was waited for.
    private static func exclusiveKey(_ facts: RunFacts, _ startedAt: Instant) -> Reason? {
        let from = max(facts.run.due, startedAt - freedMax)
        for key in facts.definition?.specification.demand.keys ?? [] {
            guard
                let earlier = blocker(of: facts.run, among: facts.sharers[key] ?? [], from: from, startedAt),
                let ended = earlier.attempts.last?.result?.endedAt
            else { continue }
            return (
                "it waited for exclusive key \(key), which run \(earlier.id) (\(earlier.task)) held until \(ended)",
                facts.paths.history(of: earlier), "A timeout would end a run that takes too long."
            )
        }
        return nil
    }

    private static func slots(_ facts: RunFacts, _ agent: AgentID, _ startedAt: Instant) -> Reason? {
        guard let slots = facts.slots else { return nil }
        var others: [RunID: Run] = [:]
        for run in facts.neighbours where run.id != facts.run.id { others[run.id] = run }
        // The slot that it took was free for a moment before it started.
        let ends = others.values.flatMap(\.attempts).compactMap(\.result?.endedAt)
            .filter { startedAt - slotFreedMax <= $0 && facts.run.due < $0 && $0 <= startedAt }
        let moments = (ends + [startedAt]).map { $0 - .milliseconds(1) }
        let wasFull = moments.contains { moment in
            others.values.count { $0.isBusy(on: agent, at: moment) } >= slots
        }
        guard wasFull else { return nil }
        return (
            "all \(slots) slots of agent \(agent) were taken",
            "history (runs of agent \(agent) at the time)",
            "Add slots or agents, or spread the schedules (jitter, H)."
        )
    }

    private static func unrecorded(_ facts: RunFacts, _ agent: AgentID, _ startedAt: Instant) -> Reason {
        let demand = facts.definition?.specification.demand ?? UnitDemand()
        let units = demand.isEmpty ? "" : ", its exclusive keys or units of pools"
        let misfire = facts.definition?.specification.misfire ?? Misfire()
        let isOverGrace =
            facts.run.trigger == .schedule && facts.run.due.duration(to: startedAt) > misfire.grace
        let absence =
            isOverGrace
            ? "nobody could start it in time, and the task's misfire policy made up for it"
            : "an agent was away, or had just taken it over"
        return (
            "what it waited for is not on record: perhaps a free slot of agent \(agent), "
                + "its turn among the starts (limits of starts per second)\(units); or \(absence)",
            "history, which does not say; the log of the leading center says who left when",
            nil
        )
    }

    /// The run whose end made way: the last of others that ended from an instant on until the start.
    private static func blocker(
        of run: Run,
        among others: [Run],
        from: Instant,
        _ startedAt: Instant
    ) -> Run? {
        func end(_ run: Run) -> Instant? { run.attempts.last?.result?.endedAt }
        let candidates = others.filter { other in
            guard other.id != run.id, let ended = end(other) else { return false }
            return ended >= from && ended <= startedAt + .seconds(1)
        }
        return candidates.max { (end($0) ?? .epoch) < (end($1) ?? .epoch) }
    }
}

extension Run {
    /// Whether an attempt of it ran on an agent at an instant.
    fileprivate func isBusy(on agent: AgentID, at instant: Instant) -> Bool {
        attempts.contains { attempt in
            guard attempt.agent == agent, let startedAt = attempt.startedAt, startedAt <= instant else {
                return false
            }
            return attempt.result.map { $0.endedAt >= instant } ?? true
        }
    }
}
