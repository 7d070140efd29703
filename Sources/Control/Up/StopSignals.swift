import Foundation
import Synchronization

/// Counts requests to stop: Ctrl-C, SIGTERM and the end of the terminal.
///
/// Handlers of our own are used because children inherit ignored signals but not handlers; what usually delivers
/// signals to Swift ignores them first, and a Java process started that way does not stop on SIGTERM.
enum StopSignals {
    private static let count = Atomic<Int>(0)

    /// How often somebody asked to stop.
    static var received: Int { count.load(ordering: .relaxed) }

    /// Starts counting; SIGPIPE becomes an error of the write that caused it.
    static func trap() {
        precondition(count.load(ordering: .relaxed) == 0, "signals were counted before they were trapped")
        for number in [SIGINT, SIGTERM, SIGHUP] {
            signal(number) { _ in StopSignals.count.add(1, ordering: .relaxed) }
        }
        signal(SIGPIPE) { _ in }
    }
}

/// Ends a command on Ctrl-C with the code that stands for it.
public enum Interruption {
    /// Makes Ctrl-C end the process at once.
    public static func endsProcess() {
        signal(SIGINT) { _ in _exit(CommandStatus.interrupted.rawValue) }
    }
}
