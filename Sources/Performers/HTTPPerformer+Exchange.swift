import AsyncHTTPClient
import Domain
import Foundation
import NIOCore
import NIOHTTP1
import NIOSSL

extension HTTPPerformer {
    /// Sends a request to one of the addresses that the host has now, and none that it may have later.
    func answer(to request: OutgoingRequest, by deadline: ContinuousClock.Instant) async throws -> Answer {
        var failure: CallFailure?
        for address in try await addresses(of: request.host).prefix(Self.addressesMax) {
            try Task.checkCancellation()
            do {
                return try await answer(to: request, at: address, by: deadline)
            } catch {
                if error is CancellationError { throw error }
                let next = CallFailure(error, host: request.host, connectTimeout: call.connectTimeout)
                guard next.isUnreachable else { throw next }
                failure = next
            }
        }
        throw failure ?? .unknownHost(request.host)
    }

    /// Those addresses of a host that may be asked.
    private func addresses(of host: String) async throws -> [String] {
        let all = NetworkAddress(host) == nil ? await resolver.addresses(host) : [host]
        try Task.checkCancellation()
        if all.isEmpty { throw CallFailure.unknownHost(host) }
        if call.allowsPrivateAddresses { return all }
        let allowed = all.filter { NetworkAddress($0)?.isPublic ?? false }
        guard !allowed.isEmpty else {
            throw CallFailure.forbidden(
                "\(host) has the address \(all[0]), which is not public: privateAddresses: allow would let it be asked"
            )
        }
        return allowed
    }

    private func answer(
        to request: OutgoingRequest,
        at address: String,
        by deadline: ContinuousClock.Instant
    ) async throws -> Answer {
        let client = HTTPClient(
            eventLoopGroupProvider: .singleton,
            configuration: try configuration(for: request, at: address, by: deadline)
        )
        do {
            let answer = try await answer(to: request, from: client)
            // Whatever is left of the connection is of no use to anybody.
            try? await client.shutdown()
            return answer
        } catch {
            try? await client.shutdown()
            throw error
        }
    }

    private func configuration(
        for request: OutgoingRequest,
        at address: String,
        by deadline: ContinuousClock.Instant
    ) throws -> HTTPClient.Configuration {
        var configuration = HTTPClient.Configuration()
        configuration.redirectConfiguration = .disallow
        configuration.httpVersion = .http1Only
        // A client is not gone before its connection is there or given up.
        let left = max(.milliseconds(1), ContinuousClock().now.duration(to: deadline))
        let connect = min(call.connectTimeout, left)
        configuration.timeout = .init(connect: .nanoseconds(Int64(connect / .nanoseconds(1))))
        configuration.connectionPool.retryConnectionEstablishment = false
        // The name stays in the request and in the certificate that is expected.
        if request.host != address { configuration.dnsOverride = [request.host: address] }
        var tls = TLSConfiguration.makeClientConfiguration()
        // Earlier ones are deprecated (RFC 8996).
        tls.minimumTLSVersion = .tlsv12
        if call.isInsecure { tls.certificateVerification = .none }
        if let authority = call.authority { tls.trustRoots = try Self.roots(authority) }
        configuration.tlsConfiguration = tls
        return configuration
    }

    private static func roots(_ authority: String) throws -> NIOSSLTrustRoots {
        guard authority.hasPrefix("/") else {
            return .certificates(try NIOSSLCertificate.fromPEMBytes(Array(authority.utf8)))
        }
        guard FileManager.default.isReadableFile(atPath: authority) else {
            throw CallFailure.untrusted("the file \(authority) of tls.ca cannot be read on this machine")
        }
        return .file(authority)
    }

    private func answer(to request: OutgoingRequest, from client: HTTPClient) async throws -> Answer {
        var sent = HTTPClientRequest(url: request.url.absoluteString)
        sent.method = HTTPMethod(rawValue: request.method)
        for (name, value) in request.headers { sent.headers.add(name: name, value: value) }
        if let body = request.body { sent.body = .bytes(ByteBuffer(bytes: body)) }
        let response = try await client.execute(sent, deadline: .distantFuture)
        var answer = Answer(status: Int(response.status.code))
        output.log("< \(response.status.code) \(response.status.reasonPhrase)")
        for (name, value) in response.headers {
            let shown = name.lowercased() == "location" ? Secrecy.shown(value) : Secrecy.shown(name, value)
            output.log("< \(name): \(shown)")
        }
        if call.redirectsMax > 0, Self.redirects.contains(answer.status) {
            answer.location = response.headers.first(name: "Location")
            if answer.location != nil { return answer }
        }
        try await read(response.body, into: &answer)
        return answer
    }

    /// Reads a body to its end, whatever its size, and keeps no more of it than is asked for.
    private func read(_ body: HTTPClientResponse.Body, into answer: inout Answer) async throws {
        for try await piece in body {
            answer.size += piece.readableBytes
            let room = call.bodyBytesMax - answer.body.count
            if room > 0 { answer.body.append(contentsOf: piece.readableBytesView.prefix(room)) }
        }
        output.log(answer.body)
        if let last = answer.body.last, last != UInt8(ascii: "\n") { output.log("") }
        if answer.size > answer.body.count {
            output.log("< (\(answer.size) bytes, of which the first \(answer.body.count) are kept)")
        }
    }

    private static let redirects: Set<Int> = [301, 302, 303, 307, 308]
    /// Of a host with many addresses no more are tried: each may take the whole time for a connection.
    private static let addressesMax = 4
}
