import Cluster
import Foundation
import Logging
import Scheduling
import ServiceLifecycle
import UnixSignals

extension TimeSource {
    /// The machine's clocks: the wall clock, and the monotonic one that counts while the machine sleeps.
    static var system: TimeSource { TimeSource(clock: ContinuousClock(), wall: { Instant(Date()) }) }
}

extension RandomSource {
    /// The kernel's randomness.
    static var system: RandomSource { RandomSource(SystemRandomNumberGenerator()) }
}

extension ServiceGroup {
    /// Runs the services until one fails or SIGTERM or SIGINT asks for the end.
    static func run(_ services: [any Service], logger: Logger) async throws {
        var configuration = ServiceGroupConfiguration(
            services: services.map {
                .init(service: $0, successTerminationBehavior: .gracefullyShutdownGroup)
            },
            gracefulShutdownSignals: [.sigterm, .sigint],
            logger: logger
        )
        configuration.maximumGracefulShutdownDuration = shutdownMax
        try await ServiceGroup(configuration: configuration).run()
    }

    /// After this long what has not ended is cancelled: longer than any session timeout that is waited for in vain.
    private static let shutdownMax = Duration.seconds(150)
}
