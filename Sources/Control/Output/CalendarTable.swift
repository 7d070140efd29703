import Domain
import Payloads
import Scheduling

/// Shows calendars.
enum CalendarTable {
    /// Many calendars, one a line.
    static func table(_ calendars: [CalendarPayload]) -> Table {
        var table = Table([
            .init(title: "NAME"), .init(title: "TASKS", isNumber: true),
            .init(title: "DAYS", isElastic: true),
            .init(title: "DESCRIPTION", isElastic: true),
        ])
        for payload in calendars {
            table.append([
                .init(payload.calendar.name.text), .init(String(payload.tasks)),
                .init(summary(of: payload.calendar)), .init(payload.calendar.description ?? "-"),
            ])
        }
        return table
    }

    /// Everything about one calendar.
    static func details(of payload: CalendarPayload) -> [(name: String, value: Table.Cell)] {
        let calendar = payload.calendar
        var pairs: [(name: String, value: Table.Cell)] = [("name", .init(calendar.name.text, .strong))]
        if let description = calendar.description { pairs.append(("description", .init(description))) }
        let lists: [(name: String, texts: [String])] = [
            ("dates", calendar.days.dates.map(\.description)),
            ("weekdays", calendar.days.weekdays.map(\.short)),
            ("yearly", calendar.days.yearly.map(\.description)),
        ]
        for list in lists where !list.texts.isEmpty {
            pairs.append((list.name, .init(list.texts.joined(separator: ", "))))
        }
        if let ical = calendar.ical { pairs.append(("ical", .init("\(ical.utf8.count) bytes"))) }
        pairs.append(("tasks", .init(String(payload.tasks))))
        return pairs
    }

    /// What kinds of days it has, and how many of each.
    static func summary(of calendar: DayCalendar) -> String {
        let days = calendar.days
        var parts: [String] = []
        if !days.dates.isEmpty { parts.append("\(days.dates.count) date\(days.dates.count == 1 ? "" : "s")") }
        if !days.yearly.isEmpty { parts.append("\(days.yearly.count) yearly") }
        if !days.weekdays.isEmpty { parts.append(days.weekdays.map(\.short).joined(separator: " ")) }
        if calendar.ical != nil { parts.append("iCalendar") }
        return parts.joined(separator: ", ")
    }
}
