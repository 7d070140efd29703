import Cluster
import Domain
import Logging
import Orchestration
import Scheduling
import ZooKeeper

/// Sees to it that what follows from the end of a run is in ZooKeeper before anybody is told that the end was taken care of.
///
/// Every run that follows has an identity that its cause decides, and a marker or a node of its own: however often an end is told, and by
/// however many leaders, it is dispatched once.
struct RunFollowing: Sendable {
    let writer: LeaderWriter
    let store: CatalogStore
    let history: any RunHistory
    let time: TimeSource
    let hints: ReconcileHints
    let logger: Logger

    var tree: Tree { writer.tree }
    var shelf: AwaitedRuns { AwaitedRuns(writer: writer) }

    /// Whether anything may follow the end of a run.
    func concerns(_ report: RunReport) -> Bool {
        if report.fire.origin?.backfill != nil { return true }
        return store.read { catalog in
            guard let task = catalog.task(report.fire.uid) else { return false }
            return task.completionSince != nil || !catalog.dependents(of: task.name).isEmpty
        }
    }

    /// Does what follows from an end; returns when it is in ZooKeeper.
    func follow(_ end: RunEnd, _ roster: Roster) async throws {
        var work = FollowingWork(end)
        while try await follow(&work, roster) {}
    }

    /// Does the next piece of what follows from an end; `false` when there was none: all of it is in ZooKeeper.
    ///
    /// Work of which a piece has thrown is begun anew: what was done of it is recognised.
    func follow(_ work: inout FollowingWork, _ roster: Roster) async throws -> Bool {
        switch work.next() {
        case .end(let end):
            if let backfill = end.fire.origin?.backfill { try await note(end, with: backfill) }
            guard let task = store.read({ $0.task(end.fire.uid) }) else { return true }
            if let next = end.successor(of: task, in: tree, now: time.now),
                try await !isKnown(next.attempt.run)
            {
                try await settle(next, of: task, roster)
            }
            let isAwaited = store.read { !$0.dependents(of: task.name).isEmpty }
            if isAwaited, end.counts(of: task) { work.add(instants: end.each(of: task)) }
        case .instants(let ends): work.add(try await tell(ends, roster))
        case nil: return false
        }
        return true
    }

    /// Tells instants of an end to the tasks that come after, all at once; returns the ends of runs that are not launched because of it.
    private func tell(_ ends: [RunEnd], _ roster: Roster) async throws -> [RunEnd] {
        try await withThrowingTaskGroup(of: (Int, [RunEnd]).self) { group in
            for (index, end) in ends.enumerated() {
                group.addTask {
                    guard let task = store.read({ $0.task(end.fire.uid) }) else { return (index, []) }
                    var skipped: [RunEnd] = []
                    for child in store.read({ $0.dependents(of: task.name) }) {
                        if let end = try await arrive(end, of: task, at: child, roster) {
                            skipped.append(end)
                        }
                    }
                    return (index, skipped)
                }
            }
            var skipped: [[RunEnd]] = Array(repeating: [], count: ends.count)
            for try await (index, ends) in group { skipped[index] = ends }
            return skipped.flatMap(\.self)
        }
    }

    /// Notes the end of a run with the backfill that it belongs to: its next run may follow.
    private func note(_ end: RunEnd, with backfill: BackfillID) async throws {
        let (now, tree) = (time.now, tree)
        let (run, part) = (end.fire.attempt.run, end.fire.part)
        _ = try await BackfillShelf(writer: writer).change(backfill) { backfill in
            guard backfill.end(run, ofPart: part, end.outcome, in: tree) else { return false }
            backfill.settle(isExhausted: false, now: now)
            return true
        }
        hints.backfills.wake()
    }

    /// Dispatches runs that only lacked an agent, as far as there is one now.
    func dispatchReady(_ roster: Roster) async throws -> Bool {
        var isEmpty = true
        for awaited in try await shelf.all() where awaited.value.isReady {
            guard let task = store.read({ $0.task(awaited.value.run.uid) }) else {
                try await shelf.remove(awaited)
                continue
            }
            if try await !dispatch(awaited.value.run, of: task, roster, instead: awaited) { isEmpty = false }
        }
        return isEmpty
    }

    /// Records runs as skipped that have waited for others so long that these will not come.
    func expire(_ roster: Roster) async throws {
        for awaited in try await shelf.all() where !awaited.value.isReady {
            guard awaited.value.since + Self.patience < time.now else { continue }
            let run = awaited.value.run
            guard let task = store.read({ $0.task(run.uid) }), let arrival = awaited.value.arrivals.last
            else {
                try await shelf.remove(awaited)
                continue
            }
            let arrivals = awaited.value.arrivals
            if arrivals.contains(where: { $0.parts != nil }), arrivals.allSatisfy({ $0.verdict == .unneeded })
            {
                // An end was told again after all was decided: there was nothing to do.
                try await shelf.remove(awaited)
                continue
            }
            let arrived = Set(arrivals.filter(\.isComplete).map(\.task))
            let missing = task.specification.after.edges.map(\.task).filter { !arrived.contains($0) }
            let reason = SkippedReason.incomplete(missing.sorted())
            if let end = try await skip(run, of: task, because: reason, arrival, awaited) {
                try await follow(end, roster)
            }
        }
    }

    /// How long a run waits for the others it comes after: longer than any of them should take.
    static let patience = Duration.seconds(7 * 86_400)

    /// Records that a run which waits is not launched, and does what follows from that.
    func giveUp(_ awaited: Versioned<AwaitedRun>, because reason: String, _ roster: Roster) async throws {
        let run = awaited.value.run
        guard let task = store.read({ $0.task(run.uid) }), let arrival = try await arrival(of: awaited.value)
        else { return try await shelf.remove(awaited) }
        if let end = try await skip(run, of: task, because: reason, arrival, awaited) {
            try await follow(end, roster)
        }
    }

    /// An end that a run has heard of, or that of one it comes after.
    private func arrival(of awaited: AwaitedRun) async throws -> DependencyArrival? {
        if let known = awaited.arrivals.last { return known }
        for parent in awaited.run.origin?.parents ?? [] {
            if let run = try await history.knownRun(parent) { return DependencyArrival(run, .finished) }
        }
        return nil
    }

    /// Whether a run was dispatched or decided before.
    func isKnown(_ run: RunID) async throws -> Bool {
        let runtimes = store.read { $0.runtimes.keys.sorted() }
        if try await LeaderDispatch(writer: writer).latestMarker(run, in: runtimes) != nil { return true }
        return try await history.knownRun(run) != nil
    }
}

extension RunFollowing {
    /// Notes an end with a task that comes after it; returns the end of its run when that is not to be launched.
    private func arrive(
        _ end: RunEnd,
        of parent: TaskDefinition,
        at child: TaskDefinition,
        _ roster: Roster
    ) async throws -> RunEnd? {
        let dependencies = child.specification.after
        guard let edge = dependencies.edges.first(where: { $0.task == end.fire.task }) else { return nil }
        var run = end.dependent(child, in: tree)
        let parts = end.parts(of: parent)
        let arrival = DependencyArrival(
            task: end.fire.task,
            run: end.fire.attempt.run,
            verdict: edge.condition.verdict(on: end.outcome, exitCode: end.exitCode),
            agent: end.agent,
            incarnation: end.incarnation,
            outputs: parts == nil ? end.outputs : nil,
            parts: parts
        )
        let needed = Set(child.specification.neededOutputs)
        let given = try await parameters(of: end, for: child)
        for _ in 0..<Self.conflictsMax {
            let isGathered = dependencies.edges.count > 1 || parts != nil
            let known = isGathered ? try await shelf.read(run.attempt.run) : nil
            if known == nil, try await isKnown(run.attempt.run) {
                return try await recordedSkip(of: run, child, arrival)
            }
            if let reason = try await cancellation(of: run) {
                return try await skip(run, of: child, because: reason, arrival, known)
            }
            if known?.value.isReady == true { return nil }
            let arrivals = (known?.value.arrivals ?? []).adding(arrival, on: edge.condition, first: needed)
            run.origin?.parents = arrivals.map(\.run).sorted()
            let parameters = given ?? known?.value.run.terms?.parameters ?? [:]
            run.terms = parameters.isEmpty ? nil : RunTerms(parameters: parameters)
            do {
                switch dependencies.decide(arrivals) {
                case .waiting:
                    let since = known?.value.since ?? time.now
                    let awaited = AwaitedRun(run: run, arrivals: arrivals, isReady: false, since: since)
                    // Later ends count for the same instants, thousands of them: what is known is not written again.
                    if awaited != known?.value { try await shelf.put(awaited, instead: known) }
                    return nil
                case .ready where child.counts(at: time.now):
                    let terms = RunTerms(
                        parameters: parameters,
                        meantFor: run.origin?.meantFor,
                        inputs: TaskOutputs(arrivals)
                    )
                    run.terms = terms.isEmpty ? nil : terms
                    try await settle(run, of: child, roster, instead: known)
                    return nil
                case .ready:
                    return try await skip(run, of: child, because: SkippedReason.paused, arrival, known)
                case .skipped(let reason):
                    return try await skip(run, of: child, because: reason, arrival, known)
                case .unneeded:
                    if let known { try await shelf.remove(known) }
                    return nil
                }
            } catch LeaderWriteError.conflict(let cause) {
                logger.debug("Another end has arrived meanwhile", metadata: ["error": "\(cause)"])
            }
        }
        throw CenterError.unavailable(
            "what comes after run \(end.fire.attempt.run) changes all the time; ask again"
        )
    }

    /// The values that the run of a step is given: those of the workflow's run, which each of its steps hands on.
    ///
    /// `nil` when they are not known, or the tasks do not belong to one workflow.
    private func parameters(of end: RunEnd, for child: TaskDefinition) async throws -> [String: String]? {
        guard let workflow = child.specification.workflow?.workflow, !child.specification.parameters.isEmpty,
            store.read({ $0.task(end.fire.uid)?.specification.workflow?.workflow }) == workflow
        else { return nil }
        if let terms = end.fire.terms { return terms.parameters }
        let run = end.fire.attempt.run
        if let terms = try await history.knownRun(run)?.terms { return terms.parameters }
        // What is only in a journal has lost what its run was given; the marker has it.
        let runtimes = store.read { $0.runtimes.keys.sorted() }
        let marker = try await LeaderDispatch(writer: writer).latestMarker(run, in: runtimes)
        return marker?.terms?.parameters
    }

    /// Why a run is not launched although all is well; `nil` unless its occasion was cancelled.
    private func cancellation(of run: DispatchedRun) async throws -> String? {
        guard let occasion = run.origin?.occasion else { return nil }
        return try await CancelledOccasions(writer: writer).read(occasion)?.value.reason
    }

    /// More conflicts in a row than tasks that can arrive at once mean that something else is wrong.
    private static let conflictsMax = 2 * Dependencies.edgesMax

    /// Records that a run is not launched, then forgets that it waited; returns its end.
    private func skip(
        _ run: DispatchedRun,
        of task: TaskDefinition,
        because reason: String,
        _ arrival: DependencyArrival,
        _ known: Versioned<AwaitedRun>?
    ) async throws -> RunEnd? {
        let report = RunEnd.skipped(run, of: task, because: reason, arrival, now: time.now)
        try await history.author([report])
        if let known { try await shelf.remove(known) }
        return RunEnd(report)
    }

    /// The end of a run that was recorded as skipped before: what follows from it may still have to be done.
    private func recordedSkip(
        of run: DispatchedRun,
        _ task: TaskDefinition,
        _ arrival: DependencyArrival
    ) async throws -> RunEnd? {
        guard let known = try await history.knownRun(run.attempt.run), known.state == .skipped else {
            return nil
        }
        return RunEnd(RunEnd.skipped(run, of: task, because: known.reason ?? "", arrival, now: time.now))
    }

    /// Dispatches a run, or keeps it until there is an agent for it.
    private func settle(
        _ run: DispatchedRun,
        of task: TaskDefinition,
        _ roster: Roster,
        instead known: Versioned<AwaitedRun>? = nil
    ) async throws {
        if try await dispatch(run, of: task, roster, instead: known) { return }
        var arrivals = known?.value.arrivals ?? []
        // The run has them.
        for index in arrivals.indices { arrivals[index].outputs = nil }
        let awaited = AwaitedRun(
            run: run,
            arrivals: arrivals,
            isReady: true,
            since: time.now
        )
        do {
            try await shelf.put(awaited, instead: known)
        } catch LeaderWriteError.conflict(let cause) where cause.code == .nodeExists {
            // The end was told before, and the run waits already.
        }
        hints.runShelved()
    }

    /// Puts a run into the inbox of an agent; `false` when there is none for it.
    private func dispatch(
        _ run: DispatchedRun,
        of task: TaskDefinition,
        _ roster: Roster,
        instead known: Versioned<AwaitedRun>?
    ) async throws -> Bool {
        guard let target = roster.agent(for: run, of: task), let fence = roster.mirror.fences[target]
        else {
            return false
        }
        let dispatch = LeaderDispatch(writer: writer)
        if try await dispatch.marker(run.attempt.run, target.seat.runtime) != nil {
            if let known { try await shelf.remove(known) }
            return true
        }
        let check = Operation.check(try tree.fence(target), version: fence.version)
        let removal = try known.map { try shelf.removal(of: $0) }
        let launch = try dispatch.launchOperations(run, to: target, replacing: nil, now: time.now)
        do {
            _ = try await writer.write([check] + [removal].compactMap(\.self) + launch)
            return true
        } catch LeaderWriteError.conflict(let cause) where cause.code == .nodeExists {
            return true
        } catch LeaderWriteError.conflict where known == nil {
            // The agent went away, or its fence was raised: the next one is for the pass that follows.
            return false
        }
    }
}
