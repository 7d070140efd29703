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

    /// Ends the line that somebody else has left open, or may have: a log that cannot be read gets an empty line.
    static func endLine(on descriptor: Int32) {
        if isAtLineStart(descriptor) != true { write("", to: descriptor) }
    }

    /// `nil` when nobody knows.
    private static func isAtLineStart(_ descriptor: Int32) -> Bool? {
        guard let file = try? Descriptor.open("/proc/self/fd/\(descriptor)", O_RDONLY | O_NONBLOCK) else {
            return nil
        }
        defer { close(file) }
        let size = lseek(file, 0, SEEK_END)
        guard size > 0 else { return size == 0 ? true : nil }
        var last: UInt8 = 0
        guard unsafe pread(file, &last, 1, size - 1) == 1 else { return nil }
        return last == UInt8(ascii: "\n")
    }
}
