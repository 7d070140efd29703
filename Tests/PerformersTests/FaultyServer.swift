import Foundation
import NIOCore
import NIOPosix
import NIOSSL
import Synchronization

/// What the server does with a request.
enum Reply: Sendable {
    /// A status, header fields with a line end each, and a body.
    case answer(Int, headers: String = "", body: String = "")
    /// A body of so many bytes.
    case bytes(Int)
    /// The head, and then a byte of the body now and then, for ever.
    case trickle
    /// Nothing, for ever.
    case silence
    /// A half of an answer, then the end of the connection.
    case half
}

/// A server on this machine that answers as a test says, also in ways that no server should.
struct FaultyServer: Sendable {
    let port: Int
    private let log: RequestLog

    /// The requests so far, as they came, heads and bodies.
    var requests: [String] { log.requests.withLock(\.self) }

    /// Lends a server.
    static func run(
        tls: Bool = false,
        _ reply: @escaping @Sendable (String) -> Reply,
        _ body: (FaultyServer) async throws -> Void
    ) async throws {
        let log = RequestLog()
        let context = tls ? try context() : nil
        let channel = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if let context {
                        try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: context))
                    }
                    try channel.pipeline.syncOperations.addHandler(FaultyHandler(log, reply))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        do {
            try await body(FaultyServer(port: channel.localAddress?.port ?? 0, log: log))
        } catch {
            try await channel.close()
            throw error
        }
        try await channel.close()
    }

    private static func context() throws -> NIOSSLContext {
        let certificates = try NIOSSLCertificate.fromPEMBytes(Array(TestCertificate.certificate.utf8))
        let key = try NIOSSLPrivateKey(bytes: Array(TestCertificate.key.utf8), format: .pem)
        return try NIOSSLContext(
            configuration: .makeServerConfiguration(
                certificateChain: certificates.map { .certificate($0) },
                privateKey: .privateKey(key)
            )
        )
    }
}

private final class RequestLog: Sendable {
    let requests = Mutex<[String]>([])
}

private final class FaultyHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let log: RequestLog
    private let reply: @Sendable (String) -> Reply
    private var received = ""

    init(_ log: RequestLog, _ reply: @escaping @Sendable (String) -> Reply) {
        self.log = log
        self.reply = reply
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        received += String(buffer: unwrapInboundIn(data))
        guard let end = received.range(of: "\r\n\r\n") else { return }
        let lengths = received[..<end.lowerBound].lowercased().split(separator: "\r\n").compactMap { line in
            line.hasPrefix("content-length: ") ? Int(line.dropFirst("content-length: ".count)) : nil
        }
        guard received[end.upperBound...].utf8.count >= lengths.first ?? 0 else { return }
        let request = received
        received = ""
        log.requests.withLock { $0.append(request) }
        send(reply(request), context)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    private func send(_ reply: Reply, _ context: ChannelHandlerContext) {
        switch reply {
        case .answer(let status, let headers, let body):
            let head =
                "HTTP/1.1 \(status) Said\r\nContent-Length: \(body.utf8.count)\r\nConnection: close\r\n"
            write(head + headers + "\r\n" + body, context)
            context.close(promise: nil)
        case .bytes(let count):
            write("HTTP/1.1 200 OK\r\nContent-Length: \(count)\r\n\r\n", context)
            pour(count, context)
        case .trickle:
            write("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n", context)
            let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
            context.eventLoop.scheduleRepeatedTask(initialDelay: .zero, delay: .milliseconds(20)) { task in
                let (handler, context) = bound.value
                if context.channel.isActive { handler.write("x", context) } else { task.cancel() }
            }
        case .silence: break
        case .half:
            write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf", context)
            context.close(promise: nil)
        }
    }

    private func write(_ text: String, _ context: ChannelHandlerContext) {
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text)), promise: nil)
    }

    /// Writes a body in pieces, each when the one before is gone.
    private func pour(_ count: Int, _ context: ChannelHandlerContext) {
        guard count > 0 else { return context.close(promise: nil) }
        let piece = min(count, 1_024 * 1_024)
        let buffer = ByteBuffer(repeating: UInt8(ascii: "z"), count: piece)
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        context.writeAndFlush(wrapOutboundOut(buffer)).whenSuccess {
            let (handler, context) = bound.value
            handler.pour(count - piece, context)
        }
    }
}
