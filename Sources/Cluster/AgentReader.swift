public import Domain
public import ZooKeeper

/// What an agent reads: its fence, its table, its inbox, definitions and centers.
///
/// Every read is repeated after a lost connection and throws `ZooKeeperError` when the session is over.
public struct AgentReader: Sendable {
    private let session: any ZooKeeperSession
    private let nodes: AgentNodes

    /// Reads in flight at a time.
    public static let pipelineMax = 64

    /// Prepares to read over `session`.
    public init(session: any ZooKeeperSession, nodes: AgentNodes) {
        self.session = session
        self.nodes = nodes
    }

    /// The fence and its version; `nil` when the incarnation is sealed, or its fence is deleted, which follows it.
    public func fence() async throws -> Int32? {
        let fence = try await session.persistently {
            try await session.payload(FenceRecord.self, at: nodes.fence)
        }
        guard let fence, !fence.value.isSealed else { return nil }
        return fence.version
    }

    /// Brings the connected server up to date, so that the next reads see what refused a write.
    public func catchUp() async throws {
        try await session.persistently { try await session.sync(nodes.fence) }
    }

    /// The head of the agent's allocation; `nil` while no leader has written one.
    public func head() async throws -> AllocationHead? {
        try await session.persistently { try await session.payload(AllocationHead.self, at: nodes.head) }?
            .value
    }

    /// The rows of buckets of the agent's table; a bucket that does not exist has none, of one that cannot be read they are `nil`.
    public func rows(of buckets: [Int]) async throws -> [[AllocationRow]?] {
        let (session, nodes) = (session, nodes)
        return try await pipelined(buckets, limit: Self.pipelineMax) { bucket in
            let path = try nodes.runtime.allocationBucket(nodes.seat.agent, bucket)
            switch try await session.persistently({
                try await session.content(AllocationBucket.self, at: path)
            }) {
            case .absent: return []
            case .present(let bucket): return bucket.value.rows
            case .damaged: return nil
            }
        }
    }

    /// The present definitions of tasks, in the tasks' order; `nil` for a task that is not there or cannot be read.
    public func definitions(of tasks: [TaskID], bucketCount: Int) async throws -> [TaskDefinition?] {
        let tree = nodes.tree
        return try await pipelined(tasks, limit: Self.pipelineMax) { task in
            let path = try tree.task(task, bucket: Buckets.task(task, count: bucketCount))
            return try await readable(TaskDefinition.self, at: path)
        }
    }

    /// What stands of a task now.
    public func standing(of task: TaskID, bucketCount: Int) async throws -> TaskStanding {
        let path = try nodes.tree.task(task, bucket: Buckets.task(task, count: bucketCount))
        let session = session
        switch try await session.persistently({ try await session.content(TaskDefinition.self, at: path) }) {
        case .absent: return .gone
        case .present(let definition): return .present(definition.value)
        case .damaged: return .unreadable
        }
    }

    /// The cluster's identity; `nil` before a center has set the cluster up.
    public func identity() async throws -> ClusterIdentity? {
        let path = try nodes.tree.cluster
        return try await session.persistently { try await session.payload(ClusterIdentity.self, at: path) }?
            .value
    }

    /// How many buckets the definitions are spread over; `nil` before a center has set the cluster up.
    public func taskBucketCount() async throws -> Int? { try await identity()?.taskBuckets }

    /// The inbox, sorted by name: the entries' names and what they ask for.
    ///
    /// Unreadable entries come back as `nil`. Entries named in `known` are not read again; `names` are all there are.
    public func inbox(limit: Int, except known: Set<String>) async throws -> (
        names: Set<String>, entries: [(name: String, dispatch: Dispatch?)]
    ) {
        let (session, nodes) = (session, nodes)
        let names = try await session.persistently { try await session.childrenIfPresent(nodes.inbox) }
        let wanted = names.filter { !known.contains($0) }.prefix(limit)
        let entries = try await pipelined(Array(wanted), limit: Self.pipelineMax) { name in
            let path = try nodes.inbox.child(name)
            let node = try await session.persistently { try await session.nodeIfPresent(path) }
            return node.map { node in
                // What cannot be decoded is reported by the caller, not guessed at.
                (name: name, dispatch: try? ZNodeCodec.decode(Dispatch.self, from: node.data, at: path.text))
            }
        }
        return (Set(names), entries.compactMap { $0 })
    }

    /// A payload; `nil` when it is not there or cannot be read, which must not keep the others away.
    private func readable<Payload: Decodable & Sendable>(
        _ type: Payload.Type,
        at path: ZNodePath
    ) async throws -> Payload? {
        let session = session
        let content = try await session.persistently { try await session.content(type, at: path) }
        return if case .present(let payload) = content { payload.value } else { nil }
    }

    /// The live centers, sorted by name.
    public func centers() async throws -> [CenterRegistration] {
        let (session, parent) = (session, try nodes.tree.centers)
        let names = try await session.persistently { try await session.childrenIfPresent(parent) }
        let centers = try await pipelined(names, limit: Self.pipelineMax) { name in
            let path = try parent.child(name)
            return try await readable(CenterRegistration.self, at: path)
        }
        return centers.compactMap { $0 }
    }

    /// How many agents the runtime has.
    public func agentCount() async throws -> Int {
        let path = try nodes.runtime.agents
        return try await session.persistently { try await session.childrenIfPresent(path) }.count
    }

    /// What is set for the agent's runtime; `nil` while nothing is, or it cannot be read.
    public func settings() async throws -> RuntimeSettings? {
        let (session, path) = (session, nodes.runtime.settings)
        let node = try await session.persistently { try await session.nodeIfPresent(path) }
        // An agent that comes before any center makes the node of its runtime without settings.
        guard let node, !node.data.isEmpty else { return nil }
        return try? ZNodeCodec.decode(RuntimeSettings.self, from: node.data, at: path.text)
    }

    /// A watch on the settings of the agent's runtime.
    public func watchSettings() async throws -> Watch {
        let path = nodes.runtime.settings
        return try await session.persistently { try await session.watchExists(path) }.watch
    }

    /// A watch on the head, whether it exists or not.
    public func watchHead() async throws -> Watch {
        try await session.persistently { try await session.watchExists(nodes.head) }.watch
    }

    /// A watch on the incarnation's fence.
    public func watchFence() async throws -> Watch {
        try await session.persistently { try await session.watchExists(nodes.fence) }.watch
    }

    /// A watch on the children of the inbox.
    public func watchInbox() async throws -> Watch {
        try await session.persistently { try await session.watchChildren(nodes.inbox) }.watch
    }

    /// A watch on the list of centers, or on its parent's creation.
    public func watchCenters() async throws -> Watch {
        let path = try nodes.tree.centers
        return try await session.persistently {
            do {
                return try await session.watchChildren(path).watch
            } catch let error as ZooKeeperError where error.code == .noNode {
                return try await session.watchExists(path).watch
            }
        }
    }
}

/// What stands of a task.
public enum TaskStanding: Sendable {
    /// There is no task of the name.
    case gone
    /// This is the task of the name.
    case present(TaskDefinition)
    /// There is one, and this version cannot read it.
    case unreadable
}
