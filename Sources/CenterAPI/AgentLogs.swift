import Center
import Domain
import Hummingbird
import NIOHTTP1
import Payloads

/// Fetches pieces of output from the agents that hold them.
struct AgentLogs {
    /// Which piece.
    struct Piece {
        var attempt: AttemptID
        var stream: LogStreamName
        var offset: Int64
        var limit: Int
    }

    let operations: any CenterOperations
    let outbound: OutboundHTTP

    func read(_ piece: Piece, on agent: AgentID, in runtime: RuntimeID) async throws -> Response {
        let nodes = try await operations.nodes()
        let node = nodes.first { $0.agent == agent && $0.runtime == runtime }
        guard let url = node?.registration?.url else {
            throw APIError.unavailable(
                "agent \(agent) is away and the output is on its machine",
                hint: "try again once the agent is back"
            )
        }
        let path = "/api/v1/logs/\(piece.attempt.run)/\(piece.attempt.number)"
        let query = "?stream=\(piece.stream.rawValue)&offset=\(piece.offset)&limit=\(piece.limit)"
        return try await outbound.send(
            OutboundHTTP.Message(method: .GET, url: url + path + query),
            to: "agent \(agent)"
        )
    }
}
