public import Domain
import NIOHTTP1
public import Payloads
public import Scheduling

/// Which runs to list; what is left out does not restrict.
public struct RunQuery: Hashable, Sendable {
    /// Only runs of this task.
    public var task: TaskID?
    /// Only runs of this runtime.
    public var runtime: RuntimeID?
    /// Only runs with an attempt on this agent.
    public var agent: AgentID?
    /// Only runs in one of these states; empty for all.
    public var states: [RunState]
    /// Only runs due at or after this instant.
    public var since: Instant?
    /// Only runs due at or before this instant.
    public var until: Instant?

    /// Creates a query.
    public init(
        task: TaskID? = nil,
        runtime: RuntimeID? = nil,
        agent: AgentID? = nil,
        states: [RunState] = [],
        since: Instant? = nil,
        until: Instant? = nil
    ) {
        self.task = task
        self.runtime = runtime
        self.agent = agent
        self.states = states
        self.since = since
        self.until = until
    }
}

extension CenterConnection {
    /// Runs, latest due first, one page.
    public func runs(
        _ query: RunQuery = RunQuery(),
        page: String? = nil,
        limit: Int? = nil
    ) async throws(CenterClientError) -> ListPayload<RunPayload> {
        let states = query.states.map(\.rawValue).joined(separator: ",")
        let items: [(name: String, value: String?)] = [
            ("task", query.task?.text), ("runtime", query.runtime?.text), ("agent", query.agent?.text),
            ("state", states.isEmpty ? nil : states),
            ("since", query.since?.formatted()), ("until", query.until?.formatted()),
            ("page", page), ("limit", limit.map(String.init)),
        ]
        return try await answer(ListPayload<RunPayload>.self, to: request(.GET, "runs", query: items))
    }

    /// One run.
    public func run(_ id: RunID) async throws(CenterClientError) -> RunPayload {
        try await answer(RunPayload.self, to: request(.GET, "runs/\(id)"))
    }

    /// Asks the agent to end the run's current attempt: SIGTERM, the task's kill grace, SIGKILL.
    public func stop(_ id: RunID) async throws(CenterClientError) {
        try await send(request(.POST, "runs/\(id)/stop"))
    }

    /// Asks the agent to kill the run's current attempt at once.
    public func kill(_ id: RunID) async throws(CenterClientError) {
        try await send(request(.POST, "runs/\(id)/kill"))
    }

    /// A piece of an attempt's output, from `offset` on; without an attempt, of the last one.
    public func log(
        of run: RunID,
        attempt: Int? = nil,
        stream: LogStreamName = .out,
        offset: Int64 = 0,
        limit: Int? = nil
    ) async throws(CenterClientError) -> LogChunkPayload {
        let query: [(name: String, value: String?)] = [
            ("attempt", attempt.map(String.init)), ("stream", stream.rawValue), ("offset", String(offset)),
            ("limit", limit.map(String.init)),
        ]
        return try await answer(LogChunkPayload.self, to: request(.GET, "runs/\(run)/log", query: query))
    }
}
