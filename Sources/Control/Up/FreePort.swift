import NIOCore
import NIOPosix

/// Finds loopback ports that nobody listens on.
enum FreePort {
    /// The first free one of `preferred`, else any.
    static func pick(_ preferred: Range<Int>, except taken: Set<Int> = []) async throws -> Int {
        for port in preferred where !taken.contains(port) {
            if try await isFree(port) { return port }
        }
        guard let port = try await bind(0), !taken.contains(port) else {
            throw ControlError("this machine has no free port: stop something that listens on 127.0.0.1")
        }
        return port
    }

    /// Whether a server could listen on the port now.
    static func isFree(_ port: Int) async throws -> Bool {
        try await bind(port) != nil
    }

    /// Listens for a moment; the port, or `nil` when it is taken.
    private static func bind(_ port: Int) async throws -> Int? {
        // As the servers do: connections of a server that has ended, which the kernel remembers for a minute, do not take its port.
        let bootstrap = ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
        let channel: any Channel
        do {
            channel = try await bootstrap.bind(host: "127.0.0.1", port: port).get()
        } catch let error as IOError where error.errnoCode == EADDRINUSE || error.errnoCode == EACCES {
            return nil
        }
        let bound = channel.localAddress?.port
        try await channel.close()
        return bound
    }
}
