import Cluster
import Domain
import Orchestration

/// What people may know about the queue.
extension AttemptDesk {
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
