public import Domain
public import Scheduling

/// What a calendar, workflow, pool or runtime said at one time, as the API shows it.
public struct DefinitionRevisionPayload: Hashable, Sendable, Codable {
    /// The number of the revision.
    public var revision: Int
    /// When it was saved.
    public var savedAt: Instant
    /// Who saved it, as far as is known.
    public var author: String?
    /// What for.
    public var message: String?
    /// What it said, under its kind; absent when that was too large to be kept, and of a workflow that is half saved.
    public var definition: Definition?

    /// Creates a payload.
    public init(
        revision: Int,
        savedAt: Instant,
        author: String? = nil,
        message: String? = nil,
        definition: Definition? = nil
    ) {
        self.revision = revision
        self.savedAt = savedAt
        self.author = author
        self.message = message
        self.definition = definition
    }

    /// The payload of a revision.
    public init(_ revision: DefinitionRevision) {
        self.init(
            revision: revision.note.revision,
            savedAt: revision.note.at,
            author: revision.note.author,
            message: revision.note.message,
            definition: revision.definition
        )
    }
}

/// A request to create a calendar or to change its days: the fields of its document, and who does it, side by side in one object.
public struct CalendarRequest: Hashable, Sendable {
    /// What the user says.
    public var calendar: DayCalendar
    /// Who saves it.
    public var author: String?
    /// What for.
    public var message: String?

    /// Creates a request.
    public init(calendar: DayCalendar, author: String? = nil, message: String? = nil) {
        self.calendar = calendar
        self.author = author
        self.message = message
    }
}

extension CalendarRequest: Codable {
    private enum Key: String, CodingKey {
        case author, message
    }

    /// Decodes one object that holds the calendar's fields and the others.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        self.init(
            calendar: try DayCalendar(from: decoder),
            author: try container.decodeIfPresent(String.self, forKey: .author),
            message: try container.decodeIfPresent(String.self, forKey: .message)
        )
    }

    /// Encodes one object that holds the calendar's fields and the others.
    public func encode(to encoder: any Encoder) throws {
        try calendar.encode(to: encoder)
        var container = encoder.container(keyedBy: Key.self)
        try container.encodeIfPresent(author, forKey: .author)
        try container.encodeIfPresent(message, forKey: .message)
    }
}
