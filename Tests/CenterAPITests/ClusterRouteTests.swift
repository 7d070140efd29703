import Center
import CenterDoubles
import Domain
import Foundation
import HTTPTypes
import Payloads
import Scheduling
import Testing

@Suite struct ClusterRouteTests {
    private let fixture = ServerFixture()

    @Test("the cluster at a glance says who leads")
    func cluster() async throws {
        await fixture.center.show([
            ServerFixture.node("a1", url: "http://127.0.0.1:1"), ServerFixture.node("a2", isAway: true),
        ])
        try await fixture.withClient { client async throws in
            let cluster = try await client.send(.get, "/api/v1/cluster").decoded(ClusterPayload.self)
            #expect(
                cluster.leadership == LeadershipPayload(state: .leading, center: CenterID("c1"), epoch: 7)
            )
            #expect(cluster.nodes.map(\.online) == [true, false])
            #expect(cluster.nodes.first?.slots == 4)
        }
    }

    @Test("runtimes are set and read")
    func runtimes() async throws {
        try await fixture.withClient { client async throws in
            let payload = RuntimePayload(
                RuntimeSettings(name: RuntimeID("gpu")!, rejoinGrace: .seconds(30))
            )
            #expect(try await client.send(.get, "/api/v1/runtimes/gpu").status == 404)
            #expect(try await client.send(.put, "/api/v1/runtimes/gpu", json: payload).status == 200)
            #expect(
                try await client.send(.get, "/api/v1/runtimes/gpu").decoded(RuntimePayload.self) == payload
            )
            let list = try await client.send(.get, "/api/v1/runtimes").decoded(
                ListPayload<RuntimePayload>.self
            )
            #expect(list.items == [payload])
            #expect(try await client.send(.put, "/api/v1/runtimes/cpu", json: payload).status == 422)
            let bad = try await client.send(
                .put,
                "/api/v1/runtimes/gpu",
                #"{"name":"gpu","rejoinGrace":"soon"}"#
            )
            #expect(bad.status == 422)
            #expect(try bad.error().field == "rejoinGrace")
        }
    }

    @Test("nodes are read and drained; a name in two runtimes needs the runtime")
    func nodes() async throws {
        await fixture.center.show([
            ServerFixture.node("a1"), ServerFixture.node("a1", runtime: "gpu"), ServerFixture.node("a2"),
        ])
        try await fixture.withClient { client async throws in
            let list = try await client.send(.get, "/api/v1/nodes").decoded(ListPayload<NodePayload>.self)
            #expect(list.items.count == 3)
            #expect(
                try await client.send(.get, "/api/v1/nodes/a2").decoded(NodePayload.self).runtime == .standard
            )
            #expect(try await client.send(.get, "/api/v1/nodes/a1").status == 409)
            #expect(try await client.send(.post, "/api/v1/nodes/a1/drain").status == 409)
            #expect(try await client.send(.post, "/api/v1/nodes/a1/drain?runtime=gpu").status == 204)
            #expect(
                try await client.send(.get, "/api/v1/nodes/a1?runtime=gpu").decoded(NodePayload.self).drained
            )
            #expect(
                try await !client.send(.get, "/api/v1/nodes/a1?runtime=default").decoded(NodePayload.self)
                    .drained
            )
            #expect(try await client.send(.post, "/api/v1/nodes/a1/undrain?runtime=gpu").status == 204)
            #expect(
                try await !client.send(.get, "/api/v1/nodes/a1?runtime=gpu").decoded(NodePayload.self).drained
            )
            #expect(try await client.send(.get, "/api/v1/nodes/none").status == 404)
            #expect(try await client.send(.post, "/api/v1/nodes/none/drain").status == 404)
        }
    }
}

@Suite struct AccessTests {
    private let fixture = ServerFixture()

    @Test(
        "everything but health needs the token",
        arguments: [nil, "", "wrong", "0123456789abcdeF"] as [String?]
    )
    func token(_ token: String?) async throws {
        try await fixture.withClient { client async throws in
            for path in [
                "/api/v1/cluster", "/api/v1/tasks", "/api/v1/peers/authored", "/api/v1/nothing", "/other",
            ] {
                let answer = try await client.send(.get, path, token: token)
                #expect(answer.status == 401)
                #expect(try answer.error().code == .unauthorized)
                #expect(answer.headers[.wwwAuthenticate] == "Bearer")
            }
            #expect(try await client.send(.get, "/livez", token: token).status == 200)
        }
    }

    @Test("health tells who leads")
    func health() async throws {
        try await fixture.withClient { client async throws in
            func statuses() async throws -> [Int] {
                var statuses: [Int] = []
                for path in ["/livez", "/readyz", "/leaderz"] {
                    statuses.append(try await client.send(.get, path, token: nil).status)
                }
                return statuses
            }
            #expect(try await statuses() == [200, 200, 200])
            await fixture.center.lead(.following(ServerFixture.registration("c2", url: "http://127.0.0.1:1")))
            #expect(try await statuses() == [200, 200, 503])
            await fixture.center.lead(.unknown(reason: "an election is on"))
            #expect(try await statuses() == [200, 503, 503])
        }
    }

    @Test("unknown paths and methods are answered in the one error shape, with the request's id")
    func notFound() async throws {
        try await fixture.withClient { client async throws in
            for (method, path) in [(HTTPRequest.Method.get, "/api/v1/nothing"), (.patch, "/api/v1/tasks")] {
                let answer = try await client.send(method, path)
                #expect(answer.status == 404)
                let id = try answer.error().requestId
                #expect(!id.isEmpty && answer.headers[HTTPField.Name("x-request-id")!] == id)
            }
        }
    }

    @Test("a body above 16 MiB is refused")
    func tooLarge() async throws {
        try await fixture.withClient { client async throws in
            let body = String(repeating: " ", count: 16 * 1_024 * 1_024 + 1)
            let answer = try await client.send(.post, "/api/v1/tasks", body)
            #expect(answer.status == 413)
            #expect(try answer.error().code == .tooLarge)
        }
    }
}

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
