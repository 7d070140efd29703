import Cluster
import Domain
import Logging
import Scheduling
import ZooKeeper

/// Drives backfills for as long as one leadership lasts: dispatches their next runs while they have room.
///
/// A run is dispatched in the write that notes it with its backfill; the end of a run is noted before its report is accepted. Whoever
/// leads next therefore goes on where this one stood, and no fire is dispatched twice.
struct BackfillOffice: Sendable {
    let control: CenterControl
    let leading: LeadingCenter
    /// Backfills that are over.
    private var closed: Set<BackfillID> = []
    /// The tasks as backfills take them.
    private var plans: [BackfillID: TaskDefinition] = [:]
    /// The other backfills of their tasks.
    private var others: [BackfillID: [Backfill]] = [:]

    init(_ control: CenterControl, _ leading: LeadingCenter) {
        self.control = control
        self.leading = leading
    }

    var shelf: BackfillShelf { BackfillShelf(writer: leading.writer) }
    var time: TimeSource { control.time }

    /// Looks at every backfill once; `false` when something was not as expected, and it should look again soon.
    mutating func round() async throws -> Bool {
        var isComplete = true
        for id in try await shelf.identities() where !closed.contains(id) {
            do {
                try await advance(id)
            } catch LeaderWriteError.conflict(let cause) {
                control.logger.debug("A backfill has changed meanwhile", metadata: ["error": "\(cause)"])
                isComplete = false
            }
        }
        return isComplete
    }

    private mutating func advance(_ id: BackfillID) async throws {
        guard let backfill = try await shelf.read(id)?.value else { return }
        if backfill.state.isFinal {
            closed.insert(id)
            (plans[id], others[id]) = (nil, nil)
            return
        }
        try await findEnds(of: backfill)
        if backfill.isKilling { await kill(backfill) }
        guard backfill.state == .running, let plan = try await plan(of: backfill) else { return }
        if let objection = objection(to: backfill, plan) {
            try await hold(backfill, objection)
            return
        }
        if others[id] == nil {
            others[id] = try await shelf.all().map(\.value).filter { $0.uid == backfill.uid && $0.id != id }
        }
        while try await dispatchNext(of: id, plan) {}
    }

    private mutating func plan(of backfill: Backfill) async throws -> TaskDefinition? {
        if let known = plans[backfill.id], known.revision == backfill.revision { return known }
        let plan = try await shelf.task(of: backfill.id)?.value
        plans[backfill.id] = plan
        return plan
    }
}

extension BackfillOffice {
    /// Why a backfill cannot go on as it is.
    private enum Objection {
        case gone
        case held(String)
    }

    private func objection(to backfill: Backfill, _ plan: TaskDefinition) -> Objection? {
        let (task, timeline) = control.state.store.read { ($0.task(backfill.uid), $0.identity?.timeline) }
        guard let task else { return .gone }
        if let timeline, let former = backfill.timeline, timeline != former {
            return .held(
                "the cluster was restored from a snapshot: what has run since then is not noted here; "
                    + "resume it once that does not matter, or stop it"
            )
        }
        guard task.runsAlike(plan) else {
            return .held(
                "task \(task.name) was changed (revision \(task.revision), the backfill has \(backfill.revision)): "
                    + "resume it with the task as it is now, or stop it"
            )
        }
        return nil
    }

    private func hold(_ backfill: Backfill, _ objection: Objection) async throws {
        let now = time.now
        try await shelf.change(backfill.id) { backfill in
            guard backfill.state == .running else { return false }
            switch objection {
            case .gone: backfill.stop(kill: false, because: "its task was deleted", now: now)
            case .held(let reason): backfill.pause(because: reason)
            }
            return true
        }
    }

    /// Sees to the next fire; `false` when there is none, or none can be dispatched now.
    private func dispatchNext(of id: BackfillID, _ plan: TaskDefinition) async throws -> Bool {
        guard let known = try await shelf.read(id), known.value.mayDispatch,
            known.value.revision == plan.revision
        else { return false }
        var next = known.value
        if let begun = next.begun { return try await dispatchShards(next, of: begun.due, instead: known) }
        guard let (due, parts) = try await nextToRun(&next, plan) else {
            let isExhausted = next.next(of: plan) == nil
            next.settle(isExhausted: isExhausted, now: time.now)
            if next != known.value { try await shelf.put(next, instead: known) }
            return !isExhausted
        }
        if next.shards != nil {
            let left = next
            let run = RunID.backfilled(due, by: id, in: leading.writer.tree)
            next.begin(parts, of: run, for: due, now: time.now)
            if try await dispatchShards(next, of: due, instead: known) { return true }
            if left != known.value { try await shelf.put(left, instead: known) }
            return false
        }
        guard let task = control.state.store.read({ $0.task(next.uid) }),
            let roster = await leading.reconciler.roster, let target = roster.agent(for: task, part: 0),
            let fence = roster.mirror.fences[target]
        else {
            if next != known.value { try await shelf.put(next, instead: known) }
            return false
        }
        let run = next.run(for: due, of: task, in: leading.writer.tree, now: time.now)
        next.dispatch(run.attempt.run, for: due, now: time.now)
        let dispatch = LeaderDispatch(writer: leading.writer)
        let note = try shelf.change(known, to: next)
        guard try await dispatch.marker(run.attempt.run, target.seat.runtime) == nil else {
            // What is left of a tree that was mended by hand: the run is somewhere.
            _ = try await leading.writer.write([note])
            return true
        }
        let check = Operation.check(try leading.writer.tree.fence(target), version: fence.version)
        let launch = try dispatch.launchOperations(run, to: target, replacing: nil, now: time.now)
        _ = try await leading.writer.write([check, note] + launch)
        return true
    }

    /// The next fire that has not run, with those of its parts that have not, and those before it left alone; `nil` when there is none
    /// among the next ones.
    private func nextToRun(
        _ backfill: inout Backfill,
        _ plan: TaskDefinition
    ) async throws -> (due: Instant, parts: [Int])? {
        let parts = backfill.parts
        let task = control.state.store.read { $0.task(plan.uid) } ?? plan
        let past = PastFires(
            history: control.history,
            tree: leading.writer.tree,
            others: others[backfill.id] ?? []
        )
        for _ in 0..<max(1, Self.looksMax / parts.count) {
            guard let due = backfill.next(of: plan) else { return nil }
            if backfill.isRepeating { return (due, parts) }
            let missing = try await past.missing(parts, of: plan.specification.split, at: due, task)
            if !missing.isEmpty { return (due, missing) }
            backfill.leave(due, runs: parts.count)
        }
        return nil
    }

    /// How many runs are left alone before that is written down.
    private static let looksMax = 500

    /// Kills what runs; what cannot be reached now is tried again in the next round.
    private func kill(_ backfill: Backfill) async {
        for (_, run) in backfill.active.flatMap({ $0.runs(in: leading.writer.tree) }) {
            do {
                try await control.stop(run, kill: true)
            } catch {
                control.logger.debug(
                    "A run of a backfill cannot be killed now",
                    metadata: ["run.id": "\(run)", "error": "\(error)"]
                )
            }
        }
    }

    /// Notes ends that the history has known for long and nobody has told of: such a run stands in no journal any more.
    private func findEnds(of backfill: Backfill) async throws {
        let (now, tree) = (time.now, leading.writer.tree)
        for fire in backfill.active where fire.since + Self.untoldAge < now {
            for (part, id) in fire.runs(in: tree) {
                guard let run = try await control.history.knownRun(id), run.state.isFinal else { continue }
                let result = run.attempts.last?.result
                guard (result?.endedAt ?? fire.since) + Self.untoldAge < now else { continue }
                try await shelf.change(backfill.id) { backfill in
                    guard backfill.end(id, ofPart: part, result?.outcome, in: tree) else { return false }
                    backfill.settle(isExhausted: false, now: now)
                    return true
                }
            }
        }
    }

    /// Long enough that a further attempt of the run would have begun.
    private static let untoldAge = Duration.seconds(600)
}

extension Backfill {
    /// The run that makes up for a fire.
    func run(for due: Instant, of task: TaskDefinition, in tree: Tree, now: Instant)
        -> DispatchedRun
    {
        var terms = terms
        terms.meantFor = due
        return DispatchedRun(
            attempt: AttemptID(run: .backfilled(due, by: id, in: tree), number: 1),
            task: task.name,
            uid: uid,
            revision: task.revision,
            due: now,
            trigger: .backfill,
            origin: RunOrigin(backfill: id, meantFor: due),
            terms: terms
        )
    }
}

extension CenterLeadership {
    /// Drives backfills, and carries out cancellations, whenever one of them may go on.
    func backfill(_ leading: LeadingCenter) async throws {
        var office = BackfillOffice(service.control, leading)
        let cancelling = OccasionOffice(service.control, leading)
        for await _ in service.state.hints.backfills.calls() {
            do {
                let isComplete = try await office.round()
                if try await cancelling.round(), isComplete { continue }
                try await service.time.sleep(for: Self.backfillRetry)
                service.state.hints.backfills.wake()
            } catch let error where !(error is CancellationError) {
                if case LeaderWriteError.deposed = error { throw error }
                logger.debug("Backfills cannot go on now", metadata: ["error": "\(error)"])
            }
        }
        throw CancellationError()
    }

    /// How soon a backfill is looked at again that has changed meanwhile: the leader learns of an agent's end in that time.
    private static let backfillRetry = Duration.milliseconds(100)

    /// Looks at backfills now and then, should nothing else cause it: an agent has come, a task was changed.
    func remindOfBackfills() async throws {
        while true {
            try await service.time.sleep(for: Self.backfillInterval)
            service.state.hints.backfills.wake()
        }
    }

    private static let backfillInterval = Duration.seconds(5)
}
