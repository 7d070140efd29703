import Cluster
import Domain
import Orchestration
import Scheduling

/// What people may know about the queue.
extension AttemptDesk {
    /// Tells the centers of attempts that have waited for a while, so that people find them: not of many at a time.
    func tellWaiting() {
        let now = time.monotonic
        guard !queue.isEmpty || !unentitled.isEmpty, spool.isStoring, tellAt.map({ $0 <= now }) ?? true else {
            return
        }
        tellAt = now + AgentTiming.waitingTold
        let limit = time.now - AgentTiming.waitingTold
        func place(_ entry: Waiting) -> Place? {
            guard entry.launchAt <= limit, !entry.live.isOver, !told.contains(entry.fire.attempt) else {
                return nil
            }
            return Place(launchAt: entry.launchAt, order: entry.order)
        }
        // There may be very many: only places are sorted, and only those that are told are taken out.
        let places = (queue.compactMap(place) + unentitled.values.compactMap(place)).sorted()
        guard let last = places.prefix(AgentTiming.waitingToldMax).last else { return }
        func due(_ entry: Waiting) -> RunReport? {
            guard let place = place(entry), place <= last else { return nil }
            return report(entry.fire, entry.live.incarnation, .waiting(since: entry.launchAt))
        }
        let reports = (queue.compactMap(due) + unentitled.values.compactMap(due)).sorted {
            $0.fire.attempt < $1.fire.attempt
        }
        told.formUnion(reports.map(\.fire.attempt))
        spool.submit(reports)
    }

    /// Where an attempt stands among those that wait, longest first.
    private struct Place: Comparable {
        var launchAt: Instant
        var order: Int

        static func < (left: Place, right: Place) -> Bool {
            (left.launchAt, left.order) < (right.launchAt, right.order)
        }
    }

    /// Those that are due and wait for a slot, at most so many.
    func line(limit: Int) -> AgentQueue {
        let now = time.monotonic
        let obstacle = queue.next.flatMap { self.obstacle(to: $0, now: now) }
        // With no obstacle they are about to be handed over.
        let reason = obstacle ?? "it is about to be started"
        let starting = queue.first(limit).enumerated().map { index, entry in
            QueuedAttempt(
                attempt: entry.fire.attempt,
                task: entry.fire.task,
                group: entry.specification.group,
                priority: entry.specification.priority,
                due: entry.fire.due,
                position: index + 1,
                reason: reason
            )
        }
        return AgentQueue(
            runningCount: running.count,
            slots: slots,
            startsPerSecond: pace.perSecond,
            obstacle: obstacle,
            waitingCount: queue.count,
            heldCount: unentitled.count,
            entries: starting + claims(limit: limit - starting.count)
        )
    }
}
