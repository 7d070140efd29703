import Foundation
public import Scheduling

/// Days that many schedules leave out or put in, kept under one name: `kind: Calendar`.
public struct DayCalendar: Hashable, Sendable {
    /// The calendar's name.
    public var name: CalendarID
    /// Free text for people.
    public var description: String?
    /// The days that are written out; it names no further calendars.
    public var days: DaySelection
    /// An iCalendar text whose events' days count too, kept as it was given.
    public var ical: String?

    /// Creates a calendar.
    public init(
        name: CalendarID,
        description: String? = nil,
        days: DaySelection = DaySelection(),
        ical: String? = nil
    ) {
        self.name = name
        self.description = description
        self.days = days
        self.ical = ical
    }

    /// Most bytes as JSON, so that it fits a znode.
    public static let encodedBytesMax = TaskSpecification.Limit.encodedBytesMax

    /// All its days, those of its iCalendar text among them.
    public func resolved() throws(ScheduleError) -> DaySelection {
        guard let ical else { return days }
        return days.union(try DaySelection(iCalendar: ical))
    }

    /// The same calendar with its days in the order in which they read back.
    public var ordered: DayCalendar {
        var ordered = self
        ordered.days = DaySelection().union(days)
        return ordered
    }

    /// The same calendar with all its days written out, which resolves without reading its iCalendar text.
    public func flattened() throws(ScheduleError) -> DayCalendar {
        // Days are kept in the order in which they read back, so that they compare as equal ever after.
        DayCalendar(name: name, description: description, days: DaySelection().union(try resolved()))
    }

    /// Everything that is wrong with it; empty when it can be saved.
    public var problems: [ValidationProblem] {
        if !days.calendars.isEmpty {
            return [
                .init(field: "calendars", message: "a calendar names no other calendars: write its days out")
            ]
        }
        let all: DaySelection
        do throws(ScheduleError) {
            all = try resolved()
        } catch {
            return [.init(field: "ical", message: error.message)]
        }
        if all.isEmpty {
            return [
                .init(
                    field: "dates",
                    message: "the calendar has no days: give dates, weekdays, yearly or ical"
                )
            ]
        }
        let count = all.dates.count + all.yearly.count
        if count > DaySelection.daysMax {
            let message =
                "the calendar has \(count) days, more than the \(DaySelection.daysMax) allowed: use ranges"
            return [.init(field: "dates", message: message)]
        }
        // A calendar always encodes: it is text.
        guard let size = try? JSONEncoder().encode(self).count, size > Self.encodedBytesMax else { return [] }
        let message =
            "the calendar takes \(size) bytes as JSON, more than the \(Self.encodedBytesMax) allowed"
        return [.init(field: "ical", message: message)]
    }
}

extension DayCalendar: Codable {
    private enum Key: String, CodingKey {
        case name, description, ical
    }

    /// Decodes the value; fails with the coding path of what is wrong.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        self.init(
            name: try container.decode(CalendarID.self, forKey: .name),
            description: try container.decodeIfPresent(String.self, forKey: .description),
            days: try DaySelection(amongKeysOf: decoder),
            ical: try container.decodeIfPresent(String.self, forKey: .ical)
        )
    }

    /// Encodes the value in the form it is decoded from.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(name, forKey: .name)
        try container.encodeIfPresent(description, forKey: .description)
        try container.encodeIfPresent(ical, forKey: .ical)
        try days.encode(to: encoder)
    }
}

/// The days of the shared calendars that a task's schedules name, as the task was saved with them.
///
/// A definition carries them, so that every node that knows the definition knows the same fires; an edit of a calendar
/// reaches a task as an edit of the task, and its earlier instants keep the days they had.
public struct CalendarDays: Hashable, Sendable, Codable {
    /// The days by calendar.
    public private(set) var days: [CalendarID: DaySelection]

    /// No calendars.
    public static let none = CalendarDays(days: [:])

    private init(days: [CalendarID: DaySelection]) {
        self.days = days
    }

    /// Picks the days of the calendars that schedules name.
    ///
    /// - Parameters:
    ///   - schedules: The schedules.
    ///   - calendars: The calendars there are.
    /// - Throws: The names there is no calendar for.
    public init(of schedules: [Schedule], among calendars: [CalendarID: DayCalendar]) throws(UnknownCalendars)
    {
        var days: [CalendarID: DaySelection] = [:]
        var unknown: [String] = []
        for name in Set(schedules.flatMap(\.calendarNames)).sorted() {
            // A stored calendar was validated when it was saved; one that cannot be read counts as missing.
            if let id = CalendarID(name), let found = try? calendars[id]?.resolved() {
                days[id] = found
            } else {
                unknown.append(name)
            }
        }
        guard unknown.isEmpty else { throw UnknownCalendars(names: unknown) }
        self.days = days
    }

    /// How many dates and rules there are, which is what makes a definition large.
    public var count: Int { days.values.reduce(0) { $0 + $1.dates.count + $1.yearly.count } }

    /// Without the dates that matter to none of the schedules between two instants.
    func trimmed(for schedules: [Schedule], from start: Instant, to end: Instant) -> CalendarDays {
        // Runs are counted from the schedule's own start, whenever that was.
        let start = schedules.contains { $0.maxRuns != nil } ? nil : start
        return CalendarDays(days: days.mapValues { $0.trimmed(from: start, to: end) })
    }

    /// What schedules look up, by name.
    var sets: [String: DaySet] {
        Dictionary(uniqueKeysWithValues: days.map { ($0.key.text, DaySet($0.value)) })
    }

    /// Decodes `{name: days}`.
    public init(from decoder: any Decoder) throws {
        days = try decoder.singleValueContainer().decode([CalendarID: DaySelection].self)
    }

    /// Encodes `{name: days}`.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(days)
    }
}

/// Schedules name calendars that do not exist.
public struct UnknownCalendars: Error, Hashable, Sendable {
    /// The names, sorted.
    public let names: [String]

    /// Creates an error about names.
    public init(names: [String]) {
        self.names = names
    }
}

extension ScheduleContext {
    /// The context of a task that was saved with the days of its calendars.
    public init(task: String, calendars: CalendarDays) {
        self.init(task: task, calendars: calendars.sets)
    }
}
