import NIOCore
import NIOPosix

/// Asks a TCP server one thing and reads everything it answers: ZooKeeper's four-letter words, HTTP without a client.
enum TextExchange {
    /// What came of a request.
    struct Answer: Sendable {
        /// The text until the server closed the connection.
        var text: String
        /// From connecting to the end of the answer.
        var duration: Duration
    }

    /// Why there is no answer.
    struct Failure: Error, CustomStringConvertible {
        var description: String
    }

    /// Longest answer read: four-letter words and headers are far shorter.
    private static let bytesMax = 1_024 * 1_024

    /// Sends `request` and reads the answer; throws `Failure` when there is none within `timeout`.
    static func ask(_ request: String, host: String, port: Int, timeout: Duration = .seconds(3))
        async throws(Failure) -> Answer
    {
        let start = ContinuousClock.now
        do {
            let text = try await withThrowingTaskGroup(of: String.self) { group in
                group.addTask { try await exchange(request, host: host, port: port, timeout: timeout) }
                group.addTask {
                    try await ContinuousClock().sleep(for: timeout)
                    throw Failure(description: "no answer within \(timeout)")
                }
                defer { group.cancelAll() }
                return try await group.next() ?? ""
            }
            return Answer(text: text, duration: start.duration(to: .now))
        } catch let error as Failure {
            throw error
        } catch let error as IOError {
            throw Failure(description: error.errnoCode == ECONNREFUSED ? "connection refused" : "\(error)")
        } catch let error as NIOConnectionError {
            throw Failure(description: reason(error))
        } catch {
            throw Failure(description: "\(error)")
        }
    }

    private static func exchange(_ request: String, host: String, port: Int, timeout: Duration) async throws
        -> String
    {
        let bootstrap = ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup).connectTimeout(
            TimeAmount(timeout)
        )
        let channel = try await bootstrap.connect(host: host, port: port) { channel in
            channel.eventLoop.makeCompletedFuture {
                try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
            }
        }
        return try await channel.executeThenClose { inbound, outbound in
            try await outbound.write(ByteBuffer(string: request))
            var answer = ByteBuffer()
            for try await var part in inbound {
                answer.writeBuffer(&part)
                if answer.readableBytes > bytesMax { break }
            }
            return String(buffer: answer)
        }
    }

    private static func reason(_ error: NIOConnectionError) -> String {
        if error.dnsAError != nil, error.connectionErrors.isEmpty {
            return "the host name \(error.host) cannot be resolved"
        }
        guard let first = error.connectionErrors.first?.error as? IOError else { return "cannot connect" }
        return first.errnoCode == ECONNREFUSED ? "connection refused" : "\(first)"
    }
}

extension TextExchange {
    /// The status and headers of an HTTP answer.
    struct Head: Sendable {
        var status: Int
        var headers: [String: String]
        var body: String
        var duration: Duration
    }

    /// GETs a path of `http://host:port`, without credentials.
    static func head(of path: String, at url: String, timeout: Duration = .seconds(3)) async throws(Failure)
        -> Head
    {
        guard let address = HostPort(url: url) else {
            throw Failure(description: "'\(url)' is not an http URL with a port")
        }
        let request =
            "GET \(path) HTTP/1.1\r\nHost: \(address.host):\(address.port)\r\nConnection: close\r\n\r\n"
        let answer = try await ask(request, host: address.host, port: address.port, timeout: timeout)
        let parts = answer.text.split(separator: "\r\n\r\n", maxSplits: 1)
        let lines = (parts.first ?? "").split(separator: "\r\n")
        guard let status = lines.first?.split(separator: " ").dropFirst().first.flatMap({ Int($0) }) else {
            throw Failure(description: "the answer is not HTTP")
        }
        var headers: [String: String] = [:]
        for line in lines.dropFirst() {
            guard let colon = line.firstIndex(of: ":") else { continue }
            headers[line[..<colon].lowercased()] =
                line[line.index(after: colon)...].drop(while: \.isWhitespace).description
        }
        return Head(
            status: status,
            headers: headers,
            body: parts.count > 1 ? String(parts[1]) : "",
            duration: answer.duration
        )
    }
}
