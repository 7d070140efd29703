public import ZooKeeper

/// Finds out that a session cannot come back although the servers serve.
///
/// Servers that were given an older state refuse a client that has seen a newer one, for ever and without a word: they close
/// the connection. A long outage looks the same to the client, and its session may live on after it; so a second, new
/// session is the judge.
public struct SessionVigil: Sendable {
    private let session: any ZooKeeperSession
    private let connector: any ZooKeeperConnector
    private let time: TimeSource

    /// How often the session is looked at.
    private static let interval = Duration.seconds(1)

    /// Prepares to watch over `session`.
    public init(session: any ZooKeeperSession, connector: any ZooKeeperConnector, time: TimeSource) {
        self.session = session
        self.connector = connector
        self.time = time
    }

    /// Returns when a new session has been served for the session's timeout while this one was not; then it is over, whatever its
    /// client says.
    ///
    /// - Throws: `CancellationError` when the task was cancelled.
    public func untilHopeless() async throws {
        var cutOffSince: MonotonicInstant?
        while true {
            try await time.sleep(for: Self.interval)
            guard await session.state == .suspended, let timeout = await session.negotiatedTimeout else {
                cutOffSince = nil
                continue
            }
            let since = cutOffSince ?? time.monotonic
            cutOffSince = since
            if time.monotonic - since >= timeout, try await othersAreServed(for: timeout) { return }
        }
    }

    /// Whether a new session is served for so long without a break, while this one is not.
    private func othersAreServed(for duration: Duration) async throws -> Bool {
        guard let probe = try? await connector.connect(resuming: nil) else { return false }
        do {
            let isServed = try await watch(probe, for: duration)
            await probe.close()
            return isServed
        } catch {
            await probe.close()
            throw error
        }
    }

    private func watch(_ probe: any ZooKeeperSession, for duration: Duration) async throws -> Bool {
        var servedSince: MonotonicInstant?
        while await session.state == .suspended, await !probe.state.isFinal {
            guard await probe.state.isConnected else {
                servedSince = nil
                try await time.sleep(for: Self.interval)
                continue
            }
            let since = servedSince ?? time.monotonic
            servedSince = since
            if time.monotonic - since >= duration { return true }
            try await time.sleep(for: Self.interval)
        }
        return false
    }
}
