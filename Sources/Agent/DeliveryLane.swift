import Cluster
import Domain
import Logging

/// Brings the spool to every live center, in order, at least once; what the leader took care of leaves the ledger.
struct DeliveryLane: Sendable {
    let store: any AgentStateStore
    let delivery: any ReportDelivery
    let board: AgentBoard
    let directory: CenterDirectory
    let time: TimeSource
    let random: RandomSource
    let logger: Logger

    /// Serves every center of the directory, until cancelled.
    func run() async {
        await withDiscardingTaskGroup { group in
            while !Task.isCancelled {
                for (center, bell) in directory.unserved() {
                    group.addTask { await serve(center, bell) }
                }
                await directory.changes.wait()
            }
        }
    }

    /// What to do after one round with a center.
    private enum Next {
        case goOn
        case idle
    }

    private func serve(_ center: CenterID, _ bell: Bell) async {
        var backoff = Backoff()
        var hasComplained = false
        var repeated = time.monotonic
        while !Task.isCancelled, let registration = directory[center] {
            do {
                let next = try await round(registration, &repeated)
                backoff.reset()
                hasComplained = false
                if case .idle = next {
                    await bell.wait(until: time.monotonic + AgentTiming.acceptancePatience, time)
                }
            } catch {
                let pause = pause(after: error, &backoff)
                if !hasComplained {
                    logger.debug(
                        "delivery failed",
                        metadata: ["center.id": "\(center)", "error": "\(error)"]
                    )
                }
                hasComplained = true
                // Cancellation is seen by the loop.
                try? await time.sleep(for: pause)
            }
        }
        directory.leave(center)
        directory.changes.ring()
    }

    private func round(_ center: CenterRegistration, _ repeated: inout MonotonicInstant) async throws -> Next
    {
        let pending = try await store.pending(for: center.center, limit: ReportBatch.sizeMax)
        let reports = Self.firstOfOneSeat(pending.isEmpty ? overdue(&repeated) : pending)
        guard let author = reports.first?.report else { return .idle }
        let batch = ReportBatch(agent: author.agent, runtime: author.runtime, reports: reports)
        let receipt = try await delivery.deliver(batch, to: center)
        if let epoch = receipt.leaderEpoch { board.accepted(reports, by: epoch) }
        guard let last = reports.last, !pending.isEmpty else { return .idle }
        try await store.acknowledge(center.center, through: last.sequence)
        return .goOn
    }

    /// The first reports, as far as they come from one agent.
    ///
    /// The spool may begin with those of another name that the agent had in this data directory: they are told in that name.
    private static func firstOfOneSeat(_ reports: [SpooledReport]) -> [SpooledReport] {
        guard let first = reports.first?.report else { return [] }
        return Array(
            reports.prefix { $0.report.agent == first.agent && $0.report.runtime == first.runtime }
        )
    }

    /// What the leader should have accepted long since, but not again and again: this center may be a standby.
    private func overdue(_ repeated: inout MonotonicInstant) -> [SpooledReport] {
        let now = time.monotonic
        guard now - repeated >= AgentTiming.acceptancePatience else { return [] }
        let overdue = board.overdue(at: now)
        if !overdue.isEmpty { repeated = now }
        return overdue
    }

    private func pause(after error: any Error, _ backoff: inout Backoff) -> Duration {
        switch error as? DeliveryError {
        case .busy(let retryAfter):
            min(max(retryAfter, AgentTiming.backoff.lowerBound), AgentTiming.refusedPause)
        case .refused: AgentTiming.refusedPause
        case .unavailable, nil: backoff.pause(random)
        }
    }
}
