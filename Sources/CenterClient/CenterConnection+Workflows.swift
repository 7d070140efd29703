public import Domain
import NIOHTTP1
public import Payloads

extension CenterConnection {
    /// Workflows sorted by name, one page.
    public func workflows(
        page: String? = nil,
        limit: Int? = nil
    ) async throws(CenterClientError) -> ListPayload<WorkflowPayload> {
        let query: [(name: String, value: String?)] = [("page", page), ("limit", limit.map(String.init))]
        return try await answer(
            ListPayload<WorkflowPayload>.self,
            to: request(.GET, "workflows", query: query)
        )
    }

    /// One workflow with its last occasions.
    public func workflow(_ name: WorkflowID, occasions: Int = 0) async throws(CenterClientError)
        -> WorkflowPayload
    {
        let query: [(name: String, value: String?)] = [("occasions", String(occasions))]
        return try await answer(WorkflowPayload.self, to: request(.GET, "workflows/\(name)", query: query))
    }

    /// Deletes a workflow with all its steps; running attempts go on.
    public func deleteWorkflow(
        _ name: WorkflowID,
        _ body: WorkflowDeletionRequest
    ) async throws(CenterClientError) -> WorkflowDeleted {
        try await answer(WorkflowDeleted.self, to: request(.POST, "workflows/\(name)/delete", body: body))
    }

    /// Begins a workflow now; the same key gives the same run.
    public func requestRun(of workflow: WorkflowID, _ body: RunRequest) async throws(CenterClientError)
        -> RunID
    {
        try await answer(RunAccepted.self, to: request(.POST, "workflows/\(workflow)/run", body: body)).run
    }

    /// Makes the workflow's schedules count no more, until an instant, else until it is resumed.
    public func pause(_ name: WorkflowID, _ pause: PauseRequest) async throws(CenterClientError)
        -> ApplyResult
    {
        try await answer(ApplyResult.self, to: request(.POST, "workflows/\(name)/pause", body: pause))
    }

    /// Makes the workflow's schedules count again.
    public func resume(_ name: WorkflowID, _ note: PauseRequest) async throws(CenterClientError)
        -> ApplyResult
    {
        try await answer(ApplyResult.self, to: request(.POST, "workflows/\(name)/resume", body: note))
    }
}
