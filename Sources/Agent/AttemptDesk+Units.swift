import Cluster
import Domain
import Orchestration
import Scheduling
import Synchronization

/// Attempts that need exclusive keys or units of pools: they wait until the leader has granted them.
extension AttemptDesk {
    /// Has claims made for those whose instants have come, and reports those that will never be started.
    func claimUnits() {
        giveBackEarly()
        guard !unentitled.isEmpty else { return }
        for entry in takeUnentitled({ overdue($0) != nil }) {
            miss(entry.fire, entry.live, overdue(entry) ?? MissedReason.deadline)
        }
        let limit = time.now + LookAhead.longest
        let new = unentitled.values.filter {
            $0.launchAt <= limit && claimed[$0.fire.attempt] == nil && mayClaim($0)
        }
        for entry in new.sorted() + longClaimed() {
            claimed[entry.fire.attempt] = time.monotonic
            entry.live.claim([
                UnitClaim(
                    entry.fire,
                    of: entry.specification,
                    runtime: seat.runtime,
                    agent: seat.agent,
                    incarnation: entry.live.incarnation,
                    lease: entry.live.leaseLength
                )
            ])
        }
    }

    /// Whether the task's other runs leave room for it: what cannot begin needs nothing.
    private func mayClaim(_ entry: Waiting) -> Bool {
        guard let max = entry.specification.concurrency.livingMax else { return true }
        let now = time.now
        return entry.live.ledger.withLock { $0.hasRoom(for: entry.fire, max: max, now: now) }
    }

    /// Now and then the few that have waited for longest since they were claimed for: somebody may have deleted their claims by hand.
    private func longClaimed() -> [Waiting] {
        let now = time.monotonic
        guard claimAgainAt.map({ $0 <= now }) ?? true else { return [] }
        claimAgainAt = now + AgentTiming.claimAgain
        let old = claimed.filter { now - $0.value >= AgentTiming.claimAgain }
            .sorted { ($0.value, $0.key) < ($1.value, $1.key) }
        return old.prefix(AgentJournal.claimsMax).compactMap { unentitled[$0.key] }
    }

    /// Lets an attempt begin: it holds what it needs.
    func entitle(_ attempt: AttemptID) {
        guard var entry = unentitled.removeValue(forKey: attempt) else { return }
        claimed[attempt] = nil
        // What it has waited for was no slot and no lease.
        entry.committedAt = time.now
        entitled[attempt] = entry.launchAt
        waiting.insert(entry)
        bell.ring()
    }

    /// Gives back what is held for an instant that is far off, having been claimed by a clock that was ahead: others need it meanwhile.
    private func giveBackEarly() {
        guard !entitled.isEmpty else { return }
        let limit = time.now + .milliseconds(AgentLedger.Limit.aheadMilliseconds)
        for attempt in entitled.filter({ $0.value > limit }).keys.sorted() {
            if let entry = withdraw(attempt) { giveBack(entry) }
        }
    }

    /// Gives back what is held for an attempt that cannot begin now: what is in its way may need just that.
    func giveBack(_ entry: Waiting) {
        unentitled[entry.fire.attempt] = entry
        entry.live.giveBack(entry.fire.attempt)
    }

    /// Takes out those that are meant, in the order in which they came.
    func takeUnentitled(_ isMeant: (Waiting) -> Bool) -> [Waiting] {
        let taken = unentitled.values.filter(isMeant).sorted { $0.order < $1.order }
        for entry in taken {
            unentitled[entry.fire.attempt] = nil
            claimed[entry.fire.attempt] = nil
        }
        return taken
    }

    /// How long nothing changes for those that wait for units.
    var unitsWait: Duration {
        let now = time.now
        let unclaimed = unentitled.values.filter { claimed[$0.fire.attempt] == nil }
        let waits = unclaimed.map { entry in
            let wait = now.duration(to: entry.launchAt - LookAhead.longest)
            // Nothing tells when there is room for those whose instants have come.
            return wait > .zero ? wait : AgentTiming.crowdedPause
        }
        return min(waits.min() ?? AgentTiming.dueTrust, AgentTiming.dueTrust)
    }

    /// Those that wait for units, for people.
    func claims(limit: Int) -> [QueuedAttempt] {
        unentitled.values.sorted { ($0.fire.due, $0.order) < ($1.fire.due, $1.order) }.prefix(max(0, limit))
            .map { entry in
                QueuedAttempt(
                    attempt: entry.fire.attempt,
                    task: entry.fire.task,
                    group: entry.specification.group,
                    priority: entry.specification.priority,
                    due: entry.fire.due,
                    reason: "it waits for \(entry.specification.demand.words)"
                )
            }
    }
}

extension UnitDemand {
    /// What is needed, for people.
    fileprivate var words: String {
        units.keys.sorted().map { source in
            switch source {
            case .key(let name): "exclusive key \(name)"
            case .pool(let name): "\(pools[name] ?? 0) of pool \(name)"
            }
        }.joined(separator: " and ")
    }
}
