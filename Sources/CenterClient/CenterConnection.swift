import Domain
import Foundation
import NIOHTTP1
public import Payloads
import Scheduling

/// A typed client of the HTTP API of the centers of one cluster.
///
/// Any center answers, since a standby forwards; one that cannot be connected to is passed over. Every call throws `CenterClientError` and nothing else. Connections are kept and shared by the process.
public struct CenterConnection: Sendable {
    private let transport: HTTPTransport

    /// Base URLs of the centers in the order they are tried, without a slash at the end, separated by commas.
    public var url: String { transport.baseURLs.joined(separator: ",") }

    /// Creates a connection; nothing is sent yet.
    ///
    /// - Parameters:
    ///   - url: Base URL such as `http://127.0.0.1:7470`; several, separated by commas, are tried in turn.
    ///   - token: The bearer token; `nil` when the server needs none.
    ///   - timeout: How long one request may take.
    /// - Throws: `invalid` when the URL is none.
    public init(url: String, token: AccessToken?, timeout: Duration = .seconds(30)) throws(CenterClientError)
    {
        let bases = url.split(separator: ",").map { Self.base(String($0)) }
        guard !bases.isEmpty, bases.allSatisfy(Self.isBase) else {
            let problem = ValidationProblem(field: "server", message: "\"\(url)\" is not the URL of a center")
            throw .invalid("\(problem.message): use one such as http://127.0.0.1:7470", problems: [problem])
        }
        transport = HTTPTransport(baseURLs: bases, token: token, timeout: timeout)
    }

    private static func base(_ url: String) -> String {
        var base = url
        while base.hasSuffix("/") { base.removeLast() }
        return base
    }

    private static func isBase(_ url: String) -> Bool {
        guard let parsed = URLComponents(string: url), ["http", "https"].contains(parsed.scheme),
            let host = parsed.host, !host.isEmpty
        else { return false }
        return parsed.query == nil && parsed.fragment == nil
    }

    /// Sends a request and decodes the answer.
    func answer<Answer: Decodable>(
        _ type: Answer.Type,
        to request: CenterRequest
    ) async throws(CenterClientError) -> Answer {
        let body = try await transport.send(request)
        do {
            return try PayloadCoding.decode(type, from: body)
        } catch {
            throw .server("the answer of \(url) to \(request.path) cannot be read: \(error)")
        }
    }

    /// Sends a request whose answer says nothing.
    func send(_ request: CenterRequest) async throws(CenterClientError) {
        _ = try await transport.send(request)
    }

    /// A request under `/api/v1`, with a JSON body if there is one.
    func request(
        _ method: HTTPMethod,
        _ path: String,
        query: [(name: String, value: String?)] = [],
        body: (any Encodable & Sendable)? = nil
    ) throws(CenterClientError) -> CenterRequest {
        do {
            return CenterRequest(
                method: method,
                path: "/api/v1/" + path,
                query: query,
                body: try body.map { try PayloadCoding.encode($0) }
            )
        } catch {
            throw .server("the request cannot be written as JSON: \(error)")
        }
    }
}
