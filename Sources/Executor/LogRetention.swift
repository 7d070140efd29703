public import Cluster
public import Logging
import Scheduling
public import ServiceLifecycle

/// Removes the logs of attempts when they are old.
///
/// Logs go by days, so one is kept up to a day longer than asked. The log of an attempt that runs on stays open for it.
public struct LogRetention: Service {
    private let files: LogFiles
    private let age: Duration
    private let time: TimeSource
    private let logger: Logger

    /// How often is looked.
    private static let pause = Duration.seconds(3_600)

    /// Creates the service; nothing is removed until it runs.
    ///
    /// - Parameters:
    ///   - files: The logs.
    ///   - age: How long after the due instant they are kept.
    ///   - time: The clocks.
    ///   - logger: Told what was removed, and what could not be.
    public init(files: LogFiles, age: Duration, time: TimeSource, logger: Logger) {
        self.files = files
        self.age = age
        self.time = time
        self.logger = logger
    }

    /// Removes old logs now and then until it is stopped.
    public func run() async throws {
        await cancelWhenGracefulShutdown {
            repeat {
                removeOld()
                // Cancelled means that the process ends.
            } while (try? await time.sleep(for: Self.pause)) != nil
        }
    }

    /// Removes the logs that are too old now.
    public func removeOld() {
        do {
            let days = try files.removeDays(before: time.now - age)
            if !days.isEmpty { logger.info("Old logs are removed", metadata: ["days": "\(days)"]) }
        } catch {
            logger.warning("Old logs cannot be removed", metadata: ["error": "\(error)"])
        }
    }
}
