public import Domain
public import ZooKeeper

/// The znodes of one incarnation of an agent.
public struct AgentNodes: Hashable, Sendable {
    /// The workspace's tree.
    public let tree: Tree
    /// The runtime's part of it.
    public let runtime: RuntimeTree
    /// The agent and its runtime.
    public let seat: Seat
    /// The incarnation.
    public let incarnation: Incarnation
    /// The agent's ephemeral node.
    public let member: ZNodePath
    /// The head of the agent's allocation.
    public let head: ZNodePath
    /// The incarnation's fence.
    public let fence: ZNodePath
    /// The parent of the incarnation's checkpoint buckets.
    public let checkpoint: ZNodePath
    /// The incarnation's inbox.
    public let inbox: ZNodePath

    /// Spells the paths of an incarnation.
    public init(tree: Tree, seat: Seat, incarnation: Incarnation) throws(ZooKeeperError) {
        self.tree = tree
        self.seat = seat
        self.incarnation = incarnation
        runtime = try tree.runtime(seat.runtime)
        member = try runtime.agent(seat.agent)
        head = try runtime.allocation(seat.agent)
        fence = try runtime.fence(seat.agent, incarnation)
        checkpoint = try runtime.checkpoint(seat.agent, incarnation)
        inbox = try runtime.inbox(seat.agent, incarnation)
    }

    /// The path of a segment.
    public func segment(_ number: Int) throws(ZooKeeperError) -> ZNodePath {
        try runtime.segment(seat.agent, incarnation, number)
    }
}

extension ZooKeeperSession {
    /// After a lost reply: waits until a server serves the session again and knows everything that was committed before.
    ///
    /// - Throws: `ZooKeeperError` when the session is over or the task was cancelled.
    func settled(at path: ZNodePath) async throws(ZooKeeperError) {
        while true {
            try await connected()
            do {
                try await sync(path)
                return
            } catch  where error.isRetriable {
                // Lost again before the reply: `connected` waits for the next connection.
                await Task.yield()
            }
        }
    }

    /// Reads, again after every reconnect, until there is an answer.
    ///
    /// - Throws: `ZooKeeperError` when the session is over, the task was cancelled, or the server refused.
    public func persistently<Value: Sendable>(
        _ read: @Sendable () async throws -> Value
    ) async throws -> Value {
        while true {
            do {
                return try await read()
            } catch let error as ZooKeeperError where error.isRetriable {
                try await settled(at: .root)
            }
        }
    }
}
