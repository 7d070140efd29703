import CProcess
import Glibc

/// Tells a performer that its attempt is to be stopped: SIGTERM ends it no longer.
struct StopBell {
    private let descriptor: Int32

    /// The token it has in sets that wait for it.
    static let token: UInt64 = 0

    /// From now on SIGTERM is only heard here; to be made once in a process.
    init() throws(ExecutorError) {
        descriptor = ct_catch_stop()
        guard descriptor >= 0 else { throw ExecutorError("catch", "SIGTERM", code: errno) }
    }

    /// Lets a set wait for it.
    func join(_ waits: inout WaitSet) throws(ExecutorError) { try waits.add(descriptor, token: Self.token) }

    /// Forgets that it was rung.
    func silence() { _ = ct_bell_silence(descriptor) }
}
