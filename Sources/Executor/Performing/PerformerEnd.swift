import CProcess
import Glibc

/// How a performer ends: its process ends in the same way, so that the attempt's result is that of what it performed.
public enum PerformerEnd: Hashable, Sendable {
    /// With an exit code.
    case exit(Int32)
    /// Of a signal.
    case signal(Int32)

    /// Ends this process.
    public func leave() -> Never {
        switch self {
        case .exit(let code): Glibc.exit(code)
        case .signal(let number):
            ct_die_of(number)
            // The signal was one that ends no process.
            Glibc.exit(128 + number)
        }
    }
}

/// What performers say about their work, in the log of the attempt.
enum PerformerLog {
    /// Writes a line.
    static func write(_ line: String, to descriptor: Int32 = STDERR_FILENO) {
        // An attempt that nobody can hear goes on.
        try? Descriptor.write(Array((line + "\n").utf8), to: descriptor, name: "the log")
    }
}
