public import Domain
public import Scheduling

/// Tasks whose schedules are made not to count all at once.
public enum PausedScope: Hashable, Sendable {
    /// All tasks of a group, in every runtime.
    case group(GroupID)
    /// All tasks of a runtime.
    case runtime(RuntimeID)
}

extension PausedScope {
    /// Whether a task is one of them.
    package func contains(_ task: TaskSpecification) -> Bool {
        switch self {
        case .group(let name): task.group == name
        case .runtime(let name): task.runtime == name
        }
    }
}

/// A pause of a group or runtime, or its end.
public struct ScopeRequest: Hashable, Sendable {
    /// What becomes of the schedules.
    public enum Action: Hashable, Sendable {
        /// They count no more: until an instant, else until somebody resumes them.
        case pause(until: Instant?)
        /// They count again.
        case resume
    }

    /// The tasks.
    public var scope: PausedScope
    /// What becomes of their schedules.
    public var action: Action
    /// Who does it, and what for: the reason of a pause.
    public var note: ChangeNote
    /// Whether nothing is changed.
    public var isDryRun: Bool
    /// The number that the caller knows; needed where that is large.
    public var confirmed: Int?

    /// Creates a request.
    public init(
        _ scope: PausedScope,
        _ action: Action,
        note: ChangeNote = ChangeNote(),
        isDryRun: Bool = false,
        confirmed: Int? = nil
    ) {
        self.scope = scope
        self.action = action
        self.note = note
        self.isDryRun = isDryRun
        self.confirmed = confirmed
    }

    /// Whether it is a pause.
    public var isPause: Bool { action != .resume }

    /// When the pause ends by itself; `nil` for never.
    public var until: Instant? {
        guard case .pause(let end) = action else { return nil }
        return end
    }

    /// The pause that stands after it, over one that is in force; `nil` after a resumption.
    ///
    /// Pausing again may correct the reason and the end; it does not begin anew.
    package func pause(over present: PauseRecord?, now: Instant) -> PauseRecord? {
        guard case .pause(let end) = action else { return nil }
        return PauseRecord(
            since: present?.since ?? now,
            until: end,
            reason: note.message ?? present?.reason,
            author: note.author ?? present?.author
        )
    }
}

/// What pausing or resuming a group or runtime did, or would do.
public struct ScopeOutcome: Hashable, Sendable {
    /// Whether it was not like that already.
    public var isChanged: Bool
    /// How many tasks it concerns.
    public var taskCount: Int
    /// How much of each runtime counts no more, sorted by name.
    public var shares: [ChangedShare]

    /// Creates an outcome.
    public init(isChanged: Bool, taskCount: Int, shares: [ChangedShare] = []) {
        self.isChanged = isChanged
        self.taskCount = taskCount
        self.shares = shares
    }
}
