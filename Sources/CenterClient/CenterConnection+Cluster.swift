public import Domain
import NIOHTTP1
public import Payloads

extension CenterConnection {
    /// The cluster at a glance.
    public func cluster() async throws(CenterClientError) -> ClusterPayload {
        try await answer(ClusterPayload.self, to: request(.GET, "cluster"))
    }

    /// The runtimes, sorted by name.
    public func runtimes() async throws(CenterClientError) -> [RuntimePayload] {
        try await answer(ListPayload<RuntimePayload>.self, to: request(.GET, "runtimes")).items
    }

    /// One runtime.
    public func runtime(_ name: RuntimeID) async throws(CenterClientError) -> RuntimePayload {
        try await answer(RuntimePayload.self, to: request(.GET, "runtimes/\(name)"))
    }

    /// Creates or replaces a runtime's settings.
    public func setRuntime(_ settings: RuntimePayload) async throws(CenterClientError) {
        try await send(request(.PUT, "runtimes/\(settings.name)", body: settings))
    }

    /// The agents, sorted by runtime and name.
    public func nodes() async throws(CenterClientError) -> [NodePayload] {
        try await answer(ListPayload<NodePayload>.self, to: request(.GET, "nodes")).items
    }

    /// One agent; the runtime is needed only when several runtimes have an agent of that name.
    public func node(_ name: AgentID, in runtime: RuntimeID? = nil) async throws(CenterClientError)
        -> NodePayload
    {
        try await answer(
            NodePayload.self,
            to: request(.GET, "nodes/\(name)", query: [("runtime", runtime?.text)])
        )
    }

    /// What waits at an agent for its turn; it is asked itself.
    public func queue(
        of name: AgentID,
        in runtime: RuntimeID? = nil,
        limit: Int? = nil
    ) async throws(CenterClientError) -> QueuePayload {
        let query = [("runtime", runtime?.text), ("limit", limit.map(String.init))]
        return try await answer(QueuePayload.self, to: request(.GET, "nodes/\(name)/queue", query: query))
    }

    /// Makes an agent take no new work.
    public func drain(_ name: AgentID, in runtime: RuntimeID? = nil) async throws(CenterClientError) {
        try await send(request(.POST, "nodes/\(name)/drain", query: [("runtime", runtime?.text)]))
    }

    /// Lists an agent no more that has ended.
    public func forgetAgent(_ name: AgentID, in runtime: RuntimeID? = nil) async throws(CenterClientError) {
        try await send(request(.POST, "nodes/\(name)/forget", query: [("runtime", runtime?.text)]))
    }

    /// Lets an agent take work again.
    public func undrain(_ name: AgentID, in runtime: RuntimeID? = nil) async throws(CenterClientError) {
        try await send(request(.POST, "nodes/\(name)/undrain", query: [("runtime", runtime?.text)]))
    }

    /// Tells how far an agent's attempts are that run.
    func tell(_ progress: ProgressPayload, of agent: AgentID) async throws(CenterClientError) {
        try await send(request(.POST, "agents/\(agent)/progress", body: progress))
    }

    /// Delivers an agent's reports; on return they are stored.
    func deliver(
        _ batch: ReportBatchPayload,
        from agent: AgentID,
        isRefill: Bool
    ) async throws(CenterClientError) -> ReceiptPayload {
        let query = [(name: "refill", value: isRefill ? "true" as String? : nil)]
        return try await answer(
            ReceiptPayload.self,
            to: request(.POST, "agents/\(agent)/reports", query: query, body: batch)
        )
    }
}
