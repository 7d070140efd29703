public import ZooKeeper

/// What is at a path.
enum NodeContent<Payload: Sendable>: Sendable {
    /// There is no node.
    case absent
    /// The node and its version.
    case present(Versioned<Payload>)
    /// A node that cannot be read, and its version.
    case damaged(ZNodeFormatError, version: Int32)
}

/// Reads of typed payloads; a node that is not there is `nil`, whatever level it is missing at.
extension ZooKeeperSession {
    /// The payload of a node and its version; `nil` when there is no such node.
    public func payload<Payload: Decodable & Sendable>(
        _ type: Payload.Type = Payload.self,
        at path: ZNodePath
    ) async throws -> Versioned<Payload>? {
        guard let node = try await nodeIfPresent(path) else { return nil }
        return Versioned(
            try ZNodeCodec.decode(type, from: node.data, at: path.text),
            version: node.stat.version
        )
    }

    /// What is at a path, readable or not.
    func content<Payload: Decodable & Sendable>(
        _ type: Payload.Type = Payload.self,
        at path: ZNodePath
    ) async throws(ZooKeeperError) -> NodeContent<Payload> {
        guard let node = try await nodeIfPresent(path) else { return .absent }
        do {
            let payload = try ZNodeCodec.decode(type, from: node.data, at: path.text)
            return .present(Versioned(payload, version: node.stat.version))
        } catch {
            return .damaged(error, version: node.stat.version)
        }
    }

    /// The node; `nil` when there is no such node.
    public func nodeIfPresent(_ path: ZNodePath) async throws(ZooKeeperError) -> ZNode? {
        do {
            return try await get(path)
        } catch  where error.code == .noNode {
            return nil
        }
    }

    /// The names of a node's children, sorted; empty when there is no such node.
    public func childrenIfPresent(_ path: ZNodePath) async throws(ZooKeeperError) -> [String] {
        do {
            return try await children(path).names.sorted()
        } catch  where error.code == .noNode {
            return []
        }
    }

    /// Creates a persistent node unless it is there, resolving a lost reply by doing it again: creation is idempotent here.
    public func createIfAbsent(_ path: ZNodePath, data: [UInt8] = []) async throws(ZooKeeperError) {
        do {
            _ = try await create(path, data: data)
        } catch  where error.code == .nodeExists {
            return
        }
    }
}

/// Runs `body` for every element, at most `limit` at a time, and returns the results in the elements' order.
///
/// The limit keeps a session far below its 1,000 requests in flight.
public func pipelined<Element: Sendable, Result: Sendable>(
    _ elements: [Element],
    limit: Int = 128,
    _ body: @escaping @Sendable (Element) async throws -> Result
) async throws -> [Result] {
    if elements.count == 1 { return [try await body(elements[0])] }
    return try await withThrowingTaskGroup(of: (Int, Result).self) { group in
        var results = [Result?](repeating: nil, count: elements.count)
        var next = 0
        while next < min(limit, elements.count) {
            let index = next
            group.addTask { (index, try await body(elements[index])) }
            next += 1
        }
        while let (index, result) = try await group.next() {
            results[index] = result
            guard next < elements.count else { continue }
            let following = next
            group.addTask { (following, try await body(elements[following])) }
            next += 1
        }
        return results.compactMap { $0 }
    }
}
