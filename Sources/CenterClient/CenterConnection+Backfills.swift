public import Domain
import NIOHTTP1
public import Payloads

extension CenterConnection {
    /// Begins to run the fires of a past span of a task's schedule.
    public func backfill(_ task: TaskID, _ body: BackfillBody) async throws(CenterClientError)
        -> BackfillPayload
    {
        try await answer(BackfillPayload.self, to: request(.POST, "tasks/\(task)/backfills", body: body))
    }

    /// What a backfill would do; nothing is begun.
    public func planBackfill(_ task: TaskID, _ body: BackfillBody) async throws(CenterClientError)
        -> BackfillPlanPayload
    {
        var dry = body
        dry.dryRun = true
        return try await answer(
            BackfillPlanPayload.self,
            to: request(.POST, "tasks/\(task)/backfills", body: dry)
        )
    }

    /// The backfills that are known, of one task or all, latest first.
    public func backfills(of task: TaskID? = nil) async throws(CenterClientError) -> [BackfillPayload] {
        let request = try request(.GET, "backfills", query: [("task", task?.text)])
        return try await answer(ListPayload<BackfillPayload>.self, to: request).items
    }

    /// One backfill.
    public func backfill(_ id: BackfillID) async throws(CenterClientError) -> BackfillPayload {
        try await answer(BackfillPayload.self, to: request(.GET, "backfills/\(id)"))
    }

    /// Pauses, resumes or stops a backfill.
    public func change(
        _ id: BackfillID,
        _ verb: BackfillVerb,
        _ change: BackfillChange
    ) async throws(CenterClientError) -> BackfillPayload {
        let request = try request(.POST, "backfills/\(id)/\(verb.rawValue)", body: change)
        return try await answer(BackfillPayload.self, to: request)
    }
}

/// What can be done with a backfill that is not over.
public enum BackfillVerb: String, Sendable {
    /// Dispatch no further run until it is resumed.
    case pause
    /// Go on.
    case resume
    /// Dispatch no further run ever.
    case stop
}
