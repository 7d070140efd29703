import Foundation

/// A shell that ends the supervised processes should `up` itself be killed.
///
/// It is told their process IDs through a pipe. When the pipe ends, because the kernel closed it, it stops what is on
/// its list. It stands in a process group of its own, so that Ctrl-C does not reach it.
struct Watchdog: Sendable {
    private let process: Process
    private let input: FileHandle

    /// Starts the shell; do so before any process that is to be watched, for those must not hold the pipe.
    init() throws {
        let pipe = Pipe()
        process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-c", Self.script]
        process.standardInput = pipe
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        input = pipe.fileHandleForWriting
        do { try process.run() } catch {
            throw ControlError("/bin/sh cannot be run: \(StateDirectory.reason(error))")
        }
    }

    /// Puts a process on the list.
    func watch(_ processID: Int32) { tell("add \(processID)") }

    /// Takes a process that has ended from the list.
    func forget(_ processID: Int32) { tell("remove \(processID)") }

    /// Ends the shell; what is on its list lives on.
    func dismiss() {
        tell("done")
        try? input.close()  // The shell has ended by itself if this fails.
        process.waitUntilExit()
    }

    /// Does what the kernel does when this process is killed.
    func abandon() {
        try? input.close()  // It was closed before if this fails.
    }

    private func tell(_ line: String) {
        // Without its watchdog a cluster still works; only a killed `up` would leave it behind.
        try? input.write(contentsOf: Data((line + "\n").utf8))
    }

    private static let script = """
        trap '' INT TERM HUP
        pids=''
        while read -r word pid; do
          case "$word" in
            add) pids="$pids $pid" ;;
            remove) rest=''; for p in $pids; do [ "$p" = "$pid" ] || rest="$rest $p"; done; pids="$rest" ;;
            done) exit 0 ;;
          esac
        done
        [ -n "$pids" ] || exit 0
        kill -TERM $pids
        i=0
        while [ "$i" -lt 30 ]; do
          alive=''
          for p in $pids; do kill -0 "$p" 2>/dev/null && alive=yes; done
          [ -n "$alive" ] || exit 0
          sleep 0.1
          i=$((i + 1))
        done
        kill -KILL $pids
        """
}
