public import Domain
import NIOHTTP1
public import Payloads
public import Scheduling

extension CenterConnection {
    /// Tasks sorted by name, one page.
    public func tasks(
        runtime: RuntimeID? = nil,
        group: GroupID? = nil,
        isEnabled: Bool? = nil,
        labels: LabelSelector = .all,
        page: String? = nil,
        limit: Int? = nil
    ) async throws(CenterClientError) -> ListPayload<TaskPayload> {
        let query: [(name: String, value: String?)] = [
            ("runtime", runtime?.text), ("group", group?.text), ("enabled", isEnabled.map(String.init)),
            ("labels", labels == .all ? nil : labels.description), ("page", page),
            ("limit", limit.map(String.init)),
        ]
        return try await answer(ListPayload<TaskPayload>.self, to: request(.GET, "tasks", query: query))
    }

    /// One task.
    public func task(_ name: TaskID) async throws(CenterClientError) -> TaskPayload {
        try await answer(TaskPayload.self, to: request(.GET, "tasks/\(name)"))
    }

    /// Creates or edits many tasks; all are validated before any is saved.
    public func apply(_ tasks: ApplyRequest) async throws(CenterClientError) -> ApplyResponse {
        try await answer(ApplyResponse.self, to: request(.POST, "tasks", body: tasks))
    }

    /// Changes several tasks in the same way.
    public func change(_ request: ChangeRequest) async throws(CenterClientError) -> ChangeResponse {
        try await answer(ChangeResponse.self, to: self.request(.POST, "changes", body: request))
    }

    /// What a task said lately, the present revision last.
    public func revisions(of task: TaskID) async throws(CenterClientError) -> [RevisionPayload] {
        try await answer(ListPayload<RevisionPayload>.self, to: request(.GET, "tasks/\(task)/revisions"))
            .items
    }

    /// Creates or edits one task.
    public func put(
        _ specification: TaskSpecification,
        condition: ApplyCondition = .any
    ) async throws(CenterClientError) -> ApplyResult {
        var request = try request(.PUT, "tasks/\(specification.name)", body: specification)
        switch condition {
        case .any: break
        case .absent: request.headers.append(("if-none-match", "*"))
        case .revision(let revision): request.headers.append(("if-match", "\"\(revision)\""))
        }
        return try await answer(ApplyResult.self, to: request)
    }

    /// Deletes a task; running attempts go on.
    public func deleteTask(_ name: TaskID) async throws(CenterClientError) {
        try await send(request(.DELETE, "tasks/\(name)"))
    }

    /// Makes the task's schedules count no more, until an instant, else until it is resumed.
    public func pause(
        _ name: TaskID,
        _ pause: PauseRequest = PauseRequest()
    ) async throws(CenterClientError) -> ApplyResult {
        try await answer(ApplyResult.self, to: request(.POST, "tasks/\(name)/pause", body: pause))
    }

    /// Makes single fires of a task different; what is different about them now.
    public func changeFires(
        of name: TaskID,
        _ change: FireChange
    ) async throws(CenterClientError) -> [FireException] {
        let request = try request(.POST, "tasks/\(name)/fires", body: FireChangeRequest(change))
        return try await answer(ListPayload<FireException>.self, to: request).items
    }

    /// Makes the task's schedules count again.
    public func resume(
        _ name: TaskID,
        _ note: PauseRequest = PauseRequest()
    ) async throws(CenterClientError) -> ApplyResult {
        try await answer(ApplyResult.self, to: request(.POST, "tasks/\(name)/resume", body: note))
    }

    /// Begins the process of a resident task anew.
    public func restart(
        _ name: TaskID,
        _ note: PauseRequest = PauseRequest()
    ) async throws(CenterClientError) -> ApplyResult {
        try await answer(ApplyResult.self, to: request(.POST, "tasks/\(name)/restart", body: note))
    }

    /// Requests a run now; the same key gives the same run, however often it is asked.
    public func requestRun(of task: TaskID, key: String?) async throws(CenterClientError) -> RunID {
        try await requestRun(of: task, RunRequest(key: key))
    }

    /// Requests a run now, with what it is given.
    public func requestRun(of task: TaskID, _ body: RunRequest) async throws(CenterClientError) -> RunID {
        try await requestRuns(of: task, body)[0]
    }

    /// Requests a run now, of a task with several parts one of each; at least one.
    public func requestRuns(of task: TaskID, _ body: RunRequest) async throws(CenterClientError) -> [RunID] {
        let accepted = try await answer(RunAccepted.self, to: request(.POST, "tasks/\(task)/run", body: body))
        return accepted.runs.flatMap { $0.isEmpty ? nil : $0 } ?? [accepted.run]
    }

    /// Why a task does (not) run now, or what about an instant.
    public func explain(_ task: TaskID, at instant: Instant? = nil) async throws(CenterClientError)
        -> Explanation
    {
        let query = [("at", instant?.formatted())]
        return try await answer(Explanation.self, to: request(.GET, "tasks/\(task)/explain", query: query))
    }

    /// The next due instants of a task, at most `count`.
    public func next(of task: TaskID, count: Int) async throws(CenterClientError) -> [Instant] {
        let request = try request(.GET, "tasks/\(task)/next", query: [("count", String(count))])
        return try await answer(ListPayload<Instant>.self, to: request).items
    }
}
