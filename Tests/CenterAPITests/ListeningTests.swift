import Agent
import AgentAPI
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

/// What needs servers that listen.
@Suite struct ListeningTests {
    @Test("port 0 is any free port, and the URL tells which")
    func anyPort() async throws {
        try await ServerFixture().withListening { url async throws in
            let port = try #require(URLComponents(string: url)?.port)
            #expect(port > 0)
            #expect(url.hasPrefix("http://127.0.0.1:"))
        }
    }

    @Test("a port that is taken is named")
    func portTaken() async throws {
        try await ServerFixture().withListening { url async throws in
            let port = try #require(URLComponents(string: url)?.port)
            let error = await #expect(throws: ListenError.self) {
                try await ServerFixture().server(port: port).run()
            }
            #expect(error == .portTaken(host: "127.0.0.1", port: port))
            #expect(error?.description.contains("127.0.0.1:\(port)") == true)
        }
    }

    @Test(
        "addresses of the network are refused before anything listens",
        arguments: ["0.0.0.0", "::", "10.1.2.3"]
    )
    func addressRefused(_ host: String) async throws {
        let error = await #expect(throws: ListenError.self) {
            try await ServerFixture().server(host: host).run()
        }
        #expect(error == .addressRefused(host))
    }

    @Test("a request by another name is refused, even with the token")
    func hostHeader() async throws {
        try await ServerFixture().withListening { url async throws in
            let port = try #require(URLComponents(string: url)?.port)
            for (name, status) in [
                ("localhost:\(port)", 200), ("127.0.0.1", 200), ("evil.example:\(port)", 403),
            ] {
                let answer = try await TestClient.withClient(host: "127.0.0.1", port: port) {
                    client async throws in
                    try await client.execute(
                        TestClient.Request(
                            "/api/v1/cluster",
                            method: .get,
                            authority: name,
                            headers: [.authorization: "Bearer 0123456789abcdef"]
                        )
                    )
                }
                #expect(Int(answer.status.code) == status)
            }
        }
    }
}

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
            #expect(try answer.error().message.contains("leadership is changing"))
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

/// Output of which every attempt has the same.
private struct SameOutput: LogSource {
    func read(_ attempt: AttemptID, stream: LogStream, offset: Int64, limit: Int) async throws -> LogChunk? {
        guard attempt.number == 1 else { return nil }
        let text = Data("\(stream.rawValue) of \(attempt.run)".utf8)
        return LogChunk(
            offset: offset,
            bytes: Data(text.dropFirst(Int(offset)).prefix(limit)),
            isComplete: true
        )
    }
}

private struct ReadyStatus: AgentStatusSource {
    func status() async -> AgentStatus {
        AgentStatus(
            agent: AgentID("a1")!,
            runtime: .standard,
            incarnation: nil,
            obstacle: nil,
            taskCount: 0,
            running: []
        )
    }
}

@Suite struct LogProxyTests {
    /// Lends the URL of an agent's server.
    private func withAgent(_ body: @Sendable (String) async throws -> Void) async throws {
        let (urls, continuation) = AsyncStream.makeStream(of: String.self, bufferingPolicy: .unbounded)
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let server = AgentServer(
            port: 0,
            token: ServerFixture.token,
            logs: SameOutput(),
            status: ReadyStatus(),
            logger: logger,
            onListening: { continuation.yield($0) }
        )
        let group = ServiceGroup(services: [server], logger: logger)
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            for await url in urls {
                do {
                    try await body(url)
                } catch {
                    await group.triggerGracefulShutdown()
                    throw error
                }
                break
            }
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
    }

    @Test("output comes from the agent that ran the attempt, piece by piece")
    func proxied() async throws {
        let fixture = ServerFixture()
        let report = ServerFixture.report()
        let run = report.fire.attempt.run
        try await fixture.center.runHistory.record([report])
        try await withAgent { url in
            await fixture.center.show([ServerFixture.node("a1", url: url)])
            try await fixture.withClient { client async throws in
                func chunk(_ query: String) async throws -> LogChunkPayload {
                    let answer = try await client.send(.get, "/api/v1/runs/\(run)/log\(query)")
                    #expect(answer.status == 200)
                    return try answer.decoded()
                }
                #expect(try await chunk("").bytes == Data("out of \(run)".utf8))
                #expect(try await chunk("?attempt=1&stream=err&limit=3").bytes == Data("err".utf8))
                #expect(try await chunk("?offset=7").bytes == Data(run.text.utf8))
            }
        }
    }

    @Test("an agent that has no output of the attempt any more is 404")
    func gone() async throws {
        let fixture = ServerFixture()
        var report = ServerFixture.report()
        report.fire.attempt.number = 2
        let run = report.fire.attempt.run
        try await fixture.center.runHistory.record([report])
        try await withAgent { url in
            await fixture.center.show([ServerFixture.node("a1", url: url)])
            try await fixture.withClient { client async throws in
                let answer = try await client.send(.get, "/api/v1/runs/\(run)/log")
                #expect(answer.status == 404)
                #expect(try answer.error().code == .notFound)
            }
        }
    }
}
