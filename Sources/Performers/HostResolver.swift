import Foundation

/// Finds the addresses of hosts.
public struct HostResolver: Sendable {
    /// The addresses of a host, the preferred one first; empty when it is unknown.
    public var addresses: @Sendable (String) async -> [String]

    /// Creates a resolver.
    public init(addresses: @escaping @Sendable (String) async -> [String]) { self.addresses = addresses }

    /// Asks as every program of the machine does.
    ///
    /// The question can neither be cancelled nor limited: it has a thread of its own, and whoever waits no longer leaves it alone.
    public static let system = HostResolver { host in
        let (stream, continuation) = AsyncStream.makeStream(
            of: [String].self,
            bufferingPolicy: .bufferingNewest(1)
        )
        Thread.detachNewThread {
            continuation.yield(Host(name: host).addresses)
            continuation.finish()
        }
        for await addresses in stream { return addresses }
        return []
    }
}
