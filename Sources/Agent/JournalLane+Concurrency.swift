import Cluster
import Domain
import Mutations
import Orchestration
import Scheduling
import Synchronization

/// Tasks whose runs are counted: what of the inbox has to wait, and what was left by owners that were cut off.
extension JournalLane {
    /// Puts aside what has to wait for the end of a run, and decides what is skipped because of one; returns what is taken.
    mutating func admit(_ taken: [Taken]) -> [Taken] {
        let stopped = Set(entries.compactMap(\.dispatch.stopped))
        let asked = taken.map { ($0.fire, $0.specification?.concurrency ?? Concurrency()) }
        let now = context.time.now
        let (admissions, kept) = live.ledger.withLock { ledger in
            let admissions = ledger.admit(asked, stopped: stopped, now: now)
            let kept = zip(taken, admissions).filter { $1 == .waiting }.map(\.0)
            ledger.replace(for: Set(kept.filter(\.replacesWhatLives).map(\.fire.key)))
            return (admissions, kept)
        }
        for entry in kept { waiting[entry.name] = entry.run }
        let names = Set(kept.map(\.name))
        entries.removeAll { names.contains($0.name) }
        return zip(taken, admissions).compactMap { entry, admission in
            var entry = entry
            switch admission {
            case .waiting: return nil
            case .taken: break
            case .skipped(let reason): entry.fire.decision = .skipped(reason: reason)
            }
            return entry
        }
    }

    /// Stops what newer runs replace; an attempt that was still to come is taken at once, so that it is known not to come.
    mutating func replace(_ attempts: [AttemptID]) async {
        guard !attempts.isEmpty else { return }
        let runs = Set(attempts.map(\.run))
        hasten { runs.contains($0.run) }
        live.wish { $0.inbox = true }
        for attempt in attempts { await context.desk.stop(attempt, because: .replaced) }
    }

    /// Stops processes of resident tasks that are not to go on.
    func stopResidents(_ stops: [(attempt: AttemptID, stop: ResidentStop)]) async {
        for (attempt, stop) in stops { await context.desk.stop(attempt, because: .resident(stop)) }
    }

    /// Tells the ledger what waits in the inbox, takes up what may be admitted now, and ends the waits for what was cut off.
    mutating func lookAtHolds() {
        endGraces()
        let awaited = awaitedRuns
        let isReleased = live.ledger.withLock { ledger in
            ledger.awaitInbox(awaited)
            return ledger.takeRelease()
        }
        guard isReleased, !waiting.isEmpty else { return }
        let limit = AgentLedger.Limit.takenPerSegment - entries.count
        for (name, run) in waiting.sorted(by: { ($0.value.due, $0.key) < ($1.value.due, $1.key) }).prefix(
            max(0, limit)
        ) {
            waiting[name] = nil
            entries.append((name, .launch(run)))
        }
    }

    /// Has attempts made elsewhere whose instants are far off, and whose tasks have moved.
    func handOnStranded() async {
        let now = context.time.now
        let stranded = live.ledger.withLock { $0.strandedAttempts(now: now) }
        if !stranded.isEmpty { await context.desk.handOn(stranded) }
    }

    /// Tells the gauge what waits in the inbox for something other than a slot.
    func publishHeld() {
        let count = waiting.count + postponed.count
        guard count > 0 || context.status.reading.heldCount > 0 else { return }
        let shown = firstHeld(AgentTiming.heldShownMax)
        context.status.update {
            $0.heldCount = count
            $0.held = shown
        }
    }

    /// The first of the runs that are held back, in the order in which they are due.
    ///
    /// Only these are described: there can be thousands.
    private func firstHeld(_ limit: Int) -> [QueuedAttempt] {
        var runs = waiting.values.map { (run: $0, until: MonotonicInstant?.none) }
        for entry in postponed.values {
            if case .launch(let run) = entry.dispatch { runs.append((run, entry.until)) }
        }
        runs.sort { ($0.run.due, $0.run.attempt) < ($1.run.due, $1.run.attempt) }
        let now = context.time.monotonic
        return runs.prefix(limit).map { run, until in
            guard let until else { return held(run, "an earlier run of the task has to end first") }
            let wait = DurationText(.seconds(max(0, (until - now).components.seconds + 1))).text
            return held(run, run.pause > .zero ? "its pause ends within \(wait)" : "it is not due yet")
        }
    }

    private func held(_ run: DispatchedRun, _ reason: String) -> QueuedAttempt {
        let specification = live.ledger.withLock { $0.definition(run.uid)?.specification }
        return QueuedAttempt(
            attempt: run.attempt,
            task: run.task,
            group: specification?.group,
            priority: specification?.priority,
            due: run.due,
            reason: reason
        )
    }

    /// The runs whose next attempts are in the inbox.
    private var awaitedRuns: [TaskPart: Set<RunID>] {
        var runs: [TaskPart: Set<RunID>] = [:]
        func add(_ run: DispatchedRun) {
            guard run.attempt.number > 1 else { return }
            runs[TaskPart(uid: run.uid, part: run.part), default: []].insert(run.attempt.run)
        }
        for dispatch in entries.map(\.dispatch) + postponed.values.map(\.dispatch) {
            if case .launch(let run) = dispatch { add(run) }
        }
        for run in waiting.values { add(run) }
        return runs
    }

    /// Attempts of an owner that was cut off are stopped when its lease is over, and killed after their grace: as long as that can take
    /// from when its successor has the row, its successor waits.
    private mutating func endGraces() {
        let now = context.time.monotonic
        let graces = live.ledger.withLock { ledger in
            ledger.partsInGrace.map { ($0, $1, ledger.definition($0.uid)?.specification.killGrace) }
        }
        var ends: [TaskPart: GraceEnd] = [:]
        for (key, number, killGrace) in graces {
            var end = graceEnds[key] ?? GraceEnd(number: 0, at: now)
            if end.number != number {
                let longest = live.leaseLength + (killGrace ?? TaskSpecification.killGraceDefault)
                end = GraceEnd(number: number, at: now + longest)
            }
            if end.at <= now || Mutation.waitsForNobody.isOn {
                live.ledger.withLock { $0.endGrace(of: key) }
            } else {
                ends[key] = end
            }
        }
        graceEnds = ends
    }

    /// When what so many owners that were cut off have left is dead at the latest.
    struct GraceEnd: Hashable, Sendable {
        var number: Int
        var at: MonotonicInstant
    }
}

extension JournalLane.Taken {
    /// Whether it is a new run of a task whose newer runs replace what lives.
    fileprivate var replacesWhatLives: Bool {
        specification?.concurrency.policy == .replace && fire.attempt.number == 1
    }
}
