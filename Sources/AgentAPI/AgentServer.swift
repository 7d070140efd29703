public import Agent
import Foundation
package import Hummingbird
public import Logging
import NIOCore
public import Payloads
public import ServiceLifecycle

/// The HTTP API of an agent: its health, its status and the output of its attempts.
///
/// Returns from `run()` on graceful shutdown, once the requests in progress are answered.
public struct AgentServer: Service {
    private let host: String
    private let port: Int
    private let token: AccessToken
    private let routes: AgentRoutes
    private let logger: Logger
    private let onListening: @Sendable (_ url: String) async -> Void

    /// Creates a server; nothing listens until `run()`.
    ///
    /// - Parameters:
    ///   - host: A loopback address.
    ///   - port: The port; 0 for any free one.
    ///   - token: The token that every request but those for health must carry.
    ///   - logs: The output of the attempts.
    ///   - status: The agent.
    ///   - logger: Where it logs.
    ///   - onListening: Called once with the server's URL, before the first request is served.
    public init(
        host: String = "127.0.0.1",
        port: Int,
        token: AccessToken,
        logs: any LogSource,
        status: any AgentStatusSource,
        logger: Logger,
        onListening: @escaping @Sendable (_ url: String) async -> Void
    ) {
        self.host = host
        self.port = port
        self.token = token
        self.logger = logger
        self.onListening = onListening
        routes = AgentRoutes(logs: logs, status: status)
    }

    /// Serves until graceful shutdown.
    ///
    /// - Throws: `AgentListenError` when the address is refused or the port is taken.
    public func run() async throws {
        guard Loopback.isAddress(host) else { throw AgentListenError.addressRefused(host) }
        do {
            try await application.run()
        } catch let error as IOError where error.errnoCode == EADDRINUSE {
            throw AgentListenError.portTaken(host: host, port: port)
        }
    }

    /// The server as Hummingbird sees it, for tests.
    package var application: some ApplicationProtocol {
        let router = Router(context: AgentRequestContext.self)
        router.add(middleware: AgentAccess(token: token))
        routes.add(to: router)
        return Application(
            router: router,
            configuration: ApplicationConfiguration(
                address: .hostname(host, port: port),
                serverName: "cloudtask"
            ),
            onServerRunning: { [host, port, onListening] channel in
                let name = host.contains(":") ? "[\(host)]" : host
                await onListening("http://\(name):\(channel.localAddress?.port ?? port)")
            },
            logger: logger
        )
    }
}
