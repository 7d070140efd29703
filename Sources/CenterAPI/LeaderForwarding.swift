import Center
import Domain
import Foundation
import HTTPTypes
import Hummingbird
import NIOHTTP1
import Payloads

/// On a standby: sends requests on to the leader, once.
///
/// Reports and authored reports are meant for this center itself. Without a leader, or while the leader cannot be
/// reached, the state of the cluster and the history are answered by the standby: that is when people look at them most.
struct LeaderForwarding: RouterMiddleware {
    let center: CenterID
    let operations: any CenterOperations
    let outbound: OutboundHTTP

    func handle(
        _ request: Request,
        context: APIContext,
        next: @concurrent (Request, APIContext) async throws -> Response
    ) async throws -> Response {
        let path = request.uri.path
        guard !Self.isLocal(path) else { return try await next(request, context) }
        let isReadable = request.method == .get && Self.isReadableWithoutLeader(path)
        switch await operations.leadership() {
        case .leading:
            return try await next(request, context)
        case .following(let leader):
            do {
                return try await forward(request, to: leader)
            } catch let error as APIError where error.code == .unavailable && isReadable {
                // A leader that died stays registered until its session ends.
                return try await next(request, context)
            }
        case .unknown(let reason):
            if isReadable { return try await next(request, context) }
            throw APIError.unavailable("no center leads now: \(reason)")
        }
    }

    private func forward(_ request: Request, to leader: CenterRegistration) async throws -> Response {
        if request.headers[.forwardedBy] != nil {
            throw APIError.unavailable("no center leads now: the one that led is being replaced")
        }
        var message = OutboundHTTP.Message(
            method: NIOHTTP1.HTTPMethod(rawValue: request.method.rawValue),
            url: leader.url + Self.target(of: request)
        )
        message.headers = [(HTTPField.Name.forwardedBy.canonicalName, center.text)]
        for name in [HTTPField.Name.contentType, .ifMatch, .ifNoneMatch] {
            if let value = request.headers[name] { message.headers.append((name.canonicalName, value)) }
        }
        let body = try await request.bytes()
        if !body.isEmpty { message.body = body }
        return try await outbound.send(message, to: "the leading center \(leader.center)")
    }

    /// Path and query, whatever form the request line has.
    private static func target(of request: Request) -> String {
        request.uri.path + (request.uri.query.map { "?\($0)" } ?? "")
    }

    private static func isLocal(_ path: String) -> Bool {
        guard path.hasPrefix("/api/v1/") else { return true }
        return path.hasPrefix("/api/v1/peers/")
            || (path.hasPrefix("/api/v1/agents/") && path.hasSuffix("/reports"))
    }

    private static func isReadableWithoutLeader(_ path: String) -> Bool {
        path == "/api/v1/cluster" || path == "/api/v1/runs" || path.hasPrefix("/api/v1/runs/")
            || (path.hasPrefix("/api/v1/tasks/") && path.hasSuffix("/explain"))
    }
}
