import Agent
import AgentAPI
import Domain
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Logging
import NIOCore
import Payloads
import Scheduling
import Testing

/// Output of one attempt, in memory.
struct MemoryLogs: LogSource {
    var attempt: AttemptID
    var streams: [LogStream: Data]
    var failure: (any Error)?

    func read(_ attempt: AttemptID, stream: LogStream, offset: Int64, limit: Int) async throws -> LogChunk? {
        if let failure { throw failure }
        guard attempt == self.attempt else { return nil }
        let data = streams[stream] ?? Data()
        let piece = data.dropFirst(Int(offset)).prefix(limit)
        return LogChunk(
            offset: offset,
            bytes: Data(piece),
            isComplete: Int(offset) + piece.count >= data.count
        )
    }
}

struct FixedStatus: AgentStatusSource {
    var obstacle: String?

    func status() async -> AgentStatus {
        AgentStatus(
            agent: AgentID("a1")!,
            runtime: .standard,
            incarnation: Incarnation(bits: 1),
            obstacle: obstacle,
            taskCount: 3,
            running: []
        )
    }

    func queue(limit: Int) async -> AgentQueue {
        let entries = (1...3).map { number in
            QueuedAttempt(
                attempt: AttemptID(run: RunID("r-0000000000000001")!, number: number),
                task: TaskID("t")!,
                group: .standard,
                priority: 5,
                due: Instant(millisecondsSinceEpoch: 1_000),
                position: number,
                reason: "all 2 slots are taken"
            )
        }
        return AgentQueue(
            runningCount: 2,
            slots: 2,
            obstacle: "all 2 slots are taken",
            waitingCount: 3,
            entries: Array(entries.prefix(limit))
        )
    }
}

@Suite struct AgentServerTests {
    private static let run = RunID("r-0000000000000001")!
    private var logs = MemoryLogs(
        attempt: AttemptID(run: AgentServerTests.run, number: 1),
        streams: [.out: Data("hello".utf8), .err: Data([0xff, 0x00, 0xfe])]
    )

    private func withClient(
        logs: MemoryLogs? = nil,
        obstacle: String? = nil,
        _ body: @Sendable (any TestClientProtocol) async throws -> Void
    ) async throws {
        let server = AgentServer(
            port: 0,
            token: AccessToken("0123456789abcdef")!,
            logs: logs ?? self.logs,
            status: FixedStatus(obstacle: obstacle),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
            onListening: { _ in }
        )
        try await server.application.test(.router) { try await body($0) }
    }

    private static func get(
        _ client: any TestClientProtocol,
        _ path: String,
        token: String? = "0123456789abcdef"
    ) async throws -> (status: Int, body: Data) {
        let headers: HTTPFields = token.map { [.authorization: "Bearer \($0)"] } ?? [:]
        let response = try await client.executeRequest(uri: path, method: .get, headers: headers, body: nil)
        return (Int(response.status.code), Data(response.body.readableBytesView))
    }

    @Test("output is read from an offset, with its bytes unharmed")
    func output() async throws {
        try await withClient { client async throws in
            func chunk(_ query: String) async throws -> LogChunkPayload {
                let answer = try await Self.get(client, "/api/v1/logs/\(Self.run)/1\(query)")
                #expect(answer.status == 200)
                return try PayloadCoding.decode(LogChunkPayload.self, from: answer.body)
            }
            let whole = try await chunk("")
            #expect(whole.bytes == Data("hello".utf8) && whole.isComplete && whole.offset == 0)
            let piece = try await chunk("?offset=1&limit=3")
            #expect(piece.bytes == Data("ell".utf8) && !piece.isComplete && piece.nextOffset == 4)
            #expect(try await chunk("?stream=err").bytes == Data([0xff, 0x00, 0xfe]))
            #expect(try await chunk("?offset=99").bytes.isEmpty)
        }
    }

    @Test(
        "requests that cannot be answered",
        arguments: [
            ("/api/v1/logs/r-0000000000000001/2", 404, ErrorCode.notFound),
            ("/api/v1/logs/r-0000000000000009/1", 404, .notFound), ("/api/v1/logs/nonsense/1", 422, .invalid),
            ("/api/v1/logs/r-0000000000000001/0", 422, .invalid),
            ("/api/v1/logs/r-0000000000000001/x", 422, .invalid),
            ("/api/v1/logs/r-0000000000000001/1?stream=both", 422, .invalid),
            ("/api/v1/logs/r-0000000000000001/1?offset=-1", 422, .invalid),
            ("/api/v1/logs/r-0000000000000001/1?limit=0", 422, .invalid),
            ("/api/v1/logs/r-0000000000000001/1?limit=1048577", 422, .invalid),
            ("/api/v1/queue?limit=0", 422, .invalid), ("/api/v1/queue?limit=1001", 422, .invalid),
            ("/api/v1/nothing", 404, .notFound),
        ]
    )
    func refused(_ path: String, _ status: Int, _ code: ErrorCode) async throws {
        try await withClient { client async throws in
            let answer = try await Self.get(client, path)
            #expect(answer.status == status)
            #expect(try PayloadCoding.decode(ErrorPayload.self, from: answer.body).code == code)
        }
    }

    @Test("the queue is shown in its order, with counts and reasons")
    func queue() async throws {
        try await withClient { client async throws in
            let answer = try await Self.get(client, "/api/v1/queue?limit=2")
            #expect(answer.status == 200)
            let queue = try PayloadCoding.decode(QueuePayload.self, from: answer.body)
            #expect(queue.running == 2 && queue.slots == 2 && queue.waiting == 3 && queue.held == 0)
            #expect(queue.entries.map(\.position) == [1, 2])
            #expect(queue.entries.first?.reason == "all 2 slots are taken")
            #expect(try await Self.get(client, "/api/v1/queue", token: nil).status == 401)
        }
    }

    @Test("a source that fails is 500 in the error shape, without its inner words")
    func failure() async throws {
        struct SecretTrouble: Error {}
        var broken = logs
        broken.failure = SecretTrouble()
        try await withClient(logs: broken) { client async throws in
            let answer = try await Self.get(client, "/api/v1/logs/\(Self.run)/1")
            #expect(answer.status == 500)
            let error = try PayloadCoding.decode(ErrorPayload.self, from: answer.body)
            #expect(error.code == .failed && !error.message.contains("Secret") && !error.requestId.isEmpty)
        }
    }

    @Test("everything but health needs the token")
    func token() async throws {
        try await withClient { client async throws in
            for path in ["/status", "/api/v1/logs/\(Self.run)/1", "/other"] {
                for token in [nil, "0123456789abcdeF"] {
                    let answer = try await Self.get(client, path, token: token)
                    #expect(answer.status == 401)
                }
            }
            let health = try await Self.get(client, "/livez", token: nil)
            #expect(health.status == 200)
        }
    }

    @Test("ready is an agent without an obstacle; the status says more")
    func ready() async throws {
        try await withClient { client async throws in
            #expect(try await Self.get(client, "/readyz", token: nil).status == 200)
            let status = try PayloadCoding.decode(
                AgentStatusPayload.self,
                from: try await Self.get(client, "/status").body
            )
            #expect(status.ready && status.tasks == 3 && status.agent.text == "a1")
        }
        try await withClient(obstacle: "ZooKeeper is away") { client async throws in
            let answer = try await Self.get(client, "/readyz", token: nil)
            #expect(answer.status == 503)
            #expect(String(decoding: answer.body, as: UTF8.self).contains("ZooKeeper is away"))
            let status = try PayloadCoding.decode(
                AgentStatusPayload.self,
                from: try await Self.get(client, "/status").body
            )
            #expect(!status.ready && status.obstacle == "ZooKeeper is away")
        }
    }

    @Test("addresses of the network are refused")
    func addressRefused() async throws {
        let server = AgentServer(
            host: "0.0.0.0",
            port: 0,
            token: AccessToken("0123456789abcdef")!,
            logs: logs,
            status: FixedStatus(),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
            onListening: { _ in }
        )
        await #expect(throws: AgentListenError.addressRefused("0.0.0.0")) { try await server.run() }
    }
}
