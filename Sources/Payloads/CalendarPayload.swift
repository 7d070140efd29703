public import Domain

/// A calendar as the API shows it: the fields of its document, and how many tasks name it, side by side in one object.
public struct CalendarPayload: Hashable, Sendable {
    /// What the user said.
    public var calendar: DayCalendar
    /// How many tasks name it.
    public var tasks: Int

    /// Creates a payload.
    public init(calendar: DayCalendar, tasks: Int) {
        self.calendar = calendar
        self.tasks = tasks
    }
}

extension CalendarPayload: Codable {
    private enum Key: String, CodingKey {
        case tasks
    }

    /// Decodes one object that holds the calendar's fields and the cluster's.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        self.init(
            calendar: try DayCalendar(from: decoder),
            tasks: try container.decodeIfPresent(Int.self, forKey: .tasks) ?? 0
        )
    }

    /// Encodes one object that holds the calendar's fields and the cluster's.
    public func encode(to encoder: any Encoder) throws {
        try calendar.encode(to: encoder)
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(tasks, forKey: .tasks)
    }
}

/// What became of a saved calendar.
public struct CalendarResult: Hashable, Sendable, Codable {
    /// The calendar's name.
    public var calendar: CalendarID
    /// What changed.
    public var change: ApplyResult.Change
    /// How many tasks got a new revision with its days.
    public var tasks: Int

    /// Creates a result.
    public init(calendar: CalendarID, change: ApplyResult.Change, tasks: Int) {
        self.calendar = calendar
        self.change = change
        self.tasks = tasks
    }
}
