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

    func queue(limit: Int) async -> AgentQueue {
        let entry = QueuedAttempt(
            attempt: AttemptID(run: RunID("r-0000000000000001")!, number: 1),
            task: TaskID("t")!,
            due: ServerFixture.now,
            reason: "its pause ends within 3s"
        )
        return AgentQueue(runningCount: 0, slots: limit, heldCount: 1, entries: [entry])
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
                #expect(try await chunk("?limit=1048576").isComplete)
                let more = try await client.send(.get, "/api/v1/runs/\(run)/log?limit=1048577")
                #expect(try more.status == 422 && more.error().field == "limit")
                #expect(try await chunk("?offset=7").bytes == Data(run.text.utf8))
            }
        }
    }

    @Test("what waits at an agent comes from the agent itself; of one that is away nobody knows")
    func queue() async throws {
        let fixture = ServerFixture()
        try await withAgent { url in
            await fixture.center.show([ServerFixture.node("a1", url: url)])
            try await fixture.withClient { client async throws in
                let answer = try await client.send(.get, "/api/v1/nodes/a1/queue?limit=7")
                #expect(answer.status == 200)
                let queue = try answer.decoded(QueuePayload.self)
                #expect(queue.slots == 7 && queue.held == 1)
                #expect(queue.entries.map(\.reason) == ["its pause ends within 3s"])
                let wrong = try await client.send(.get, "/api/v1/nodes/a1/queue?limit=1001")
                #expect(try wrong.status == 422 && wrong.error().field == "limit")
                #expect(try await client.send(.get, "/api/v1/nodes/a2/queue").status == 404)
            }
        }
        await fixture.center.show([ServerFixture.node("a1", url: nil)])
        try await fixture.withClient { client async throws in
            let away = try await client.send(.get, "/api/v1/nodes/a1/queue")
            #expect(away.status == 503)
            #expect(try away.error().message == "agent a1 is away and only it knows what waits there")
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
