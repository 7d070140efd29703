public import Domain
public import Scheduling
import ZooKeeper

/// An agent that has ended without having been drained: what people are told of it until it comes back, or is forgotten.
public struct DepartedAgent: Hashable, Sendable, Codable {
    /// The agent.
    public var agent: AgentID
    /// Its runtime.
    public var runtime: RuntimeID
    /// The start of its process that has ended.
    public var incarnation: Incarnation
    /// When the leader noticed, by its clock.
    public var since: Instant
    /// How many tasks it owned then.
    public var taskCount: Int

    /// Creates a record.
    public init(
        agent: AgentID,
        runtime: RuntimeID,
        incarnation: Incarnation,
        since: Instant,
        taskCount: Int
    ) {
        self.agent = agent
        self.runtime = runtime
        self.incarnation = incarnation
        self.since = since
        self.taskCount = taskCount
    }

    /// The agent and its runtime.
    public var seat: Seat { Seat(runtime: runtime, agent: agent) }

    /// How long it is remembered.
    public static let memory = Duration.seconds(24 * 3_600)
    /// Most that are remembered: machines that come and go under ever new names would be without end.
    public static let countMax = 1_000

    private enum CodingKeys: String, CodingKey {
        case agent, runtime, incarnation, since
        case taskCount = "tasks"
    }
}

/// What the leader keeps of agents that have ended, for people only: nothing is decided by it.
public struct DepartureShelf: Sendable {
    private let writer: LeaderWriter

    /// Writes under the writer's epoch.
    public init(writer: LeaderWriter) { self.writer = writer }

    /// All that can be read; what cannot is of no use to anybody, and goes.
    public func load(in runtimes: [RuntimeID]) async throws -> [Seat: Versioned<DepartedAgent>] {
        let (session, tree) = (writer.session, writer.tree)
        var paths: [ZNodePath] = []
        for runtime in runtimes {
            let parent: ZNodePath = try tree.runtime(runtime).departed
            paths += try await session.childrenIfPresent(parent).map { try parent.child($0) }
        }
        let found = try await pipelined(paths) { try await session.content(DepartedAgent.self, at: $0) }
        var departed: [Seat: Versioned<DepartedAgent>] = [:]
        for (path, content) in zip(paths, found) {
            switch content {
            case .present(let known): departed[known.value.seat] = known
            case .damaged(_, let version): _ = try await writer.write([.delete(path, version: version)])
            case .absent: break
            }
        }
        return departed
    }

    /// Writes down those that have ended and takes away others; what was written, as it is now.
    public func change(
        adding added: [DepartedAgent],
        removing removed: [Versioned<DepartedAgent>]
    ) async throws -> [Versioned<DepartedAgent>] {
        var operations: [Operation] = []
        for known in removed {
            operations.append(.delete(try path(of: known.value.seat), version: known.version))
        }
        for agent in added {
            operations.append(.create(try path(of: agent.seat), data: try ZNodeCodec.encode(agent)))
        }
        var rest = operations[...]
        while !rest.isEmpty {
            _ = try await writer.write(Array(rest.prefix(LeaderWriter.Limit.operationsMax)))
            rest = rest.dropFirst(LeaderWriter.Limit.operationsMax)
        }
        return added.map { Versioned($0, version: 0) }
    }

    private func path(of seat: Seat) throws(ZooKeeperError) -> ZNodePath {
        try writer.tree.runtime(seat.runtime).departed(seat.agent)
    }
}
