import NIOCore
import NIOPosix
import Synchronization
import Testing

@testable import NemesisKit

/// A server on loopback that sends back what it gets.
final class EchoServer: Sendable {
    struct Closed: Error {}

    private let count = Mutex(0)
    private let (counts, counter) = AsyncStream.makeStream(of: Int.self, bufferingPolicy: .unbounded)

    /// Bytes that have come.
    var receivedCount: Int { count.withLock(\.self) }

    /// Waits until so many bytes have come; called by one task.
    func hasReceived(_ wanted: Int) async throws {
        if receivedCount >= wanted { return }
        for await count in counts where count >= wanted { return }
        throw Closed()
    }

    fileprivate func took(_ bytes: Int) {
        counter.yield(
            count.withLock { count in
                count += bytes
                return count
            }
        )
    }

    func channel() async throws -> any Channel {
        try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(EchoHandler(server: self))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
    }

    /// A port that nobody listens on any more.
    static func unusedPort() async throws -> Int {
        let channel = try await EchoServer().channel()
        let port = channel.localAddress?.port ?? 0
        try await channel.close().get()
        return port
    }
}

private final class EchoHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    let server: EchoServer

    init(server: EchoServer) { self.server = server }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        server.took(unwrapInboundIn(data).readableBytes)
        context.writeAndFlush(data, promise: nil)
    }
}

/// A client's end of a connection.
final class Connection: Sendable {
    private struct State {
        var received = ""
        var isOver = false
    }

    private let outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
    private let state = Mutex(State())
    private let (changes, change) = AsyncStream.makeStream(
        of: Void.self,
        bufferingPolicy: .bufferingNewest(1)
    )

    init(_ outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>) { self.outbound = outbound }

    /// What was read and not yet asked for.
    var received: String { state.withLock(\.received) }

    /// Reads until the connection ends.
    func read(_ inbound: NIOAsyncChannelInboundStream<ByteBuffer>) async {
        // However it ends, it has ended.
        try? await {
            for try await bytes in inbound {
                state.withLock { $0.received += String(buffer: bytes) }
                change.yield()
            }
        }()
        state.withLock { $0.isOver = true }
        change.finish()
    }

    func send(_ text: String) async throws { try await outbound.write(ByteBuffer(string: text)) }

    /// The next characters; fails when the connection ends before. Called by one task.
    func receive(_ count: Int) async throws -> String {
        if let text = try take(count) { return text }
        for await _ in changes {
            if let text = try take(count) { return text }
        }
        guard let text = try take(count) else { throw EchoServer.Closed() }
        return text
    }

    private func take(_ count: Int) throws -> String? {
        try state.withLock { state in
            guard state.received.count >= count else {
                if state.isOver { throw EchoServer.Closed() }
                return nil
            }
            defer { state.received.removeFirst(count) }
            return String(state.received.prefix(count))
        }
    }

    /// Sends a text, and expects it back.
    func expectEcho(_ text: String, sourceLocation: SourceLocation = #_sourceLocation) async throws {
        try await send(text)
        try await expect(text, sourceLocation: sourceLocation)
    }

    /// Expects that a text comes next.
    func expect(_ text: String, sourceLocation: SourceLocation = #_sourceLocation) async throws {
        let answer = try await receive(text.count)
        #expect(answer == text, sourceLocation: sourceLocation)
    }

    /// Sends a text, and expects that the connection ends before it is back.
    func expectNoEcho(_ text: String, sourceLocation: SourceLocation = #_sourceLocation) async {
        // Sending may fail as well.
        try? await send(text)
        let answer = try? await receive(text.count)
        #expect(answer == nil, sourceLocation: sourceLocation)
    }

    /// Expects that the connection ends before anything else comes.
    func expectEnd(sourceLocation: SourceLocation = #_sourceLocation) async {
        let more = try? await receive(1)
        #expect(more == nil, sourceLocation: sourceLocation)
    }
}

/// Lends a connection to a loopback port.
func withConnection(_ port: Int, _ body: (Connection) async throws -> Void) async throws {
    let channel = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
        .connect(host: "127.0.0.1", port: port) { channel in
            channel.eventLoop.makeCompletedFuture {
                try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
            }
        }
    // Who is reset cannot close in an orderly way.
    var failure: (any Error)?
    try? await channel.executeThenClose { inbound, outbound in
        let connection = Connection(outbound)
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await connection.read(inbound) }
            do { try await body(connection) } catch { failure = error }
            group.cancelAll()
        }
    }
    if let failure { throw failure }
}

/// Lends a link to an echo server, and the server.
func withServer(_ body: (EchoServer, Link, Int) async throws -> Void) async throws {
    let server = EchoServer()
    let channel = try await server.channel()
    let link = Link(source: "client", target: "server")
    let proxy = try await FaultProxy(link, to: channel.localAddress?.port ?? 0)
    try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await proxy.run() }
        try await body(server, link, proxy.port)
        group.cancelAll()
    }
    try await channel.close().get()
}

/// Lends a link to an echo server.
func withEcho(_ body: (Link, Int) async throws -> Void) async throws {
    try await withServer { _, link, port in try await body(link, port) }
}
