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
            try await session.content(AllocationHead.self, at: paths.allocation(agent))
        }
        let buckets = try await pipelined(agents) { agent in
            try await session.childrenIfPresent(paths.allocation(agent)).compactMap(Tree.bucket(named:))
        }
        for (agent, head) in zip(agents, heads) {
            let seat = Seat(runtime: runtime, agent: agent)
            take(head, .head(seat)) { $0.set($1, of: seat) }
        }
        let all = zip(agents, buckets).flatMap { agent, buckets in buckets.map { (agent, $0) } }
        let contents = try await pipelined(all) { agent, bucket in
            try await session.content(AllocationBucket.self, at: paths.allocationBucket(agent, bucket))
        }
        for ((agent, bucket), content) in zip(all, contents) {
            let place = Place.owned(Seat(runtime: runtime, agent: agent))
            take(content, .bucket(place, bucket)) { $0.set($1, place, bucket: bucket) }
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
            try await session.content(AllocationBucket.self, at: paths.parkedBucket(bucket))
        }
        for (bucket, content) in zip(buckets, contents) {
            take(content, .bucket(.parked(runtime), bucket)) { $0.set($1, .parked(runtime), bucket: bucket) }
        }
    }

    /// Takes over what was read, or notes that it could not be.
    private mutating func take<Payload>(
        _ content: NodeContent<Payload>,
        _ node: Damage,
        _ set: (inout LeaderMirror, Versioned<Payload>) -> Void
    ) {
        switch content {
        case .absent: break
        case .present(let payload): set(&self, payload)
        case .damaged(let error, let version): self.set(node, error, version: version)
        }
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
            try await session.content(FenceRecord.self, at: tree.fence(journal))
        }
        let known = self.fences.keys.filter {
            $0.seat.runtime == runtime && (only?.contains($0.seat.agent) ?? true)
        }
        let found = Set(journals)
        for journal in known.sorted() where !found.contains(journal) { set(nil, of: journal) }
        for (journal, fence) in zip(journals, fences) {
            take(fence, .fence(journal)) { mirror, fence in
                if mirror.fences[journal] != fence { mirror.set(fence, of: journal) }
            }
        }
    }
}
