import Center
import CenterDoubles
import Domain
import Foundation
import HTTPTypes
import Payloads
import Scheduling
import Testing

@Suite struct ReportRouteTests {
    private func batch(_ reports: [RunReport]) -> ReportBatchPayload {
        ReportBatchPayload(
            runtime: .standard,
            reports: reports.enumerated().map { SequencedReportPayload(sequence: Int64($0 + 1), report: $1) }
        )
    }

    @Test("reports are stored before they are acknowledged; only the leader gives its epoch")
    func accepts() async throws {
        let fixture = ServerFixture()
        let report = ServerFixture.report()
        try await fixture.withClient { client async throws in
            let answer = try await client.send(.post, "/api/v1/agents/a1/reports", json: batch([report]))
            #expect(answer.status == 200)
            #expect(try answer.decoded(ReceiptPayload.self).leaderEpoch == Epoch(rawValue: 7))
            #expect(await fixture.center.runHistory.run(report.fire.attempt.run) != nil)
            // A standby stores them itself: nothing is sent on.
            await fixture.center.lead(.following(ServerFixture.registration("c2", url: "http://127.0.0.1:1")))
            let standby = try await client.send(.post, "/api/v1/agents/a1/reports", json: batch([report]))
            #expect(standby.status == 200)
            #expect(try standby.decoded(ReceiptPayload.self).leaderEpoch == nil)
        }
    }

    @Test("a store that fails acknowledges nothing, and accepts again afterwards")
    func storeFails() async throws {
        struct DiskFull: Error {}
        let fixture = ServerFixture()
        let report = ServerFixture.report()
        try await fixture.withClient { client async throws in
            await fixture.center.runHistory.failWrites(with: DiskFull())
            let answer = try await client.send(.post, "/api/v1/agents/a1/reports", json: batch([report]))
            #expect(answer.status == 503)
            #expect(try answer.error().code == .unavailable && answer.headers[.retryAfter] != nil)
            #expect(await fixture.center.runHistory.run(report.fire.attempt.run) == nil)
            await fixture.center.runHistory.failWrites(with: nil)
            #expect(
                try await client.send(.post, "/api/v1/agents/a1/reports", json: batch([report])).status == 200
            )
        }
    }

    @Test("reports of another agent are refused for good")
    func strangers() async throws {
        let fixture = ServerFixture()
        try await fixture.withClient { client async throws in
            let batch = batch([ServerFixture.report(agent: "a2")])
            let answer = try await client.send(.post, "/api/v1/agents/a1/reports", json: batch)
            #expect(answer.status == 422)
            #expect(try answer.error().field == "reports")
        }
    }

    @Test("1,000 reports are a batch, 1,001 are not")
    func batchSize() async throws {
        let fixture = ServerFixture()
        try await fixture.withClient { client async throws in
            let reports = (0...1_000).map { ServerFixture.report(second: $0) }
            let path = "/api/v1/agents/a1/reports"
            #expect(try await client.send(.post, path, json: batch(Array(reports.dropLast()))).status == 200)
            #expect(try await client.send(.post, path, json: batch(reports)).status == 422)
        }
    }

    @Test("more batches than may be in progress are told to come back, and are taken afterwards")
    func busy() async throws {
        var fixture = ServerFixture()
        fixture.reportBatchesMax = 2
        let center = fixture.center
        await center.hold()
        try await fixture.withClient { client async throws in
            try await withThrowingTaskGroup(of: Int.self) { group in
                for second in 0..<2 {
                    group.addTask {
                        let reports = batch([ServerFixture.report(second: second)])
                        return try await client.send(.post, "/api/v1/agents/a1/reports", json: reports).status
                    }
                }
                await center.waitUntilHeld(2)
                let third = try await client.send(.post, "/api/v1/agents/a2/reports", json: batch([]))
                #expect(third.status == 429)
                #expect(third.headers[.retryAfter] == "1")
                #expect(try third.error().code == .busy)
                await center.release()
                for try await status in group { #expect(status == 200) }
            }
            #expect(try await client.send(.post, "/api/v1/agents/a2/reports", json: batch([])).status == 200)
        }
    }

    @Test("batches of old reports leave room for fresh ones")
    func refill() async throws {
        var fixture = ServerFixture()
        fixture.reportBatchesMax = 2
        let center = fixture.center
        await center.hold()
        try await fixture.withClient { client async throws in
            try await withThrowingTaskGroup(of: Int.self) { group in
                let path = "/api/v1/agents/a1/reports"
                func send(_ path: String, second: Int) {
                    group.addTask {
                        try await client.send(
                            .post,
                            path,
                            json: batch([ServerFixture.report(second: second)])
                        ).status
                    }
                }
                send(path + "?refill=true", second: 0)
                await center.waitUntilHeld(1)
                let refused = try await client.send(.post, path + "?refill=true", json: batch([]))
                #expect(refused.status == 429)
                send(path, second: 1)
                await center.waitUntilHeld(2)
                await center.release()
                for try await status in group { #expect(status == 200) }
            }
        }
    }

    @Test("a peer is told how the attempts of one run ended, and nothing about a run nobody knows")
    func conclusions() async throws {
        let fixture = ServerFixture()
        let report = ServerFixture.report(second: 0, outcome: .succeeded)
        try await fixture.center.runHistory.record([report])
        try await fixture.withClient { client async throws in
            func conclusions(_ run: RunID) async throws -> [RunReport] {
                try await client.send(.get, "/api/v1/peers/runs/\(run)").decoded(ConclusionsPayload.self)
                    .reports
            }
            #expect(try await conclusions(report.fire.attempt.run).map(\.phase) == [report.phase])
            let other = ServerFixture.report(second: 1).fire.attempt.run
            #expect(try await conclusions(other).isEmpty)
            #expect(try await client.send(.get, "/api/v1/peers/runs/nonsense").status == 422)
        }
    }

    @Test("peers get what was authored after their position")
    func authored() async throws {
        let fixture = ServerFixture()
        let reports = (0..<3).map { ServerFixture.report(second: $0, outcome: .lost) }
        try await fixture.center.runHistory.author(reports)
        try await fixture.withClient { client async throws in
            let path = "/api/v1/peers/authored?after=1&limit=1"
            let page = try await client.send(.get, path).decoded(AuthoredReportsPayload.self)
            #expect(page.reports == [SequencedReportPayload(sequence: 2, report: reports[1])])
        }
    }
}
