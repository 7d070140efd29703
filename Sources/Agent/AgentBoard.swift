import Cluster
import Domain
import Mutations
import Orchestration
import Synchronization

/// Brings together what the lanes learn about results: stored by the spool, accepted by the leader.
final class AgentBoard: Sendable {
    private struct Unaccepted {
        var report: SpooledReport
        var since: MonotonicInstant
    }

    private struct State {
        var live: LiveIncarnation?
        var unaccepted: [AttemptID: Unaccepted] = [:]
    }

    private let state = Mutex(State())

    /// The incarnation that is registered now.
    var live: LiveIncarnation? { state.withLock(\.live) }

    /// Replaces the registered incarnation; what the former one still had open is the leader's to decide.
    func setLive(_ live: LiveIncarnation?) {
        state.withLock { state in
            state.live = live
            state.unaccepted = [:]
        }
    }

    /// The reports are on disk: now they count.
    ///
    /// `last` is the sequence of the last one.
    func stored(_ reports: [RunReport], last: Int64, now: MonotonicInstant) {
        guard let live = state.withLock(\.live) else { return }
        for (index, report) in reports.enumerated() where report.incarnation == live.incarnation {
            guard report.concludes else { continue }
            if case .ended(let result) = report.phase { live.ledger.withLock { _ = $0.ended(result) } }
            // What it told is on disk and with the centers that have the report; here it would only take room.
            var kept = report
            kept.account = nil
            let spooled = SpooledReport(sequence: last - Int64(reports.count - 1 - index), report: kept)
            state.withLock { $0.unaccepted[report.fire.attempt] = Unaccepted(report: spooled, since: now) }
        }
        live.bell.ring()
    }

    /// The leader of `epoch` has taken care of the reports; a deposed leader's word does not count.
    func accepted(_ reports: [SpooledReport], by epoch: Epoch) {
        guard let live = state.withLock(\.live) else { return }
        if let known = live.epoch, epoch < known, !Mutation.countsDeposedAcceptance.isOn { return }
        for entry in reports where entry.report.incarnation == live.incarnation && entry.report.concludes {
            live.ledger.withLock { $0.accepted(entry.report.fire.attempt) }
            state.withLock { $0.unaccepted[entry.report.fire.attempt] = nil }
        }
        live.bell.ring()
    }

    /// Whether the leader has accepted everything that is on disk.
    var isSettled: Bool { state.withLock(\.unaccepted.isEmpty) }

    /// Reports that the leader should have accepted long since, oldest first.
    ///
    /// Those that ask for another attempt come by themselves, when there are no others: while no agent can make it the leader
    /// accepts nothing of their batch.
    func overdue(at now: MonotonicInstant) -> [SpooledReport] {
        let late = state.withLock { state in
            state.unaccepted.values.filter { now - $0.since >= AgentTiming.acceptancePatience }.map(\.report)
        }
        let plain = late.filter { !$0.report.demandsAnotherAttempt }
        let chosen = plain.isEmpty ? late : plain
        return Array(chosen.sorted { $0.sequence < $1.sequence }.prefix(ReportBatch.sizeMax))
    }
}

extension RunReport {
    /// Whether nothing is to follow about the attempt.
    var concludes: Bool {
        switch phase {
        case .waiting, .started: false
        case .ended, .decided: true
        }
    }
}
