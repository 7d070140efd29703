import Cluster
import Domain
import Logging
import Mutations
import Orchestration
import Scheduling
import Synchronization
import ZooKeeper

extension JournalLane {
    /// What a round has come to.
    enum Progress: Hashable, Sendable {
        /// There was nothing to write.
        case nothing
        /// Something was written, or has to be read again: the next round follows at once.
        case goOn
        /// The incarnation is over.
        case end(End)
    }

    /// Journals what is due within the look-ahead and takes the inbox.
    mutating func journalDue() async throws -> Progress {
        let began = context.time.monotonic
        let now = context.time.now
        entries.sort { ($0.dispatch.due, $0.name) < ($1.dispatch.due, $1.name) }
        let taken = admit(try await take(entries))
        let nonce = context.random.identifier(NonceKind.self)
        let horizon = now + lookAhead
        let isTaking = !entries.isEmpty
        await stopResidents(live.ledger.withLock { $0.takeResidentStops() })
        let (segment, replaced) = live.ledger.withLock { ledger in
            let segment = ledger.composeSegment(
                now: now,
                horizon: horizon,
                taking: taken.map(\.fire),
                isTaking: isTaking,
                nonce: nonce
            )
            return (segment, ledger.takeReplacements())
        }
        await replace(replaced)
        guard let segment else { return .nothing }
        let names = entries.map(\.name)
        let commands = entries.map(\.dispatch)
        entries = []
        if Mutation.launchesBeforeCommit.isOn { await launch(segment.fires, taken, of: 0) }
        switch try await outcome({ lane in
            try await lane.journal.commit(segment, taking: names, fence: lane.fence)
        }) {
        case .committed(let sent, let roundTrip, let transaction):
            noteCommit(sent, roundTrip)
            journalLatency = max(context.time.monotonic - began, journalLatency * 9 / 10)
            await committed(taken: taken, commands: commands, in: transaction)
            return .goOn
        case .rejected where Mutation.takesRefusalForCommit.isOn:
            await committed(taken: taken, commands: commands, in: 0)
            try await loadAgain()
            return .goOn
        case .rejected:
            live.ledger.withLock { $0.segmentRejected() }
            try await loadAgain()
            return .goOn
        case .foreign:
            context.logger.error(
                "another process writes this incarnation's journal: is the machine a live clone?"
            )
            return .end(.sealed)
        }
    }

    /// Writes what changed; also just to renew the lease.
    mutating func checkpoint(isRenewal: Bool) async throws -> Progress {
        guard let plan = live.ledger.withLock({ $0.composeCheckpoint(isRenewal: isRenewal) }) else {
            return .nothing
        }
        changedSince = nil
        switch try await outcome({ lane in try await lane.journal.write(plan, fence: lane.fence) }) {
        case .committed(let sent, let roundTrip, _):
            live.ledger.withLock { $0.checkpointCommitted() }
            noteCommit(sent, roundTrip)
            if isRenewal { context.desk.bell.ring() }
            return .goOn
        case .rejected:
            live.ledger.withLock { $0.checkpointRejected() }
            try await loadAgain()
            return .goOn
        case .foreign:
            return .end(.sealed)
        }
    }

    /// Performs a write; one that the server refuses for good counts as rejected, so that nothing stays in hand.
    mutating func outcome(
        _ write: (inout JournalLane) async throws -> JournalOutcome
    ) async throws -> JournalOutcome {
        do {
            return try await write(&self)
        } catch let error as ZooKeeperError where !error.endsSession && !error.isOutcomeUnknown {
            context.logger.error("ZooKeeper refuses a write of the journal", metadata: ["error": "\(error)"])
            try await context.time.sleep(for: AgentTiming.backoff.upperBound)
            return .rejected
        }
    }

    /// After a refused write: nothing was decided; look at the fence, the rows and the inbox as they are now.
    mutating func loadAgain() async throws {
        try await reader.catchUp()
        rejectionCount += 1
        // Loading resolves what refused a write. Should something else be wrong, nobody is to be kept busy with it.
        if rejectionCount > AgentTiming.rejectionsAtOnce {
            try await context.time.sleep(for: AgentTiming.backoff.lowerBound * min(rejectionCount, 50))
        }
        live.wish {
            $0.table = true
            $0.inbox = true
        }
    }

    /// A dispatched run as a fire, and what it executes; `nil` when the task is gone.
    struct Taken {
        /// Its name in the inbox.
        var name: String
        var run: DispatchedRun
        var fire: JournaledFire
        var specification: TaskSpecification?
    }

    private func take(_ entries: [(name: String, dispatch: Dispatch)]) async throws -> [Taken] {
        var taken: [Taken] = []
        for entry in entries {
            guard case .launch(let run) = entry.dispatch else { continue }
            let floor = live.ledger.withLock { $0.floor }
            taken.append(Taken(entry.name, run, try await definition(for: run), floor: floor))
        }
        return taken
    }

    private func definition(for run: DispatchedRun) async throws -> TaskDefinition? {
        if let known = live.ledger.withLock({ $0.definition(run.uid) }), known.revision >= run.revision {
            return known
        }
        return try await definitions(of: [(run.task, run.uid)]).first
    }

    private func committed(taken: [Taken], commands: [Dispatch], in transaction: Int64) async {
        let fires = live.ledger.withLock { $0.segmentCommitted() }
        if !Mutation.launchesBeforeCommit.isOn {
            await launch(fires, taken, of: transaction, except: Set(commands.compactMap(\.stopped)))
        }
        let decided = fires.filter { $0.decision != .launch }.map { withTerms($0, taken) }
        context.spool.submit(decided.map { report($0, .decided(at: context.time.now)) })
        for command in commands { await obey(command) }
    }

    /// Hands what is to be launched to the desk, which launches nothing that the same segment stops.
    private func launch(
        _ fires: [JournaledFire],
        _ taken: [Taken],
        of transaction: Int64,
        except stopped: Set<AttemptID> = []
    ) async {
        var launches: [AttemptDesk.Launch] = []
        for (index, fire) in fires.enumerated() where fire.decision == .launch {
            let dispatched = taken.first { $0.fire.attempt == fire.attempt }
            let specification =
                dispatched?.specification
                ?? live.ledger.withLock { $0.definition(fire.uid)?.specification(forDue: fire.due) }
            guard let specification else {
                preconditionFailure("\(fire.attempt) was journaled without a definition")
            }
            var launch = fire
            launch.terms = specification.launchTerms(withTerms(fire, taken).terms, ofPart: fire.part)
            let fence = FencingToken(transaction: transaction, index: index, base: live.fenceBase)
            launches.append(.init(fire: launch, specification: specification, fence: fence))
        }
        await context.desk.add(launches, of: live, except: stopped)
    }

    /// The fire with what its run was given, which the journal leaves out.
    private func withTerms(_ fire: JournaledFire, _ taken: [Taken]) -> JournaledFire {
        var fire = fire
        if let dispatched = taken.first(where: { $0.fire.attempt == fire.attempt }) {
            fire.terms = dispatched.run.terms
        } else if fire.trigger == .schedule {
            let definition = live.ledger.withLock { $0.definition(fire.uid) }
            fire.terms = definition?.exceptionTerms(decidedAt: fire.due)
        }
        return fire
    }

    private func obey(_ command: Dispatch) async {
        switch command {
        case .launch: break
        case .stop(let attempt): await context.desk.stop(attempt, kill: false)
        case .kill(let attempt): await context.desk.stop(attempt, kill: true)
        case .grant(let attempt): await context.desk.entitle(attempt)
        }
    }

    private func report(_ fire: JournaledFire, _ phase: RunReport.Phase) -> RunReport {
        let seat = context.configuration.seat
        return RunReport(
            fire: fire,
            agent: seat.agent,
            incarnation: live.incarnation,
            runtime: seat.runtime,
            phase: phase
        )
    }

    /// The agent stops: when what runs has come to an end, results go to disk and to the leader, then the session may end.
    mutating func handOver() async -> End {
        await context.desk.closed.wait()
        let deadline = context.time.monotonic + AgentTiming.flushMax
        while context.time.monotonic < deadline, !Task.isCancelled {
            let isBehind = live.ledger.withLock { $0.needsCheckpoint }
            if isBehind, await session.state.isConnected {
                do {
                    _ = try await checkpoint(isRenewal: false)
                } catch {
                    // The journal stays as it is, which the leader can read as well.
                    return .stopping
                }
            }
            if !isBehind, context.board.isSettled, context.spool.isEmpty { break }
            await live.bell.wait(
                until: min(deadline, context.time.monotonic + AgentTiming.settle / 10),
                context.time
            )
        }
        return .stopping
    }
}

extension JournalLane.Taken {
    init(_ name: String, _ run: DispatchedRun, _ definition: TaskDefinition?, floor: Instant?) {
        self.name = name
        self.run = run
        specification = definition?.specification(forDue: run.splitAt)
        fire = JournaledFire(run, definition, decision: Self.decision(run, definition))
        // The dispatch may have been taken in the history that was lost (rule T3).
        if let floor, run.due <= floor {
            fire.decision = .missed(reason: MissedReason.restored, since: run.due, count: 1)
        }
    }

    private static func decision(_ run: DispatchedRun, _ definition: TaskDefinition?) -> FireDecision {
        guard let definition else { return .skipped(reason: "the task was deleted") }
        if run.trigger == .completion, run.origin?.chain != definition.completionSince {
            return .skipped(reason: SkippedReason.unscheduled)
        }
        if definition.specification.residency != nil, run.trigger != .completion {
            return .skipped(reason: SkippedReason.resident)
        }
        if run.trigger == .start, !definition.counts(at: run.due) {
            return .skipped(reason: SkippedReason.paused)
        }
        return .launch
    }
}

extension Dispatch {
    /// Its place among those that are taken together: what is due first comes first, after orders about what lives.
    fileprivate var due: Instant {
        if case .launch(let run) = self { run.due } else { Instant(millisecondsSinceEpoch: .min) }
    }
}
