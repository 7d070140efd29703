public import Domain
import NIOHTTP1
public import Payloads

extension CenterConnection {
    /// Calendars sorted by name, one page.
    public func calendars(
        page: String? = nil,
        limit: Int? = nil
    ) async throws(CenterClientError) -> ListPayload<CalendarPayload> {
        let query: [(name: String, value: String?)] = [("page", page), ("limit", limit.map(String.init))]
        return try await answer(
            ListPayload<CalendarPayload>.self,
            to: request(.GET, "calendars", query: query)
        )
    }

    /// One calendar.
    public func calendar(_ name: CalendarID) async throws(CenterClientError) -> CalendarPayload {
        try await answer(CalendarPayload.self, to: request(.GET, "calendars/\(name)"))
    }

    /// Creates or edits a calendar; every task that names it gets its days.
    public func put(
        _ calendar: DayCalendar,
        author: String? = nil,
        message: String? = nil
    ) async throws(CenterClientError) -> CalendarResult {
        let body = CalendarRequest(calendar: calendar, author: author, message: message)
        return try await answer(
            CalendarResult.self,
            to: request(.PUT, "calendars/\(calendar.name)", body: body)
        )
    }

    /// What a calendar, workflow, pool or runtime said lately, the present revision last.
    public func revisions(
        of kind: Definition.Kind,
        named name: String
    ) async throws(CenterClientError) -> [DefinitionRevisionPayload] {
        try await answer(
            ListPayload<DefinitionRevisionPayload>.self,
            to: request(.GET, "\(kind.rawValue)s/\(name)/revisions")
        ).items
    }

    /// Deletes a calendar that no task names.
    public func deleteCalendar(_ name: CalendarID) async throws(CenterClientError) {
        try await send(request(.DELETE, "calendars/\(name)"))
    }

    /// The groups, sorted by name.
    public func groups() async throws(CenterClientError) -> [GroupPayload] {
        try await answer(ListPayload<GroupPayload>.self, to: request(.GET, "groups")).items
    }

    /// Makes the schedules of all tasks of a group not count.
    public func pause(
        group: GroupID,
        _ note: PauseRequest
    ) async throws(CenterClientError) -> PauseResult {
        try await answer(PauseResult.self, to: request(.POST, "groups/\(group)/pause", body: note))
    }

    /// Makes the schedules of a group's tasks count again.
    public func resume(
        group: GroupID,
        _ note: PauseRequest = PauseRequest()
    ) async throws(CenterClientError) -> PauseResult {
        try await answer(PauseResult.self, to: request(.POST, "groups/\(group)/resume", body: note))
    }

    /// Makes the schedules of all tasks of a runtime not count.
    public func pause(
        runtime: RuntimeID,
        _ note: PauseRequest
    ) async throws(CenterClientError) -> PauseResult {
        try await answer(PauseResult.self, to: request(.POST, "runtimes/\(runtime)/pause", body: note))
    }

    /// Makes the schedules of a runtime's tasks count again.
    public func resume(
        runtime: RuntimeID,
        _ note: PauseRequest = PauseRequest()
    ) async throws(CenterClientError) -> PauseResult {
        try await answer(PauseResult.self, to: request(.POST, "runtimes/\(runtime)/resume", body: note))
    }
}
