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
        let new = (queue.unordered + unentitled.values).filter {
            $0.launchAt <= limit && !$0.live.isOver && !told.contains($0.fire.attempt)
        }
        let chosen = new.sorted().prefix(AgentTiming.waitingToldMax)
        told.formUnion(chosen.map(\.fire.attempt))
        spool.submit(chosen.map { report($0.fire, $0.live.incarnation, .waiting(since: $0.launchAt)) })
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
