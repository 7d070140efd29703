import Center
import Domain
import HTTPTypes
import Hummingbird
import Payloads

/// Everything below `/api/v1/backfills`, and the backfills of one task.
struct BackfillRoutes {
    let operations: any CenterOperations

    func add(to group: RouterGroup<APIContext>) {
        group.post("tasks/:name/backfills") { try await begin($0, Query($0, $1)) }
        group.get("backfills") { request, context in
            let query = Query(request, context)
            return try await list(task: try query.name("task"))
        }
        group.get("backfills/:id") { request, context in
            let id = try Query(request, context).pathBackfill()
            let view: BackfillView = try await operations.backfill(id)
            return try Response.json(BackfillPayload(view))
        }
        group.post("backfills/:id/pause") { try await change($0, Query($0, $1)) { _ in .pause } }
        group.post("backfills/:id/resume") { try await change($0, Query($0, $1)) { _ in .resume } }
        group.post("backfills/:id/stop") {
            try await change($0, Query($0, $1)) { .stop(kill: $0.kill ?? false) }
        }
    }

    private func begin(_ request: Request, _ query: Query) async throws -> Response {
        let body = try await request.payload(BackfillBody.self)
        let asked = BackfillRequest(
            task: try query.pathName(),
            key: try TaskRoutes.key(body.key),
            from: body.from,
            to: body.to,
            parallel: body.parallel ?? 1,
            shard: body.shard,
            isRepeating: body.again ?? false,
            terms: body.terms,
            isConfirmed: body.confirm ?? false
        )
        if body.dryRun ?? false {
            return try .json(BackfillPlanPayload(try await operations.plan(asked)))
        }
        let view: BackfillView = try await operations.backfill(asked)
        return try .json(BackfillPayload(view), status: .created)
    }

    private func list(task: TaskID?) async throws -> Response {
        let views = try await operations.backfills(of: task)
        return try .json(ListPayload(items: views.map(BackfillPayload.init)))
    }

    private func change(
        _ request: Request,
        _ query: Query,
        _ command: (BackfillChange) -> BackfillCommand
    ) async throws -> Response {
        let id = try query.pathBackfill()
        let bytes = try await request.bytes()
        let asked =
            bytes.isEmpty ? BackfillChange() : try RequestBody.decode(BackfillChange.self, from: bytes)
        let note = ChangeNote(author: asked.author, message: asked.reason)
        return try .json(BackfillPayload(try await operations.change(id, command(asked), note)))
    }
}

extension BackfillPayload {
    fileprivate init(_ view: BackfillView) { self.init(view.backfill, obstacle: view.obstacle) }
}

extension BackfillPlanPayload {
    fileprivate init(_ plan: BackfillPlan) {
        self.init(
            task: plan.task,
            revision: plan.revision,
            fires: plan.count,
            first: plan.first,
            last: plan.last,
            existing: plan.existing,
            runs: plan.runs == plan.count ? nil : plan.runs,
            existingRuns: plan.runs == plan.count ? nil : plan.existingRuns
        )
    }
}
