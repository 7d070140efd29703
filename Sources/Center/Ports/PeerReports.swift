public import Domain

/// Fetches the reports that other centers authored; implemented over HTTP.
public protocol PeerReports: Sendable {
    /// Reports that the center `peer` authored after `sequence`, oldest first, at most `limit`.
    ///
    /// Throws when the peer cannot be asked now; asking again later is harmless.
    func authored(
        by peer: CenterRegistration,
        after sequence: Int64,
        limit: Int
    ) async throws -> [AuthoredReport]
}
