import Cluster
import Domain
import Logging
import Mutations
import Orchestration
import Scheduling
import Synchronization

extension JournalLane {
    /// Gives the ledger what the predecessor knew, so that only changed definitions are read.
    mutating func restoreDefinitions() async {
        do {
            let cached = try await context.store.cachedDefinitions()
            live.ledger.withLock { $0.define(cached) }
        } catch {
            context.logger.warning(
                "cached definitions cannot be read; all are fetched",
                metadata: ["error": "\(error)"]
            )
        }
    }

    /// Sees to it that no row is read before the timeline is known that it belongs to (rule T3).
    ///
    /// An agent that comes before any center waits for the cluster's identity with a table it has not read.
    func enterTimeline() async throws -> End? {
        guard let identity = try await reader.identity() else { return nil }
        if live.timeline == nil { live.enter(identity) }
        return identity.timeline == live.timeline ? nil : .timelineChanged
    }

    /// Reads fence, head and changed buckets, in this order; `false` when the incarnation is sealed.
    mutating func load() async throws -> Bool {
        guard let version = try await reader.fence() else { return false }
        // A fence that was raised explains what it refused: while rows move it is raised many times a second.
        if version != fence { rejectionCount = 0 }
        let head = try await reader.head()
        agentCount = max(1, try await reader.agentCount())
        await context.desk.share(among: agentCount)
        guard let head, head.incarnation == live.incarnation || Mutation.ignoresHeadIncarnation.isOn else {
            disown()
            fence = version
            return true
        }
        let known = generations
        let changed = head.buckets.keys.sorted().filter { head.buckets[$0] != known[$0] }
        let rows = try await reader.rows(of: changed)
        live.ledger.withLock { ledger in
            ledger.keep(buckets: Set(head.buckets.keys))
            for (bucket, rows) in zip(changed, rows) { ledger.read(bucket: bucket, rows: rows ?? []) }
        }
        // The fence read before the rows: a revocation in between makes the next write fail.
        fence = Mutation.readsFenceLast.isOn ? try await reader.fence() ?? version : version
        generations = head.buckets
        for (bucket, rows) in zip(changed, rows) where rows == nil {
            // Nothing of it is owned until somebody has written it anew; then it is read again.
            generations[bucket] = nil
            context.logger.error(
                "a bucket of the agent's table cannot be read; its tasks wait",
                metadata: ["bucket": "\(bucket)"]
            )
        }
        live.follow(head.epoch)
        try await fetchDefinitions()
        try await recall()
        publish()
        return true
    }

    /// Takes back what waits of tasks that were paused or deleted: nothing of them is to begin any more.
    ///
    /// Who reads that a part is gone also reads why: the definition was written before.
    private func recall() async throws {
        let now = context.time.now
        let (parts, resting) = live.ledger.withLock { ($0.partsLeftBehind(), $0.tasksAtRest(now: now)) }
        var recalls: [TaskUID: Recall] = [:]
        for (uid, end) in resting { recalls[uid] = .paused(until: end) }
        if !parts.isEmpty, let count = try await reader.taskBucketCount() {
            for (uid, name) in await context.desk.tasksWaiting(of: parts).sorted(by: { $0.key < $1.key }) {
                switch try await reader.standing(of: name, bucketCount: count) {
                case .gone: recalls[uid] = .deleted
                case .present(let task) where task.uid != uid: recalls[uid] = .deleted
                case .present(let task) where !task.counts(at: now):
                    recalls[uid] = .paused(until: task.restEnd(at: now))
                case .present, .unreadable: break
                }
            }
        }
        if !recalls.isEmpty { await context.desk.recall(recalls) }
    }

    private mutating func disown() {
        generations = [:]
        live.ledger.withLock { $0.keep(buckets: []) }
        publish()
    }

    private func publish() {
        let owned = live.ledger.withLock { $0.ownedCount }
        context.status.update { $0.ownedCount = owned }
    }

    /// Reads the definitions the rows name and nobody knows yet; those that are not to be had are tried again soon.
    private mutating func fetchDefinitions() async throws {
        let rows = live.ledger.withLock { $0.rowsWithoutDefinition }
        if !rows.isEmpty {
            let found = try await definitions(of: rows.map { ($0.task, $0.uid) })
            live.ledger.withLock { $0.define(found) }
            let isIncomplete = !live.ledger.withLock { $0.rowsWithoutDefinition }.isEmpty
            if isIncomplete { retryDefinitionsAt = context.time.monotonic + AgentTiming.clockTrust }
            unremembered = (unremembered ?? []) + found
        } else {
            unremembered = unremembered ?? []
        }
    }

    /// The present definitions of tasks; a task of another uid is another task.
    func definitions(of tasks: [(name: TaskID, uid: TaskUID)]) async throws -> [TaskDefinition] {
        guard let count = try await reader.taskBucketCount() else { return [] }
        let uids = Set(tasks.map(\.uid))
        let names = Set(tasks.map(\.name)).sorted()
        return try await reader.definitions(of: names, bucketCount: count)
            .compactMap { $0 }
            .filter { uids.contains($0.uid) }
    }

    /// Writes the cache of definitions; when nothing else is to be done, for no fire is to wait for the disk.
    mutating func remember() async {
        guard let fetched = unremembered else { return }
        unremembered = nil
        let unused = live.ledger.withLock { $0.forgetUnusedDefinitions() }
        let changed = fetched.filter { !unused.contains($0.uid) }
        guard !changed.isEmpty || !unused.isEmpty else { return }
        do {
            try await context.store.cache(changed, removing: unused)
        } catch {
            // Only the next start is slower for it; a full disk is reported by the spool.
            context.logger.debug("definitions cannot be cached", metadata: ["error": "\(error)"])
        }
    }
}
