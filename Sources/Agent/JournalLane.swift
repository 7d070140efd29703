import Cluster
import Domain
import Logging
import Mutations
import Orchestration
import Scheduling
import Synchronization
import ZooKeeper

/// The one writer of an incarnation: loads its table, journals what is due, takes its inbox, writes checkpoints.
///
/// One write at a time; everything else wakes it and is looked at in the next round.
struct JournalLane {
    /// Why an incarnation's work is over.
    enum End: Hashable, Sendable {
        /// The leader sealed it, or somebody else writes in its name.
        case sealed
        /// The session is over.
        case sessionOver
        /// The agent is to stop.
        case stopping
        /// The cluster was declared to go on from a restored state: everything is read anew.
        case timelineChanged
        /// The tree is not the one this agent belongs to, or an older state of it.
        case refused(ClusterRefusal)
    }

    let live: LiveIncarnation
    let session: any ZooKeeperSession
    let reader: AgentReader
    var journal: AgentJournal
    let context: AgentContext
    var fence: Int32 = 0
    var generations: [Int: Int] = [:]
    var taskBucketCount: Int?
    var agentCount = 1
    /// How long it lately took from looking what is due to knowing that it is committed.
    var journalLatency = Duration.zero
    var changedSince: MonotonicInstant?
    var rereadAt: MonotonicInstant
    var retryDefinitionsAt: MonotonicInstant?
    /// Definitions that the cache on disk does not have yet; `nil` when nothing has changed since it was written.
    var unremembered: [TaskDefinition]?
    var entries: [(name: String, dispatch: Dispatch)] = []
    /// Entries of the inbox that may not be taken yet; they stay there, so that whoever comes after us finds them.
    var postponed: [String: (dispatch: Dispatch, until: MonotonicInstant)] = [:]
    /// When the pauses of entries of the inbox end, also of those that were taken up since.
    var pauseEnds: [String: MonotonicInstant] = [:]
    /// Entries of the inbox that wait for the end of another run of their task; they stay there as well.
    var waiting: [String: DispatchedRun] = [:]
    /// When what owners that were cut off may have left is dead at the latest.
    var graceEnds: [TaskPart: GraceEnd] = [:]
    /// Claims on units that are to be made.
    var claims: [UnitClaim] = []
    /// Attempts whose claims are to be given back.
    var returned: [AttemptID] = []
    /// Writes refused in a row.
    var rejectionCount = 0
    private var hasComplained = false
    private var backoff = Backoff()

    init(live: LiveIncarnation, session: any ZooKeeperSession, nodes: AgentNodes, context: AgentContext) {
        self.live = live
        self.session = session
        self.context = context
        reader = AgentReader(session: session, nodes: nodes)
        journal = AgentJournal(session: session, nodes: nodes, time: context.time)
        rereadAt = context.time.monotonic
    }

    /// Works until the incarnation is over.
    mutating func run() async -> End {
        await restoreDefinitions()
        while true {
            if Task.isCancelled { return .sessionOver }
            if context.stop.isSet { return await handOver() }
            do {
                if let end = try await round() { return end }
                backoff.reset()
            } catch let error as ZooKeeperError where error.endsSession || error.code == .cancelled {
                return .sessionOver
            } catch is CancellationError {
                return .sessionOver
            } catch {
                context.logger.error(
                    "the agent cannot follow its plan; it tries again",
                    metadata: ["error": "\(error)"]
                )
                live.wish {
                    $0.table = true
                    $0.inbox = true
                }
                // Cancellation is seen by the loop.
                try? await context.time.sleep(for: backoff.pause(context.random))
            }
        }
    }

    /// One round: reads what was wished for, writes what is due, or waits.
    private mutating func round() async throws -> End? {
        guard await session.state.isConnected else {
            await live.bell.wait()
            return nil
        }
        complainIfBlocked()
        let wishes = takeWishes()
        if wishes.table {
            if let end = try await enterTimeline() { return end }
            if live.timeline != nil, try await !load() { return .sealed }
        }
        if wishes.inbox { try await readInbox() }
        lookAtHolds()
        await handOnStranded()
        var progress = try await journalDue()
        if case .end = progress {} else if let claimed = try await claimUnits() { progress = claimed }
        if case .nothing = progress, isCheckpointDue || wishes.renewal {
            progress = try await checkpoint(isRenewal: wishes.renewal)
        }
        switch progress {
        case .end(let end): return end
        case .goOn: return nil
        case .nothing:
            publishHeld()
            await remember()
            await live.bell.wait(until: nextWake(), context.time)
        }
        return nil
    }

    /// Lists the inbox; what cannot be read stays there, for a program that can.
    private mutating func readInbox() async throws {
        let limit = AgentLedger.Limit.takenPerSegment
        let known = Set(postponed.keys).union(waiting.keys)
        let (names, found) = try await reader.inbox(limit: limit, except: known)
        postponed = postponed.filter { names.contains($0.key) }
        waiting = waiting.filter { names.contains($0.key) }
        pauseEnds = pauseEnds.filter { names.contains($0.key) }
        let now = context.time.monotonic
        var isReadable = true
        entries = []
        for entry in found {
            switch entry.dispatch {
            case nil: isReadable = false
            case .launch(let run)? where pauseEnd(of: entry.name, run, now) > now:
                postponed[entry.name] = (.launch(run), pauseEnd(of: entry.name, run, now))
            case .launch(let run)? where dueWait(of: run) > .zero:
                postponed[entry.name] = (.launch(run), now + min(dueWait(of: run), AgentTiming.dueTrust))
            case let dispatch?:
                entries.append((entry.name, dispatch))
            }
        }
        takeStopped(limit: limit)
        takePostponed(limit: limit)
        // What was put off makes room for others behind it.
        if found.count == limit, entries.count < limit { live.wish { $0.inbox = true } }
        guard !isReadable else { return }
        context.logger.warning("the inbox has entries that this version cannot read")
    }

    /// Takes up what is to be stopped together with the order to stop it, so that it can be said to be over.
    private mutating func takeStopped(limit: Int) {
        var names: [AttemptID: String] = [:]
        for (name, entry) in postponed {
            if let attempt = entry.dispatch.launched { names[attempt] = name }
        }
        for (name, run) in waiting { names[run.attempt] = name }
        for order in entries {
            guard let stopped = order.dispatch.stopped, let name = names.removeValue(forKey: stopped) else {
                continue
            }
            if entries.count < limit {
                let dispatch =
                    postponed.removeValue(forKey: name)?.dispatch
                    ?? waiting.removeValue(forKey: name).map { .launch($0) }
                if let dispatch { entries.append((name, dispatch)) }
                pauseEnds[name] = context.time.monotonic
            } else {
                // There is no room for both: the order stays in the inbox for the next segment, too.
                entries.removeAll { $0.name == order.name }
                live.wish { $0.inbox = true }
            }
        }
    }

    /// Takes launches that were put off at once.
    mutating func hasten(where isMeant: (AttemptID) -> Bool) {
        let now = context.time.monotonic
        for (name, entry) in postponed {
            guard case .launch(let run) = entry.dispatch, isMeant(run.attempt) else { continue }
            postponed[name]?.until = now
            pauseEnds[name] = now
        }
    }

    /// When an entry may be taken: its pause counts from when it was first read.
    private mutating func pauseEnd(of name: String, _ run: DispatchedRun, _ now: MonotonicInstant)
        -> MonotonicInstant
    {
        let end = pauseEnds[name] ?? now + run.pause
        pauseEnds[name] = run.pause > .zero ? end : nil
        return end
    }

    /// How long a run still waits that is dispatched before it is due; a task's owner journals such a run ahead, like a fire.
    ///
    /// A request that was put off is begun when it is taken up: it waits for the instant itself.
    private func dueWait(of run: DispatchedRun) -> Duration {
        if run.terms?.startsAt != nil { return context.time.now.duration(to: run.due) }
        guard run.trigger.isAwaited(byAttempt: run.attempt.number) else { return .zero }
        return context.time.now.duration(to: run.due) - lookAhead
    }

    /// Takes up what was put off until now.
    private mutating func takePostponed(limit: Int) {
        let now = context.time.monotonic
        for (name, entry) in postponed where entry.until <= now {
            guard case .launch(let run) = entry.dispatch else { continue }
            let wait = dueWait(of: run)
            if wait > .zero { postponed[name]?.until = now + min(wait, AgentTiming.dueTrust) }
        }
        let due = postponed.filter { $0.value.until <= now }.sorted {
            ($0.value.until, $0.key) < ($1.value.until, $1.key)
        }
        for (name, entry) in due.prefix(max(0, limit - entries.count)) {
            postponed[name] = nil
            entries.append((name, entry.dispatch))
        }
    }

    /// Tells people, once, that tasks wait because the leader accepts no results.
    private mutating func complainIfBlocked() {
        let count = live.ledger.withLock { $0.blockedCount }
        defer { hasComplained = count > 0 }
        guard count > 0, !hasComplained else { return }
        context.logger.warning(
            "tasks wait because too many of their results have not been accepted: does a center lead, and can it be reached?",
            metadata: ["task.count": "\(count)"]
        )
    }

    private mutating func takeWishes() -> LiveIncarnation.Wishes {
        var wishes = live.takeWishes()
        let now = context.time.monotonic
        if now >= rereadAt {
            rereadAt = now + context.random.duration(in: AgentTiming.reread)
            let rereads = !Mutation.armsWatchOnce.isOn && !Mutation.readsBeforeWatching.isOn
            wishes.table = wishes.table || rereads
            wishes.inbox = wishes.inbox || rereads
        }
        if postponed.values.contains(where: { $0.until <= now }) { wishes.inbox = true }
        if let retry = retryDefinitionsAt, now >= retry {
            retryDefinitionsAt = nil
            wishes.table = true
        }
        return wishes
    }

    var lookAhead: Duration { LookAhead.duration(agents: agentCount, commitLatency: journalLatency) }

    mutating func noteCommit(_ sent: MonotonicInstant, _ roundTrip: Duration) {
        rejectionCount = 0
        live.committed(sent: sent, roundTrip: roundTrip)
    }

    // MARK: Waiting

    private var checkpointDelay: Duration {
        let isLarge = live.ledger.withLock { $0.partCount } >= AgentTiming.largeCount
        return isLarge ? AgentTiming.checkpointDelayLarge : AgentTiming.checkpointDelay
    }

    private var isCheckpointDue: Bool {
        let (segmentCount, isBegun) = live.ledger.withLock { ($0.segmentCount, $0.isInCheckpoint) }
        if isBegun || segmentCount >= AgentTiming.segmentsMax { return true }
        guard let changedSince else { return false }
        return context.time.monotonic >= changedSince + checkpointDelay
    }

    private mutating func nextWake() -> MonotonicInstant {
        let now = context.time.monotonic
        let (nextDue, isBehind) = live.ledger.withLock { ledger in (ledger.nextDue(), ledger.needsCheckpoint)
        }
        changedSince = isBehind ? changedSince ?? now : nil
        var wake = rereadAt
        if let nextDue {
            let early = context.time.now.duration(to: nextDue) - lookAhead
            wake = min(wake, now + min(max(early, .zero), AgentTiming.dueTrust))
        }
        if let earliest = postponed.values.map(\.until).min() { wake = min(wake, earliest) }
        if let exact = live.ledger.withLock({ $0.nextExact() }) {
            let wait = max(context.time.now.duration(to: exact), .zero)
            wake = min(wake, now + min(wait, AgentTiming.dueTrust))
        }
        if let end = graceEnds.values.map(\.at).min() { wake = min(wake, end) }
        if let changedSince { wake = min(wake, changedSince + checkpointDelay) }
        if let retryDefinitionsAt { wake = min(wake, retryDefinitionsAt) }
        return wake
    }
}
