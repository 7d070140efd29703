public import Domain
public import ZooKeeper

extension LeaderMirror {
    /// Reads everything the leader keeps, in the runtimes named.
    ///
    /// The caller holds the epoch, so nobody else changes rows meanwhile.
    public static func load(
        session: any ZooKeeperSession,
        tree: Tree,
        runtimes: [RuntimeID],
        bucketCount: Int
    ) async throws -> LeaderMirror {
        var mirror = LeaderMirror(bucketCount: bucketCount)
        for runtime in runtimes.sorted() {
            try await mirror.loadTables(session, tree, runtime)
            try await mirror.loadParked(session, tree, runtime)
            try await mirror.loadFences(session: session, tree: tree, runtime: runtime)
        }
        return mirror
    }

    private mutating func loadTables(
        _ session: any ZooKeeperSession,
        _ tree: Tree,
        _ runtime: RuntimeID
    ) async throws {
        let paths = try tree.runtime(runtime)
        let agents = try await session.childrenIfPresent(paths.allocations).compactMap(AgentID.init)
        let heads = try await pipelined(agents) { agent in
            try await session.payload(AllocationHead.self, at: paths.allocation(agent))
        }
        let buckets = try await pipelined(agents) { agent in
            try await session.childrenIfPresent(paths.allocation(agent)).compactMap(Tree.bucket(named:))
        }
        for (index, agent) in agents.enumerated() where heads[index] != nil {
            set(heads[index], of: Seat(runtime: runtime, agent: agent))
        }
        let all = zip(agents, buckets).flatMap { agent, buckets in buckets.map { (agent, $0) } }
        let contents = try await pipelined(all) { agent, bucket in
            try await session.payload(AllocationBucket.self, at: paths.allocationBucket(agent, bucket))
        }
        for (index, (agent, bucket)) in all.enumerated() {
            set(contents[index], .owned(Seat(runtime: runtime, agent: agent)), bucket: bucket)
        }
    }

    private mutating func loadParked(
        _ session: any ZooKeeperSession,
        _ tree: Tree,
        _ runtime: RuntimeID
    ) async throws {
        let paths = try tree.runtime(runtime)
        let buckets = try await session.childrenIfPresent(paths.parked).compactMap(Tree.bucket(named:))
        let contents = try await pipelined(buckets) { bucket in
            try await session.payload(AllocationBucket.self, at: paths.parkedBucket(bucket))
        }
        for (index, bucket) in buckets.enumerated() { set(contents[index], .parked(runtime), bucket: bucket) }
    }

    /// Lists the journals of a runtime (or only of some agents) and reads the fences.
    ///
    /// Sealing goes by this listing, never by a watch's event (rule L3).
    public mutating func loadFences(
        session: any ZooKeeperSession,
        tree: Tree,
        runtime: RuntimeID,
        agents only: Set<AgentID>? = nil
    ) async throws {
        let paths = try tree.runtime(runtime)
        let agents = try await session.childrenIfPresent(paths.journal).compactMap(AgentID.init)
            .filter { only?.contains($0) ?? true }
        let listed = try await pipelined(agents) { agent in
            try await session.childrenIfPresent(paths.journal(agent)).compactMap(Incarnation.init)
        }
        let journals = zip(agents, listed).flatMap { agent, incarnations in
            incarnations.map { JournalID(seat: Seat(runtime: runtime, agent: agent), incarnation: $0) }
        }
        let fences = try await pipelined(journals) { journal in
            try await session.payload(FenceRecord.self, at: tree.fence(journal))
        }
        let known = self.fences.keys.filter {
            $0.seat.runtime == runtime && (only?.contains($0.seat.agent) ?? true)
        }
        let found = Set(journals)
        for journal in known.sorted() where !found.contains(journal) { set(nil, of: journal) }
        for (index, journal) in journals.enumerated() where self.fences[journal] != fences[index] {
            set(fences[index], of: journal)
        }
    }
}
