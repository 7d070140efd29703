import Domain
import Scheduling

/// Reads one `kind: Calendar` document.
enum CalendarReader {
    /// The keys of a calendar's document, in the order they are written.
    static let keys = ["kind", "v", "name", "description", "dates", "weekdays", "yearly", "ical"]

    /// The calendar; when `isValidated` it must also be fit to be saved.
    static func read(_ node: SourceNode, isValidated: Bool, _ reader: inout FieldReader) -> DayCalendar? {
        let problemCount = reader.problems.count
        guard let fields = Fields(node, keys: keys, path: "", what: "a calendar", &reader) else { return nil }
        guard let nameNode = fields["name"] else {
            reader.refuse(node, "name", "the calendar has no name: add one such as name: holidays-de")
            return nil
        }
        guard let name = reader.name(nameNode, "name", of: CalendarKind.self) else { return nil }
        var calendar = DayCalendar(name: name)
        if let node = fields["v"], node.scalar?.text != "1" {
            reader.refuse(node, "v", "v must be 1, the only version of calendar documents")
        }
        if let node = fields["description"] {
            calendar.description = reader.text(node, "description", "a text")
        }
        if let node = fields["ical"] { calendar.ical = reader.text(node, "ical", "an iCalendar text") }
        calendar.days = days(fields, &reader)
        guard reader.problems.count == problemCount else { return nil }
        guard isValidated, let problem = calendar.problems.first else { return calendar }
        reader.refuse(fields[problem.field] ?? node, problem.field, problem.message, at: problem.position)
        return nil
    }

    /// The days that are written out; each key is read by itself, so that each mistake has its place.
    private static func days(_ fields: Fields, _ reader: inout FieldReader) -> DaySelection {
        var days = DaySelection()
        for key in ["dates", "weekdays", "yearly"] {
            guard let node = fields[key] else { continue }
            let name = SourceNode(
                content: .scalar(Scalar(text: key, isPlain: false)),
                line: node.line,
                column: node.column
            )
            let mapping = SourceNode(
                content: .mapping([.init(key: name, value: node)]),
                line: node.line,
                column: node.column
            )
            if let read = reader.decode(mapping, "", as: DaySelection.self) { days = days.union(read) }
        }
        return days
    }
}
