import HTTPTypes
import Hummingbird
import Logging
import Payloads

/// Why a request is answered with an error.
struct AgentAPIError: Error {
    var status: HTTPResponse.Status
    var code: ErrorCode
    var message: String
    var field: String?
    var hint: String?

    static func invalid(_ field: String, _ message: String) -> AgentAPIError {
        AgentAPIError(status: .unprocessableContent, code: .invalid, message: message, field: field)
    }

    static func notFound(_ message: String) -> AgentAPIError {
        AgentAPIError(status: .notFound, code: .notFound, message: message)
    }

    static let failed = AgentAPIError(
        status: .internalServerError,
        code: .failed,
        message: "the agent failed to answer",
        hint: "its log says more under this request's id"
    )
}

/// Outermost: turns every thrown error into the one error shape, serves only requests that name this machine, and
/// asks for the token.
struct AgentAccess: RouterMiddleware {
    let token: AccessToken

    func handle(
        _ request: Request,
        context: AgentRequestContext,
        next: @concurrent (Request, AgentRequestContext) async throws -> Response
    ) async throws -> Response {
        do {
            try check(request)
            return try await next(request, context)
        } catch {
            return try answer(to: error, context: context)
        }
    }

    private func check(_ request: Request) throws(AgentAPIError) {
        guard Loopback.accepts(hostHeader: request.head.authority) else {
            throw AgentAPIError(
                status: .forbidden,
                code: .forbidden,
                message: "this agent does not answer to that name",
                hint: "call it as 127.0.0.1, localhost or [::1]"
            )
        }
        guard
            AgentRoutes.openPaths.contains(request.uri.path)
                || token.authorizes(request.headers[.authorization])
        else {
            throw AgentAPIError(
                status: .unauthorized,
                code: .unauthorized,
                message: "the token is missing or wrong",
                hint: "send \"Authorization: Bearer\" with the token of this cluster"
            )
        }
    }

    private func answer(to error: any Error, context: AgentRequestContext) throws -> Response {
        let known: AgentAPIError
        switch error {
        case let error as AgentAPIError: known = error
        case let error as HTTPError where error.status == .notFound:
            known = .notFound("there is nothing under this path and method")
        default:
            context.logger.error("Failed to answer a request", metadata: ["error": "\(error)"])
            known = .failed
        }
        let payload = ErrorPayload(
            code: known.code,
            message: known.message,
            field: known.field,
            hint: known.hint,
            requestId: context.requestID
        )
        var response = try Response.json(payload, status: known.status)
        if known.status == .unauthorized { response.headers[.wwwAuthenticate] = "Bearer" }
        return response
    }
}

extension Response {
    /// An answer with a JSON body.
    static func json(_ payload: some Encodable, status: HTTPResponse.Status = .ok) throws -> Response {
        Response(
            status: status,
            headers: [.contentType: "application/json", .cacheControl: "no-store"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: try PayloadCoding.encode(payload)))
        )
    }
}
