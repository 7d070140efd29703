import Cluster
import Domain
import Scheduling

extension CenterControl {
    func groups() async throws -> [GroupView] {
        let (catalog, now) = (state.store.catalog, time.now)
        var tasks: [GroupID: [TaskDefinition]] = [:]
        for task in catalog.tasks.values {
            tasks[task.value.specification.group, default: []].append(task.value)
        }
        return Set(tasks.keys).union(catalog.groups.keys).sorted().map { name in
            GroupView(
                name: name,
                taskCount: tasks[name]?.count ?? 0,
                pausedCount: tasks[name]?.count { $0.pause(at: now) != nil } ?? 0,
                pause: catalog.groups[name]?.value.pause
            )
        }
    }

    func setPaused(_ scope: PausedScope, _ isPaused: Bool, _ note: ChangeNote) async throws -> ScopeOutcome {
        try refuse(note.problems(message: "reason"))
        return try await change { leading in
            let catalog = state.store.catalog
            let tasks = catalog.tasks.values.map(\.value).filter { scope.contains($0.specification) }
            let present = try catalog.pause(of: scope, taskCount: tasks.count)
            // Pausing again may correct the reason; it does not begin anew.
            let pause =
                isPaused
                ? PauseRecord(
                    since: present?.since ?? time.now,
                    reason: note.message ?? present?.reason,
                    author: note.author ?? present?.author
                ) : nil
            let outcome = ScopeOutcome(isChanged: (present != nil) != isPaused, taskCount: tasks.count)
            if pause != present { try await write(pause, of: scope, leading.catalogWriter) }
            // Should this leader end here, the next one goes on.
            let sources = TaskSources(state.store.catalog, for: tasks.map(\.specification))
            let renewed = tasks.compactMap { sources.renewed($0, now: time.now) }.sorted { $0.name < $1.name }
            if !renewed.isEmpty { try await leading.catalogWriter.write(renewed.map { .save($0) }) }
            return outcome
        } rereading: { leading in
            try await leading.catalogWriter.rereadSources()
            if case .runtime(let name) = scope { try await leading.catalogWriter.reread(runtime: name) }
            let names = state.store.read { catalog in
                catalog.tasks.values.map(\.value).filter { scope.contains($0.specification) }.map(\.name)
            }
            try await leading.catalogWriter.reread(names)
        }
    }

    private func write(_ pause: PauseRecord?, of scope: PausedScope, _ writer: CatalogWriter) async throws {
        switch scope {
        case .group(let name): try await writer.write(GroupSettings(name: name, pause: pause))
        case .runtime(let name):
            guard var settings = state.store.catalog.runtimes[name]?.value else {
                throw CenterError.notFound(kind: "runtime", name: name.text)
            }
            settings.pause = pause
            try await writer.write(settings)
        }
    }

    /// Why the schedules of an enabled task do not count.
    func suspension(of task: TaskSpecification) -> String {
        let (group, runtime) = state.store.read { catalog in
            (catalog.groups[task.group]?.value.pause, catalog.runtimes[task.runtime]?.value.pause)
        }
        let what = group != nil ? "group \(task.group)" : "runtime \(task.runtime)"
        guard let pause = group ?? runtime else { return "its group or runtime was resumed just now" }
        return "\(what) is paused since \(pause.since.formatted())" + (pause.reason.map { ": \($0)" } ?? "")
    }
}

extension PausedScope {
    fileprivate func contains(_ task: TaskSpecification) -> Bool {
        switch self {
        case .group(let name): task.group == name
        case .runtime(let name): task.runtime == name
        }
    }
}

extension Catalog {
    /// Whether a group or runtime is paused; throws when there is none of that name.
    fileprivate func pause(of scope: PausedScope, taskCount: Int) throws(CenterError) -> PauseRecord? {
        switch scope {
        case .group(let name):
            guard taskCount > 0 || groups[name] != nil else {
                throw CenterError.notFound(kind: "group", name: name.text)
            }
            return groups[name]?.value.pause
        case .runtime(let name):
            guard let settings = runtimes[name]?.value else {
                throw CenterError.notFound(kind: "runtime", name: name.text)
            }
            return settings.pause
        }
    }
}
