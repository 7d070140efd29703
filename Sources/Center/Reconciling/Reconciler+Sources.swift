import Cluster
import Domain
import Logging

extension Reconciler {
    /// Gives tasks the days of their calendars and the pauses of their groups and runtimes, where they lack them.
    ///
    /// Whoever saves a calendar or pauses a group does this for its tasks at once; a leader that ends in between leaves the
    /// rest to its successor. Costs nothing until a calendar, a group or a runtime changes.
    func renewTasks() async throws {
        let sources = environment.store.read(\.sourceGeneration)
        guard renewedSources != sources else { return }
        let count = try await Self.renewTasks(environment)
        if count > 0 {
            logger.debug("Tasks got new days or pauses", metadata: ["task.count": "\(count)"])
        }
        renewedSources = sources
    }

    private static func renewTasks(_ environment: Environment) async throws -> Int {
        try await environment.turnstile.enter {
            let catalog = environment.store.catalog
            let sources = TaskSources(catalog)
            let now = environment.time.now
            var stale: [TaskDefinition] = []
            for task in catalog.tasks.values {
                if let renewed = sources.renewed(task.value, now: now) { stale.append(renewed) }
            }
            stale.sort { $0.name < $1.name }
            guard !stale.isEmpty else { return 0 }
            do {
                try await environment.catalogWriter.write(stale.map { .save($0) })
            } catch let error as LeaderWriteError {
                // The catalog was behind; what is read now is what the next pass works with.
                if case .conflict = error { try await environment.catalogWriter.reread(stale.map(\.name)) }
                throw error
            }
            return stale.count
        }
    }
}
