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

    private var sealedJournals: [JournalID] {
        (mirror?.fences ?? [:]).filter(\.value.value.isSealed).keys.sorted()
    }

    /// Decides what sealed incarnations left open, once the rejoin grace is over (rules L7, L10).
    func decideOpenFires() async throws {
        for id in sealedJournals {
            let since = sealedSince[id] ?? time.monotonic
            sealedSince[id] = since
            let grace = environment.store.read { $0.runtimes[id.seat.runtime]?.value.rejoinGrace } ?? .zero
            guard since + grace <= time.monotonic else {
                askForPass(at: since + grace)
                continue
            }
            do {
                try await skippingUnreadable {
                    try await decideOpenFires(of: id)
                    try await moveUntaken(of: id)
                }
            } catch let error
                where !(error is LeaderWriteError || error is ZooKeeperError || error is CancellationError)
            {
                // The history cannot store now (a full disk): nothing may be removed from the journal before it can.
                logger.warning(
                    "Lost fires cannot be recorded now; they stay in the journal",
                    metadata: ["agent.id": "\(id.seat)", "error": "\(error)"]
                )
                askForPass(at: time.monotonic + Self.historyRetry)
            }
        }
    }

    /// How long the outputs of a run are waited for that ended just before its agent went away, when others come after it.
    private static let outputsPatience = Duration.seconds(30)

    /// How long to wait after the history failed.
    private static let historyRetry = Duration.seconds(1)

    private func decideOpenFires(of id: JournalID) async throws {
        var journal = try await journal(id)
        guard !journal.open.isEmpty || !journal.segments.isEmpty, let situation = situation() else { return }
        defer { sealed[id] = journal }
        try await journal.fold(with: writer)
        let decisions = try await decisions(journal, situation)
        let patience = (sealedSince[id] ?? time.monotonic) + Self.outputsPatience
        if decisions.count < journal.open.count, time.monotonic < patience { askForPass(at: patience) }
        let reports = Mutation.decidesUnrecorded.isOn ? [] : decisions.compactMap(\.decision.report)
        if !Mutation.recordsAfterRemoval.isOn { try await environment.history.author(reports) }
        for end in decisions.compactMap({ $0.decision.end.flatMap { RunEnd($0) } }) {
            try await environment.following.follow(end, situation.roster)
        }
        let over = decisions.filter { $0.decision.next == nil }.map(\.open.fire.attempt)
        try await journal.remove(Set(over), with: writer)
        if Mutation.recordsAfterRemoval.isOn { try await environment.history.author(reports) }
        for (open, decision) in decisions {
            guard let next = decision.next else { continue }
            try await redispatch(open, next, &journal, situation)
        }
    }

    private func decisions(
        _ journal: LeaderJournal,
        _ situation: Situation
    ) async throws -> [(open: OpenFire, decision: OpenFireDecision)] {
        let seat = journal.id.seat
        let owner = OpenFireDecision.Owner(
            agent: seat.agent,
            incarnation: journal.id.incarnation,
            runtime: seat.runtime,
            endedBy: time.now - (time.monotonic - (sealedSince[journal.id] ?? time.monotonic))
        )
        let floor = situation.catalog.identity?.floor
        var decisions: [(open: OpenFire, decision: OpenFireDecision)] = []
        for var open in journal.open
        where !open.mayLive || !situation.isUnsettled(open.fire.key, of: journal.id) {
            let process =
                processState(of: open.fire.origin, journal.id, situation)
                ?? partState(of: open.fire.key, journal.id, situation)
            if process == .away, open.fire.origin?.start != nil || open.mayBeRepeated { continue }
            open.fire.terms = try await terms(of: open.fire, situation)
            let run = try await environment.history.knownRun(open.fire.attempt.run)
            let task = process == .gone ? nil : situation.catalog.task(open.fire.uid)
            if let task, waitsForOutputs(open, of: journal.id, run, task, situation) { continue }
            decisions.append(
                (open, .decide(open, by: owner, run: run, task: task, floor: floor, now: time.now))
            )
        }
        return decisions
    }

    /// Whether an agent that is started again may still bring what a run told, for those that come after it.
    private func waitsForOutputs(
        _ open: OpenFire,
        of id: JournalID,
        _ run: Run?,
        _ task: TaskDefinition,
        _ situation: Situation
    ) -> Bool {
        guard let result = open.result, result.outputCount != nil, run?.told(at: .ended(result)) == nil else {
            return false
        }
        let isOver = (sealedSince[id] ?? time.monotonic) + Self.outputsPatience <= time.monotonic
        return !isOver && !situation.catalog.dependents(of: task.name).isEmpty
    }

    /// What the run of a fire was given: the marker of its dispatch has it, else the definition.
    private func terms(of fire: JournaledFire, _ situation: Situation) async throws -> RunTerms? {
        if LeaderDispatch.isDispatched(fire) {
            let runtimes = environment.store.read { $0.runtimes.keys.sorted() }
            let marker = try await LeaderDispatch(writer: writer).latestMarker(fire.attempt.run, in: runtimes)
            if let terms = marker?.terms { return terms }
        }
        guard fire.trigger == .schedule else { return nil }
        return situation.catalog.task(fire.uid)?.exceptionTerms(decidedAt: fire.due)
    }

    /// Removes a fire and dispatches its next attempt in one multi; waits for an agent when there is none.
    private func redispatch(
        _ open: OpenFire,
        _ next: DispatchedRun,
        _ journal: inout LeaderJournal,
        _ situation: Situation
    ) async throws {
        let dispatch = LeaderDispatch(writer: writer)
        guard let task = situation.catalog.task(next.uid),
            let target = situation.roster.agent(for: next, of: task),
            let fence = situation.mirror.fences[target]
        else { return }
        let runtimes = environment.store.read { $0.runtimes.keys.sorted() }
        let latest = try await dispatch.latestMarker(next.attempt.run, in: runtimes)
        if let latest, latest.attempt >= next.attempt.number {
            return try await journal.remove([open.fire.attempt], with: writer)
        }
        let marker = try await dispatch.marker(next.attempt.run, target.seat.runtime)
        let launch = try dispatch.launchOperations(next, to: target, replacing: marker, now: time.now)
        let check = Operation.check(try writer.tree.fence(target), version: fence.version)
        if Mutation.redispatchesInTwoWrites.isOn {
            _ = try await writer.write([check] + launch)
            return try await journal.remove([open.fire.attempt], with: writer)
        }
        try await journal.remove(open.fire.attempt, also: [check] + launch, with: writer)
    }

    /// Moves what a sealed incarnation did not take to a live agent; commands go with the attempts they were for (rule L10).
    private func moveUntaken(of id: JournalID) async throws {
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
    private func processState(
        of origin: RunOrigin?,
        _ id: JournalID,
        _ situation: Situation
    ) -> Roster.ProcessState? {
        guard let start = origin?.start else { return nil }
        let state = situation.roster.process(of: start)
        return state == .away ? stateAfterPatience(id) : state
    }

    /// Whether the agent of a broadcast is there again that alone may run a part, or the part of a shard is gone; `nil` for what any agent may run.
    private func partState(
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
