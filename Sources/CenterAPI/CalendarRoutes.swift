import Center
import Domain
import HTTPTypes
import Hummingbird
import Payloads

/// Everything below `/api/v1/calendars`.
struct CalendarRoutes {
    let operations: any CenterOperations

    func add(to group: RouterGroup<APIContext>) {
        group.get("calendars") { try await list(Query($0, $1)) }
        group.get("calendars/:name") { try await get(Query($0, $1)) }
        group.put("calendars/:name") { try await put($0, Query($0, $1)) }
        group.get("calendars/:name/revisions") { request, context in
            try await operations.revisions(of: .calendar, in: Query(request, context))
        }
        group.delete("calendars/:name") { try await delete(Query($0, $1)) }
    }

    private func list(_ query: Query) async throws -> Response {
        let (start, limit) = try query.page()
        let page = try await operations.calendars(page: start, limit: limit)
        return try .json(ListPayload(items: page.elements.map(CalendarPayload.init), next: page.next))
    }

    private func get(_ query: Query) async throws -> Response {
        try .json(CalendarPayload(try await operations.calendar(try query.pathName())))
    }

    private func put(_ request: Request, _ query: Query) async throws -> Response {
        let name: CalendarID = try query.pathName()
        let body = try await request.payload(CalendarRequest.self)
        let calendar = body.calendar
        guard calendar.name == name else {
            throw APIError.invalid(
                "name",
                "the calendar is named \(calendar.name) here and \(name) in the path"
            )
        }
        let outcome = try await save(calendar, ChangeNote(author: body.author, message: body.message))
        return try .json(CalendarResult(outcome), status: outcome.change == .created ? .created : .ok)
    }

    /// Saves one calendar; what is wrong with it is told without its place in a list.
    private func save(_ calendar: DayCalendar, _ note: ChangeNote) async throws -> CalendarOutcome {
        do {
            let receipt = try await operations.save(SaveRequest(calendars: [calendar], note: note))
            guard let outcome = receipt.calendars.first else {
                throw APIError.unavailable("the center did not say what became of \(calendar.name)")
            }
            return outcome
        } catch CenterError.invalid(let problems) {
            throw CenterError.invalid(problems.map { $0.without(prefix: "calendars[0]") })
        }
    }

    private func delete(_ query: Query) async throws -> Response {
        try await operations.deleteCalendar(try query.pathName())
        return Response(status: .noContent)
    }
}
