import Logging
import Synchronization

/// Tells people once why ZooKeeper cannot be used, however often it is tried, and when it can be used again.
final class ZooKeeperComplaints: Sendable {
    private let logger: Logger
    private let last = Mutex<String?>(nil)

    init(logger: Logger) { self.logger = logger }

    /// Says that the center must not work with what ZooKeeper holds, unless that was said last.
    func refuse(_ reason: String) {
        guard isNew(reason) else { return }
        logger.error(
            "The center refuses to lead what ZooKeeper holds; it changes nothing and looks again",
            metadata: ["error": "\(reason)"]
        )
    }

    private func isNew(_ reason: String) -> Bool {
        last.withLock { last in
            defer { last = reason }
            return last != reason
        }
    }

    /// Says why, unless that was said last.
    func complain(_ reason: String) {
        guard isNew(reason) else { return }
        logger.warning(
            "ZooKeeper cannot be used: is it running, and is the connect string right? Trying again until it can",
            metadata: ["error": "\(reason)"]
        )
    }

    /// Says that all is well, unless it was.
    func settle() {
        let was = last.withLock { last in
            defer { last = nil }
            return last
        }
        if was != nil { logger.notice("ZooKeeper can be used") }
    }
}
