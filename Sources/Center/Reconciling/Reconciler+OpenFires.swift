import Cluster
import Domain
import Logging
import Mutations
import Orchestration
import Scheduling
import ZooKeeper

/// Open fires of one journal that are decided and recorded, while what follows from them is being done.
struct OpenFireSlice {
    /// One fire, and what becomes of it.
    typealias Decided = (open: OpenFire, decision: OpenFireDecision)

    /// What is decided, in the order of the attempts, and still to be followed.
    var decided: ArraySlice<Decided> = []
    /// What has been followed, and still stands in the journal.
    var followed: [Decided] = []
    /// What is still to be done of what follows from the first that is decided.
    var work: FollowingWork?
    /// The last attempt that was looked at; `nil` when there was none.
    var last: AttemptID?
    /// Whether fires come after it.
    var hasMore = false
    /// Whether any that was looked at must wait.
    var hasWaiting = false
}

extension Reconciler {
    /// Decides what sealed incarnations left open, once the rejoin grace is over (rules L7, L10).
    ///
    /// There may be thousands of fires, each with others that come after: a pass takes a share of its time for them, and goes round again
    /// so that no task waits for an owner meanwhile.
    func decideOpenFires() async throws {
        let deadline = time.monotonic + Self.decidingShare
        let journals = sealedJournals
        let next = journals.firstIndex { $0 > lastDecided ?? $0 } ?? 0
        for id in journals[next...] + journals[..<next] {
            let since = sealedSince[id] ?? time.monotonic
            sealedSince[id] = since
            let grace = environment.store.read { $0.runtimes[id.seat.runtime]?.value.rejoinGrace } ?? .zero
            guard since + grace <= time.monotonic else {
                askForPass(at: since + grace)
                continue
            }
            guard id == journals[next] || time.monotonic < deadline else {
                return askForPass(at: time.monotonic)
            }
            lastDecided = id
            do {
                try await skippingUnreadable {
                    try await decideOpenFires(of: id, until: deadline)
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

    /// How much of a pass open fires may take: as long as tasks wait for an owner because of it.
    private static let decidingShare = Duration.milliseconds(100)

    /// How many open fires are recorded at once.
    private static let sliceMax = 64

    /// How long the outputs of a run are waited for that ended just before its agent went away, when others come after it.
    private static let outputsPatience = Duration.seconds(30)

    /// How long to wait after the history failed.
    private static let historyRetry = Duration.seconds(1)

    private func decideOpenFires(of id: JournalID, until deadline: MonotonicInstant) async throws {
        var journal = try await journal(id)
        guard !journal.open.isEmpty || !journal.segments.isEmpty, let situation = situation() else { return }
        defer { sealed[id] = journal }
        try await journal.fold(with: writer)
        // What is under way stays out of its place while it may throw: then it is decided anew.
        let begun = slices.removeValue(forKey: id)
        var slice = begun ?? OpenFireSlice(hasMore: true)
        while !slice.decided.isEmpty || slice.hasMore {
            if slice.decided.isEmpty { slice = try await record(after: slice.last, of: journal, situation) }
            try await follow(&slice, until: deadline, situation.roster)
            try await leave(slice.followed, &journal, situation)
            slice.followed = []
            let patience = (sealedSince[id] ?? time.monotonic) + Self.outputsPatience
            if slice.hasWaiting, time.monotonic < patience { askForPass(at: patience) }
            guard time.monotonic < deadline || (slice.decided.isEmpty && !slice.hasMore) else {
                slices[id] = slice
                return askForPass(at: time.monotonic)
            }
        }
        // What stands before the slice that the last pass began with may be due by now.
        if begun != nil { askForPass(at: time.monotonic) }
    }

    /// Decides the next fires and records the decisions.
    private func record(
        after last: AttemptID?,
        of journal: LeaderJournal,
        _ situation: Situation
    ) async throws -> OpenFireSlice {
        let slice = try await decide(after: last, of: journal, situation)
        let reports = Mutation.decidesUnrecorded.isOn ? [] : slice.decided.compactMap(\.decision.report)
        if !Mutation.recordsAfterRemoval.isOn { try await environment.history.author(reports) }
        return slice
    }

    /// Does what follows from the ends of a slice, at least a piece of it, until the time is over.
    private func follow(
        _ slice: inout OpenFireSlice,
        until deadline: MonotonicInstant,
        _ roster: Roster
    ) async throws {
        while let first = slice.decided.first {
            if var work = slice.work ?? first.decision.end.flatMap({ RunEnd($0) }).map(FollowingWork.init) {
                var isMore = true
                while isMore {
                    isMore = try await environment.following.follow(&work, roster)
                    guard isMore, deadline <= time.monotonic else { continue }
                    slice.work = work
                    return
                }
                slice.work = nil
            }
            slice.followed.append(slice.decided.removeFirst())
        }
    }

    /// Lets fires leave the journal of which everything else is done, and dispatches the attempts that come next.
    private func leave(
        _ followed: [OpenFireSlice.Decided],
        _ journal: inout LeaderJournal,
        _ situation: Situation
    ) async throws {
        let over = followed.filter { $0.decision.next == nil }.map(\.open.fire.attempt)
        try await journal.remove(Set(over), with: writer)
        if Mutation.recordsAfterRemoval.isOn {
            try await environment.history.author(followed.compactMap(\.decision.report))
        }
        for (open, decision) in followed {
            guard let next = decision.next else { continue }
            try await redispatch(open, next, &journal, situation)
        }
    }

    private func decide(
        after last: AttemptID?,
        of journal: LeaderJournal,
        _ situation: Situation
    ) async throws -> OpenFireSlice {
        let seat = journal.id.seat
        let owner = OpenFireDecision.Owner(
            agent: seat.agent,
            incarnation: journal.id.incarnation,
            runtime: seat.runtime,
            endedBy: time.now - (time.monotonic - (sealedSince[journal.id] ?? time.monotonic))
        )
        let floor = situation.catalog.identity?.floor
        var slice = OpenFireSlice(last: last)
        for var open in journal.open where last.map({ $0 < open.fire.attempt }) ?? true {
            guard slice.decided.count < Self.sliceMax else {
                slice.hasMore = true
                break
            }
            slice.last = open.fire.attempt
            if open.mayLive, situation.isUnsettled(open.fire.key, of: journal.id) {
                slice.hasWaiting = true
                continue
            }
            let process =
                processState(of: open.fire.origin, journal.id, situation)
                ?? partState(of: open.fire.key, journal.id, situation)
            if process == .away, open.fire.origin?.start != nil || open.mayBeRepeated {
                slice.hasWaiting = true
                continue
            }
            open.fire.terms = try await terms(of: open.fire, situation)
            let run = try await environment.history.knownRun(open.fire.attempt.run)
            let task = process == .gone ? nil : situation.catalog.task(open.fire.uid)
            if let task, waitsForOutputs(open, of: journal.id, run, task, situation) {
                slice.hasWaiting = true
                continue
            }
            slice.decided.append(
                (open, .decide(open, by: owner, run: run, task: task, floor: floor, now: time.now))
            )
        }
        return slice
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
}
