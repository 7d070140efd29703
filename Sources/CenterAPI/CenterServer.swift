public import Center
public import Domain
import Foundation
package import Hummingbird
public import Logging
import NIOCore
public import Payloads
public import Scheduling
public import ServiceLifecycle

/// The HTTP API of a center: an adapter of `CenterOperations`.
///
/// Returns from `run()` on graceful shutdown, once the requests in progress are answered.
public struct CenterServer: Service {
    /// Where and as whom it serves.
    public struct Configuration: Sendable {
        /// The center's name.
        public var center: CenterID
        /// A loopback address.
        public var host: String
        /// The port; 0 for any free one.
        public var port: Int
        /// The token that every request but those for health must carry.
        public var token: AccessToken
        /// Batches of reports that are stored at a time; more are told to come back.
        public var reportBatchesMax: Int

        /// Batches of reports at a time when nothing else is said: each holds up to 1,000 reports, about 1 MiB.
        public static let reportBatchesStandard = 32

        /// Creates a configuration.
        public init(
            center: CenterID,
            host: String = "127.0.0.1",
            port: Int,
            token: AccessToken,
            reportBatchesMax: Int = Self.reportBatchesStandard
        ) {
            self.center = center
            self.host = host
            self.port = port
            self.token = token
            self.reportBatchesMax = reportBatchesMax
        }
    }

    private let configuration: Configuration
    private let operations: any CenterOperations
    private let now: @Sendable () -> Instant
    private let logger: Logger
    private let onListening: @Sendable (_ url: String) async -> Void

    /// Creates a server; nothing listens until `run()`.
    ///
    /// - Parameters:
    ///   - configuration: Where and as whom it serves.
    ///   - operations: The center.
    ///   - now: The wall clock, for previews of due instants.
    ///   - logger: Where it logs.
    ///   - onListening: Called once with the server's URL, before the first request is served.
    public init(
        configuration: Configuration,
        operations: any CenterOperations,
        now: @escaping @Sendable () -> Instant,
        logger: Logger,
        onListening: @escaping @Sendable (_ url: String) async -> Void
    ) {
        self.configuration = configuration
        self.operations = operations
        self.now = now
        self.logger = logger
        self.onListening = onListening
    }

    /// Serves until graceful shutdown.
    ///
    /// - Throws: `ListenError` when the address is refused or the port is taken.
    public func run() async throws {
        let (host, port) = (configuration.host, configuration.port)
        guard Loopback.isAddress(host) else { throw ListenError.addressRefused(host) }
        do {
            try await application.run()
        } catch let error as IOError where error.errnoCode == EADDRINUSE {
            throw ListenError.portTaken(host: host, port: port)
        }
    }

    /// The server as Hummingbird sees it, for tests.
    package var application: some ApplicationProtocol {
        Application(
            router: router,
            configuration: ApplicationConfiguration(
                address: .hostname(configuration.host, port: configuration.port),
                serverName: "cloudtask"
            ),
            onServerRunning: { [configuration, onListening] channel in
                let port = channel.localAddress?.port ?? configuration.port
                let host = configuration.host.contains(":") ? "[\(configuration.host)]" : configuration.host
                await onListening("http://\(host):\(port)")
            },
            logger: logger
        )
    }

    private var router: Router<APIContext> {
        let outbound = OutboundHTTP(token: configuration.token)
        let router = Router(context: APIContext.self)
        router.add(middleware: AnswerMiddleware())
        router.add(middleware: AccessMiddleware(token: configuration.token))
        router.add(
            middleware: LeaderForwarding(
                center: configuration.center,
                operations: operations,
                outbound: outbound
            )
        )
        HealthRoutes(operations: operations).add(to: router)
        let group = router.group("api/v1")
        TaskRoutes(operations: operations, now: now).add(to: group)
        CalendarRoutes(operations: operations).add(to: group)
        PoolRoutes(operations: operations).add(to: group)
        BackfillRoutes(operations: operations).add(to: group)
        OccasionRoutes(operations: operations).add(to: group)
        WorkflowRoutes(operations: operations).add(to: group)
        let agents = AgentProxy(operations: operations, outbound: outbound)
        RunRoutes(operations: operations, agents: agents).add(to: group)
        ClusterRoutes(center: configuration.center, operations: operations, agents: agents).add(to: group)
        ReportRoutes(operations: operations, gate: ReportGate(width: configuration.reportBatchesMax)).add(
            to: group
        )
        return router
    }
}
