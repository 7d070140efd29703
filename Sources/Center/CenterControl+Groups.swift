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
                pause: catalog.groups[name]?.value.pause?.inForce(at: now)
            )
        }
    }

    func setPaused(_ request: ScopeRequest) async throws -> ScopeOutcome {
        try refuse(request.note.problems(message: "reason") + endProblems(request.until))
        let scope = request.scope
        return try await change { leading in
            let (catalog, now) = (state.store.catalog, time.now)
            let tasks = catalog.tasks.values.map(\.value).filter { scope.contains($0.specification) }
            let present = try catalog.pause(of: scope, taskCount: tasks.count)?.inForce(at: now)
            let pause = request.pause(over: present, now: now)
            let outcome = ScopeOutcome(
                isChanged: (present != nil) != (pause != nil) || present?.until != pause?.until,
                taskCount: tasks.count,
                shares: request.isPause ? catalog.shares(of: tasks.filter { $0.counts(at: now) }) : []
            )
            if request.isDryRun { return outcome }
            if let objection = ChangedShare.objection(to: outcome.shares, confirmed: request.confirmed) {
                throw CenterError.conflict(objection)
            }
            if pause != present { try await write(pause, of: scope, leading.catalogWriter) }
            // Should this leader end here, the next one goes on.
            let sources = TaskSources(state.store.catalog, for: tasks.map(\.specification))
            let renewed = tasks.compactMap { sources.renewed($0, now: now) }.sorted { $0.name < $1.name }
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
        let now = time.now
        let (group, runtime) = state.store.read { catalog in
            (
                catalog.groups[task.group]?.value.pause?.inForce(at: now),
                catalog.runtimes[task.runtime]?.value.pause?.inForce(at: now)
            )
        }
        let what = group != nil ? "group \(task.group)" : "runtime \(task.runtime)"
        guard let pause = group ?? runtime else { return "its group or runtime was resumed just now" }
        let end = pause.until.map { " until \($0.formatted())" } ?? ""
        let reason = pause.reason.map { ": \($0)" } ?? ""
        return "\(what) is paused since \(pause.since.formatted())\(end)\(reason)"
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
