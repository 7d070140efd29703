import Center
import Domain
import Hummingbird
import Logging
import Payloads
import Synchronization

/// Reports of agents, and for the peers what this center authored and what it knows of single runs.
struct ReportRoutes {
    let operations: any CenterOperations
    let gate: ReportGate

    func add(to group: RouterGroup<APIContext>) {
        group.post("agents/:name/reports") { try await accept($0, $1) }
        group.post("agents/:name/progress") { try await note($0, $1) }
        group.get("peers/authored") { try await authored(Query($0, $1)) }
        group.get("peers/runs/:id") { try await conclusions(Query($0, $1)) }
    }

    private func accept(_ request: Request, _ context: APIContext) async throws -> Response {
        let query = Query(request, context)
        let agent: AgentID = try query.pathName()
        return try await gate.pass(isRefill: query.flag("refill") ?? false) {
            let batch = try await request.payload(ReportBatchPayload.self)
            guard batch.reports.count <= ReportBatchPayload.reportsMax else {
                throw APIError.invalid(
                    "reports",
                    "\(batch.reports.count) reports are more than the \(ReportBatchPayload.reportsMax) of a batch"
                )
            }
            return try .json(ReceiptPayload(leaderEpoch: try await store(batch, from: agent, context)))
        }
    }

    private func note(_ request: Request, _ context: APIContext) async throws -> Response {
        let agent: AgentID = try Query(request, context).pathName()
        let notes = try await request.payload(ProgressPayload.self).progress
        guard notes.count <= ReportBatchPayload.reportsMax else {
            throw APIError.invalid(
                "progress",
                "\(notes.count) notes are more than the \(ReportBatchPayload.reportsMax) of one request"
            )
        }
        await operations.note(notes, from: agent)
        return Response(status: .noContent)
    }

    /// Whatever keeps valid reports from being stored is passing: the agent keeps them and comes back.
    private func store(_ batch: ReportBatchPayload, from agent: AgentID, _ context: APIContext) async throws
        -> Epoch?
    {
        do {
            return try await operations.accept(batch.reports.map(\.report), from: agent)
        } catch CenterError.invalid(let problems) {
            throw CenterError.invalid(problems)
        } catch {
            context.logger.warning(
                "Refused reports that could not be stored",
                metadata: ["agent.id": "\(agent)", "error": "\(error)"]
            )
            throw APIError.unavailable("the reports could not be stored and stay with the agent")
        }
    }

    private func authored(_ query: Query) async throws -> Response {
        let after = try query.number("after", in: 0...Int64.max) ?? 0
        let limit = try query.number("limit", in: 1...PageLimit.max) ?? PageLimit.standard
        let reports = try await operations.history.authored(after: after, limit: limit)
        return try .json(
            AuthoredReportsPayload(
                reports: reports.map { SequencedReportPayload(sequence: $0.sequence, report: $0.report) }
            )
        )
    }
}

extension ReportRoutes {
    private func conclusions(_ query: Query) async throws -> Response {
        let run = try await operations.history.run(try query.pathRun())
        return try .json(ConclusionsPayload(reports: run?.conclusions ?? []))
    }
}

/// Lets so many batches in at a time; the others are told to come back instead of piling up in memory.
///
/// Batches of old reports, which every agent has when a center begins with an empty history, get half of the places:
/// fresh results always find one of the others.
final class ReportGate: Sendable {
    private let width: Int
    private let inside = Mutex(0)

    init(width: Int) {
        precondition(width > 0, "a gate of width \(width) lets nobody in")
        self.width = width
    }

    func pass<Value>(isRefill: Bool, _ body: () async throws -> Value) async throws -> Value {
        guard enter(isRefill ? max(1, width / 2) : width) else {
            throw APIError(
                status: .tooManyRequests,
                code: .busy,
                message: "too many batches of reports are being stored",
                hint: "send the batch again after the pause",
                retryAfter: 1
            )
        }
        defer { leave() }
        return try await body()
    }

    private func enter(_ placeCount: Int) -> Bool {
        inside.withLock { count in
            guard count < placeCount else { return false }
            count += 1
            return true
        }
    }

    private func leave() { inside.withLock { $0 -= 1 } }
}
