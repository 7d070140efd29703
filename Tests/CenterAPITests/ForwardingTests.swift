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

@Suite struct ForwardingTests {
    private let leader = ServerFixture(name: CenterID("c1")!)
    private let standby = ServerFixture(name: CenterID("c2")!)

    /// Lends a client of the standby, whose leader listens.
    private func withCluster(_ body: @Sendable @escaping (Client) async throws -> Void) async throws {
        try await leader.withListening { url async throws in
            await standby.center.lead(.following(ServerFixture.registration("c1", url: url)))
            try await standby.withClient { try await body($0) }
        }
    }

    @Test("a standby sends requests on and answers as the leader does")
    func forwards() async throws {
        try await withCluster { client async throws in
            let specification = ServerFixture.specification()
            let created = try await client.send(.put, "/api/v1/tasks/nightly", json: specification)
            #expect(created.status == 201 && created.headers[.eTag] == "\"1\"")
            #expect(try await leader.center.task(TaskID("nightly")!).definition.revision == 1)
            #expect(
                try await client.send(.get, "/api/v1/tasks?limit=1&enabled=true")
                    .decoded(ListPayload<TaskPayload>.self).items.count == 1
            )
            let body = String(decoding: try PayloadCoding.encode(specification), as: UTF8.self)
            let conflict = try await client.send(
                .put,
                "/api/v1/tasks/nightly",
                body,
                headers: [.ifNoneMatch: "*"]
            )
            #expect(conflict.status == 409)
            #expect(try conflict.error().code == .conflict)
            let invalid = try await client.send(.post, "/api/v1/tasks", #"{"tasks":[{"name":"x"}]}"#)
            #expect(try invalid.error().problems?.first?.field == "tasks[0].command")
            #expect(try await client.send(.delete, "/api/v1/tasks/nightly").status == 204)
        }
    }

    @Test("what is sent on once is not sent on again")
    func loop() async throws {
        try await withCluster { client async throws in
            await leader.center.lead(.following(ServerFixture.registration("c2", url: "http://127.0.0.1:1")))
            let answer = try await client.send(.get, "/api/v1/tasks")
            #expect(answer.status == 503)
            #expect(try answer.error().message.contains("no center leads now"))
        }
    }

    @Test("while the leader cannot be reached, the cluster and the history can be looked at, not changed")
    func readableWhileUnreachable() async throws {
        await standby.center.lead(.following(ServerFixture.registration("c1", url: "http://127.0.0.1:1")))
        let report = ServerFixture.report()
        try await standby.center.runHistory.record([report])
        let run = "/api/v1/runs/\(report.fire.attempt.run)"
        try await standby.withClient { client async throws in
            let cluster = try await client.send(.get, "/api/v1/cluster").decoded(ClusterPayload.self)
            #expect(cluster.leadership.state == .following)
            let runs = try await client.send(.get, "/api/v1/runs").decoded(ListPayload<RunPayload>.self)
            #expect(runs.items.map(\.id) == [report.fire.attempt.run])
            #expect(try await client.send(.get, run).status == 200)
            #expect(try await client.send(.post, run + "/stop").status == 503)
        }
    }

    @Test("a leader that cannot be reached is 503 with a hint")
    func unreachable() async throws {
        await standby.center.lead(.following(ServerFixture.registration("c1", url: "http://127.0.0.1:1")))
        try await standby.withClient { client async throws in
            let answer = try await client.send(.get, "/api/v1/tasks")
            #expect(answer.status == 503)
            let error = try answer.error()
            #expect(error.message.contains("c1") && error.hint != nil && answer.headers[.retryAfter] != nil)
        }
    }

    @Test("without a leader changes are 503; the cluster and the history can be looked at")
    func noLeader() async throws {
        await standby.center.lead(.unknown(reason: "ZooKeeper is away"))
        try await standby.withClient { client async throws in
            for (method, path) in [
                (HTTPRequest.Method.get, "/api/v1/tasks"), (.post, "/api/v1/tasks"),
                (.post, "/api/v1/runs/x/stop"),
                (.get, "/api/v1/runtimes"),
            ] {
                let answer = try await client.send(method, path)
                #expect(answer.status == 503)
                let error = try answer.error()
                #expect(error.message.contains("ZooKeeper is away") && error.hint != nil)
            }
            let cluster = try await client.send(.get, "/api/v1/cluster").decoded(ClusterPayload.self)
            #expect(cluster.leadership == LeadershipPayload(state: .unknown, reason: "ZooKeeper is away"))
            #expect(try await client.send(.get, "/api/v1/runs").status == 200)
        }
    }

    @Test("the standby asks for the token itself")
    func token() async throws {
        try await withCluster { client async throws in
            #expect(try await client.send(.get, "/api/v1/tasks", token: "wrong-wrong-wrong").status == 401)
        }
    }
}
