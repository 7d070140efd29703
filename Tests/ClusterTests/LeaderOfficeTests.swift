import Cluster
import Domain
import SimulationKit
import Testing
import ZooKeeper

@Suite struct LeaderOfficeTests {
    private func withCandidate(
        _ body: (InMemoryEnsemble, Tree, any ZooKeeperSession, ZNodePath, Leadership) async throws -> Void
    ) async throws {
        let ensemble = InMemoryEnsemble()
        let tree = try Tree(workspace: .standard)
        let session = try await ensemble.connect(resuming: nil)
        _ = try await ClusterTree(session: session, tree: tree)
            .ensure(identity: ClusterIdentity(id: Nonce(bits: 1), timeline: Nonce(bits: 2)))
        let candidate = try await LeaderElection(session: session, path: try tree.election, guid: "0a")
            .enter()
        let leadership = Leadership(center: CenterID("c")!, guid: Nonce(bits: 3))
        try await body(ensemble, tree, session, candidate.path, leadership)
    }

    @Test("taking office raises the epoch by one and names the leader")
    func take() async throws {
        try await withCandidate { ensemble, tree, session, candidate, leadership in
            let office = LeaderOffice(session: session, tree: tree)
            #expect(try await office.take(as: leadership, candidate: candidate) == Epoch(rawValue: 1))
            #expect(try await office.take(as: leadership, candidate: candidate) == Epoch(rawValue: 2))
            let node = try #require(ensemble.node(try tree.epoch))
            #expect(try ZNodeCodec.decode(Leadership.self, from: node.data, at: "") == leadership)
        }
    }

    @Test(
        "a lost reply is resolved by reading: committed, not arrived or late, the epoch is raised once",
        arguments: [
            InMemoryEnsemble.LostReply.applied, .dropped, .delayed,
        ]
    )
    func lostReply(_ fate: InMemoryEnsemble.LostReply) async throws {
        try await withCandidate { ensemble, tree, session, candidate, leadership in
            let path = try tree.epoch
            ensemble.loseReply(fate) { $0.contains { $0.path == path } }
            async let epoch = LeaderOffice(session: session, tree: tree).take(
                as: leadership,
                candidate: candidate
            )
            for await state in await session.states() where state == .suspended { break }
            ensemble.reconnect(await session.identity!.id)
            #expect(try await epoch == Epoch(rawValue: 1))
            #expect(ensemble.node(path)?.stat.version == 1)
        }
    }

    @Test("without its candidate a center cannot take office")
    func withoutCandidate() async throws {
        try await withCandidate { ensemble, tree, session, candidate, leadership in
            try ensemble.write([.delete(candidate, version: nil)])
            await #expect(throws: LeaderWriteError.deposed) {
                try await LeaderOffice(session: session, tree: tree).take(
                    as: leadership,
                    candidate: candidate
                )
            }
            #expect(ensemble.node(try tree.epoch)?.stat.version == 0)
        }
    }

    @Test("every write of a deposed leader is refused, and says so")
    func staleWriter() async throws {
        try await withCandidate { ensemble, tree, session, candidate, leadership in
            let office = LeaderOffice(session: session, tree: tree)
            let old = LeaderWriter(
                session: session,
                tree: tree,
                epoch: try await office.take(as: leadership, candidate: candidate)
            )
            let new = LeaderWriter(
                session: session,
                tree: tree,
                epoch: try await office.take(as: leadership, candidate: candidate)
            )
            let node = try tree.root.child("x")
            await #expect(throws: LeaderWriteError.deposed) { try await old.write([.create(node, data: [])]) }
            #expect(ensemble.node(node) == nil)
            _ = try await new.write([.create(node, data: [])])
            await #expect(
                throws: LeaderWriteError.conflict(
                    ZooKeeperError(.nodeExists, path: node.text, failedOperationIndex: 1)
                )
            ) {
                try await new.write([.create(node, data: [])])
            }
        }
    }
}
