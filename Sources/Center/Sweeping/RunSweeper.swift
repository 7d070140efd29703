import Cluster
import Domain
import Logging
import Scheduling
import ZooKeeper

/// Holds every run that this center's history calls unfinished against what ZooKeeper knows, and records those as lost
/// that nobody will ever finish.
///
/// The reconciler decides what a journal holds open. This is for what no journal holds any more and this history does not
/// know the end of: its center was away when the result came and the agent's disk is gone, a leader died with the only
/// record, a report could not be read. Nothing is dispatched here: a fire leaves the journal together with its next attempt.
/// Each center sweeps its own history and authors what it decides, so that its peers hear of runs that only it knew.
struct RunSweeper: Sendable {
    let session: any ZooKeeperSession
    let tree: Tree
    let center: CenterID
    let state: CenterState
    let history: any RunHistory
    let peers: (any PeerReports)?
    let time: TimeSource
    let random: RandomSource
    let logger: Logger

    /// How often everything is looked at: rare enough to cost little, often enough that a person who looks twice sees it settled.
    static let interval = Duration.seconds(18)...Duration.seconds(22)
    /// Runs of one page of the history.
    private static let pageMax = 500

    /// Sweeps until the session is over or the task is cancelled.
    func run() async throws {
        var memory = SweepMemory()
        while true {
            try await time.sleep(for: random.duration(in: Self.interval))
            guard state.status.isWarm else { continue }
            do {
                try await sweep(&memory)
            } catch let error where !(error is CancellationError) {
                if let error = error as? ZooKeeperError, error.endsSession { throw error }
                // The next sweep looks at everything again; what was found so far stands.
                logger.debug("Runs cannot be swept now", metadata: ["error": "\(error)"])
            }
        }
    }

    /// Looks at every unfinished run once.
    func sweep(_ memory: inout SweepMemory) async throws {
        var found: [AttemptID: Whereabouts] = [:]
        var runs: [AttemptID: Run] = [:]
        // What began just now is under way, or would be looked at again anyway.
        let filter = RunFilter(states: Self.unfinished, until: time.now - Self.interval.lowerBound)
        var page: String?
        repeat {
            let next = try await history.runs(filter, page: page, limit: Self.pageMax)
            for (attempt, run, whereabouts) in try await look(at: next.elements) {
                found[attempt] = whereabouts
                runs[attempt] = run
            }
            page = next.next
        } while page != nil
        for attempt in memory.note(found) {
            guard let run = runs[attempt], let whereabouts = found[attempt] else { continue }
            try await settle(attempt, of: run, whereabouts)
            memory.settle(attempt)
        }
        state.swept(ownerless: memory.ownerlessCount)
    }

    private static let unfinished = RunState.allCases.filter { !$0.isFinal }

    /// Asks the peers, and records a loss when none of them knows better.
    private func settle(_ attempt: AttemptID, of run: Run, _ whereabouts: Whereabouts) async throws {
        if let known = await conclusion(of: attempt) { return try await history.record(known) }
        guard let last = run.attempts.last(where: { $0.number == attempt.number }) ?? run.attempts.last
        else { return }
        let delivery = state.store.read { $0.task(run.uid)?.specification.delivery }
        if var result = last.result, result.retryAt != nil {
            result.giveUpRetry(because: "the attempt that was to follow is nowhere to be found")
            try await history.author([run.report(of: last, .ended(result), delivery: delivery)])
            return
        }
        let result = AttemptResult(
            attempt: AttemptID(run: run.id, number: last.number),
            outcome: .lost,
            startedAt: last.startedAt,
            endedAt: time.now,
            message: whereabouts.reason(last)
        )
        logger.notice(
            "Recording a run as lost that nobody will finish",
            metadata: ["run.id": "\(run.id)", "agent.id": "\(last.agent)"]
        )
        try await history.author([run.report(of: last, .ended(result), delivery: delivery)])
    }

    /// What a peer knows of the attempt's end; `nil` when none that answers knows it.
    private func conclusion(of attempt: AttemptID) async -> [RunReport]? {
        guard let peers else { return nil }
        let others = state.store.read { $0.centers.values.filter { $0.center != center } }
        for peer in others.sorted(by: { $0.center < $1.center }) {
            do {
                let known = try await peers.conclusions(of: attempt.run, by: peer)
                if known.contains(where: { $0.fire.attempt == attempt }) { return known }
            } catch {
                // It corrects the record later, should it know better.
                logger.debug(
                    "A peer cannot be asked now",
                    metadata: ["center.id": "\(peer.center)", "error": "\(error)"]
                )
            }
        }
        return nil
    }
}

extension RunSweeper {
    /// An attempt without a result, and whose it is.
    private struct Lead {
        var run: Run
        var attempt: AttemptID
        var holder: JournalID
    }

    /// Where the latest attempts of these runs are.
    private func look(at runs: [Run]) async throws -> [(AttemptID, Run, Whereabouts)] {
        let leads = try await pipelined(runs) { run in try await lead(run) }.compactMap(\.self)
        let holders = Dictionary(grouping: leads, by: \.holder)
        var found: [(AttemptID, Run, Whereabouts)] = []
        for holder in holders.keys.sorted() {
            let leads = holders[holder] ?? []
            let held = try await held(by: holder, of: leads)
            let isPresent = state.store.read { $0.agents[holder.seat] != nil }
            for lead in leads {
                let absent = isPresent ? Whereabouts.released : .gone
                found.append((lead.attempt, lead.run, held.contains(lead.attempt) ? .held : absent))
            }
        }
        return found
    }

    /// The latest attempt and whose it is: the one of the record, or one that was dispatched since.
    private func lead(_ run: Run) async throws -> Lead? {
        guard let last = run.attempts.last else { return nil }
        let path = try tree.runtime(run.runtime).marker(run.id)
        if let marker = try await session.payload(DispatchMarker.self, at: path)?.value,
            marker.attempt > last.number
        {
            let seat = Seat(runtime: run.runtime, agent: marker.agent)
            let holder = JournalID(seat: seat, incarnation: marker.incarnation)
            return Lead(
                run: run,
                attempt: AttemptID(run: run.id, number: marker.attempt),
                holder: holder
            )
        }
        let seat = Seat(runtime: run.runtime, agent: last.agent)
        let holder = JournalID(seat: seat, incarnation: last.incarnation)
        return Lead(run: run, attempt: AttemptID(run: run.id, number: last.number), holder: holder)
    }

    /// The attempts that stand in the inbox or the journal of an incarnation; all of them when it cannot be read.
    ///
    /// The inbox is read first: what is taken in between is in the journal, which is read later.
    private func held(by holder: JournalID, of leads: [Lead]) async throws -> Set<AttemptID> {
        let attempts = Set(leads.map(\.attempt))
        let buckets = Set(leads.map { Buckets.checkpoint(TaskPart(uid: $0.run.uid, part: $0.run.part)) })
        do {
            try await session.sync(try tree.fence(holder))
            let entries = Set(try await session.childrenIfPresent(tree.inbox(holder)))
            let journal = try await LeaderJournal.read(
                holder,
                session: session,
                tree: tree,
                buckets: buckets
            )
            let open = Set(journal.open.map(\.fire.attempt))
            return attempts.filter { open.contains($0) || entries.contains($0.description) }
        } catch is ZNodeFormatError {
            // A person has to look at it, as the leader says; until then it decides nothing.
            return attempts
        }
    }
}
