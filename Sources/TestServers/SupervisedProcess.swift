import Foundation
import Glibc

/// A child process that cannot outlive this one.
///
/// `Foundation.Process` cannot ask the kernel to kill a child with its parent, so a small shell stands before it: it leaves a
/// watcher that kills the child when its standard input closes, which happens when this process ends, however it ends, and
/// then becomes the child. (The shell does not `wait`: signals are blocked in threads of ours that start processes.)
actor SupervisedProcess {
    /// Becomes `$2…` with its output appended to the file `$1`.
    private static let script = """
        log=$1; shift
        exec 3<&0
        ( read -r _ <&3; grep -aqF "$1" /proc/$$/cmdline && kill -9 $$ ) >/dev/null 2>&1 &
        exec "$@" </dev/null >>"$log" 2>&1 3<&-
        """

    private let process: Process
    private let lifeline: FileHandle
    /// Finishes when the child has ended.
    private nonisolated let ended: AsyncStream<Never>

    /// Starts `program`; its output goes to the file `log`.
    init(_ program: String, _ arguments: [String], log: String) throws {
        let process = Process()
        let input = Pipe()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-c", Self.script, "supervise", log, program] + arguments
        process.standardInput = input
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        let (ended, end) = AsyncStream.makeStream(of: Never.self)
        process.terminationHandler = { _ in end.finish() }
        try process.run()
        self.process = process
        self.ended = ended
        lifeline = input.fileHandleForWriting
    }

    /// Ends the child at once.
    func kill() async throws {
        try lifeline.close()
        await wait()
    }

    /// Stops the child, and returns when all its threads stand still: until then it may answer what it was asked after the signal.
    func pause() {
        let child = process.processIdentifier
        _ = Glibc.kill(child, SIGSTOP)
        var change = unsafe siginfo_t()
        var code: Int32
        repeat {
            code = unsafe waitid(P_PID, id_t(child), &change, WSTOPPED | WEXITED | WNOWAIT)
        } while code == -1 && errno == EINTR
    }

    /// Lets a stopped child go on.
    func resume() {
        _ = Glibc.kill(process.processIdentifier, SIGCONT)
    }

    /// Waits until the child has ended; called by one task.
    nonisolated func wait() async {
        for await _ in ended {}
    }
}

/// A test server could not be used.
enum TestServerError: Error, CustomStringConvertible {
    case didNotStart(String, log: String)
    case noFreePort
    case sessionSurvived
    case unreachable(port: Int)

    var description: String {
        switch self {
        case .didNotStart(let what, let log): "\(what) did not start; its output is in \(log)"
        case .noFreePort: "no free loopback port"
        case .sessionSurvived: "the session could not be ended"
        case .unreachable(let port): "the server at 127.0.0.1:\(port) does not answer"
        }
    }
}
