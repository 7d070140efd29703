import Cluster
import Domain
import Scheduling
import SimulationKit
import Testing
import ZooKeeper

/// Declaring a timeline (rule T1).
@Suite struct TimelineRenewalTests {
    let ensemble = InMemoryEnsemble()
    let tree: Tree

    init() throws { tree = try Tree(workspace: .standard) }

    private func declaration(cluster: UInt64? = nil, above: Int32 = 0, floor: Int64 = 1_000)
        -> TimelineRenewal.Declaration
    {
        TimelineRenewal.Declaration(
            cluster: cluster.map { Nonce(bits: $0) },
            timeline: Nonce(bits: 9),
            floor: Instant(millisecondsSinceEpoch: floor),
            above: Epoch(rawValue: above)
        )
    }

    private func renewal() async throws -> TimelineRenewal {
        TimelineRenewal(session: try await ensemble.connect(resuming: nil), tree: tree)
    }

    private func makeTree() async throws {
        let session = try await ensemble.connect(resuming: nil)
        _ = try await ClusterTree(session: session, tree: tree)
            .ensure(identity: ClusterIdentity(id: Nonce(bits: 1), timeline: Nonce(bits: 2), taskBuckets: 256))
    }

    @Test(
        "the epoch rises by one, or above what was asked for, whatever that takes",
        arguments: [0, 5, 499, 500, 1_234]
    )
    func raises(above: Int32) async throws {
        try await makeTree()
        let (identity, epoch) = try await renewal().declare(declaration(above: above))
        #expect(epoch == Epoch(rawValue: above + 1))
        #expect(ensemble.node(try tree.epoch)?.stat.version == above + 1)
        #expect(identity.id == Nonce(bits: 1) && identity.timeline == Nonce(bits: 9))
        #expect(identity.taskBuckets == 256)
        let written: ClusterIdentity = try ZNodeCodec.decode(
            from: ensemble.node(try tree.cluster)!.data,
            at: "cluster"
        )
        #expect(written == identity && written.floor == Instant(millisecondsSinceEpoch: 1_000))
    }

    @Test("the floor never falls, whatever a clock says")
    func floor() async throws {
        try await makeTree()
        _ = try await renewal().declare(declaration(floor: 5_000))
        let (identity, epoch) = try await renewal().declare(declaration(floor: 4_000))
        #expect(identity.floor == Instant(millisecondsSinceEpoch: 5_000) && epoch == Epoch(rawValue: 2))
    }

    @Test("an empty tree is nobody's until a cluster is named")
    func named() async throws {
        await #expect(throws: ZooKeeperError.self) { try await renewal().declare(declaration()) }
        let (identity, epoch) = try await renewal().declare(declaration(cluster: 4, above: 7))
        #expect(identity.id == Nonce(bits: 4) && epoch == Epoch(rawValue: 8))
        // Of another cluster, by name only.
        #expect(try await renewal().declare(declaration()).identity.id == Nonce(bits: 4))
        #expect(try await renewal().declare(declaration(cluster: 1)).identity.id == Nonce(bits: 1))
    }

    @Test("a leader of before can write nothing any more")
    func deposes() async throws {
        try await makeTree()
        let session = try await ensemble.connect(resuming: nil)
        let writer = LeaderWriter(session: session, tree: tree, epoch: Epoch(rawValue: 0))
        _ = try await renewal().declare(declaration())
        await #expect(throws: LeaderWriteError.deposed) {
            try await writer.write([.create(try tree.root.child("x"), data: [])])
        }
    }

    @Test(
        "a lost reply leaves either all or nothing of the last step",
        arguments: [
            InMemoryEnsemble.LostReply.applied, .dropped,
        ]
    )
    func lostReply(_ fate: InMemoryEnsemble.LostReply) async throws {
        try await makeTree()
        let cluster = try tree.cluster
        ensemble.loseReply(fate) { operations in operations.contains { $0.path == cluster } }
        await #expect(throws: ZooKeeperError.self) { try await renewal().declare(declaration(above: 700)) }
        let (identity, epoch) = try await renewal().declare(declaration(above: 700))
        #expect(identity.timeline == Nonce(bits: 9))
        #expect(epoch == Epoch(rawValue: fate == .applied ? 702 : 701))
    }
}
