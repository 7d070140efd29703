import CProcess
import Foundation

/// A process of the cluster: it is started, ended, suspended and started again under one name.
///
/// It cannot outlive this one: a shell that stands before it leaves a watcher that kills it when its standard input closes,
/// which happens when this process ends, however it ends, and then becomes it.
public actor ManagedProcess {
    /// Its name in the cluster.
    public nonisolated let name: String
    /// Where its output goes.
    public nonisolated let log: String
    private let words: [String]
    private var running: Running?
    private var isPaused = false

    private struct Running {
        var process: Process
        var lifeline: Pipe
        var ended: AsyncStream<Never>
    }

    /// Becomes `$2…` with its output appended to the file `$1`.
    ///
    /// The watcher closes what it inherits: Foundation takes a process for running as long as anybody has its descriptors.
    private static let script = """
        log=$1; shift
        exec 3<&0
        (
          for file in /proc/$BASHPID/fd/*; do
            number=${file##*/}
            if [ "$number" -gt 3 ]; then eval "exec $number>&-"; fi
          done
          read -r _ <&3
          grep -aqF "$1" /proc/$$/cmdline && kill -9 $$
        ) >/dev/null 2>&1 &
        exec "$@" </dev/null >>"$log" 2>&1 3<&-
        """

    /// Creates a process that does not run yet.
    ///
    /// - Parameters:
    ///   - name: Its name in the cluster.
    ///   - words: The program and its arguments.
    ///   - log: The file its output is appended to.
    public init(_ name: String, _ words: [String], log: String) {
        self.name = name
        self.words = words
        self.log = log
    }

    /// Its number; `nil` while it does not run.
    public var processID: Int32? { running?.process.processIdentifier }

    /// Whether it runs, if only suspended.
    public var isRunning: Bool { running?.process.isRunning == true }

    /// Starts it, if it does not run.
    public func start() throws {
        if isRunning { return }
        try? running?.lifeline.fileHandleForWriting.close()  // Closed before if this fails.
        let process = Process()
        let lifeline = Pipe()
        process.executableURL = URL(fileURLWithPath: "/bin/bash")
        process.arguments = ["-c", Self.script, "supervise", log] + words
        process.standardInput = lifeline
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        let (ended, end) = AsyncStream.makeStream(of: Never.self)
        process.terminationHandler = { _ in end.finish() }
        // Children inherit the signals that their parent's thread blocks. It fails only for a wrong argument.
        _ = ct_unblock_signals()
        try process.run()
        isPaused = false
        running = Running(process: process, lifeline: lifeline, ended: ended)
    }

    /// Sends a signal, if it runs.
    public func signal(_ number: Int32) {
        guard isRunning, let processID else { return }
        Glibc.kill(processID, number)
    }

    /// Suspends it.
    public func pause() {
        isPaused = true
        signal(SIGSTOP)
    }

    /// Lets it go on.
    public func resume() {
        isPaused = false
        signal(SIGCONT)
    }

    /// Ends it at once and waits until it is gone.
    public func kill() async {
        guard let running else { return }
        signal(SIGKILL)
        for await _ in running.ended {}
        forget(running)
    }

    /// Asks it to end, waits, and ends it by force if that takes longer than `patience`; whether it ended by itself.
    @discardableResult
    public func stop(patience: Duration) async -> Bool {
        guard let running else { return true }
        if isPaused { resume() }
        signal(SIGTERM)
        let deadline = ContinuousClock.now + patience
        while running.process.isRunning, ContinuousClock.now < deadline {
            guard (try? await ContinuousClock().sleep(for: .milliseconds(50))) != nil else { break }
        }
        let endedByItself = !running.process.isRunning
        signal(SIGKILL)
        for await _ in running.ended {}
        forget(running)
        return endedByItself
    }

    private func forget(_ ended: Running) {
        try? ended.lifeline.fileHandleForWriting.close()  // Closed before if this fails.
        if running?.process === ended.process { running = nil }
    }
}
