import Center
import Domain
import Hummingbird
import NIOHTTP1
import Payloads

/// Fetches from agents what only they know: the output of attempts, and what waits for a slot.
struct AgentProxy {
    /// Which piece of output.
    struct Piece {
        var attempt: AttemptID
        var stream: LogStreamName
        var offset: Int64
        var limit: Int
    }

    let operations: any CenterOperations
    let outbound: OutboundHTTP

    func output(_ piece: Piece, on agent: AgentID, in runtime: RuntimeID) async throws -> Response {
        let path = "/api/v1/logs/\(piece.attempt.run)/\(piece.attempt.number)"
        let query = "?stream=\(piece.stream.rawValue)&offset=\(piece.offset)&limit=\(piece.limit)"
        let nodes = try await operations.nodes()
        return try await get(
            path + query,
            from: nodes.first { $0.agent == agent && $0.runtime == runtime }?.registration,
            orRefuse: "agent \(agent) is away and the output is on its machine"
        ).response
    }

    /// The answer of the agent, and what it says; `nil` when it says something else.
    func queue(of node: NodeView, limit: Int) async throws -> (response: Response, queue: QueuePayload?) {
        let answer = try await get(
            "/api/v1/queue?limit=\(limit)",
            from: node.registration,
            orRefuse: "agent \(node.agent) is away and only it knows what waits there"
        )
        // What is no queue is a complaint, which is passed on as it is.
        return (answer.response, try? PayloadCoding.decode(QueuePayload.self, from: answer.body))
    }

    private func get(
        _ path: String,
        from registration: AgentRegistration?,
        orRefuse refusal: String
    ) async throws -> OutboundHTTP.Answer {
        guard let registration, let url = registration.url else {
            throw APIError.unavailable(refusal, hint: "try again once the agent is back")
        }
        return try await outbound.answer(
            to: OutboundHTTP.Message(method: .GET, url: url + path),
            from: "agent \(registration.agent)"
        )
    }
}
