import Foundation
public import Scheduling

/// What is kept under a name besides tasks, and has revisions as tasks have.
public enum Definition: Hashable, Sendable {
    /// A calendar.
    case calendar(DayCalendar)
    /// A workflow, with all its steps.
    case workflow(Workflow)
    /// A pool.
    case pool(Pool)
    /// The settings of a runtime.
    case runtime(RuntimeSettings)

    /// The kinds there are.
    public enum Kind: String, Hashable, Sendable, Codable, CaseIterable {
        /// `kind: Calendar`.
        case calendar
        /// `kind: Workflow`.
        case workflow
        /// `kind: Pool`.
        case pool
        /// `kind: Runtime`.
        case runtime
    }

    /// Its kind.
    public var kind: Kind {
        switch self {
        case .calendar: .calendar
        case .workflow: .workflow
        case .pool: .pool
        case .runtime: .runtime
        }
    }

    /// Its name.
    public var name: String {
        switch self {
        case .calendar(let calendar): calendar.name.text
        case .workflow(let workflow): workflow.name.text
        case .pool(let pool): pool.name.text
        case .runtime(let settings): settings.name.text
        }
    }

    /// The same without what operating it changes: whether a runtime is paused, and which of its agents are drained.
    public var lasting: Definition {
        guard case .runtime(var settings) = self else { return self }
        settings.pause = nil
        settings.drained = []
        return .runtime(settings)
    }
}

extension Definition: Codable {
    private enum Key: String, CodingKey {
        case calendar, workflow, pool, runtime
    }

    /// Decodes an object with one key, the kind.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        switch container.allKeys.first {
        case .calendar?: self = .calendar(try container.decode(DayCalendar.self, forKey: .calendar))
        case .workflow?: self = .workflow(try container.decode(Workflow.self, forKey: .workflow))
        case .pool?: self = .pool(try container.decode(Pool.self, forKey: .pool))
        case .runtime?: self = .runtime(try container.decode(RuntimeSettings.self, forKey: .runtime))
        case nil:
            let kinds = Kind.allCases.map(\.rawValue).joined(separator: ", ")
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "it has none of \(kinds)")
            )
        }
    }

    /// Encodes an object with one key, the kind.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        switch self {
        case .calendar(let calendar): try container.encode(calendar, forKey: .calendar)
        case .workflow(let workflow): try container.encode(workflow, forKey: .workflow)
        case .pool(let pool): try container.encode(pool, forKey: .pool)
        case .runtime(let settings): try container.encode(settings, forKey: .runtime)
        }
    }
}

/// What a definition said at one time.
public struct DefinitionRevision: Hashable, Sendable, Codable {
    /// When and by whom it was saved.
    public var note: SaveNote
    /// What it said; `nil` when that was too large to be kept, and of a workflow that is half saved.
    public var definition: Definition?

    /// Creates a revision.
    public init(note: SaveNote, definition: Definition?) {
        self.note = note
        self.definition = definition
    }
}

/// The earlier revisions of a definition, oldest first, and who saved the present one, which stands where it is kept.
public struct DefinitionRevisions: Hashable, Sendable, Codable {
    /// The earlier revisions, oldest first.
    public private(set) var earlier: [DefinitionRevision] = []
    /// When and by whom the present one was saved.
    public private(set) var present: SaveNote

    /// The history of a definition of which nothing earlier is known.
    public init(present: SaveNote) { self.present = present }

    /// Most revisions that are kept.
    public static let countMax = 20
    /// Most bytes they take as JSON, but for the latest.
    public static let bytesMax = 128 * 1_024
    /// Most bytes of one as JSON, so that it fits a node; of a larger one only the note is kept.
    public static let definitionBytesMax = 240 * 1_024

    /// All revisions of a definition that says `definition` now, the present one last.
    public func revisions(with definition: Definition?) -> [DefinitionRevision] {
        let settled = settled(definition)
        return settled.earlier + [DefinitionRevision(note: settled.present, definition: definition)]
    }

    /// Keeps what a definition says that is about to be superseded, and the note of the save that does it.
    ///
    /// - Parameters:
    ///   - definition: What it says; `nil` when that is half saved, so that it is no revision.
    ///   - now: When it is superseded.
    ///   - author: Who does it.
    ///   - message: What for.
    public mutating func supersede(
        _ definition: Definition?,
        at now: Instant,
        author: String?,
        message: String?
    ) {
        self = settled(definition)
        var number = present.revision
        if let definition {
            append(DefinitionRevision(note: present, definition: definition))
            number += 1
        }
        present = SaveNote(revision: number, at: now, author: author, message: message)
    }

    /// The history when `definition` is in force: a save that was kept here and came to nothing counts as none.
    private func settled(_ definition: Definition?) -> DefinitionRevisions {
        guard let definition, let last = earlier.last, last.definition == definition else { return self }
        var settled = self
        settled.earlier.removeLast()
        settled.present = last.note
        return settled
    }

    private mutating func append(_ revision: DefinitionRevision) {
        var revision = revision
        if Self.size(revision) > Self.definitionBytesMax { revision.definition = nil }
        earlier = (earlier + [revision]).suffix(Self.countMax - 1)
        var sizes = earlier.map(Self.size)
        while sizes.count > 1, sizes.reduce(0, +) > Self.bytesMax {
            sizes.removeFirst()
            earlier.removeFirst()
        }
    }

    private static func size(_ revision: DefinitionRevision) -> Int {
        // A revision always encodes: it is text and numbers.
        (try? JSONEncoder().encode(revision).count) ?? 0
    }
}
