public import Domain
import Logging
import ZooKeeper

/// Something of the catalog that is read, and watched, as a whole.
public enum CatalogTopic: Hashable, Sendable {
    /// The cluster's identity.
    case cluster
    /// Who leads.
    case leadership
    /// The live centers.
    case centers
    /// Which runtimes there are.
    case runtimes
    /// A runtime's settings.
    case settings(RuntimeID)
    /// The live agents of a runtime.
    case agents(RuntimeID)
    /// Which calendars there are.
    case calendars
    /// A calendar.
    case calendar(CalendarID)
    /// Which pools there are.
    case pools
    /// A pool.
    case pool(PoolID)
    /// Which groups have settings.
    case groups
    /// A group's settings.
    case group(GroupID)
    /// Which index buckets there are.
    case buckets
    /// One index bucket and its definitions.
    case bucket(Int)
}

/// Reads topics into the catalog.
struct CatalogReader: Sendable {
    let session: any ZooKeeperSession
    let tree: Tree
    let store: CatalogStore
    let logger: Logger

    /// What reading a topic led to.
    struct Outcome: Sendable {
        /// The watch that was asked for.
        var watch: Watch?
        /// Topics that exist because of this one, known ones included.
        var discovered: [CatalogTopic] = []
        /// Whether what planning depends on has changed.
        var isChanged = false
    }

    /// Reads a topic and, if asked, leaves a watch.
    func read(_ topic: CatalogTopic, isWatched: Bool) async throws -> Outcome {
        switch topic {
        case .cluster: try await readCluster()
        case .leadership: try await readLeadership(isWatched)
        case .centers: try await readCenters(isWatched)
        case .runtimes: try await readRuntimes(isWatched)
        case .settings(let runtime): try await readSettings(runtime, isWatched)
        case .agents(let runtime): try await readAgents(runtime, isWatched)
        case .calendars: try await readCalendars(isWatched)
        case .calendar(let calendar): try await readCalendar(calendar, isWatched)
        case .pools: try await readPools(isWatched)
        case .pool(let pool): try await readPool(pool, isWatched)
        case .groups: try await readGroups(isWatched)
        case .group(let group): try await readGroup(group, isWatched)
        case .buckets: try await readBuckets(isWatched)
        case .bucket(let bucket): try await readBucket(bucket, isWatched)
        }
    }

    func node(_ path: ZNodePath, _ isWatched: Bool) async throws(ZooKeeperError) -> (ZNode?, Watch?) {
        do {
            if isWatched {
                let (node, watch) = try await session.watchGet(path)
                return (node, watch)
            }
            return (try await session.get(path), nil)
        } catch  where error.code == .noNode {
            return (nil, nil)
        }
    }

    func names(_ path: ZNodePath, _ isWatched: Bool) async throws(ZooKeeperError) -> (
        [String], Watch?
    ) {
        let (names, _, watch) = try await children(path, isWatched)
        return (names, watch)
    }

    /// The children's names, sorted, and the transaction that last changed which there are.
    private func children(
        _ path: ZNodePath,
        _ isWatched: Bool
    ) async throws(ZooKeeperError) -> (names: [String], changed: Int64?, watch: Watch?) {
        do {
            if isWatched {
                let (names, stat, watch) = try await session.watchChildren(path)
                return (names.sorted(), stat.childrenTransaction, watch)
            }
            let (names, stat) = try await session.children(path)
            return (names.sorted(), stat.childrenTransaction, nil)
        } catch  where error.code == .noNode {
            return ([], nil, nil)
        }
    }

    private func readCluster() async throws -> Outcome {
        let identity = try await session.payload(ClusterIdentity.self, at: tree.cluster)?.value
        store.change { $0.identity = identity }
        return Outcome()
    }

    private func readLeadership(_ isWatched: Bool) async throws -> Outcome {
        let path = try tree.epoch
        let (node, watch) = try await node(path, isWatched)
        var leadership: Versioned<Leadership>?
        if let node, !node.data.isEmpty {
            leadership = Versioned(
                try ZNodeCodec.decode(from: node.data, at: path.text),
                version: node.stat.version
            )
        }
        store.change { $0.leadership = leadership }
        return Outcome(watch: watch)
    }

    private func readCenters(_ isWatched: Bool) async throws -> Outcome {
        let (names, watch) = try await names(tree.centers, isWatched)
        let registrations = try await pipelined(names.compactMap(CenterID.init)) { center in
            try await registration(CenterRegistration.self, tree.center(center))
        }
        let centers = Dictionary(registrations.compactMap { $0 }.map { ($0.center, $0) }) { $1 }
        store.change { $0.centers = centers }
        return Outcome(watch: watch)
    }

    private func readRuntimes(_ isWatched: Bool) async throws -> Outcome {
        let (names, watch) = try await names(tree.runtimes, isWatched)
        let found = names.compactMap(RuntimeID.init)
        let known = store.read { Set($0.runtimes.keys) }
        let isChanged = store.change { catalog in
            for gone in known.subtracting(found).sorted() { catalog.set(runtime: gone, nil) }
        }
        let discovered = found.flatMap { [CatalogTopic.settings($0), .agents($0)] }
        return Outcome(watch: watch, discovered: discovered, isChanged: isChanged)
    }

    private func readSettings(_ runtime: RuntimeID, _ isWatched: Bool) async throws -> Outcome {
        let path = try tree.runtime(runtime).settings
        let (node, watch) = try await node(path, isWatched)
        let settings = try node.map { node in
            // An agent that comes before any center makes the node of its runtime without settings.
            let value =
                node.data.isEmpty
                ? RuntimeSettings(name: runtime)
                : try ZNodeCodec.decode(RuntimeSettings.self, from: node.data, at: path.text)
            return Versioned(value, version: node.stat.version)
        }
        return Outcome(watch: watch, isChanged: store.change { $0.set(runtime: runtime, settings) })
    }

    private func readAgents(_ runtime: RuntimeID, _ isWatched: Bool) async throws -> Outcome {
        let paths = try tree.runtime(runtime)
        let (names, changed, watch) = try await children(paths.agents, isWatched)
        let registrations = try await pipelined(names.compactMap(AgentID.init)) { agent in
            try await registration(AgentRegistration.self, paths.agent(agent))
        }
        let isChanged = store.change {
            $0.set(agents: registrations.compactMap { $0 }, of: runtime, changedBy: changed)
        }
        return Outcome(watch: watch, isChanged: isChanged)
    }

    /// A registration; `nil` when it is gone or cannot be read, which must not keep the others away.
    private func registration<Payload: Decodable & Sendable>(
        _ type: Payload.Type,
        _ path: ZNodePath
    ) async throws -> Payload? {
        switch try await session.content(type, at: path) {
        case .absent: return nil
        case .present(let registration): return registration.value
        case .damaged(let error, _):
            logger.error(
                "A registration cannot be read",
                metadata: ["zk.path": "\(error.path)", "error": "\(error.reason)"]
            )
            return nil
        }
    }

    private func readBuckets(_ isWatched: Bool) async throws -> Outcome {
        let (names, watch) = try await names(tree.tasks, isWatched)
        return Outcome(watch: watch, discovered: names.compactMap(Tree.bucket(named:)).map { .bucket($0) })
    }

    /// Reads a bucket's index and those definitions whose revision changed.
    private func readBucket(_ bucket: Int, _ isWatched: Bool) async throws -> Outcome {
        let path = try tree.taskBucket(bucket)
        let (node, watch) = try await node(path, isWatched)
        guard let node else { return Outcome(watch: watch) }
        let index: TaskIndex =
            node.data.isEmpty ? TaskIndex() : try ZNodeCodec.decode(from: node.data, at: path.text)
        let changed = store.read { catalog in
            index.tasks.filter { catalog.tasks[$0.key]?.value.indexEntry != $0.value }.keys.sorted()
        }
        let definitions = try await pipelined(changed, limit: 16) { name in
            try await definition(name, bucket)
        }
        let isChanged = store.change {
            $0.set(
                bucket: bucket,
                Versioned(index, version: node.stat.version),
                changed: definitions.compactMap { $0 }
            )
        }
        return Outcome(watch: watch, isChanged: isChanged)
    }

    /// A definition; `nil` when it is gone or cannot be read, which must not keep the others of its bucket away.
    private func definition(_ name: TaskID, _ bucket: Int) async throws -> Versioned<TaskDefinition>? {
        do {
            return try await session.payload(TaskDefinition.self, at: tree.task(name, bucket: bucket))
        } catch let error as ZNodeFormatError {
            logger.error(
                "A task cannot be read",
                metadata: ["zk.path": "\(error.path)", "error": "\(error.reason)"]
            )
            return nil
        }
    }
}
