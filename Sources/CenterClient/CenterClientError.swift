public import Domain
import Payloads

/// Why a request to a center failed.
public enum CenterClientError: Error, Hashable, Sendable {
    /// Nobody answers at the server's address, or not in time; the outcome of a change is unknown.
    case unreachable(String)
    /// The token is missing or wrong, or the server refuses to be called by that name.
    case unauthorized(String)
    /// There is no such thing.
    case notFound(String)
    /// It exists already, or is not in the expected revision or state.
    case conflict(String)
    /// What was said is wrong: everything that is wrong with it.
    case invalid(String, problems: [ValidationProblem])
    /// The server asks to come back later.
    case busy(retryAfter: Duration)
    /// The server answers, but the cluster, its store or an agent is away now.
    case unavailable(String)
    /// Anything else the server says, or an answer that cannot be read.
    case server(String)
}

extension CenterClientError {
    /// What happened and what to do, one or two sentences.
    public var message: String {
        switch self {
        case .unreachable(let text), .unauthorized(let text), .notFound(let text), .conflict(let text): text
        case .invalid(let text, _), .unavailable(let text), .server(let text): text
        case .busy(let retryAfter):
            "the server is busy; try again in \(retryAfter.components.seconds) seconds"
        }
    }

    /// The error that an answer with this status and error body stands for.
    init(status: Int, error: ErrorPayload?, retryAfter: Duration?) {
        let text = error.map { payload in
            payload.hint.map { "\(payload.message): \($0)" } ?? payload.message
        }
        let message = text ?? "the server answers with status \(status) and nothing that can be read"
        switch status {
        case 401, 403: self = .unauthorized(message)
        case 404: self = .notFound(message)
        case 409, 412: self = .conflict(message)
        case 400, 413, 422: self = .invalid(message, problems: error?.problems ?? [])
        case 429: self = .busy(retryAfter: retryAfter ?? .seconds(1))
        case 502, 503, 504: self = .unavailable(message)
        default: self = .server(message)
        }
    }
}
