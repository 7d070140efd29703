public import Domain
import NIOHTTP1
public import Payloads
import Scheduling

extension CenterConnection {
    /// Runs, latest due first, one page.
    public func runs(
        _ filter: RunFilter = RunFilter(),
        page: String? = nil,
        limit: Int? = nil
    ) async throws(CenterClientError) -> ListPayload<RunPayload> {
        let states = filter.states.map(\.rawValue).joined(separator: ",")
        let items: [(name: String, value: String?)] = [
            ("task", filter.task?.text), ("runtime", filter.runtime?.text), ("agent", filter.agent?.text),
            ("state", states.isEmpty ? nil : states),
            ("since", filter.since?.formatted()), ("until", filter.until?.formatted()),
            ("page", page), ("limit", limit.map(String.init)),
        ]
        return try await answer(ListPayload<RunPayload>.self, to: request(.GET, "runs", query: items))
    }

    /// One run.
    public func run(_ id: RunID) async throws(CenterClientError) -> RunPayload {
        try await answer(RunPayload.self, to: request(.GET, "runs/\(id)"))
    }

    /// Requests a run that repeats one that is over.
    public func retry(_ id: RunID, _ body: RunRequest) async throws(CenterClientError) -> RunID {
        try await answer(RunAccepted.self, to: request(.POST, "runs/\(id)/retry", body: body)).run
    }

    /// Why a run is where it is.
    public func explain(_ id: RunID) async throws(CenterClientError) -> Explanation {
        try await answer(Explanation.self, to: request(.GET, "runs/\(id)/explain"))
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
