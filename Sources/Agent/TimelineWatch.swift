import Cluster
import Domain
import Logging
import Orchestration
import ZooKeeper

/// Keeps an agent from working in a tree that is not its cluster's, or an older state of it (rule T2).
///
/// Looks before the agent registers, once more after that (the registration is a write, so its transaction must be later than
/// all that were seen), and from then on every few seconds, remembering what it saw.
struct TimelineWatch: Sendable {
    let context: AgentContext
    let session: any ZooKeeperSession
    let nodes: AgentNodes

    private var witness: ClusterWitness { ClusterWitness(session: session, tree: nodes.tree) }

    /// Compares before anything is written.
    ///
    /// - Throws: `ClusterRefusal`.
    func admit() async throws {
        let memory = try await context.store.clusterMemory()
        let sighting = try await session.persistently { try await witness.look(after: memory).sighting }
        context.admitted()
        guard let memory, let identity = sighting.identity, identity.timeline != memory.timeline else {
            return
        }
        context.logger.notice(
            "the cluster goes on from a restored state; definitions are read anew",
            metadata: ["cluster.timeline": "\(identity.timeline)"]
        )
        // Revisions of the lost history may be given to other contents now.
        let known = try await context.store.cachedDefinitions()
        try await context.store.cache([], removing: known.map(\.uid))
    }

    /// Compares after the registration, whose transaction is later than everything seen before.
    ///
    /// - Throws: `ClusterRefusal`.
    func confirm() async throws {
        let created = try await session.persistently { try await session.exists(nodes.fence) }?
            .createdTransaction
        try await look(latest: created)
    }

    /// Compares and remembers, again and again; returns when the tree is not what it was.
    func follow(_ live: LiveIncarnation) async -> JournalLane.End? {
        var isRemembered = false
        while !Task.isCancelled {
            do {
                // Who has begun to work for a cluster must know it again at once, should its data be lost.
                try await context.time.sleep(
                    for: isRemembered ? AgentTiming.timeline : AgentTiming.acquaintance
                )
                guard isRemembered || live.timeline != nil, await session.state.isConnected else { continue }
                let identity = try await look(latest: nil)
                isRemembered = identity != nil
                if let timeline = live.timeline, let identity, identity.timeline != timeline {
                    return .timelineChanged
                }
            } catch let refusal as ClusterRefusal {
                return .refused(refusal)
            } catch let error as ZooKeeperError where error.endsSession || error.code == .cancelled {
                return nil
            } catch is CancellationError {
                return nil
            } catch {
                context.logger.debug("the timeline cannot be looked at", metadata: ["error": "\(error)"])
            }
        }
        return nil
    }

    @discardableResult
    private func look(latest: Int64?) async throws -> ClusterIdentity? {
        let memory = try await context.store.clusterMemory()
        let marked = try [nodes.head, nodes.runtime.journal(nodes.seat.agent), nodes.fence]
        let (sighting, seen) = try await session.persistently {
            try await witness.look(after: memory, marking: marked, latest: latest)
        }
        guard let seen, seen != memory else { return sighting.identity }
        do {
            try await context.store.remember(cluster: seen)
        } catch {
            // A full disk is reported by the spool; what was remembered before still counts.
            context.logger.debug("the cluster cannot be remembered", metadata: ["error": "\(error)"])
        }
        return sighting.identity
    }
}

extension AgentContext {
    /// Tells people, once for each reason, that the agent must not work with what ZooKeeper holds.
    func refuse(_ refusal: ClusterRefusal) {
        guard status.reading.refusal != refusal.description else { return }
        status.update { $0.refusal = refusal.description }
        logger.error(
            "the agent refuses to work with what ZooKeeper holds; it registers nothing and looks again",
            metadata: ["error": "\(refusal)"]
        )
    }

    /// Tells people that a refusal is over, if there was one.
    func admitted() {
        guard status.reading.refusal != nil else { return }
        status.update { $0.refusal = nil }
        logger.notice("ZooKeeper holds what the agent expects again")
    }
}
