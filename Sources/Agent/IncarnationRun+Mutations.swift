#if CLOUDTASK_MUTATIONS
    import Cluster
    import Domain
    import ZooKeeper

    /// What an incarnation must not do, for the build that shows that the simulation notices.
    extension IncarnationRun {
        /// M10: starts what former incarnations of this agent journaled and no result is known of.
        func relaunchPredecessors(_ live: LiveIncarnation) async {
            // It is wrong whether it succeeds or not.
            guard let fires = try? await predecessorsFires(), !fires.isEmpty else { return }
            let reader = AgentReader(session: session, nodes: nodes)
            guard let count = try? await reader.taskBucketCount(),
                let tasks = try? await reader.definitions(of: fires.map(\.task), bucketCount: count)
            else { return }
            let launches = zip(fires, tasks).compactMap { fire, task -> AttemptDesk.Launch? in
                let fence = FencingToken(transaction: 0, index: 0)
                return task.map { .init(fire: fire, specification: $0.specification, fence: fence) }
            }
            await context.desk.add(launches, of: live)
        }

        private func predecessorsFires() async throws -> [JournaledFire] {
            let agent = nodes.seat.agent
            let incarnations = try await session.childrenIfPresent(nodes.runtime.journal(agent))
                .compactMap(Incarnation.init).filter { $0 != nodes.incarnation }
            var fires: [JournaledFire] = []
            for incarnation in incarnations {
                let id = JournalID(seat: nodes.seat, incarnation: incarnation)
                let journal = try await LeaderJournal.read(id, session: session, tree: nodes.tree)
                fires += journal.open.filter { $0.result == nil && $0.fire.decision == .launch }.map(\.fire)
            }
            return fires
        }

        /// S3: renews the lease by every reply to a read.
        func renewByReads(_ live: LiveIncarnation) async -> JournalLane.End? {
            while !Task.isCancelled {
                let sent = context.time.monotonic
                // No reply, no renewal.
                if (try? await session.exists(nodes.fence)) != nil {
                    live.committed(sent: sent, roundTrip: context.time.monotonic - sent)
                }
                // Cancellation is seen by the loop.
                try? await context.time.sleep(for: .seconds(1))
            }
            return nil
        }
    }
#endif
