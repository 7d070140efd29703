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
    /// Runs the services until one fails or SIGTERM or SIGINT asks for the end; a second signal does not wait.
    static func run(_ services: [any Service], logger: Logger) async throws {
        let group = ServiceGroup(
            configuration: .init(
                services: services.map {
                    .init(service: $0, successTerminationBehavior: .gracefullyShutdownGroup)
                },
                gracefulShutdownSignals: [.sigterm, .sigint],
                logger: logger
            )
        )
        try await group.run()
    }
}
