import Cluster
import Domain
import Scheduling

extension CenterControl {
    func calendars(page: String?, limit: Int) async throws -> Page<CalendarView> {
        let catalog = state.store.catalog
        let names = catalog.calendars.keys.sorted().filter { name in page.map { name.text > $0 } ?? true }
        let shown = names.prefix(max(1, limit))
        var counts: [String: Int] = [:]
        for task in catalog.tasks.values {
            for name in Set(task.value.specification.schedules.flatMap(\.calendarNames)) {
                counts[name, default: 0] += 1
            }
        }
        let views = shown.compactMap { catalog.calendars[$0]?.value }
            .map { CalendarView(calendar: $0, taskCount: counts[$0.name.text] ?? 0) }
        return Page(elements: views, next: names.count > shown.count ? shown.last?.text : nil)
    }

    func calendar(_ name: CalendarID) async throws -> CalendarView {
        let catalog = state.store.catalog
        guard let calendar = catalog.calendars[name]?.value else {
            throw CenterError.notFound(kind: "calendar", name: name.text)
        }
        return CalendarView(calendar: calendar, taskCount: catalog.dependents(of: [name.text]).count)
    }

    func deleteCalendar(_ name: CalendarID) async throws {
        try await change { leading in
            let catalog = state.store.catalog
            guard catalog.calendars[name] != nil else {
                throw CenterError.notFound(kind: "calendar", name: name.text)
            }
            let users = catalog.dependents(of: [name.text]).map(\.name.text)
            guard users.isEmpty else {
                throw CenterError.conflict(Self.isInUse(name, users))
            }
            try await leading.catalogWriter.delete(name)
            try await leading.catalogWriter.forget(.calendar, name.text)
        } rereading: { leading in
            try await leading.catalogWriter.rereadSources()
        }
    }

    private static func isInUse(_ name: CalendarID, _ users: [String]) -> String {
        let shown = users.prefix(namedMax).joined(separator: ", ")
        let rest = users.count > namedMax ? " and \(users.count - namedMax) more" : ""
        let tasks = users.count == 1 ? "1 task names it" : "\(users.count) tasks name it"
        return "calendar \(name) is kept: \(tasks): \(shown)\(rest); take it out of their schedules first"
    }

    /// More names than that are only counted.
    private static let namedMax = 5
}
