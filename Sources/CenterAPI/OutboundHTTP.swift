import AsyncHTTPClient
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import NIOHTTP1
import Payloads

/// Requests that the center sends to its peers and to agents, with the token of the cluster.
struct OutboundHTTP: Sendable {
    /// How long one request may take: longer than a batch of saves, shorter than clients wait.
    static let timeout = TimeAmount.seconds(25)
    /// Largest answer that is passed on.
    static let answerBytesMax = 256 * 1_024 * 1_024

    /// One request.
    struct Message {
        var method: NIOHTTP1.HTTPMethod
        var url: String
        var headers: [(name: String, value: String)] = []
        var body: Data?
    }

    /// One answer.
    struct Answer {
        var status: Int
        var headers: HTTPHeaders
        var body: Data

        /// The answer as it is to be passed on.
        var response: Response {
            var response = Response.json(bytes: body, status: .init(code: status))
            for name in [HTTPField.Name.contentType, .eTag, .retryAfter] {
                response.headers[name] = headers.first(name: name.canonicalName)
            }
            return response
        }
    }

    let token: AccessToken

    /// The answer, whatever its status; throws 503 when there is none.
    func answer(to message: Message, from receiver: String) async throws -> Answer {
        var request = HTTPClientRequest(url: message.url)
        request.method = message.method
        request.headers.add(name: "authorization", value: token.authorization)
        for header in message.headers { request.headers.add(name: header.name, value: header.value) }
        if let body = message.body { request.body = .bytes(ByteBuffer(bytes: body)) }
        do {
            let response = try await HTTPClient.ofCenter.execute(request, timeout: Self.timeout)
            let buffer = try await response.body.collect(upTo: Self.answerBytesMax)
            return Answer(
                status: Int(response.status.code),
                headers: response.headers,
                body: Data(buffer.readableBytesView)
            )
        } catch {
            throw APIError.unavailable("\(receiver) does not answer at \(Self.origin(of: message.url))")
        }
    }

    /// The answer as it is to be passed on.
    func send(_ message: Message, to receiver: String) async throws -> Response {
        try await answer(to: message, from: receiver).response
    }

    private static func origin(of url: String) -> String {
        URLComponents(string: url).flatMap { parts in
            parts.host.map { host in parts.port.map { "\(host):\($0)" } ?? host }
        } ?? url
    }
}

extension HTTPClient {
    /// Requests that a standby sends on at a time; more wait for a connection.
    private static let connectionsMax = 64

    /// The client of all requests between the processes of a cluster, for this process's whole life.
    ///
    /// A refused connection fails at once, and redirects, which would carry the token away, are not followed.
    fileprivate static let ofCenter: HTTPClient = {
        var configuration = HTTPClient.Configuration()
        configuration.redirectConfiguration = .disallow
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.connectionPool.idleTimeout = .seconds(30)
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = connectionsMax
        configuration.timeout.connect = .seconds(3)
        return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }()
}
