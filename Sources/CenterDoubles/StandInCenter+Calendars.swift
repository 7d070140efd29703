public import Center
public import Domain
import Scheduling

/// Calendars.
extension StandInCenter {
    /// Calendars sorted by name.
    public func calendars(page: String?, limit: Int) -> Page<CalendarView> {
        let names = kept.keys.sorted().filter { name in page.map { name.text > $0 } ?? true }
        let shown = names.prefix(limit)
        let views = shown.compactMap { kept[$0] }
            .map { CalendarView(calendar: $0, taskCount: users(of: $0.name).count) }
        return Page(elements: views, next: names.count > shown.count ? shown.last?.text : nil)
    }

    /// One calendar.
    public func calendar(_ name: CalendarID) throws -> CalendarView {
        guard let calendar = kept[name] else { throw CenterError.notFound(kind: "calendar", name: name.text) }
        return CalendarView(calendar: calendar, taskCount: users(of: name).count)
    }

    /// Deletes a calendar that no task names.
    public func deleteCalendar(_ name: CalendarID) throws {
        _ = try calendar(name)
        guard users(of: name).isEmpty else { throw CenterError.conflict("calendar \(name) is in use") }
        kept[name] = nil
    }

    /// The tasks that name a calendar.
    func users(of calendar: CalendarID) -> [TaskDefinition] {
        definitions.values.filter { task in
            task.specification.schedules.contains { $0.calendarNames.contains(calendar.text) }
        }
    }
}
