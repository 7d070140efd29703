import DataDirectory

/// The right to pick ports and to begin listening on them: two clusters that start at once would pick the same ones.
struct StartTurn: Sendable {
    private let lock: DirectoryLock

    /// Longer than a cluster takes to start.
    private static let patience = Duration.seconds(200)

    /// Waits until no other `up` of this user starts.
    init(in state: StateDirectory) async throws {
        let start = ContinuousClock.now
        let progress = Progress()
        while true {
            do throws(DataDirectoryError) {
                lock = try DirectoryLock(directory: state.path, name: "starting.lock")
                break
            } catch {
                guard case .inUse(_, let holder) = error, start.duration(to: .now) < Self.patience else {
                    throw error
                }
                progress.report("waiting for another cluster to start (\(holder))")
            }
            if StopSignals.received > 0 { throw CancellationError() }
            try await ContinuousClock().sleep(for: .milliseconds(100))
        }
        progress.finish()
    }

    /// Lets the next one start.
    func end() {
        // The kernel releases it at the end of the process anyway.
        try? lock.release()
    }
}
