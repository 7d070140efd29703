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
            switch try await send(renewal(fence) + creations) {
            case .committed(let sent, let roundTrip, _):
                return .committed(sent: sent, roundTrip: roundTrip)
            case .refused:
                return .rejected
            case .exists, .unknown:
                let present = Set(try await present(of: missing.map(\.attempt)))
                missing.removeAll { present.contains($0.attempt) }
            }
        }
    }

    /// Gives back what attempts hold that are not to begin now, as this incarnation; each has taken its grant (rule E3).
    ///
    /// - Throws: `ZooKeeperError` when the session is over or the task was cancelled.
    public func giveBack(_ attempts: [AttemptID], fence: Int32) async throws -> JournalOutcome {
        precondition(attempts.count <= Self.claimsMax, "\(attempts.count) claims in one write")
        var held = attempts
        while true {
            let deletions = try held.map { Operation.delete(try nodes.tree.claim($0), version: nil) }
            switch try await send(renewal(fence) + deletions) {
            case .committed(let sent, let roundTrip, _):
                return .committed(sent: sent, roundTrip: roundTrip)
            case .exists, .unknown:
                held = try await present(of: held)
            case .refused:
                let present = try await present(of: held)
                if present == held { return .rejected }
                held = present
            }
        }
    }

    /// What every write about claims begins with: it writes something also when there is nothing left to do, so that what it says of the
    /// lease is true.
    private func renewal(_ fence: Int32) -> [Operation] {
        [.check(nodes.fence, version: fence), .set(nodes.checkpoint, data: [], version: nil)]
    }

    private func present(of attempts: [AttemptID]) async throws -> [AttemptID] {
        let journal = self
        let isThere = try await pipelined(attempts) { attempt in
            try await journal.stat(of: journal.nodes.tree.claim(attempt)) != nil
        }
        return zip(attempts, isThere).filter(\.1).map(\.0)
    }
}
