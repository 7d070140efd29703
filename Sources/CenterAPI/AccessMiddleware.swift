import HTTPTypes
import Hummingbird
import Payloads

/// Serves only requests that name this machine; every path but the health endpoints needs the token.
struct AccessMiddleware: RouterMiddleware {
    let token: AccessToken

    func handle(
        _ request: Request,
        context: APIContext,
        next: @concurrent (Request, APIContext) async throws -> Response
    ) async throws -> Response {
        guard Loopback.accepts(hostHeader: request.head.authority) else {
            throw APIError(
                status: .forbidden,
                code: .forbidden,
                message: "this server does not answer to the name \(request.head.authority ?? "(none)")",
                hint: "call it as 127.0.0.1, localhost or [::1]"
            )
        }
        guard
            HealthRoutes.paths.contains(request.uri.path) || token.authorizes(request.headers[.authorization])
        else {
            throw APIError(
                status: .unauthorized,
                code: .unauthorized,
                message: "the token is missing or wrong",
                hint:
                    "send \"Authorization: Bearer\" with the token of this cluster, or name its file with --token-file"
            )
        }
        return try await next(request, context)
    }
}
