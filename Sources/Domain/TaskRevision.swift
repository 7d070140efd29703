import Foundation
public import Scheduling

/// When and by whom a task was saved, and what for.
public struct SaveNote: Hashable, Sendable, Codable {
    /// The revision that the save made; calendars, changed fires and pauses other than its own make further ones of the same content.
    public var revision: Int
    /// When.
    public var at: Instant
    /// Who did it, as far as is known.
    public var author: String?
    /// What for.
    public var message: String?

    /// Creates a note.
    public init(revision: Int, at: Instant, author: String? = nil, message: String? = nil) {
        self.revision = revision
        self.at = at
        self.author = author
        self.message = message
    }
}

/// What a task said at one time.
public struct TaskRevision: Hashable, Sendable, Codable {
    /// When and by whom it was saved.
    public var note: SaveNote
    /// What it said.
    public var specification: TaskSpecification

    /// Creates a revision.
    public init(note: SaveNote, specification: TaskSpecification) {
        self.note = note
        self.specification = specification
    }

    /// The revision that a definition is of.
    public init(_ definition: TaskDefinition) {
        note =
            definition.saved ?? SaveNote(revision: definition.revision, at: definition.effectiveFrom)
        specification = definition.specification
    }
}

/// The earlier revisions of a task, oldest first; the present one stands in its definition.
public struct TaskRevisions: Hashable, Sendable, Codable {
    /// The task they are of: a later one of the same name has others.
    public var uid: TaskUID
    /// The revisions, oldest first.
    public private(set) var revisions: [TaskRevision]

    /// Creates a list.
    public init(uid: TaskUID, revisions: [TaskRevision] = []) {
        self.uid = uid
        self.revisions = revisions
    }

    /// Most revisions that are kept.
    public static let countMax = 20
    /// Most bytes they take as JSON, but for the latest, which is always kept.
    public static let bytesMax = 128 * 1_024

    /// Adds the revision that is about to be superseded; what is too much goes, the oldest first.
    public mutating func append(_ revision: TaskRevision) {
        // A save that was not completed may have left the same one.
        revisions.removeAll { $0.note.revision >= revision.note.revision }
        revisions = (revisions + [revision]).suffix(Self.countMax)
        var sizes = revisions.map(Self.size)
        while sizes.count > 1, sizes.reduce(0, +) > Self.bytesMax {
            sizes.removeFirst()
            revisions.removeFirst()
        }
    }

    private static func size(_ revision: TaskRevision) -> Int {
        // A revision always encodes: it is text and numbers.
        (try? JSONEncoder().encode(revision).count) ?? 0
    }
}
