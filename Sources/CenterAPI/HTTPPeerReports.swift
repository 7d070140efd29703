public import Center
public import Domain
import Foundation
import NIOHTTP1
public import Payloads

/// Fetches authored reports over the HTTP API of the peers.
public struct HTTPPeerReports: PeerReports {
    private let outbound: OutboundHTTP

    /// Creates an access to the peers.
    ///
    /// - Parameter token: The token of the cluster.
    public init(token: AccessToken) {
        outbound = OutboundHTTP(token: token)
    }

    /// Reports that the center `peer` authored after `sequence`, oldest first, at most `limit`.
    public func authored(
        by peer: CenterRegistration,
        after sequence: Int64,
        limit: Int
    ) async throws -> [AuthoredReport] {
        let url = "\(peer.url)/api/v1/peers/authored?after=\(sequence)&limit=\(min(limit, PageLimit.max))"
        let answer = try await outbound.answer(
            to: .init(method: .GET, url: url),
            from: "center \(peer.center)"
        )
        guard answer.status == 200 else {
            throw CenterError.unavailable("center \(peer.center) answers with status \(answer.status)")
        }
        let payload = try PayloadCoding.decode(AuthoredReportsPayload.self, from: answer.body)
        return payload.reports.map { AuthoredReport(sequence: $0.sequence, report: $0.report) }
    }

    /// What the center `peer` knows of how the attempts of a run ended.
    public func conclusions(of run: RunID, by peer: CenterRegistration) async throws -> [RunReport] {
        let answer = try await outbound.answer(
            to: .init(method: .GET, url: "\(peer.url)/api/v1/peers/runs/\(run)"),
            from: "center \(peer.center)"
        )
        guard answer.status == 200 else {
            throw CenterError.unavailable("center \(peer.center) answers with status \(answer.status)")
        }
        return try PayloadCoding.decode(ConclusionsPayload.self, from: answer.body).reports
    }
}
