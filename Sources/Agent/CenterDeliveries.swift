import Cluster
import Domain
import Logging

/// The deliveries to one center: fresh reports in order, and in between what was reported before the center had its history.
///
/// A backlog goes newest first. People look at what happened lately; what the retention takes away meanwhile is what comes
/// last; and the end of a run comes before its start, so that nothing that is over ever looks as if it still ran. It is
/// delivered in small batches with pauses and only while nothing fresh waits, and when the center asks to be spared, the
/// backlog alone waits.
struct CenterDeliveries {
    private let lane: DeliveryLane
    private let center: CenterID
    private let bell: Bell
    private var backoff = Backoff()
    private var hasComplained = false
    /// When unaccepted reports were last brought again.
    private var repeated: MonotonicInstant
    /// Whom the store keeps reports for, as last told.
    private var reader: ReportReader?
    /// When the next batch of the backlog may go; `nil` when there is none.
    private var refillAt: MonotonicInstant?
    private var refillBackoff = Backoff()

    init(lane: DeliveryLane, center: CenterID, bell: Bell) {
        self.lane = lane
        self.center = center
        self.bell = bell
        repeated = lane.time.monotonic
    }

    private var time: TimeSource { lane.time }

    /// Delivers until the center is gone or the task is cancelled.
    mutating func run() async {
        while !Task.isCancelled, let registration = lane.directory[center] {
            do {
                let isBusy = try await round(registration)
                backoff.reset()
                hasComplained = false
                if !isBusy { await bell.wait(until: nextWake, time) }
            } catch {
                let pause = Self.pause(after: error, &backoff, lane.random)
                complain(error)
                // Cancellation is seen by the loop.
                try? await time.sleep(for: pause)
            }
        }
        lane.directory.leave(center)
        lane.directory.changes.ring()
    }

    private var nextWake: MonotonicInstant {
        let patience = time.monotonic + AgentTiming.acceptancePatience
        return min(patience, refillAt ?? patience)
    }

    /// Delivers once; `false` when there is nothing to do before the next wake.
    private mutating func round(_ registration: CenterRegistration) async throws -> Bool {
        let reader = try await meet(registration)
        let pending = try await lane.store.pending(for: reader, limit: ReportBatch.sizeMax)
        let reports = Self.firstOfOneSeat(pending.isEmpty ? overdue() : pending)
        if !reports.isEmpty { try await deliver(reports, to: registration, isRefill: false) }
        if let last = reports.last, !pending.isEmpty {
            try await lane.store.acknowledge(reader, through: last.sequence)
            return true
        }
        try await refill(registration, reader)
        return false
    }

    /// Tells the store who reads now: a center that came back with another history begins anew.
    private mutating func meet(_ registration: CenterRegistration) async throws -> ReportReader {
        let present = ReportReader(registration)
        guard present != reader else { return present }
        if present.history != nil { try await lane.store.meet(present) }
        reader = present
        refillAt = time.monotonic
        return present
    }

    private func deliver(
        _ reports: [SpooledReport],
        to registration: CenterRegistration,
        isRefill: Bool
    ) async throws {
        guard let author = reports.first?.report else { return }
        let batch = ReportBatch(
            agent: author.agent,
            runtime: author.runtime,
            reports: reports,
            isRefill: isRefill
        )
        let receipt = try await lane.delivery.deliver(batch, to: registration)
        if let epoch = receipt.leaderEpoch { lane.board.accepted(reports, by: epoch) }
    }

    /// Delivers the next batch of the backlog when it is due; a failure puts off the backlog only.
    private mutating func refill(_ registration: CenterRegistration, _ reader: ReportReader) async throws {
        guard let due = refillAt, due <= time.monotonic else { return }
        let backlog = try await lane.store.backlog(for: reader, limit: AgentTiming.refillBatch)
        let reports = Self.firstOfOneSeat(backlog)
        guard let last = reports.last else {
            try await lane.store.acknowledgeBacklog(reader, downTo: 0)
            refillAt = nil
            return
        }
        do {
            try await deliver(reports, to: registration, isRefill: true)
            refillBackoff.reset()
        } catch {
            let pause = Self.pause(after: error, &refillBackoff, lane.random)
            refillAt = time.monotonic + pause
            complain(error)
            return
        }
        try await lane.store.acknowledgeBacklog(reader, downTo: last.sequence)
        refillAt = time.monotonic + AgentTiming.refillPause
    }

    /// The first reports, as far as they come from one agent.
    ///
    /// The spool may begin with those of another name that the agent had in this data directory: they are told in that name.
    private static func firstOfOneSeat(_ reports: [SpooledReport]) -> [SpooledReport] {
        guard let first = reports.first?.report else { return [] }
        var bytes = 0
        return Array(
            reports.prefix { entry in
                bytes += entry.report.fire.terms?.bytes ?? 0
                return entry.report.agent == first.agent && entry.report.runtime == first.runtime
                    && (bytes <= AgentTiming.termsBytesMax || entry.sequence == reports[0].sequence)
            }
        )
    }

    /// What the leader should have accepted long since, but not again and again: this center may be a standby.
    private mutating func overdue() -> [SpooledReport] {
        let now = time.monotonic
        guard now - repeated >= AgentTiming.acceptancePatience else { return [] }
        let overdue = lane.board.overdue(at: now)
        if !overdue.isEmpty { repeated = now }
        return overdue
    }

    private static func pause(
        after error: any Error,
        _ backoff: inout Backoff,
        _ random: RandomSource
    ) -> Duration {
        switch error as? DeliveryError {
        case .busy(let retryAfter):
            min(max(retryAfter, AgentTiming.backoff.lowerBound), AgentTiming.refusedPause)
        case .refused: AgentTiming.refusedPause
        case .unavailable, nil: backoff.pause(random)
        }
    }

    private mutating func complain(_ error: any Error) {
        if !hasComplained {
            lane.logger.debug(
                "delivery failed",
                metadata: ["center.id": "\(center)", "error": "\(error)"]
            )
        }
        hasComplained = true
    }
}
