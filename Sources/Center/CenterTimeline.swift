import Cluster
import Domain
import Logging
import Orchestration
import ZooKeeper

/// The cluster was declared to go on from a restored state: everything the center knows is read anew.
struct TimelineChanged: Error {}

/// Keeps a center from leading a tree that is not its cluster's, an older state of it, or what is left of it (rule T2).
struct CenterTimeline: Sendable {
    let service: CenterService
    let session: any ZooKeeperSession

    private var state: CenterState { service.state }
    private var tree: Tree { service.configuration.tree }
    private var witness: ClusterWitness { ClusterWitness(session: session, tree: tree) }

    /// How often the tree is compared with what is remembered.
    private static let interval = Duration.seconds(2)
    /// How often what changes all the time is put on disk: a restored state that is younger shows in nothing but `/epoch`.
    private static let saveInterval = Duration.seconds(10)
    /// Agents whose journals are remembered: enough that some of them are at work.
    private static let agentsMax = 16

    /// Makes what an empty tree lacks, the first time; returns the identity of the cluster that this center belongs to.
    ///
    /// - Throws: `ClusterRefusal`.
    func enter() async throws -> ClusterIdentity {
        if state.memory == nil, let known = try await service.memory?.recall() { _ = state.remember(known) }
        _ = try await witness.look(after: state.memory)
        let identity = try await ClusterTree(session: session, tree: tree).ensure(identity: newIdentity)
        let known = state.store.read(\.identity)
        if let known, known.timeline != identity.timeline { state.store.reset() }
        try await look(against: state.memory)
        state.admitted()
        return identity
    }

    private var newIdentity: ClusterIdentity {
        ClusterIdentity(id: service.random.identifier(), timeline: service.random.identifier())
    }

    /// Compares after having taken office: the write that did it must be later than everything seen before.
    ///
    /// - Parameter memory: What was remembered before the write.
    /// - Throws: `ClusterRefusal`.
    func confirmOffice(against memory: ClusterMemory?) async throws {
        let written = try await session.exists(tree.epoch)?.modifiedTransaction
        try await look(against: memory, latest: written)
    }

    /// Compares and remembers, again and again, until the session ends.
    ///
    /// - Throws: `ClusterRefusal`; `TimelineChanged`.
    func follow(_ identity: ClusterIdentity) async throws {
        var saved = service.time.monotonic
        while true {
            try await service.time.sleep(for: Self.interval)
            guard await session.state.isConnected else { continue }
            let isDue = service.time.monotonic - saved >= Self.saveInterval
            do {
                let now = try await look(against: state.memory, isSaved: isDue)
                if let now, now.timeline != identity.timeline { throw TimelineChanged() }
            } catch let error as ZooKeeperError where error.isRetriable {
                // The next round looks again.
                continue
            }
            if isDue { saved = service.time.monotonic }
        }
    }

    /// Compares; remembers what was seen, on disk if it is asked for or if it is a matter of who leads what.
    @discardableResult
    private func look(
        against memory: ClusterMemory?,
        latest: Int64? = nil,
        isSaved: Bool = true
    ) async throws -> ClusterIdentity? {
        let (sighting, seen) = try await witness.look(after: memory, marking: try marked, latest: latest)
        guard let seen, seen != memory else { return sighting.identity }
        let known = state.remember(seen)
        let isUrgent = known.timeline != memory?.timeline || known.epoch != memory?.epoch
        if isSaved || isUrgent { await save(known) }
        return sighting.identity
    }

    /// Leadership, candidates, and the journals of some agents, which change with every fire.
    private var marked: [ZNodePath] {
        get throws {
            let agents = state.store.read { $0.agents.sorted { $0.key < $1.key }.prefix(Self.agentsMax) }
            let journals = try agents.flatMap { seat, registration in
                let runtime = try tree.runtime(seat.runtime)
                return [
                    try runtime.journal(seat.agent), try runtime.fence(seat.agent, registration.incarnation),
                ]
            }
            return [try tree.epoch, try tree.election] + journals
        }
    }

    private func save(_ memory: ClusterMemory) async {
        do {
            try await service.memory?.remember(memory)
        } catch {
            // What was remembered before still counts; a leader that steps down for it would be worse.
            service.logger.warning(
                "What the center remembers of its cluster cannot be stored: is the disk full?",
                metadata: ["error": "\(error)"]
            )
        }
    }
}
