import Center
import Domain
import HTTPTypes
import Hummingbird
import Payloads

/// Everything below `/api/v1/workflows`; they are saved with `POST /api/v1/tasks`.
struct WorkflowRoutes {
    /// Occasions that are shown unless the request says how many, and at most.
    private static let occasionsStandard = 5
    private static let occasionsMax = 100

    let operations: any CenterOperations

    func add(to group: RouterGroup<APIContext>) {
        group.get("workflows") { try await list(Query($0, $1)) }
        group.get("workflows/:name") { try await get(Query($0, $1)) }
        group.get("workflows/:name/revisions") { request, context in
            try await operations.revisions(of: .workflow, in: Query(request, context))
        }
        group.post("workflows/:name/delete") { try await delete($0, Query($0, $1)) }
        group.post("workflows/:name/run") { try await run($0, Query($0, $1)) }
        group.post("workflows/:name/pause") { try await pause($0, Query($0, $1)) }
        group.post("workflows/:name/resume") { try await resume($0, Query($0, $1)) }
    }

    private func list(_ query: Query) async throws -> Response {
        let (start, limit) = try query.page()
        let page = try await operations.workflows(page: start, limit: limit)
        let items = page.elements.map { WorkflowPayload($0, isWhole: false) }
        return try .json(ListPayload(items: items, next: page.next))
    }

    private func get(_ query: Query) async throws -> Response {
        let limit =
            try query.number("occasions", in: 0...Self.occasionsMax) ?? Self.occasionsStandard
        let view = try await operations.workflow(try query.pathName(), occasions: limit)
        return try .json(WorkflowPayload(view, isWhole: true))
    }

    private func delete(_ request: Request, _ query: Query) async throws -> Response {
        let name: WorkflowID = try query.pathName()
        let bytes = try await request.bytes()
        let asked =
            bytes.isEmpty
            ? WorkflowDeletionRequest() : try RequestBody.decode(WorkflowDeletionRequest.self, from: bytes)
        let deletion = WorkflowDeletion(
            name,
            note: ChangeNote(author: asked.author, message: asked.message),
            isDryRun: asked.dryRun ?? false,
            confirmed: asked.confirm
        )
        return try .json(WorkflowDeleted(tasks: try await operations.deleteWorkflow(deletion)))
    }

    private func run(_ request: Request, _ query: Query) async throws -> Response {
        let head = try await head(of: query)
        let (key, asked) = try await TaskRoutes.asked(in: request)
        let run = try await operations.requestRun(of: head, key: key, terms: asked.terms)
        return try .json(RunAccepted(run: run), status: .accepted)
    }

    private func pause(_ request: Request, _ query: Query) async throws -> Response {
        let head = try await head(of: query)
        let asked = try await request.pause()
        return try .json(
            ApplyResult(try await operations.pause(head, until: asked.until, ChangeNote(asked)))
        )
    }

    private func resume(_ request: Request, _ query: Query) async throws -> Response {
        let head = try await head(of: query)
        let asked = try await request.pause(endsByItself: false)
        let outcome = try await operations.resume(head, ChangeNote(asked), confirmed: asked.confirm)
        return try .json(ApplyResult(outcome))
    }

    /// The task that begins the workflow in the path.
    private func head(of query: Query) async throws -> TaskID {
        let name: WorkflowID = try query.pathName()
        let view = try await operations.workflow(name, occasions: 0)
        guard let head = view.definition?.head.name, !view.isIncomplete else {
            throw APIError.conflict("workflow \(name) is half saved: apply its document again")
        }
        return head
    }
}

extension WorkflowPayload {
    fileprivate init(_ view: WorkflowView, isWhole: Bool) {
        self.init(
            name: view.name,
            steps: view.stepCount,
            next: view.nextDue,
            pause: view.pause,
            suspended: view.isSuspended ? true : nil,
            incomplete: view.isIncomplete ? true : nil,
            definition: isWhole ? view.definition : nil,
            occasions: isWhole ? view.occasions.map { Occasion($0, of: view.name) } : nil
        )
    }
}

extension WorkflowPayload.Occasion {
    fileprivate init(_ occasion: WorkflowOccasion, of workflow: WorkflowID) {
        let steps = occasion.steps.sorted { $0.key < $1.key }.compactMap { task, run -> Step? in
            guard let step = WorkflowPlace(workflow).step(of: task) else { return nil }
            return Step(step: step, run: run.id, state: run.state, reason: run.reason)
        }
        self.init(
            run: occasion.run,
            due: occasion.due,
            trigger: occasion.trigger,
            state: occasion.state.rawValue,
            steps: steps
        )
    }
}

extension WorkflowResult {
    init(_ outcome: WorkflowOutcome) {
        self.init(
            workflow: outcome.workflow,
            change: ApplyResult.Change(outcome.change),
            steps: outcome.stepCount,
            removed: outcome.removed.isEmpty ? nil : outcome.removed
        )
    }
}
