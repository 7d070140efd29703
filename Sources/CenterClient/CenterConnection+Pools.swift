public import Domain
import NIOHTTP1
public import Payloads

extension CenterConnection {
    /// The pools, and the exclusive keys that tasks name, sorted by name.
    public func pools() async throws(CenterClientError) -> [PoolPayload] {
        try await answer(ListPayload<PoolPayload>.self, to: request(.GET, "pools")).items
    }

    /// One pool or exclusive key, with who holds units of it and who waits.
    public func pool(_ source: UnitSource) async throws(CenterClientError) -> PoolPayload {
        let isKey = if case .key = source { true } else { false }
        let query: [(name: String, value: String?)] = [("exclusive", isKey ? "true" : nil)]
        return try await answer(PoolPayload.self, to: request(.GET, "pools/\(source.name)", query: query))
    }

    /// Creates a pool, or changes its size.
    public func set(_ pool: PoolID, _ body: PoolRequest) async throws(CenterClientError) -> PoolResult {
        try await answer(PoolResult.self, to: request(.PUT, "pools/\(pool)", body: body))
    }

    /// Deletes a pool that no task names.
    public func deletePool(_ name: PoolID) async throws(CenterClientError) {
        try await send(request(.DELETE, "pools/\(name)"))
    }
}
