public import Domain

/// What other centers know that this one may not: reports they authored, and how runs ended; implemented over HTTP.
public protocol PeerReports: Sendable {
    /// Reports that the center `peer` authored after `sequence`, oldest first, at most `limit`.
    ///
    /// Throws when the peer cannot be asked now; asking again later is harmless.
    func authored(
        by peer: CenterRegistration,
        after sequence: Int64,
        limit: Int
    ) async throws -> [AuthoredReport]

    /// What the center `peer` knows of how the attempts of a run ended; empty when it knows nothing.
    ///
    /// Throws when the peer cannot be asked now.
    func conclusions(of run: RunID, by peer: CenterRegistration) async throws -> [RunReport]
}
