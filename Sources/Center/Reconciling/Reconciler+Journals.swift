import Cluster
import Domain
import Logging
import Mutations
import Orchestration
import Scheduling
import ZooKeeper

extension Reconciler {
    /// The journal of a sealed incarnation, read once: only this leader changes it from then on.
    func journal(_ id: JournalID) async throws -> LeaderJournal {
        if let known = sealed[id] { return known }
        let journal = try await LeaderJournal.read(id, session: writer.session, tree: writer.tree)
        sealed[id] = journal
        return journal
    }

    var sealedJournals: [JournalID] {
        (mirror?.fences ?? [:]).filter(\.value.value.isSealed).keys.sorted()
    }

    /// Moves what a sealed incarnation did not take to a live agent; commands go with the attempts they were for (rule L10).
    func moveUntaken(of id: JournalID) async throws {
        guard let situation = situation() else { return }
        let dispatch = LeaderDispatch(writer: writer)
        for (path, entry) in try await dispatch.untaken(id) {
            let removal = Operation.delete(path, version: entry.version)
            guard case .launch(let run) = entry.value, !Mutation.dropsUntaken.isOn else {
                _ = try await writer.write([removal])
                continue
            }
            let key = TaskPart(uid: run.uid, part: run.part)
            let process =
                processState(of: run.origin, id, situation) ?? partState(of: key, id, situation)
            if process == .away { continue }
            guard process != .gone, let task = situation.catalog.task(run.uid) else {
                let isStart = run.origin?.start != nil
                let reason =
                    process != .gone
                    ? SkippedReason.deleted : isStart ? SkippedReason.processGone : SkippedReason.partGone
                try await environment.history.author([
                    Self.skipped(run, because: reason, by: id, now: time.now)
                ])
                _ = try await writer.write([removal])
                continue
            }
            guard let target = situation.roster.agent(for: run, of: task),
                let fence = situation.mirror.fences[target]
            else { continue }
            let marker = try await dispatch.marker(run.attempt.run, target.seat.runtime)
            let check = Operation.check(try writer.tree.fence(target), version: fence.version)
            let launch = try dispatch.launchOperations(run, to: target, replacing: marker, now: time.now)
            _ = try await writer.write([check] + (Mutation.copiesUntaken.isOn ? [] : [removal]) + launch)
        }
    }

    /// What has become of the process that alone may run what follows its start; `nil` for what any agent may run.
    ///
    /// One that is away may come back for a while: its session may have ended without it.
    func processState(
        of origin: RunOrigin?,
        _ id: JournalID,
        _ situation: Situation
    ) -> Roster.ProcessState? {
        guard let start = origin?.start else { return nil }
        let state = situation.roster.process(of: start)
        return state == .away ? stateAfterPatience(id) : state
    }

    /// Whether the agent of a broadcast is there again that alone may run a part, or the part of a shard is gone; `nil` for what any agent may run.
    func partState(
        of key: TaskPart,
        _ id: JournalID,
        _ situation: Situation
    ) -> Roster.ProcessState? {
        guard let task = situation.catalog.task(key.uid), situation.roster.isAbandoned(key, of: task) else {
            return nil
        }
        return situation.roster.mayReturn(key, of: task) ? stateAfterPatience(id) : .gone
    }

    /// What is away may come back for a while.
    private func stateAfterPatience(_ id: JournalID) -> Roster.ProcessState {
        let patience = (sealedSince[id] ?? time.monotonic) + Self.returnPatience
        if patience <= time.monotonic { return .gone }
        askForPass(at: patience)
        return .away
    }

    /// How long a process or an agent may be away before it counts as gone.
    static let returnPatience = Duration.seconds(600)

    private static func skipped(
        _ run: DispatchedRun,
        because reason: String,
        by id: JournalID,
        now: Instant
    ) -> RunReport {
        var fire = JournaledFire(run, nil, decision: .skipped(reason: reason))
        fire.terms = run.terms
        return RunReport(
            fire: fire,
            agent: id.seat.agent,
            incarnation: id.incarnation,
            runtime: id.seat.runtime,
            phase: .decided(at: now)
        )
    }

    /// Deletes the tables of agents that are gone and own nothing.
    func deleteVacated() async throws {
        for seat in situation()?.vacated ?? [] {
            guard let table = mirror?.tables[seat] else { continue }
            try await table.delete(of: seat, with: writer)
            for bucket in table.buckets.keys.sorted() { mirror?.set(nil, .owned(seat), bucket: bucket) }
            mirror?.set(nil, of: seat)
        }
    }

    /// Deletes journals that are sealed, decided and named by no head (rule L8).
    func deleteJournals() async throws {
        for id in sealedJournals where mirror?.tables[id.seat]?.head?.value.incarnation != id.incarnation {
            try await skippingUnreadable { try await deleteJournal(id) }
        }
    }

    private func deleteJournal(_ id: JournalID) async throws {
        let journal = try await journal(id)
        guard journal.segments.isEmpty, journal.open.isEmpty,
            try await writer.session.childrenIfPresent(writer.tree.inbox(id)).isEmpty
        else { return }
        try await journal.delete(with: writer)
        mirror?.set(nil, of: id)
        sealed[id] = nil
        sealedSince[id] = nil
    }
}
