import Cluster
import Domain
import Logging
import Mutations
import Orchestration
import ZooKeeper

/// One incarnation from its registration to its end, over one session.
struct IncarnationRun: Sendable {
    let context: AgentContext
    let session: any ZooKeeperSession
    let nodes: AgentNodes

    private var watch: TimelineWatch { TimelineWatch(context: context, session: session, nodes: nodes) }

    /// Registers and works until the incarnation is over; returns why.
    ///
    /// - Throws: `ClusterRefusal` when the tree is not the one the agent belongs to: then nothing was registered.
    func run() async throws -> JournalLane.End {
        try await watch.admit()
        guard try await unless({ await context.stop.wait() }, { try await register() }) != nil else {
            return .stopping
        }
        try await watch.confirm()
        let live = await makeLive()
        context.board.setLive(live)
        context.stop.notify(live.bell)
        context.status.update {
            $0.incarnation = nodes.incarnation
            $0.problem = nil
        }
        context.logger.info(
            "the agent is registered",
            metadata: ["agent.id": "\(nodes.seat.agent)", "agent.incarnation": "\(nodes.incarnation)"]
        )
        #if CLOUDTASK_MUTATIONS
            if Mutation.relaunchesPredecessor.isOn { await relaunchPredecessors(live) }
        #endif
        let end = await work(live)
        live.end()
        context.desk.bell.ring()
        context.stop.forget(live.bell)
        context.status.update {
            $0.incarnation = nil
            $0.ownedCount = 0
        }
        return end
    }

    private func makeLive() async -> LiveIncarnation {
        let ledger = AgentLedger(
            enumerator: FireEnumerator(),
            checkpointBucket: { Buckets.checkpoint($0) }
        )
        // A connected session has a timeout; should it be over already, nothing may be launched.
        let timeout = await session.negotiatedTimeout ?? .zero
        return LiveIncarnation(incarnation: nodes.incarnation, ledger: ledger, timeout: timeout)
    }

    /// Registers, waiting for the holder of the name if there is one.
    private func register() async throws {
        let registrar = AgentRegistrar(session: session, nodes: nodes)
        var hasComplained = false
        while true {
            switch try await registrar.register(registration()) {
            case .registered: return
            case .held(let holder, let watch):
                if !hasComplained { complain(holder) }
                hasComplained = true
                _ = await watch.event()
                try Task.checkCancellation()
            }
        }
    }

    private func complain(_ holder: AgentRegistration?) {
        let name = holder.map { "process \($0.processID) on \($0.host)" } ?? "an unknown process"
        context.status.update { $0.problem = "the name \(nodes.seat) is held by \(name)" }
        context.logger.warning(
            "another process holds this agent's name: stop it, or give this one another name; waiting until it goes",
            metadata: [
                "agent.id": "\(nodes.seat.agent)", "holder.host": "\(holder?.host ?? "?")",
                "holder.pid": "\(holder.map { String($0.processID) } ?? "?")",
            ]
        )
    }

    private func registration() -> AgentRegistration {
        let configuration = context.configuration
        return AgentRegistration(
            agent: nodes.seat.agent,
            incarnation: nodes.incarnation,
            labels: configuration.labels,
            region: configuration.region,
            zone: configuration.zone,
            slots: configuration.slots,
            url: configuration.url,
            version: configuration.version,
            host: configuration.host,
            processID: configuration.processID,
            startedAt: context.time.now,
            start: context.start
        )
    }

    /// The lanes of the incarnation, until the first of them says that it is over.
    private func work(_ live: LiveIncarnation) async -> JournalLane.End {
        let reader = AgentReader(session: session, nodes: nodes)
        return await withTaskGroup(of: JournalLane.End?.self) { group in
            group.addTask {
                var lane = JournalLane(live: live, session: session, nodes: nodes, context: context)
                return await lane.run()
            }
            group.addTask { await followState(live) }
            group.addTask { await watch.follow(live) }
            group.addTask { await keepVigil() }
            group.addTask {
                await follow({ try await reader.watchFence() }) { live.wish { $0.table = true } }
            }
            group.addTask { await follow({ try await reader.watchHead() }) { live.wish { $0.table = true } } }
            group.addTask {
                await follow({ try await reader.watchInbox() }) { live.wish { $0.inbox = true } }
            }
            group.addTask { await followCenters(reader) }
            group.addTask { await followSettings(reader) }
            group.addTask { await endAttempts() }
            #if CLOUDTASK_MUTATIONS
                if Mutation.renewsLeaseByReads.isOn { group.addTask { await renewByReads(live) } }
            #endif
            var end: JournalLane.End?
            while end == nil, let next = await group.next() { end = next }
            // Nothing may be written or launched from here on, not even by a lane that has not noticed yet.
            live.end()
            group.cancelAll()
            return end ?? .sessionOver
        }
    }

    /// Ends the incarnation when the servers have forgotten its session without telling its client.
    private func keepVigil() async -> JournalLane.End? {
        let vigil = SessionVigil(session: session, connector: context.connector, time: context.time)
        do {
            try await vigil.untilHopeless()
        } catch {
            // Cancelled: the incarnation is over for another reason.
            return nil
        }
        context.logger.warning("the servers do not take the session back; the agent opens another")
        return .sessionOver
    }

    private func followState(_ live: LiveIncarnation) async -> JournalLane.End? {
        for await state in await session.states() {
            context.status.update { $0.session = state }
            if state.isFinal { return .sessionOver }
            if case .connected(_, let timeout) = state { live.granted(timeout) }
            live.wish {
                $0.table = true
                $0.inbox = true
            }
        }
        return .sessionOver
    }

    /// Tells of changes: sets a watch, then asks for a read, so that no change falls in between.
    private func follow(
        _ arm: @Sendable () async throws -> Watch,
        _ changed: @Sendable () async throws -> Void
    ) async -> JournalLane.End? {
        while !Task.isCancelled {
            do {
                if Mutation.readsBeforeWatching.isOn { try await changed() }
                let watch = try await arm()
                if !Mutation.readsBeforeWatching.isOn { try await changed() }
                if await watch.event() == .ended || Mutation.armsWatchOnce.isOn { return nil }
            } catch let error as ZooKeeperError where error.endsSession || error.code == .cancelled {
                return nil
            } catch is CancellationError {
                return nil
            } catch {
                context.logger.warning(
                    "something cannot be watched; trying again",
                    metadata: ["error": "\(error)"]
                )
                // Cancellation is seen by the loop.
                try? await context.time.sleep(for: AgentTiming.backoff.upperBound)
            }
        }
        return nil
    }

    private func followCenters(_ reader: AgentReader) async -> JournalLane.End? {
        await follow({ try await reader.watchCenters() }) {
            context.directory.replace(try await reader.centers())
        }
    }

    private func followSettings(_ reader: AgentReader) async -> JournalLane.End? {
        await follow({ try await reader.watchSettings() }) {
            if let settings = try await reader.settings() { await context.desk.follow(settings) }
        }
    }

    /// At a stop, ends the attempts, and bounds what the journal lane may still do after that: it may be waiting for a
    /// connection that does not come back.
    private func endAttempts() async -> JournalLane.End? {
        await context.stop.wait()
        // The incarnation may be over for another reason: then its attempts run on.
        guard context.stop.isSet, !Task.isCancelled else { return nil }
        await context.desk.close()
        // Cancelled means that the hand-over is through.
        try? await context.time.sleep(for: AgentTiming.flushMax * 2)
        return .stopping
    }
}
