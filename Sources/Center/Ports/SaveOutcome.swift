public import Domain

/// How a saved specification must relate to what is there.
public enum SaveCondition: Hashable, Sendable {
    /// Create or edit, whatever is there.
    case any
    /// The task must not exist.
    case absent
    /// The task must exist with this revision.
    case revision(Int)
}

/// What saving did.
public struct SaveOutcome: Hashable, Sendable {
    /// The kind of change.
    public enum Change: String, Codable, Hashable, Sendable {
        /// The task is new.
        case created
        /// The task has a new revision.
        case updated
        /// The task was the same already.
        case unchanged
    }

    /// The task.
    public var task: TaskID
    /// What changed.
    public var change: Change
    /// Its revision now.
    public var revision: Int

    /// Creates an outcome.
    public init(task: TaskID, change: Change, revision: Int) {
        self.task = task
        self.change = change
        self.revision = revision
    }
}
