import AsyncHTTPClient
import Foundation
import Logging
import NIOCore
import NIOHTTP1
import Payloads

/// One request to a center.
struct CenterRequest {
    var method: HTTPMethod
    var path: String
    var query: [(name: String, value: String?)] = []
    var headers: [(name: String, value: String)] = []
    var body: Data?
    /// Whether sending it twice does what sending it once does.
    var isRepeatable: Bool { method == .GET }
}

/// Sends requests to the first center that can be connected to and turns every failure into a `CenterClientError`.
struct HTTPTransport: Sendable {
    /// Largest answer that is read: a page of 1,000 tasks of the largest size stays below.
    static let answerBytesMax = 256 * 1_024 * 1_024

    /// The centers' base URLs in the order they are tried; at least one.
    let baseURLs: [String]
    let token: AccessToken?
    let timeout: Duration

    /// The body of a successful answer.
    ///
    /// A center that refuses the connection has seen nothing of the request, so the next one may be asked, whatever it is.
    func send(_ request: CenterRequest) async throws(CenterClientError) -> Data {
        var failure = CenterClientError.unreachable("no center is known")
        for url in baseURLs {
            do {
                return try await persistentAttempt(request, at: url)
            } catch {
                failure = translate(error, at: url)
                guard ConnectionFailure(error) != nil else { break }
            }
        }
        throw failure
    }

    private func persistentAttempt(_ request: CenterRequest, at url: String) async throws -> Data {
        do {
            return try await attempt(request, at: url)
        } catch let error as HTTPClientError where error == .remoteConnectionClosed && request.isRepeatable {
            // A kept connection that the server closed meanwhile: a fresh one may do.
            return try await attempt(request, at: url)
        }
    }

    private func attempt(_ request: CenterRequest, at url: String) async throws -> Data {
        let deadline = NIODeadline.now() + .nanoseconds(timeout.nanoseconds)
        let response = try await HTTPClient.ofCenters.execute(prepared(request, at: url), deadline: deadline)
        let buffer = try await response.body.collect(upTo: Self.answerBytesMax)
        let body = Data(buffer.readableBytesView)
        guard (200..<300).contains(Int(response.status.code)) else {
            // Proxies answer with bodies of their own.
            throw CenterClientError(
                status: Int(response.status.code),
                error: try? PayloadCoding.decode(ErrorPayload.self, from: body),
                retryAfter: response.headers.first(name: "retry-after").flatMap { Int($0) }.map {
                    .seconds($0)
                }
            )
        }
        return body
    }

    private func prepared(_ request: CenterRequest, at url: String) -> HTTPClientRequest {
        var prepared = HTTPClientRequest(url: url + request.path + Self.text(of: request.query))
        prepared.method = request.method
        if let token { prepared.headers.add(name: "authorization", value: token.authorization) }
        for header in request.headers { prepared.headers.add(name: header.name, value: header.value) }
        if let body = request.body {
            prepared.headers.add(name: "content-type", value: "application/json")
            prepared.body = .bytes(ByteBuffer(bytes: body))
        }
        return prepared
    }

    private func translate(_ error: any Error, at baseURL: String) -> CenterClientError {
        if let error = error as? CenterClientError { return error }
        if let failure = ConnectionFailure(error) {
            return .unreachable(failure.sentence(about: baseURL))
        }
        switch error as? HTTPClientError {
        case .deadlineExceeded?, .readTimeout?, .writeTimeout?:
            return .unreachable("\(baseURL) did not answer within \(timeout.components.seconds) seconds")
        case .cancelled?:
            return .unreachable("the request to \(baseURL) was cancelled")
        default:
            return .unreachable(
                "the connection to \(baseURL) broke (\(error)): is the center running, is the URL right?"
            )
        }
    }

    private static func text(of query: [(name: String, value: String?)]) -> String {
        let pieces = query.compactMap { item in item.value.map { "\(item.name)=\(escaped($0))" } }
        return pieces.isEmpty ? "" : "?" + pieces.joined(separator: "&")
    }

    /// Percent-encodes everything that RFC 3986 does not call unreserved.
    private static func escaped(_ text: String) -> String {
        text.addingPercentEncoding(withAllowedCharacters: unreserved) ?? ""
    }

    private static let unreserved = CharacterSet(
        charactersIn: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"
    )
}

extension HTTPClient {
    /// The client of all connections of the process, for the process's whole life.
    ///
    /// A refused connection fails at once instead of being tried again until the deadline, and redirects are not
    /// followed: they would carry the token away.
    fileprivate static let ofCenters: HTTPClient = {
        var configuration = HTTPClient.Configuration()
        configuration.redirectConfiguration = .disallow
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.connectionPool.idleTimeout = .seconds(30)
        configuration.timeout.connect = .seconds(5)
        return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }()
}

extension Duration {
    /// Whole nanoseconds, bounded to what fits.
    fileprivate var nanoseconds: Int64 {
        let (seconds, attoseconds) = components
        return min(seconds, 1 << 32) * 1_000_000_000 + attoseconds / 1_000_000_000
    }
}
