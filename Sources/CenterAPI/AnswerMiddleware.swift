import Foundation
import HTTPTypes
import Hummingbird
import Logging
import Payloads

/// Outermost: turns every thrown error into the one error shape and names the request in the answer.
struct AnswerMiddleware: RouterMiddleware {
    func handle(
        _ request: Request,
        context: APIContext,
        next: @concurrent (Request, APIContext) async throws -> Response
    ) async throws -> Response {
        var response: Response
        do {
            response = try await next(request, context)
        } catch {
            response = try Self.answer(to: error, context: context)
        }
        response.headers[.requestID] = context.requestID
        response.headers[.cacheControl] = "no-store"
        context.logger.debug(
            "Answered a request",
            metadata: [
                "http.method": "\(request.method)", "http.path": "\(request.uri.path)",
                "http.status": "\(response.status.code)",
            ]
        )
        return response
    }

    private static func answer(to error: any Error, context: APIContext) throws -> Response {
        let known = APIError(error)
        if known.code == .failed {
            context.logger.error("Failed to answer a request", metadata: ["error": "\(error)"])
        }
        let payload = ErrorPayload(
            code: known.code,
            message: known.message,
            field: known.field,
            hint: known.hint,
            requestId: context.requestID,
            problems: known.problems
        )
        var response = try Response.json(payload, status: known.status)
        if let seconds = known.retryAfter { response.headers[.retryAfter] = String(seconds) }
        if known.status == .unauthorized { response.headers[.wwwAuthenticate] = "Bearer" }
        return response
    }
}

extension Response {
    /// An answer with a JSON body.
    static func json(_ payload: some Encodable, status: HTTPResponse.Status = .ok) throws -> Response {
        .json(bytes: try PayloadCoding.encode(payload), status: status)
    }

    /// An answer with a body that is JSON already.
    static func json(bytes: Data, status: HTTPResponse.Status) -> Response {
        Response(
            status: status,
            headers: [.contentType: "application/json"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes))
        )
    }
}

extension HTTPField.Name {
    /// Names the request in the answer.
    static var requestID: HTTPField.Name { known("x-request-id") }
    /// Marks a request that a standby sent on to the leader, against loops.
    static var forwardedBy: HTTPField.Name { known("x-cloudtask-forwarded-by") }

    private static func known(_ text: String) -> HTTPField.Name {
        guard let name = HTTPField.Name(text) else { preconditionFailure("\(text) is not a header name") }
        return name
    }
}
