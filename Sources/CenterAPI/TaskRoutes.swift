import Center
import Domain
import HTTPTypes
import Hummingbird
import Payloads
import Scheduling

/// Everything below `/api/v1/tasks`.
struct TaskRoutes {
    /// Most instants of one preview.
    static let previewMax = 1_000
    /// Longest idempotency key in bytes: it becomes part of a log line and of a hash.
    static let keyBytesMax = 256

    let operations: any CenterOperations
    let now: @Sendable () -> Instant

    func add(to group: RouterGroup<APIContext>) {
        group.get("tasks") { try await list(Query($0, $1)) }
        group.post("tasks") { request, _ in try await apply(request) }
        group.get("tasks/:name") { try await get(Query($0, $1)) }
        group.put("tasks/:name") { try await put($0, Query($0, $1)) }
        group.delete("tasks/:name") { try await delete(Query($0, $1)) }
        group.post("tasks/:name/pause") { try await pause($0, Query($0, $1)) }
        group.post("tasks/:name/resume") { try await resume($0, Query($0, $1)) }
        group.post("tasks/:name/restart") { try await restart($0, Query($0, $1)) }
        group.post("tasks/:name/fires") { try await changeFires($0, Query($0, $1)) }
        group.post("tasks/:name/run") { try await run($0, Query($0, $1)) }
        group.get("tasks/:name/explain") { try await explain(Query($0, $1)) }
        group.get("tasks/:name/revisions") { try await revisions(Query($0, $1)) }
        group.post("changes") { request, _ in try await change(request) }
        group.get("tasks/:name/next") { try await next(Query($0, $1)) }
    }

    private func list(_ query: Query) async throws -> Response {
        let filter = TaskFilter(
            runtime: try query.name("runtime"),
            group: try query.name("group"),
            isEnabled: try query.flag("enabled"),
            labels: try query.labels("labels")
        )
        let (start, limit) = try query.page()
        let page = try await operations.tasks(filter, page: start, limit: limit)
        let latest = try await operations.history.latestRuns(of: page.elements.map(\.definition.name))
        let items = page.elements.map { TaskPayload($0, last: latest[$0.definition.name]) }
        return try .json(ListPayload(items: items, next: page.next))
    }

    private func apply(_ request: Request) async throws -> Response {
        let body = try ApplyBody(try await request.bytes())
        let receipt = try await operations.save(SaveRequest(body))
        return try .json(
            ApplyResponse(
                results: receipt.tasks.map(ApplyResult.init),
                pools: receipt.pools.isEmpty ? nil : receipt.pools.map(PoolResult.init),
                calendars: receipt.calendars.isEmpty ? nil : receipt.calendars.map(CalendarResult.init),
                workflows: receipt.workflows.isEmpty ? nil : receipt.workflows.map(WorkflowResult.init),
                shares: receipt.shares.isEmpty ? nil : receipt.shares,
                catchUps: receipt.catchUps.isEmpty ? nil : receipt.catchUps
            )
        )
    }

    private func change(_ request: Request) async throws -> Response {
        let body = try await request.payload(ChangeRequest.self)
        guard body.tasks.count <= ChangeRequest.tasksMax else {
            throw APIError.invalid(
                "tasks",
                "\(body.tasks.count) tasks are more than the \(ChangeRequest.tasksMax) of one request; split them"
            )
        }
        let receipt = try await operations.change(BulkRequest(body))
        return try .json(
            ChangeResponse(
                results: receipt.outcomes.map(ChangeResult.init),
                shares: receipt.shares,
                catchUps: receipt.catchUps.isEmpty ? nil : receipt.catchUps
            )
        )
    }

    private func revisions(_ query: Query) async throws -> Response {
        let revisions = try await operations.revisions(of: try query.pathName())
        return try .json(ListPayload(items: revisions.map(RevisionPayload.init)))
    }

    private func get(_ query: Query) async throws -> Response {
        let name: TaskID = try query.pathName()
        let view = try await operations.task(name)
        let latest = try await operations.history.latestRuns(of: [name])[name]
        var payload = TaskPayload(view, last: latest)
        if view.definition.specification.residency != nil { try await addProcess(of: name, to: &payload) }
        var response = try Response.json(payload)
        response.headers[.eTag] = "\"\(view.definition.revision)\""
        return response
    }

    /// Adds how the process of a resident task is, and how often it was begun again within the last hour, as far as that is counted.
    private func addProcess(of name: TaskID, to payload: inout TaskPayload) async throws {
        let latest = try await operations.history.runs(RunFilter(task: name), page: nil, limit: 50)
        // A run that another chain has made needless may be due later than the process that runs.
        if let process = latest.elements.first(where: { !$0.attempts.isEmpty }) {
            payload.last = RunPayload(process)
            payload.last?.add(await operations.news(of: process))
        }
        let filter = RunFilter(task: name, since: now() - .seconds(3_600))
        let lately = try await operations.history.runs(filter, page: nil, limit: Self.previewMax)
        payload.restarts = lately.elements.count { $0.trigger == .completion && !$0.attempts.isEmpty }
    }

    private func put(_ request: Request, _ query: Query) async throws -> Response {
        let name: TaskID = try query.pathName()
        let condition = try Self.condition(of: request)
        let specification = try await request.payload(TaskSpecification.self)
        var problems = specification.problems
        if specification.name != name {
            problems.append(
                .init(
                    field: "name",
                    message: "the task is named \(specification.name) here and \(name) in the path"
                )
            )
        }
        guard problems.isEmpty else { throw APIError.invalid(problems) }
        return try answer(try await save(specification, condition), of: name)
    }

    /// Saves one task; what is wrong with it is told without its place in a list.
    private func save(_ specification: TaskSpecification, _ condition: SaveCondition) async throws
        -> SaveOutcome?
    {
        do {
            return try await operations.save([specification], condition: condition).first
        } catch CenterError.invalid(let problems) {
            throw CenterError.invalid(problems.map { $0.without(prefix: "tasks[0]") })
        }
    }

    private func pause(_ request: Request, _ query: Query) async throws -> Response {
        let name: TaskID = try query.pathName()
        let asked = try await request.pause()
        return try answer(
            try await operations.pause(name, until: asked.until, ChangeNote(asked)),
            of: name
        )
    }

    private func resume(_ request: Request, _ query: Query) async throws -> Response {
        let name: TaskID = try query.pathName()
        let asked = try await request.pause(endsByItself: false)
        let outcome = try await operations.resume(name, ChangeNote(asked), confirmed: asked.confirm)
        return try answer(outcome, of: name)
    }

    private func restart(_ request: Request, _ query: Query) async throws -> Response {
        let name: TaskID = try query.pathName()
        let asked = try await request.pause(endsByItself: false)
        return try answer(try await operations.restart(name, ChangeNote(asked)), of: name)
    }

    private func changeFires(_ request: Request, _ query: Query) async throws -> Response {
        let name: TaskID = try query.pathName()
        guard let change = try await request.payload(FireChangeRequest.self).change else {
            throw APIError.invalid("to", "a shift needs the time to which: add it as \"to\"")
        }
        return try .json(ListPayload(items: try await operations.changeFires(of: name, change)))
    }

    private func answer(_ outcome: SaveOutcome?, of name: TaskID) throws -> Response {
        guard let outcome else { throw APIError.unavailable("the center did not say what became of \(name)") }
        var response = try Response.json(
            ApplyResult(outcome),
            status: outcome.change == .created ? .created : .ok
        )
        response.headers[.eTag] = "\"\(outcome.revision)\""
        return response
    }

    private func delete(_ query: Query) async throws -> Response {
        try await operations.deleteTask(try query.pathName())
        return Response(status: .noContent)
    }

    private func run(_ request: Request, _ query: Query) async throws -> Response {
        let name: TaskID = try query.pathName()
        let (key, asked) = try await Self.asked(in: request)
        let runs = try await operations.requestRuns(
            of: name,
            key: key,
            terms: asked.terms,
            shard: asked.shard
        )
        guard let first = runs.first else { throw CenterError.unavailable("no agent may run task \(name)") }
        return try .json(RunAccepted(run: first, runs: runs.count > 1 ? runs : nil), status: .accepted)
    }

    private func explain(_ query: Query) async throws -> Response {
        try .json(try await operations.explain(query.pathName() as TaskID, at: query.instant("at")))
    }

    private func next(_ query: Query) async throws -> Response {
        let definition = try await operations.task(try query.pathName()).definition
        let count = try query.number("count", in: 1...Self.previewMax) ?? 5
        var items: [Instant] = []
        var cursor = now()
        while items.count < count, let due = definition.nextDue(after: cursor) {
            items.append(due)
            cursor = due
        }
        return try .json(ListPayload(items: items))
    }

    /// `If-None-Match: *` means create only, `If-Match: "3"` edit revision 3 only.
    private static func condition(of request: Request) throws -> SaveCondition {
        if let header = request.headers[.ifNoneMatch] {
            guard header == "*" else { throw APIError.invalid("If-None-Match", "only * is understood here") }
            return .absent
        }
        guard let header = request.headers[.ifMatch] else { return .any }
        guard let revision = Int(header.filter { $0 != "\"" }), revision > 0 else {
            throw APIError.invalid("If-Match", "\(header) is not a revision such as \"3\"")
        }
        return .revision(revision)
    }

    /// What a request to run says, and its key, which is drawn when it has none.
    static func asked(in request: Request) async throws -> (key: String, request: RunRequest) {
        let body = try await request.bytes()
        let asked = body.isEmpty ? RunRequest() : try RequestBody.decode(RunRequest.self, from: body)
        return (try key(asked.key), asked)
    }

    /// The key of a request, drawn when it has none.
    static func key(_ given: String?) throws -> String {
        let key = given ?? randomKey()
        guard (1...keyBytesMax).contains(key.utf8.count) else {
            throw APIError.invalid("key", "a key has 1 to \(keyBytesMax) bytes")
        }
        return key
    }

    private static func randomKey() -> String {
        var generator = SystemRandomNumberGenerator()
        return Nonce(high: generator.next(), low: generator.next()).text
    }
}
