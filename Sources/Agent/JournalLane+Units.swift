import Cluster
import Domain
import Orchestration
import Synchronization

/// Exclusive keys and units of pools: claims are made, and given back, by the one writer of the incarnation.
extension JournalLane {
    /// Claims the units that attempts need whose instants have come; they follow the segments that journal them.
    ///
    /// `nil` when there is nothing to claim.
    mutating func claimUnits() async throws -> Progress? {
        if returned.isEmpty { returned = live.takeReturned(limit: AgentJournal.claimsMax) }
        if !returned.isEmpty {
            let attempts = returned
            return try await claimed({ lane in
                try await lane.journal.giveBack(attempts, fence: lane.fence)
            }) { $0.returned = [] }
        }
        if claims.isEmpty { claims = live.takeClaims(limit: AgentJournal.claimsMax) }
        guard !claims.isEmpty else { return nil }
        // What was stopped meanwhile, or given up, needs nothing any more.
        let wanted = live.ledger.withLock { ledger in
            claims.filter { ledger.openFire($0.attempt).map { $0.result == nil } ?? false }
        }
        claims = wanted
        guard !wanted.isEmpty else { return .goOn }
        return try await claimed({ lane in try await lane.journal.claim(wanted, fence: lane.fence) }) {
            $0.claims = []
        }
    }

    /// Performs a write about claims, and notes that it is done.
    private mutating func claimed(
        _ write: (inout JournalLane) async throws -> JournalOutcome,
        _ done: (inout JournalLane) -> Void
    ) async throws -> Progress {
        switch try await outcome(write) {
        case .committed(let sent, let roundTrip, _):
            done(&self)
            noteCommit(sent, roundTrip)
        case .rejected:
            try await loadAgain()
        case .foreign:
            return .end(.sealed)
        }
        return .goOn
    }
}
