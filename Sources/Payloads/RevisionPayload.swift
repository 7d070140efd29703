public import Domain
public import Scheduling

/// What a task said at one time, as the API shows it.
public struct RevisionPayload: Hashable, Sendable, Codable {
    /// The revision that the save made.
    public var revision: Int
    /// When it was saved.
    public var savedAt: Instant
    /// Who saved it, as far as is known.
    public var author: String?
    /// What for.
    public var message: String?
    /// What it said.
    public var task: TaskSpecification

    /// Creates a payload.
    public init(
        revision: Int,
        savedAt: Instant,
        author: String? = nil,
        message: String? = nil,
        task: TaskSpecification
    ) {
        self.revision = revision
        self.savedAt = savedAt
        self.author = author
        self.message = message
        self.task = task
    }

    /// The payload of a revision.
    public init(_ revision: TaskRevision) {
        self.init(
            revision: revision.note.revision,
            savedAt: revision.note.at,
            author: revision.note.author,
            message: revision.note.message,
            task: revision.specification
        )
    }
}
