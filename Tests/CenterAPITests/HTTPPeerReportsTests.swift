import Center
import CenterAPI
import CenterDoubles
import Domain
import Foundation
import HTTPTypes
import HummingbirdTesting
import Logging
import Payloads
import Scheduling
import ServiceLifecycle
import Testing

@Suite struct HTTPPeerReportsTests {
    @Test("reports of a peer come over HTTP; a peer that is away throws")
    func fetches() async throws {
        let peer = ServerFixture()
        let report = ServerFixture.report(outcome: .lost)
        try await peer.center.runHistory.author([report])
        let reports = HTTPPeerReports(token: ServerFixture.token)
        try await peer.withListening { url async throws in
            let registration = ServerFixture.registration("c1", url: url)
            let found = try await reports.authored(by: registration, after: 0, limit: 10)
            #expect(found == [AuthoredReport(sequence: 1, report: report)])
            #expect(try await reports.authored(by: registration, after: 1, limit: 10).isEmpty)
            let stranger = HTTPPeerReports(token: AccessToken("another-token-of-ours")!)
            await #expect(throws: CenterError.self) {
                _ = try await stranger.authored(by: registration, after: 0, limit: 10)
            }
        }
        await #expect(throws: (any Error).self) {
            let away = ServerFixture.registration("c1", url: "http://127.0.0.1:1")
            _ = try await reports.authored(by: away, after: 0, limit: 10)
        }
    }
}
