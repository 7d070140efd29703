import Cluster
import Domain
import Foundation
import ZooKeeper

/// What a session of its own sees of a cluster in ZooKeeper, without asking the cluster.
struct Observatory: Sendable {
    let session: any ZooKeeperSession
    private let tree: Tree
    private let runtime: RuntimeTree

    /// Time between two looks while something is waited for.
    private static let interval = Duration.milliseconds(50)
    /// How long something that is waited for may take.
    private static let patience = Duration.seconds(120)

    init(_ session: any ZooKeeperSession) throws {
        self.session = session
        tree = try Tree(workspace: .standard)
        runtime = try tree.runtime(.standard)
    }

    /// The live agents and the names of the tasks each owns.
    func owned() async throws -> [String: [String]] {
        var owned: [String: [String]] = [:]
        for agent in try await session.childrenIfPresent(runtime.agents) {
            owned[agent] = try await tasks(of: agent)
        }
        return owned
    }

    /// The tasks of an agent, sorted.
    func tasks(of agent: String) async throws -> [String] {
        guard let id = AgentID(agent) else { return [] }
        let table = try runtime.allocation(id)
        var tasks: [String] = []
        for bucket in try await session.childrenIfPresent(table) {
            let content = try await session.payload(AllocationBucket.self, at: table.child(bucket))
            tasks += (content?.value.rows ?? []).map(\.task.text)
        }
        return tasks.sorted()
    }

    /// The live centers.
    func centers() async throws -> [String] { try await session.childrenIfPresent(tree.centers) }

    /// The leader, and how many candidates there are.
    func leader() async throws -> (center: String, candidate: ZNodePath, candidates: Int)? {
        guard let leadership = try await session.payload(Leadership.self, at: tree.epoch)?.value else {
            return nil
        }
        let names = try await session.childrenIfPresent(tree.election)
        guard let own = names.first(where: { $0.contains(leadership.guid.text) }) else { return nil }
        return (leadership.center.text, try tree.election.child(own), names.count)
    }

    /// The number of the present leadership.
    func epoch() async throws -> Int32 { try await session.get(tree.epoch).stat.version }

    /// Says when an agent's ephemeral node goes: the time of the notification, in nanoseconds since 1970.
    func end(ofAgent agent: String) async throws -> NodeEnd {
        guard let id = AgentID(agent) else { throw BenchmarkError("no agent is named \(agent)") }
        return try await end(of: runtime.agent(id))
    }

    /// Says when a node goes.
    func end(of path: ZNodePath) async throws -> NodeEnd {
        let watched = try await session.watchExists(path)
        guard watched.stat != nil else { throw BenchmarkError("there is no \(path)") }
        return NodeEnd(watch: watched.watch)
    }

    /// Says when another center takes office.
    func nextEpoch() async throws -> NodeEnd {
        NodeEnd(watch: try await session.watchExists(tree.epoch).watch)
    }

    /// Looks until something is so.
    func wait(for what: String, _ isSo: () async throws -> Bool) async throws {
        let deadline = ContinuousClock.now + Self.patience
        while ContinuousClock.now < deadline {
            if try await isSo() { return }
            try await ContinuousClock().sleep(for: Self.interval)
        }
        throw BenchmarkError("waited in vain for \(what)")
    }

    /// Waits until `agents` agents own all `tasks`, none has nothing, all centers stand, and nothing has moved for a while.
    func settled(agents: Int, centers: Int, tasks: Int) async throws {
        var before: [String: [String]] = [:]
        var since = ContinuousClock.now
        try await wait(for: "\(agents) agents to own \(tasks) tasks") {
            let now = try await owned()
            if now != before { (before, since) = (now, .now) }
            let isWhole = now.count == agents && now.values.map(\.count).reduce(0, +) == tasks
            guard isWhole, now.values.allSatisfy({ !$0.isEmpty }), try await self.centers().count == centers,
                try await leader()?.candidates == centers
            else { return false }
            return ContinuousClock.now - since > Self.rest
        }
    }

    /// How long nothing may have moved before a cluster counts as at rest.
    private static let rest = Duration.milliseconds(800)
}

/// A watch whose event is wanted with its time.
struct NodeEnd: Sendable {
    let watch: Watch

    /// The time of the event, in nanoseconds since 1970; throws when the observer's own session is lost.
    func instant() async throws -> Int64 {
        let event = await watch.event()
        let now = Machine.now
        guard event != .ended else { throw BenchmarkError("the observer's session is over") }
        return now
    }
}
