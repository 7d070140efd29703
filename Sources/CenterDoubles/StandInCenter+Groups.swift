public import Center
import Domain
import Scheduling

/// Groups, and pauses of them and of runtimes.
extension StandInCenter {
    /// The groups that have tasks or are paused.
    public func groups() -> [GroupView] {
        let names = Set(definitions.values.map(\.specification.group)).union(pausedGroups.keys)
        return names.sorted().map { name in
            let tasks = definitions.values.filter { $0.specification.group == name }
            return GroupView(
                name: name,
                taskCount: tasks.count,
                pausedCount: tasks.count { $0.pause(at: now) != nil },
                pause: pausedGroups[name]
            )
        }
    }

    /// Pauses or resumes a group or a runtime.
    public func setPaused(_ request: ScopeRequest) throws -> ScopeOutcome {
        let tasks = definitions.values.filter { request.scope.contains($0.specification) }
        let present: PauseRecord?
        switch request.scope {
        case .group(let name): present = pausedGroups[name]?.inForce(at: now)
        case .runtime(let name):
            guard let known = settings[name] else {
                throw CenterError.notFound(kind: "runtime", name: name.text)
            }
            present = known.pause?.inForce(at: now)
        }
        let pause = request.pause(over: present, now: now)
        let counting = present == nil ? tasks.filter { $0.counts(at: now) } : []
        let outcome = ScopeOutcome(
            isChanged: (present != nil) != (pause != nil) || present?.until != pause?.until,
            taskCount: tasks.count,
            shares: request.isPause ? shares(of: counting.map(\.specification)) : []
        )
        if request.isDryRun { return outcome }
        if let objection = ChangedShare.objection(to: outcome.shares, confirmed: request.confirmed) {
            throw CenterError.conflict(objection)
        }
        switch request.scope {
        case .group(let name): pausedGroups[name] = pause
        case .runtime(let name): settings[name]?.pause = pause
        }
        return outcome
    }
}
