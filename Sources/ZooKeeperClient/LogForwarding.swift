import CZooKeeper
import Logging
import Synchronization

/// Where the library's log lines go.
///
/// The library's log callback has neither a level nor a context, so one logger serves the whole process: that of the
/// connector that was made last.
enum LogForwarding {
    private static let logger = Mutex<Logger?>(nil)

    /// Sends the library's log lines to `logger`.
    static func start(_ logger: Logger) {
        Self.logger.withLock { $0 = logger }
        // Never the library's debug level: it uses freed memory when it logs threads (ZOOKEEPER-4809).
        zoo_set_debug_level(logger.logLevel <= .debug ? ZOO_LOG_LEVEL_INFO : ZOO_LOG_LEVEL_WARN)
    }

    /// Forwards one line.
    static func forward(_ line: String) {
        guard let logger = logger.withLock({ $0 }) else { return }
        let (level, message) = parse(line)
        // Whether a lost connection matters is for the session's owner to say: the library calls each one an error.
        logger.log(
            level: min(level, .debug),
            "ZooKeeper library message",
            metadata: ["zk.level": "\(level)", "zk.message": "\(message)"]
        )
    }

    /// The level and the message of a line such as `2026-01-01 10:00:00,000:1(0x2):ZOO_INFO@function@12: message`.
    ///
    /// What the library calls information is detail for us.
    static func parse(_ line: String) -> (level: Logger.Level, message: Substring) {
        let levels: [(token: String, level: Logger.Level)] = [
            ("ZOO_ERROR@", .error), ("ZOO_WARN@", .warning), ("ZOO_INFO@", .debug), ("ZOO_DEBUG@", .trace),
        ]
        for (token, level) in levels {
            guard let range = line.firstRange(of: token) else { continue }
            return (level, line[range.upperBound...])
        }
        return (.debug, Substring(line))
    }
}

/// The library's log callback; several of its threads call it.
let forwardLog: log_callback_fn = { message in
    guard let message = unsafe message else { return }
    unsafe LogForwarding.forward(String(cString: message))
}
