import Center
import Domain
import Hummingbird
import Payloads

/// Everything below `/api/v1/runs`, and the runs of one task.
struct RunRoutes {
    let operations: any CenterOperations
    let agents: AgentProxy

    func add(to group: RouterGroup<APIContext>) {
        group.get("runs") { request, context in
            let query = Query(request, context)
            return try await list(query, task: try query.name("task"))
        }
        group.get("tasks/:name/runs") { request, context in
            let query = Query(request, context)
            return try await list(query, task: try query.pathName())
        }
        group.get("runs/:id") { try await get(Query($0, $1)) }
        group.post("runs/:id/retry") { try await retry($0, Query($0, $1)) }
        group.get("runs/:id/explain") {
            try Response.json(try await operations.explain(Query($0, $1).pathRun()))
        }
        group.post("runs/:id/stop") { try await stop(Query($0, $1), kill: false) }
        group.post("runs/:id/kill") { try await stop(Query($0, $1), kill: true) }
        group.get("runs/:id/log") { try await log(Query($0, $1)) }
    }

    private func list(_ query: Query, task: TaskID?) async throws -> Response {
        let filter = RunFilter(
            task: task,
            runtime: try query.name("runtime"),
            agent: try query.name("agent"),
            states: try query.words("state", as: RunState.self),
            since: try query.instant("since"),
            until: try query.instant("until")
        )
        let (start, limit) = try query.page()
        let page = try await operations.history.runs(filter, page: start, limit: limit)
        var items: [RunPayload] = []
        for run in page.elements { items.append(await payload(of: run)) }
        return try .json(ListPayload(items: items, next: page.next))
    }

    private func get(_ query: Query) async throws -> Response {
        let id = try query.pathRun()
        // What is still to come is on no record.
        if try await operations.history.run(id) == nil, let run = try await operations.runToCome(id) {
            return try .json(await payload(of: run))
        }
        let run = try await run(id)
        var payload = await payload(of: run)
        let retries = try await operations.history.retries(of: run.id)
        if !retries.isEmpty { payload.retriedBy = retries }
        if let parts = try await operations.parts(besides: run) {
            var names: [Int: String] = [:]
            for part in parts.runs { names[part.part] = await operations.part(of: part)?.name }
            payload.parts = PartsPayload(
                total: parts.total,
                state: parts.state,
                runs: parts.runs,
                names: names
            )
        }
        payload.add(run.terms?.inputs)
        if run.state.isFinal {
            payload.add(run.lastAccount, missing: run.missingOutputCount)
        } else {
            payload.add(await operations.news(of: run)?.outputs)
        }
        return try .json(payload)
    }

    private func retry(_ request: Request, _ query: Query) async throws -> Response {
        let (key, asked) = try await TaskRoutes.asked(in: request)
        if asked.due != nil {
            throw APIError.invalid(
                "due",
                "a run that is repeated keeps the time it is meant for: leave due out"
            )
        }
        if asked.at != nil {
            throw APIError.invalid("at", "a run that is repeated starts at once: leave at out")
        }
        if asked.shard != nil {
            throw APIError.invalid("shard", "a run that is repeated keeps its shard: leave shard out")
        }
        let run = try await operations.retryRun(try query.pathRun(), key: key, terms: asked.terms)
        return try .json(RunAccepted(run: run), status: .accepted)
    }

    private func payload(of run: Run) async -> RunPayload {
        var payload = RunPayload(run)
        switch await operations.owner(of: run) {
        case .agent(let agent, _, let deadline): (payload.owner, payload.deadline) = (agent.text, deadline)
        case .leader: payload.owner = RunPayload.leader
        case nil: break
        }
        if let part = await operations.part(of: run) {
            (payload.shards, payload.shard) = (part.total, part.name)
        }
        payload.add(await operations.news(of: run))
        return payload
    }

    private func stop(_ query: Query, kill: Bool) async throws -> Response {
        let id = try query.pathRun()
        try await operations.stop(id, kill: kill)
        return try .json(RunAccepted(run: id), status: .accepted)
    }

    private func log(_ query: Query) async throws -> Response {
        let run = try await run(try query.pathRun())
        let number = try query.number("attempt", in: 1...Int.max) ?? run.attempts.last?.number
        guard let number, let attempt = run.attempts.first(where: { $0.number == number }) else {
            throw APIError.notFound(
                "run \(run.id) has no attempt\(number.map { " \($0)" } ?? "") and so no output"
            )
        }
        let piece = AgentProxy.Piece(
            attempt: AttemptID(run: run.id, number: number),
            stream: try query.words("stream", as: LogStreamName.self).first ?? .out,
            offset: try query.number("offset", in: 0...Int64.max) ?? 0,
            limit: try query.number("limit", in: 1...LogChunkPayload.bytesMax)
                ?? LogChunkPayload.bytesStandard
        )
        return try await agents.output(piece, on: attempt.agent, in: run.runtime)
    }

    private func run(_ id: RunID) async throws -> Run {
        guard let run = try await operations.history.run(id) else {
            throw APIError.notFound("there is no run \(id) in the history")
        }
        return run
    }
}
