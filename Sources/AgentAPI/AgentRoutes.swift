import Agent
import Domain
import HTTPTypes
import Hummingbird
import Payloads

/// Health, status and output of attempts.
struct AgentRoutes {
    /// The paths that need no token.
    static let openPaths: Set<String> = ["/livez", "/readyz"]

    let logs: any LogSource
    let status: any AgentStatusSource

    func add(to router: Router<AgentRequestContext>) {
        router.get("livez") { _, _ in Self.answer(.ok, "ok") }
        router.get("readyz") { _, _ in await ready() }
        router.get("status") { _, _ in try Response.json(AgentStatusPayload(await status.status())) }
        router.get("api/v1/queue") { request, _ in try await queue(request) }
        router.get("api/v1/logs/:run/:attempt") { try await log($0, $1) }
    }

    private func ready() async -> Response {
        if let obstacle = await status.status().obstacle { return Self.answer(.serviceUnavailable, obstacle) }
        return Self.answer(.ok, "ok")
    }

    private func queue(_ request: Request) async throws -> Response {
        let limit = try Self.number(
            "limit",
            request.uri.queryParameters,
            standard: QueuePayload.limitStandard,
            in: 1...QueuePayload.limitMax
        )
        return try Response.json(QueuePayload(await status.queue(limit: limit)))
    }

    private func log(_ request: Request, _ context: AgentRequestContext) async throws -> Response {
        let attempt = try Self.attempt(context.parameters)
        let query = request.uri.queryParameters
        guard let stream = LogStream(rawValue: query["stream"].map(String.init) ?? "out") else {
            throw AgentAPIError.invalid("stream", "the stream is out or err")
        }
        let offset = try Self.number("offset", query, standard: 0, in: 0...Int64.max)
        let limit = try Self.number(
            "limit",
            query,
            standard: LogChunkPayload.bytesStandard,
            in: 1...LogChunkPayload.bytesMax
        )
        guard let chunk = try await logs.read(attempt, stream: stream, offset: offset, limit: limit) else {
            throw AgentAPIError.notFound(
                "this agent has no output of attempt \(attempt.number) of run \(attempt.run)"
            )
        }
        return try Response.json(
            LogChunkPayload(offset: chunk.offset, bytes: chunk.bytes, isComplete: chunk.isComplete)
        )
    }

    private static func attempt(_ parameters: Parameters) throws -> AttemptID {
        let text = parameters.get("run") ?? ""
        guard let run = RunID(text) else {
            throw AgentAPIError.invalid("run", "\"\(text)\" is not the ID of a run")
        }
        guard let number = parameters.get("attempt", as: Int.self), number >= 1 else {
            throw AgentAPIError.invalid("attempt", "attempts are counted from 1")
        }
        return AttemptID(run: run, number: number)
    }

    private static func number<Number: FixedWidthInteger>(
        _ field: String,
        _ query: Parameters,
        standard: Number,
        in range: ClosedRange<Number>
    ) throws -> Number {
        guard let text = query[Substring(field)] else { return standard }
        guard let number = Number(text), range.contains(number) else {
            throw AgentAPIError.invalid(
                field,
                "\"\(text)\" is not a whole number from \(range.lowerBound) to \(range.upperBound)"
            )
        }
        return number
    }

    private static func answer(_ status: HTTPResponse.Status, _ text: String) -> Response {
        Response(
            status: status,
            headers: [.contentType: "text/plain; charset=utf-8"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: text + "\n"))
        )
    }
}

extension AgentStatusPayload {
    init(_ status: AgentStatus) {
        self.init(
            agent: status.agent,
            runtime: status.runtime,
            incarnation: status.incarnation,
            obstacle: status.obstacle,
            tasks: status.taskCount,
            running: status.running.map(\.description),
            progress: status.progress
        )
    }
}

extension QueuePayload {
    init(_ queue: AgentQueue) {
        self.init(
            running: queue.runningCount,
            slots: queue.slots,
            startsPerSecond: queue.startsPerSecond,
            obstacle: queue.obstacle,
            waiting: queue.waitingCount,
            held: queue.heldCount,
            entries: queue.entries.map { entry in
                Entry(
                    run: entry.attempt.run,
                    attempt: entry.attempt.number,
                    task: entry.task,
                    group: entry.group,
                    priority: entry.priority,
                    due: entry.due,
                    position: entry.position,
                    reason: entry.reason
                )
            }
        )
    }
}
