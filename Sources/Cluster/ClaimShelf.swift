public import Domain
public import Scheduling
public import ZooKeeper

/// A claim as it stands in ZooKeeper.
public struct StoredClaim: Hashable, Sendable {
    /// The claim.
    public var claim: UnitClaim
    /// The node's data version.
    public var version: Int32
    /// The transaction that made the node.
    public var order: Int64
    /// When it was made, by ZooKeeper's clock.
    public var madeAt: Instant

    /// The incarnation that made it.
    public var journal: JournalID {
        JournalID(seat: Seat(runtime: claim.runtime, agent: claim.agent), incarnation: claim.incarnation)
    }
}

/// What the leader does with claims: agents make them, and only the leader grants and forgets them (rules E1–E4).
public struct ClaimShelf: Sendable {
    private let writer: LeaderWriter

    /// Writes under the writer's epoch.
    public init(writer: LeaderWriter) { self.writer = writer }

    private var session: any ZooKeeperSession { writer.session }

    /// Brings the connected server up to date: what others have written so far is seen by the next reads.
    public func catchUp() async throws { try await session.sync(writer.tree.root) }

    /// The names of all claims, sorted.
    public func names() async throws -> [String] { try await session.childrenIfPresent(writer.tree.claims) }

    /// A watch on which claims there are.
    public func watch() async throws -> Watch {
        let path = try writer.tree.claims
        do {
            return try await session.watchChildren(path).watch
        } catch  where error.code == .noNode {
            return try await session.watchExists(path).watch
        }
    }

    /// The claims of these names that are there, and why some cannot be read.
    public func read(_ names: [String]) async throws -> (claims: [StoredClaim], damages: [ZNodeFormatError]) {
        let (session, parent) = (session, try writer.tree.claims)
        let found = try await pipelined(names) { name -> Result<StoredClaim, ZNodeFormatError>? in
            let path = try parent.child(name)
            guard let node = try await session.nodeIfPresent(path) else { return nil }
            return Result { () throws(ZNodeFormatError) in
                StoredClaim(
                    claim: try ZNodeCodec.decode(UnitClaim.self, from: node.data, at: path.text),
                    version: node.stat.version,
                    order: node.stat.createdTransaction,
                    madeAt: Instant(millisecondsSinceEpoch: node.stat.createdMilliseconds)
                )
            }
        }
        var (claims, damages): ([StoredClaim], [ZNodeFormatError]) = ([], [])
        for case let result? in found {
            switch result {
            case .success(let claim): claims.append(claim)
            case .failure(let error): damages.append(error)
            }
        }
        return (claims, damages)
    }

    /// The version of an incarnation's fence; `nil` when it is sealed, or gone, which follows that: it writes nothing ever again.
    public func openFence(of journal: JournalID) async throws -> Int32? {
        let fence = try await session.payload(FenceRecord.self, at: writer.tree.fence(journal))
        guard let fence, !fence.value.isSealed else { return nil }
        return fence.version
    }

    /// Whether a pool's node is there, readable or not.
    public func hasNode(of pool: PoolID) async throws -> Bool {
        try await session.exists(writer.tree.pool(pool)) != nil
    }

    /// Grants a claim and tells its agent so, in one write that fails when the incarnation was sealed meanwhile.
    public func grant(_ known: StoredClaim, fence: Int32, now: Instant) async throws -> StoredClaim {
        let (tree, journal) = (writer.tree, known.journal)
        var granted = known
        granted.claim.grantedAt = now
        let attempt = known.claim.attempt
        let order = Dispatch.grant(attempt)
        let entry = try tree.runtime(journal.seat.runtime)
            .inboxEntry(journal.seat.agent, journal.incarnation, order)
        let results = try await writer.write([
            .check(try tree.fence(journal), version: fence),
            .set(try tree.claim(attempt), data: try ZNodeCodec.encode(granted.claim), version: known.version),
            .create(entry, data: try ZNodeCodec.encode(order)),
        ])
        granted.version = results[1].version ?? known.version + 1
        return granted
    }

    /// Forgets a claim that is still as it was read: its units are free.
    public func forget(_ known: StoredClaim) async throws {
        let path = try writer.tree.claim(known.claim.attempt)
        _ = try await writer.write([.delete(path, version: known.version)])
    }

    /// Forgets the claim of an attempt that is over, should there be one.
    public func forget(_ attempt: AttemptID) async throws {
        let path = try writer.tree.claim(attempt)
        guard let stat = try await session.exists(path) else { return }
        _ = try await writer.write([.delete(path, version: stat.version)])
    }
}
