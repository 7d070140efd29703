import Glibc
import NIOCore
import NIOPosix

/// Listens on a loopback port and passes connections on to another, as far as its link lets it.
public struct FaultProxy: Sendable {
    /// The connections and what is wrong with them.
    public let link: Link
    /// The port it listens on.
    public let port: Int
    private let targetPort: Int
    /// Gives bare channels: one that nobody took when everything ends may be dropped, wrapped ones may not.
    private let listener: NIOAsyncChannel<any Channel, Never>

    /// Starts to listen; connections are served by `run`.
    ///
    /// - Parameters:
    ///   - link: The connections that pass.
    ///   - targetPort: The loopback port they lead to.
    ///   - port: The loopback port to listen on; 0 for any.
    /// - Throws: What the kernel says when the port cannot be listened on.
    public init(_ link: Link, to targetPort: Int, listeningOn port: Int = 0) async throws {
        self.link = link
        self.targetPort = targetPort
        listener = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            // Read by whoever serves it.
            .childChannelOption(.autoRead, value: false)
            .bind(host: "127.0.0.1", port: port) { channel in
                channel.eventLoop.makeSucceededFuture(channel)
            }
        guard let bound = listener.channel.localAddress?.port else {
            throw ChannelError.unknownLocalAddress
        }
        self.port = bound
    }

    /// Serves connections until the task is cancelled.
    public func run() async throws {
        try await listener.executeThenClose { accepted in
            try await withThrowingDiscardingTaskGroup { group in
                for try await client in accepted {
                    group.addTask {
                        // A connection that fails is closed: that is all its ends would see of any network.
                        try? await serve(try await Self.wrapped(client))
                    }
                }
            }
        }
    }

    /// How a connection ended.
    private enum End {
        /// One side closed it.
        case closed
        /// It was reset.
        case reset
    }

    private func serve(_ client: NIOAsyncChannel<ByteBuffer, ByteBuffer>) async throws {
        let (number, resets) = link.open()
        defer { link.close(number) }
        try await client.executeThenClose { fromClient, toClient in
            let end = try await first(
                {
                    // While the link is held the handshake hangs, as a lost SYN would make it.
                    guard try await link.admitConnection(), let server = try? await connect() else {
                        return .reset
                    }
                    return try await relay(fromClient, toClient, server)
                },
                {
                    for await _ in resets {}
                    return .reset
                }
            )
            if end == .reset { try await Self.resetOnClose(client.channel) }
        }
    }

    private func relay(
        _ fromClient: NIOAsyncChannelInboundStream<ByteBuffer>,
        _ toClient: NIOAsyncChannelOutboundWriter<ByteBuffer>,
        _ server: NIOAsyncChannel<ByteBuffer, ByteBuffer>
    ) async throws -> End {
        try await server.executeThenClose { fromServer, toServer in
            let end = try? await first(
                { try await pump(fromClient, toServer, .toServer) },
                { try await pump(fromServer, toClient, .toClient) }
            )
            if end != .closed { try await Self.resetOnClose(server.channel) }
            return end ?? .reset
        }
    }

    /// What the activity that ends first comes to; the other is cancelled.
    private func first(
        _ left: @escaping @Sendable () async throws -> End,
        _ right: @escaping @Sendable () async throws -> End
    ) async throws -> End {
        try await withThrowingTaskGroup(of: End.self) { group in
            group.addTask { try await left() }
            group.addTask { try await right() }
            defer { group.cancelAll() }
            return try await group.next() ?? .reset
        }
    }

    private func pump(
        _ inbound: NIOAsyncChannelInboundStream<ByteBuffer>,
        _ outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>,
        _ direction: LinkDirection
    ) async throws -> End {
        for try await bytes in inbound {
            let count = try await link.admit(bytes.readableBytes, direction)
            if count > 0, let part = bytes.getSlice(at: bytes.readerIndex, length: count) {
                try await outbound.write(part)
            }
            if count < bytes.readableBytes { return .reset }
        }
        // The end of the stream travels like bytes.
        return try await link.admitEnd(direction) ? .closed : .reset
    }

    private func connect() async throws -> NIOAsyncChannel<ByteBuffer, ByteBuffer> {
        try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .connect(host: "127.0.0.1", port: targetPort) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel(wrappingChannelSynchronously: channel)
                }
            }
    }

    /// What is not yet sent is dropped, and the other side told at once.
    private static func resetOnClose(_ channel: any Channel) async throws {
        guard let options = channel as? any SocketOptionProvider else { return }
        try await options.setSoLinger(linger(l_onoff: 1, l_linger: 0)).get()
    }

    private static func wrapped(_ channel: any Channel) async throws -> NIOAsyncChannel<
        ByteBuffer, ByteBuffer
    > {
        let wrapped = try await channel.eventLoop.submit {
            try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
        }.get()
        // It is closed already if this fails, which who reads from it will see.
        try? await channel.setOption(.autoRead, value: true).get()
        return wrapped
    }
}
