import Foundation

/// Standard output and standard error.
enum Terminal {
    /// Whether standard output is a terminal.
    static var isOutputTerminal: Bool { isatty(STDOUT_FILENO) == 1 }

    /// Whether standard error is a terminal, so that progress may be shown on it.
    static var isErrorTerminal: Bool { isatty(STDERR_FILENO) == 1 }

    /// Whether colours may be used.
    static func allowsColour(isTerminal: Bool, noColor: Bool, _ environment: [String: String]) -> Bool {
        let isRefused = noColor || environment["NO_COLOR"].map { !$0.isEmpty } ?? false
        return isTerminal && !isRefused && environment["TERM"] != "dumb"
    }

    /// Columns of standard output; unlimited when it is no terminal, so that nothing is cut in pipes.
    static var columns: Int {
        guard isOutputTerminal else { return .max }
        if let text = ProcessInfo.processInfo.environment["COLUMNS"], let columns = Int(text), columns > 0 {
            return columns
        }
        return TerminalSize.columns ?? 80
    }

    /// Writes data for the user or the next program.
    static func write(_ text: String) { put(text, to: .standardOutput) }

    /// Writes one line of data.
    static func writeLine(_ text: String) { write(text + "\n") }

    /// Says something to the user that is not data.
    static func say(_ text: String) { put(text + "\n", to: .standardError) }

    /// Says what went wrong.
    static func complain(_ message: String) { say("cloudtask: \(message)") }

    /// Replaces the line the cursor of standard error is on.
    static func sayInPlace(_ text: String) { put("\r\u{1B}[2K" + text, to: .standardError) }

    private static func put(_ text: String, to handle: FileHandle) {
        // Nobody is left to be told when the reader of a pipe has gone: end as `cat` does.
        do { try handle.write(contentsOf: Data(text.utf8)) } catch { exit(CommandStatus.failed.rawValue) }
    }
}
