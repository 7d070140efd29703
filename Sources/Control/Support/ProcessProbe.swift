import Foundation

/// What can be asked about a process of this machine.
enum ProcessProbe {
    /// Whether the process exists, even if it belongs to somebody else.
    static func isAlive(_ processID: Int32) -> Bool {
        kill(processID, 0) == 0 || errno == EPERM
    }
}
