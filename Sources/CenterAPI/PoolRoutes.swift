import Center
import Domain
import HTTPTypes
import Hummingbird
import Payloads

/// Everything below `/api/v1/pools`.
struct PoolRoutes {
    let operations: any CenterOperations

    func add(to group: RouterGroup<APIContext>) {
        group.get("pools") { _, _ in
            let pools = try await operations.pools()
            return try Response.json(ListPayload(items: pools.map { PoolPayload($0, isWhole: false) }))
        }
        group.get("pools/:name") { try await get(Query($0, $1)) }
        group.get("pools/:name/revisions") { request, context in
            try await operations.revisions(of: .pool, in: Query(request, context))
        }
        group.put("pools/:name") { try await put($0, Query($0, $1)) }
        group.delete("pools/:name") { request, context in
            try await operations.deletePool(try Query(request, context).pathName())
            return Response(status: .noContent)
        }
    }

    /// A pool; with `exclusive=true` the exclusive key of that name.
    private func get(_ query: Query) async throws -> Response {
        let name: PoolID = try query.pathName()
        let isKey = try query.flag("exclusive") ?? false
        return try .json(
            PoolPayload(try await operations.pool(isKey ? .key(name) : .pool(name)), isWhole: true)
        )
    }

    private func put(_ request: Request, _ query: Query) async throws -> Response {
        let name: PoolID = try query.pathName()
        let body = try await request.payload(PoolRequest.self)
        let pool = Pool(name: name, units: body.units, description: body.description)
        let note = ChangeNote(author: body.author, message: body.message)
        let former = try await operations.setPool(pool, note)
        let change: ApplyResult.Change = former == nil ? .created : former == pool ? .unchanged : .updated
        let result = PoolResult(pool: name, change: change)
        return try .json(result, status: former == nil ? .created : .ok)
    }
}

extension PoolPayload {
    init(_ view: PoolView, isWhole: Bool) {
        let isKey = if case .key = view.source { true } else { false }
        func entry(_ claim: UnitClaim, _ position: Int?) -> Entry {
            Entry(
                run: claim.attempt.run,
                attempt: claim.attempt.number,
                task: claim.task,
                agent: claim.agent,
                units: claim.demand.units[view.source] ?? 0,
                priority: claim.priority,
                due: claim.due,
                since: claim.grantedAt,
                position: position
            )
        }
        self.init(
            name: view.source.name,
            isKey: isKey,
            units: view.units,
            description: view.description,
            held: view.held,
            waiting: view.waiting,
            tasks: view.taskCount,
            holders: isWhole ? view.holders.map { entry($0, nil) } : nil,
            queue: isWhole ? view.line.enumerated().map { entry($1, $0 + 1) } : nil
        )
    }
}
