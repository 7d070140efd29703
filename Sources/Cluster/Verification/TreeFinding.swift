/// Something in the tree that is not as it should be.
public struct TreeFinding: Hashable, Sendable, Codable {
    /// What was found.
    public enum Kind: String, Hashable, Sendable, Codable, CaseIterable {
        /// A node that must be there is not.
        case missingNode = "missing-node"
        /// A node that nothing of ours makes.
        case unknownNode = "unknown-node"
        /// A node that cannot be read.
        case undecodable
        /// A node of the leader's own that cannot be read: it writes it anew.
        case undecodableTable = "undecodable-table"
        /// A node that should end with its session would not.
        case notEphemeral = "not-ephemeral"
        /// A node whose content has another name than the node.
        case misnamed
        /// Something in another bucket than its name says.
        case misplaced
        /// Two definitions with one uid.
        case copiedTask = "copied-task"
        /// The index of a bucket of tasks and its definitions disagree.
        case indexDiffers = "index-differs"
        /// A task has more than one row.
        case rowTwice = "row-twice"
        /// A task that should have a row has none.
        case rowMissing = "row-missing"
        /// A task that an agent may own is parked.
        case rowParked = "row-parked"
        /// A row of a task that does not exist.
        case rowOfNoTask = "row-of-no-task"
        /// A row of a disabled task that an agent still owns.
        case rowOfDisabled = "row-of-disabled"
        /// A row with another revision than its task.
        case rowOutdated = "row-outdated"
        /// A row that was taken from its owner and went nowhere.
        case rowRevoked = "row-revoked"
        /// The head of an allocation names an incarnation that can journal no more.
        case headOfSealed = "head-of-sealed"
        /// The head of an allocation names an incarnation without a journal.
        case headOfMissing = "head-of-missing"
        /// A live agent has no allocation.
        case headMissing = "head-missing"
        /// The head of an allocation and its buckets disagree.
        case headDiffers = "head-differs"
        /// The head of an allocation was written under an epoch that has not begun.
        case epochAhead = "epoch-ahead"
        /// A journal of an incarnation that is not live, and not sealed.
        case journalUnsealed = "journal-unsealed"
        /// A sealed journal with nothing in it.
        case journalLeft = "journal-left"
        /// A sealed journal with fires that should have been decided.
        case journalUndecided = "journal-undecided"
        /// A live agent whose incarnation has no journal, or a sealed one.
        case agentWithoutJournal = "agent-without-journal"
        /// An inbox of an incarnation without a journal.
        case inboxWithoutJournal = "inbox-without-journal"
        /// A marker of a dispatch that nobody can repeat any more.
        case markerLeft = "marker-left"
        /// A node, or a number of children, close to what ZooKeeper or we allow.
        case nearLimit = "near-limit"
    }

    /// What was found.
    public var kind: Kind
    /// The node it is about.
    public var path: String
    /// What else it is about: a task, an incarnation.
    public var subject: String?
    /// What is wrong with it, for people.
    public var detail: String?

    /// Creates a finding.
    public init(_ kind: Kind, path: String, subject: String? = nil, detail: String? = nil) {
        self.kind = kind
        self.path = path
        self.subject = subject
        self.detail = detail
    }
}

extension TreeFinding.Kind {
    /// Whether a promise depends on it; if not, a person may want to know.
    public var isViolation: Bool { self != .nearLimit }

    /// Whether the leader mends it by itself, a moment after it came about.
    public var mendsItself: Bool {
        switch self {
        case .undecodableTable, .rowMissing, .rowParked, .rowOfNoTask, .rowOfDisabled, .rowOutdated,
            .rowRevoked,
            .headOfSealed, .headOfMissing, .headMissing, .journalUnsealed, .journalLeft, .journalUndecided,
            .markerLeft:
            true
        case .missingNode, .unknownNode, .undecodable, .notEphemeral, .misnamed, .misplaced, .copiedTask,
            .indexDiffers, .rowTwice, .headDiffers, .epochAhead, .agentWithoutJournal, .inboxWithoutJournal,
            .nearLimit:
            false
        }
    }
}

extension TreeFinding {
    /// What two readings must have in common for it to be the same thing.
    private struct Identity: Hashable {
        var kind: Kind
        var path: String
        var subject: String?
    }

    private var identity: Identity { Identity(kind: kind, path: path, subject: subject) }

    /// The findings of a reading that an earlier one had, too.
    ///
    /// What is on its way differs from one moment to the next: also because a tree cannot be read at one moment.
    public static func lasting(_ later: [TreeFinding], since earlier: [TreeFinding]) -> [TreeFinding] {
        let known = Set(earlier.map(\.identity))
        return later.filter { known.contains($0.identity) }
    }
}
