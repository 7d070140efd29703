import CenterDoubles
import Cluster
import Domain
import Scheduling
import SimulationKit
import Synchronization
import ZooKeeper

/// What must hold when the faults are over.
struct FinalChecks {
    let cluster: SimulatedCluster
    let workload: Workload
    /// What happened to the cluster.
    let faults: Set<FaultKind>

    /// How far an owner may have decided ahead of an edit.
    private static let lookAhead = Duration.seconds(2)

    private var trace: Trace { cluster.trace }

    /// P13: in time after the last fault somebody leads, and every agent is registered.
    func checkRecovery() {
        if cluster.leader == nil { trace.violated(.recovery, "nobody leads") }
        for agent in cluster.agents where !isRegistered(agent) {
            trace.violated(.recovery, "\(agent.id) is not registered")
        }
    }

    private func isRegistered(_ agent: SimulatedAgent) -> Bool {
        guard let path = try? cluster.tree.runtime(.standard).agent(agent.id) else { return false }
        return cluster.ensemble.node(path) != nil
    }

    /// P7: a while after the last fault and the last change every part of an enabled task has a live owner.
    func checkAllocation() {
        let live = Set(cluster.agents.filter(isRegistered).map(\.id.text))
        for task in definitions where task.specification.isEnabled {
            for part in task.specification.split.parts {
                let owner = cluster.watch.state.withLock {
                    $0.rows.agent(of: TaskPart(uid: task.uid, part: part))
                }
                guard let owner else {
                    trace.violated(.allocation, "\(task.name) (\(task.uid)), part \(part), has no owner")
                    continue
                }
                if !live.contains(owner) {
                    trace.violated(
                        .allocation,
                        "\(task.name), part \(part), belongs to \(owner), which is not registered"
                    )
                }
            }
        }
    }

    /// Every center has every result up to `end` that a machine still has on record, also a center that lost all it had.
    func checkRecords(through end: Instant) {
        let histories = cluster.centers.map { center in
            (
                center: center.id,
                runs: Dictionary(center.history.runs.map { ($0.id, $0) }) { first, _ in first }
            )
        }
        for agent in cluster.agents {
            for report in agent.machine.store.reports {
                guard case .ended(let result) = report.phase, result.endedAt <= end else { continue }
                let attempt = result.attempt
                for (center, runs) in histories {
                    let known = runs[attempt.run]?.attempts.first { $0.number == attempt.number }?.result
                    if known == nil {
                        trace.violated(.disposition, "\(center) never learnt how \(attempt) ended")
                    }
                }
            }
        }
    }

    /// P8: a steady cluster leaves every row where it is.
    ///
    /// `movesBefore` were counted when it had become steady.
    func checkMovement(since movesBefore: Int) {
        let moves = moveCount - movesBefore
        if moves > 0 { trace.violated(.movement, "\(moves) rows moved in a steady cluster") }
    }

    /// How often rows came to another agent until now.
    var moveCount: Int { cluster.watch.state.withLock { $0.rows.moveCount } }

    /// What ended incarnations left is gone: their journals, their inboxes, and the sessions that nobody holds.
    func checkLeftovers() {
        guard let runtime = try? cluster.tree.runtime(.standard) else { return }
        for parent in [try? runtime.journal, try? runtime.inbox].compactMap({ $0 }) {
            for agent in cluster.ensemble.children(parent) {
                guard let path = try? parent.child(agent) else { continue }
                let incarnations = cluster.ensemble.children(path)
                if incarnations.count > 1 {
                    trace.violated(.resources, "\(path) keeps \(incarnations.count) incarnations")
                }
            }
        }
        let (sessions, nodes) = (cluster.ensemble.sessions.count, cluster.nodes.count)
        if sessions > nodes { trace.violated(.resources, "\(nodes) processes hold \(sessions) sessions") }
    }

    /// P1, P3: after a while everything that came due up to `end` has its disposition, in every center's history.
    func checkOutcome(through end: Instant) {
        let starts = cluster.watch.state.withLock(\.starts)
        let worked = workedLines(starts)
        let queued = waitingRuns.filter { worked[$0.uid] != nil }
        let queuedRuns = Set(queued.map(\.attempt.run))
        let claimed = Set(claims.map(\.attempt.run))
        for (name, runs) in histories {
            let records = Records(runs)
            for task in definitions {
                // What waits is taken in the order in which it is due: fires stand behind what is due before them, and what runs.
                let waiting = queued.filter { $0.uid == task.uid }.map(\.due)
                let queueBegins = (waiting + [worked[task.uid]].compactMap(\.self)).min()
                for part in task.specification.split.parts {
                    check(
                        task,
                        part: part,
                        through: min(end, queueBegins ?? end),
                        records,
                        starts,
                        claimed: claimed,
                        name
                    )
                }
            }
            for run in runs where !run.state.isFinal && run.due <= end && !claimed.contains(run.id) {
                // What runs may run on, and what has just failed is attempted again.
                if starts.isRunning(run.id, since: trace.now - Self.retryPauseMax) { continue }
                trace.violated(
                    .disposition,
                    "\(run.id) of \(run.task) is \(run.state.rawValue) at \(name)"
                )
            }
            // What follows other runs goes on to be started until the end; `checkRecords` looks at what has ended.
            for run in starts.startedRuns(before: trace.now - Self.reportMax).sorted()
            where run.fireKey != nil && !records.has(run) {
                trace.violated(.disposition, "\(run) was started, and \(name) does not know it")
            }
            for run in workload.requestedRuns
            where !records.has(run) && !queuedRuns.contains(run) && !claimed.contains(run) {
                trace.violated(.disposition, "\(run) was requested, and \(name) does not know it")
            }
        }
    }

    /// Longer than a report takes from an agent to the centers when nothing is broken.
    private static let reportMax = Duration.seconds(2)

    /// Longer than the workload's tasks pause before another attempt.
    private static let retryPauseMax = Duration.seconds(4)

    /// The tasks whose runs queue and go on, each with the due of what runs: there may be more behind it than can be run.
    private func workedLines(_ starts: StartCheck) -> [TaskUID: Instant] {
        let queueing = Set(definitions.filter { $0.specification.concurrency.waitingMax > 0 }.map(\.uid))
        let claimed = claims.map { ($0.uid, $0.due) }
        return starts.busyTasks(since: trace.now - Self.retryPauseMax)
            .merging(claimed, uniquingKeysWith: min)
            .filter { queueing.contains($0.key) }
    }

    /// What is in the inboxes.
    var waitingRuns: [DispatchedRun] {
        cluster.ensemble.paths.compactMap { path in
            guard case .inboxEntry = KnownNode(path, under: cluster.tree.root),
                let data = cluster.ensemble.node(path)?.data,
                case .launch(let run)? = try? ZNodeCodec.decode(Dispatch.self, from: data, at: path.text)
            else { return nil }
            return run
        }
    }

    /// What each center knows; where a machine was lost for good with what it had not told everybody, what they know together.
    private var histories: [(name: String, runs: [Run])] {
        let each = cluster.centers.map { (name: $0.id.text, runs: $0.history.runs) }
        // What only a lost history said nobody can know any more; `checkRecords` checks what must come back.
        if faults.contains(.loseHistory) { return [] }
        guard faults.contains(.cloneAgent) else { return each }
        var best: [RunID: Run] = [:]
        for run in each.flatMap(\.runs) where best[run.id]?.state.isFinal != true { best[run.id] = run }
        return [("any center", best.values.sorted { $0.id < $1.id })]
    }

    private func check(
        _ task: TaskDefinition,
        part: Int,
        through end: Instant,
        _ records: Records,
        _ starts: StartCheck,
        claimed: Set<RunID>,
        _ center: String
    ) {
        let ended = starts.endedRuns
        let key = TaskPart(uid: task.uid, part: part)
        var due = task.nextDue(after: task.createdAt)
        while let instant = due, instant <= end {
            due = task.nextDue(after: instant)
            if isAmbiguous(instant, task, key) { continue }
            let run = RunID(FireKey(uid: task.uid, part: part, due: instant))
            if claimed.contains(run) { continue }
            let count = records.count(key, instant)
            if count == 0 {
                trace.violated(.disposition, "\(task.name) at \(instant) (\(run)) is absent at \(center)")
            } else if count > 1 {
                trace.violated(
                    .disposition,
                    "\(task.name) at \(instant) has \(count) dispositions at \(center)"
                )
            }
            guard task.specification.delivery == .atLeastOnce, !workload.edited.contains(task.name),
                !records.isMissed(key, instant), !records.isGivenUp(run)
            else { continue }
            if !ended.contains(run) {
                trace.violated(.completion, "\(task.name) at \(instant) (\(run)) was never run to an end")
            }
        }
    }

    /// Whether the clocks of those who edit and those who decide were apart.
    var clocksWereApart: Bool { !faults.isDisjoint(with: [.stepClock, .driftClock]) }

    /// Shortly after an edit nobody can say which revision's instants count: the owner may have looked ahead, and what it decides
    /// before it can be told of the edit it decides by what it knows.
    private func isAmbiguous(_ instant: Instant, _ task: TaskDefinition, _ key: TaskPart) -> Bool {
        guard task.revision > 1 else { return false }
        if clocksWereApart { return true }
        let begins = task.supersededSchedules.map(\.effectiveFrom) + [task.effectiveFrom]
        let rows = cluster.watch.state.withLock(\.rows)
        return begins.enumerated().dropFirst().contains { index, begin in
            let revision = task.revision - (begins.count - 1 - index)
            let told = rows.decided(before: revision, of: key) ?? begin
            return begin < instant && instant <= max(begin + Self.lookAhead, told)
        }
    }

    var definitions: [TaskDefinition] {
        guard let root = try? cluster.tree.tasks else { return [] }
        let buckets = cluster.ensemble.children(root).compactMap { try? root.child($0) }
        return buckets.flatMap { bucket in
            cluster.ensemble.children(bucket).compactMap { name -> TaskDefinition? in
                guard let path = try? bucket.child(name), let node = cluster.ensemble.node(path) else {
                    return nil
                }
                return try? ZNodeCodec.decode(TaskDefinition.self, from: node.data, at: path.text)
            }
        }.sorted { $0.name < $1.name }
    }
}

/// The records of one center, found by instant.
private struct Records {
    private var runs: Set<RunID> = []
    private var givenUp: Set<RunID> = []
    private var fires: [TaskPart: [Instant: Int]] = [:]
    private var ranges: [TaskPart: [ClosedRange<Instant>]] = [:]

    init(_ all: [Run]) {
        for run in all {
            runs.insert(run.id)
            let key = TaskPart(uid: run.uid, part: run.part)
            // With a reason, a further attempt was not launched.
            let isCutShort = run.reason != nil && !run.attempts.isEmpty
            if run.state == .skipped || run.state == .stopped || isCutShort { givenUp.insert(run.id) }
            if run.attempts.isEmpty, let since = run.since, since <= run.due {
                ranges[key, default: []].append(since...run.due)
            } else if run.id.fireKey != nil {
                fires[key, default: [:]][run.due, default: 0] += 1
            }
        }
    }

    func has(_ run: RunID) -> Bool { runs.contains(run) }

    /// Whether a task's concurrency let it not run, or not to its end.
    func isGivenUp(_ run: RunID) -> Bool { givenUp.contains(run) }

    func isMissed(_ key: TaskPart, _ instant: Instant) -> Bool {
        ranges[key]?.contains { $0.contains(instant) } ?? false
    }

    func count(_ key: TaskPart, _ instant: Instant) -> Int {
        (fires[key]?[instant] ?? 0) + (ranges[key]?.filter { $0.contains(instant) }.count ?? 0)
    }
}
