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
    public func setPaused(_ scope: PausedScope, _ isPaused: Bool, _ note: ChangeNote) throws -> ScopeOutcome {
        let pause = isPaused ? PauseRecord(since: now, reason: note.message, author: note.author) : nil
        switch scope {
        case .group(let name):
            let before = pausedGroups[name]
            pausedGroups[name] = pause
            let count = definitions.values.count { $0.specification.group == name }
            return ScopeOutcome(isChanged: (before != nil) != isPaused, taskCount: count)
        case .runtime(let name):
            guard let before = settings[name] else {
                throw CenterError.notFound(kind: "runtime", name: name.text)
            }
            settings[name]?.pause = pause
            let count = definitions.values.count { $0.specification.runtime == name }
            return ScopeOutcome(isChanged: (before.pause != nil) != isPaused, taskCount: count)
        }
    }
}
