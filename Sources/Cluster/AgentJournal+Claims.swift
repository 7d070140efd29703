public import Domain
import ZooKeeper

extension AgentJournal {
    /// Claims of one write: each is an operation of the multi.
    public static let claimsMax = 100

    /// Makes claims on units, as this incarnation; one that is there already is as good (rule E1).
    ///
    /// - Throws: `ZooKeeperError` when the session is over or the task was cancelled.
    public func claim(_ claims: [UnitClaim], fence: Int32) async throws -> JournalOutcome {
        precondition(claims.count <= Self.claimsMax, "\(claims.count) claims in one write")
        var missing = claims
        while true {
            let creations = try missing.map { claim in
                Operation.create(try nodes.tree.claim(claim.attempt), data: try ZNodeCodec.encode(claim))
            }
            // It writes something also when all claims are there, so that what it says of the lease is true.
            let renewal = Operation.set(nodes.checkpoint, data: [], version: nil)
            switch try await send([.check(nodes.fence, version: fence), renewal] + creations) {
            case .committed(let sent, let roundTrip, _):
                return .committed(sent: sent, roundTrip: roundTrip)
            case .refused:
                return .rejected
            case .exists, .unknown:
                missing = try await absent(of: missing)
            }
        }
    }

    private func absent(of claims: [UnitClaim]) async throws -> [UnitClaim] {
        let journal = self
        let isThere = try await pipelined(claims) { claim in
            try await journal.stat(of: journal.nodes.tree.claim(claim.attempt)) != nil
        }
        return zip(claims, isThere).filter { !$1 }.map(\.0)
    }
}
