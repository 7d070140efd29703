import NIOCore
import NIOPosix

/// Hands out loopback ports that nobody listens on and that the kernel gives to no outgoing connection: a process that is
/// started again must find its port free.
struct PortPool {
    /// Below the ports of outgoing connections, above those of well-known services.
    private static let range = 12_000..<32_000
    private var next: Int

    /// Begins somewhere: several runs on one machine seldom meet.
    init() {
        var generator = SystemRandomNumberGenerator()
        next = Int.random(in: Self.range, using: &generator)
    }

    /// The next free port.
    mutating func take() async throws -> Int {
        for _ in Self.range {
            next = next + 1 < Self.range.upperBound ? next + 1 : Self.range.lowerBound
            if await Self.isFree(next) { return next }
        }
        throw NemesisError(
            "no loopback port between \(Self.range.lowerBound) and \(Self.range.upperBound) is free"
        )
    }

    private static func isFree(_ port: Int) async -> Bool {
        let bootstrap = ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
        guard let channel = try? await bootstrap.bind(host: "127.0.0.1", port: port).get() else {
            return false
        }
        // It listens no more, whether or not closing fails.
        try? await channel.close().get()
        return true
    }
}
