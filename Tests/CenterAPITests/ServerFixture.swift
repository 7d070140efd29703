import Center
import CenterAPI
import CenterDoubles
import Domain
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Logging
import NIOCore
import Payloads
import Scheduling
import ServiceLifecycle

/// A server in front of a stand-in center.
struct ServerFixture: Sendable {
    static let token = AccessToken("0123456789abcdef")!
    static let now = Instant(millisecondsSinceEpoch: 1_767_225_600_000)

    let center = StandInCenter()
    var reportBatchesMax = 32
    var name = CenterID("c1")!

    func server(
        host: String = "127.0.0.1",
        port: Int = 0,
        onListening: @escaping @Sendable (String) async -> Void = { _ in }
    ) -> CenterServer {
        CenterServer(
            configuration: CenterServer.Configuration(
                center: name,
                host: host,
                port: port,
                token: Self.token,
                reportBatchesMax: reportBatchesMax
            ),
            operations: center,
            now: { Self.now },
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
            onListening: onListening
        )
    }

    /// Lends a client that talks to the routes without a network.
    func withClient(_ body: @Sendable (Client) async throws -> Void) async throws {
        try await server().application.test(.router) { try await body(Client(http: $0)) }
    }

    /// Lends the URL of the server, listening on a free port.
    func withListening(_ body: @Sendable (String) async throws -> Void) async throws {
        let (urls, continuation) = AsyncStream.makeStream(of: String.self, bufferingPolicy: .unbounded)
        let server = server { continuation.yield($0) }
        let group = ServiceGroup(
            services: [server],
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
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

    static func specification(_ name: String = "nightly", script: String = "true") -> TaskSpecification {
        TaskSpecification(
            name: TaskID(name)!,
            action: .script(script),
            schedules: [.every(try! IntervalSchedule(every: .seconds(60)))]
        )
    }

    static func report(second: Int = 0, agent: String = "a1", outcome: AttemptOutcome? = nil) -> RunReport {
        let due = now + .seconds(second)
        let uid = TaskUID(bits: 1)
        let attempt = AttemptID(run: RunID(FireKey(uid: uid, due: due)), number: 1)
        let fire = JournaledFire(
            attempt: attempt,
            task: TaskID("nightly")!,
            uid: uid,
            revision: 1,
            due: due,
            trigger: .schedule,
            delivery: .atMostOnce,
            decision: .launch
        )
        let phase: RunReport.Phase =
            outcome.map { .ended(AttemptResult(attempt: attempt, outcome: $0, endedAt: due)) }
            ?? .started(at: due)
        return RunReport(
            fire: fire,
            agent: AgentID(agent)!,
            incarnation: Incarnation(bits: 1),
            runtime: .standard,
            phase: phase
        )
    }

    static func node(_ name: String, runtime: String = "default", url: String? = nil, isAway: Bool = false)
        -> NodeView
    {
        let agent = AgentID(name)!
        let registration = AgentRegistration(
            agent: agent,
            incarnation: Incarnation(bits: 1),
            slots: 4,
            url: url,
            version: "1",
            host: "h",
            processID: 1,
            startedAt: now
        )
        return NodeView(
            registration: isAway ? nil : registration,
            agent: agent,
            runtime: RuntimeID(runtime)!,
            isDrained: false,
            taskCount: 0
        )
    }

    static func registration(_ name: String, url: String) -> CenterRegistration {
        CenterRegistration(
            center: CenterID(name)!,
            url: url,
            version: "1",
            host: "h",
            processID: 1,
            startedAt: now
        )
    }
}

/// Sends requests with the token and reads answers.
struct Client: Sendable {
    let http: any TestClientProtocol

    struct Answer {
        var status: Int
        var headers: HTTPFields
        var body: Data

        func decoded<Payload: Decodable>(_ type: Payload.Type = Payload.self) throws -> Payload {
            try PayloadCoding.decode(type, from: body)
        }

        func error() throws -> ErrorPayload { try decoded() }
        var text: String { String(decoding: body, as: UTF8.self) }
    }

    func send(
        _ method: HTTPRequest.Method,
        _ path: String,
        _ body: String? = nil,
        headers: HTTPFields = [:],
        token: String? = "0123456789abcdef"
    ) async throws -> Answer {
        var headers = headers
        if let token { headers[.authorization] = "Bearer \(token)" }
        let response = try await http.executeRequest(
            uri: path,
            method: method,
            headers: headers,
            body: body.map { ByteBuffer(string: $0) }
        )
        return Answer(
            status: Int(response.status.code),
            headers: response.headers,
            body: Data(buffer: response.body)
        )
    }

    func send(_ method: HTTPRequest.Method, _ path: String, json: some Encodable) async throws -> Answer {
        try await send(method, path, String(decoding: try PayloadCoding.encode(json), as: UTF8.self))
    }
}

extension Data {
    init(buffer: ByteBuffer) { self.init(buffer.readableBytesView) }
}
