public import Domain
public import Scheduling

/// The same change of several tasks.
public struct ChangeRequest: Hashable, Sendable, Codable {
    /// What becomes of each.
    public enum Action: String, Hashable, Sendable, Codable, CaseIterable {
        /// Its schedules count no more.
        case pause
        /// They count again.
        case resume
        /// It is gone.
        case delete
    }

    /// Most tasks of one request.
    public static let tasksMax = ApplyRequest.tasksMax

    /// What becomes of each.
    public var action: Action
    /// The tasks.
    public var tasks: [TaskID]
    /// When a pause ends by itself; absent for never.
    public var until: Instant?
    /// Whether nothing is changed, only told.
    public var dryRun: Bool?
    /// The number of tasks that it changes, or of runs that it starts, as the caller knows it; needed where those are many.
    public var confirm: Int?
    /// Who changes them.
    public var author: String?
    /// What for.
    public var message: String?

    /// Creates a request.
    public init(
        action: Action,
        tasks: [TaskID],
        until: Instant? = nil,
        dryRun: Bool? = nil,
        confirm: Int? = nil,
        author: String? = nil,
        message: String? = nil
    ) {
        self.action = action
        self.tasks = tasks
        self.until = until
        self.dryRun = dryRun
        self.confirm = confirm
        self.author = author
        self.message = message
    }
}

/// What became of one of several tasks.
public struct ChangeResult: Hashable, Sendable, Codable {
    /// What became of it.
    public enum Change: String, Hashable, Sendable, Codable {
        /// It was changed.
        case changed
        /// It was like that already.
        case unchanged
        /// There is none of that name.
        case absent
    }

    /// The task's name.
    public var task: TaskID
    /// What became of it.
    public var change: Change

    /// Creates a result.
    public init(task: TaskID, change: Change) {
        self.task = task
        self.change = change
    }
}

/// What became of the tasks of a `ChangeRequest`, in its order.
public struct ChangeResponse: Hashable, Sendable, Codable {
    /// One result for each task.
    public var results: [ChangeResult]
    /// How much of each runtime it changes.
    public var shares: [ChangedShare]
    /// How many missed fires of each runtime it has made up for; absent for none.
    public var catchUps: [CatchUpShare]?

    /// Creates a response.
    public init(results: [ChangeResult], shares: [ChangedShare], catchUps: [CatchUpShare]? = nil) {
        self.results = results
        self.shares = shares
        self.catchUps = catchUps
    }
}

/// A group of tasks as the API shows it.
public struct GroupPayload: Hashable, Sendable, Codable {
    /// The group's name.
    public var name: GroupID
    /// How many tasks it has.
    public var tasks: Int
    /// How many of them are paused themselves.
    public var paused: Int
    /// Present while it is paused.
    public var pause: PauseRecord?

    /// Creates a payload.
    public init(name: GroupID, tasks: Int, paused: Int, pause: PauseRecord? = nil) {
        self.name = name
        self.tasks = tasks
        self.paused = paused
        self.pause = pause
    }
}

/// Who pauses or resumes a task, a group or a runtime, and why.
public struct PauseRequest: Hashable, Sendable, Codable {
    /// When the pause ends by itself; absent for never.
    public var until: Instant?
    /// Why.
    public var reason: String?
    /// Who asks, in their own words.
    public var author: String?
    /// Whether nothing is changed, only told; of a group or a runtime.
    public var dryRun: Bool?
    /// The number that the caller knows; needed where what is asked for is large.
    public var confirm: Int?

    /// Creates a request.
    public init(
        until: Instant? = nil,
        reason: String? = nil,
        author: String? = nil,
        dryRun: Bool? = nil,
        confirm: Int? = nil
    ) {
        self.until = until
        self.reason = reason
        self.author = author
        self.dryRun = dryRun
        self.confirm = confirm
    }
}

/// What pausing or resuming a group or a runtime did.
public struct PauseResult: Hashable, Sendable, Codable {
    /// Whether it was not like that already.
    public var changed: Bool
    /// How many tasks it concerns.
    public var tasks: Int
    /// How much of each runtime counts no more; absent when nothing did or does.
    public var shares: [ChangedShare]?

    /// Creates a result.
    public init(changed: Bool, tasks: Int, shares: [ChangedShare]? = nil) {
        self.changed = changed
        self.tasks = tasks
        self.shares = shares
    }
}
