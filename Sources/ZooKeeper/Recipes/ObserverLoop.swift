/// Reads now, and again whenever there may be something new.
struct ObserverLoop {
    private let session: any ZooKeeperSession
    private let environment: RecipeEnvironment
    private let schedule: ObserverSchedule
    private var watch: Watch?

    init(_ session: any ZooKeeperSession, _ environment: RecipeEnvironment, _ schedule: ObserverSchedule) {
        self.session = session
        self.environment = environment
        self.schedule = schedule
    }

    /// The next reading; `nil` when the task is cancelled.
    mutating func next<Reading>(
        _ read: (any ZooKeeperSession) async throws(ZooKeeperError) -> (Reading, Watch)
    ) async throws(ZooKeeperError) -> Reading? {
        if let watch { await wait(for: watch) }
        while !Task.isCancelled {
            do throws(ZooKeeperError) {
                let (reading, watch) = try await read(session)
                self.watch = watch
                return reading
            } catch {
                if error.code == .cancelled { return nil }
                if !error.isRetriable { throw error }
            }
            do throws(ZooKeeperError) {
                try await session.connected()
            } catch {
                if error.code == .cancelled { return nil }
                throw error
            }
        }
        return nil
    }

    /// Waits until the watch fires, the connection comes back, the session ends, or it is time to look again.
    private func wait(for watch: Watch) async {
        let (session, clock) = (session, environment.clock)
        let interval = environment.jittered(schedule.rereadInterval)
        await withTaskGroup(of: Void.self) { group in
            group.addTask { _ = await watch.event() }
            group.addTask { await Self.reconnected(session) }
            group.addTask {
                // Cancelled when something else came first.
                try? await clock.sleep(for: interval)
            }
            await group.next()
            group.cancelAll()
        }
    }

    /// Returns when the session is connected after it was not, or over.
    private static func reconnected(_ session: any ZooKeeperSession) async {
        var wasLost = false
        for await state in await session.states() {
            if state.isFinal || (wasLost && state.isConnected) { return }
            if !state.isConnected { wasLost = true }
        }
    }
}
