import Cluster
import Domain
import Logging
import Orchestration
import Scheduling
import ZooKeeper

/// What follows from the report of a living agent: further attempts, and the runs that come after.
extension CenterControl {
    /// Dispatches the attempts that these reports ask for; `false` when one of them has to wait, to be asked for again.
    ///
    /// What is dispatched here is only what still stands in the reporter's journal. A reporter that does not live for this leader
    /// is left to the reconciler, which decides its journal.
    func attemptAgain(_ reports: [RunReport], _ leading: LeadingCenter) async -> Bool {
        do {
            var open: [JournalID: Set<AttemptID>] = [:]
            var isComplete = true
            for report in reports {
                let report = try await withOutputs(report)
                if report.isUntold, RunEnd(report)?.at.isNear(time.now, within: Self.untoldPatience) ?? false
                {
                    isComplete = false
                    continue
                }
                if !report.demandsAnotherAttempt, try await follow(report, leading) { continue }
                let reporter = JournalID(
                    seat: Seat(runtime: report.runtime, agent: report.agent),
                    incarnation: report.incarnation
                )
                if open[reporter] == nil { open[reporter] = try await openFires(of: reporter, leading) }
                guard let fires = open[reporter] else { return false }
                if !fires.contains(report.fire.attempt) { continue }
                if report.demandsAnotherAttempt {
                    if try await !attemptAgain(report, leading) { isComplete = false }
                } else if let end = RunEnd(report), let roster = await leading.reconciler.roster {
                    try await leading.following.follow(end, roster)
                }
            }
            return isComplete
        } catch {
            logger.debug("A further attempt cannot be dispatched now", metadata: ["error": "\(error)"])
            return false
        }
    }

    /// The report with what the run told, as far as the history knows it: an agent that repeats a report leaves that out.
    private func withOutputs(_ report: RunReport) async throws -> RunReport {
        guard report.isUntold else { return report }
        var whole = report
        whole.account = try await history.knownRun(report.fire.attempt.run)?.told(at: report.phase)
        return whole
    }

    /// A center whose history is new may hear of an end before it is given what the run told: the agent comes again.
    private static let untoldPatience = Duration.seconds(60)

    /// Does what follows from the end of a run, if the end is so young that the markers of what was dispatched because of it still stand;
    /// `false` when it has to be made sure that nobody has done so before.
    private func follow(_ report: RunReport, _ leading: LeadingCenter) async throws -> Bool {
        guard let end = RunEnd(report) else { return true }
        guard time.now < end.at + Self.recently, let roster = await leading.reconciler.roster else {
            return false
        }
        try await leading.following.follow(end, roster)
        return true
    }

    /// Much less than markers are kept, and than clocks differ.
    private static let recently = Duration.seconds(3_600)

    /// The open fires of an incarnation, as current as they were when it reported; `nil` when it does not live.
    private func openFires(of reporter: JournalID, _ leading: LeadingCenter) async throws -> Set<AttemptID>? {
        guard let roster = await leading.reconciler.roster, roster.journal(of: reporter.seat) == reporter
        else { return nil }
        let session = leading.writer.session
        try await session.sync(try tree.fence(reporter))
        let journal = try await LeaderJournal.read(reporter, session: session, tree: tree)
        return Set(journal.open.map(\.fire.attempt))
    }

    /// Dispatches the attempt after this one, unless that was done; `false` when it has to wait.
    private func attemptAgain(_ report: RunReport, _ leading: LeadingCenter) async throws -> Bool {
        let fire = report.fire
        guard case .ended(let result) = report.phase else { return true }
        guard let task = state.store.read({ $0.task(fire.uid) }) else {
            try await giveUpRetry(report, result, because: "its task is gone")
            return true
        }
        if let roster = await leading.reconciler.roster, roster.isAbandoned(fire.key, of: task) {
            let isRecent = result.endedAt.isNear(time.now, within: Reconciler.returnPatience)
            if roster.mayReturn(fire.key, of: task), isRecent { return false }
            try await giveUpRetry(report, result, because: SkippedReason.partGone)
            return true
        }
        var next = OpenFireDecision.nextAttempt(of: fire, task)
        next.putOff(until: result.retryAt, now: time.now, task.specification.retry)
        let run = next.attempt.run
        if let known = try await history.knownRun(run),
            known.attempts.contains(where: { $0.number >= next.attempt.number })
        {
            return true
        }
        let dispatch = LeaderDispatch(writer: leading.writer)
        let runtimes = state.store.read { $0.runtimes.keys.sorted() }
        if let latest = try await dispatch.latestMarker(run, in: runtimes) {
            next.terms = latest.terms
            if latest.attempt >= next.attempt.number { return true }
            // A retry has a pause of its own.
            let pause = Self.pause(before: next.attempt.number)
            if result.retryAt == nil, latest.dispatchedAt.isNear(time.now, within: pause) { return false }
        }
        guard let roster = await leading.reconciler.roster,
            let target = roster.agent(
                for: next,
                of: task,
                after: result.retryAt == nil ? nil : report.agent
            ),
            let fence = roster.mirror.fences[target]
        else { return false }
        let marker = try await dispatch.marker(run, target.seat.runtime)
        let check = Operation.check(try tree.fence(target), version: fence.version)
        _ = try await leading.writer.write(
            [check] + dispatch.launchOperations(next, to: target, replacing: marker, now: time.now)
        )
        return true
    }

    /// Records that the attempt that was announced does not follow.
    private func giveUpRetry(_ report: RunReport, _ result: AttemptResult, because reason: String)
        async throws
    {
        guard result.retryAt != nil else { return }
        var (final, result) = (report, result)
        result.giveUpRetry(because: reason)
        final.phase = .ended(result)
        try await history.author([final])
    }

    /// How long after the previous dispatch an attempt may follow: an agent that can start nothing must not keep everybody busy.
    private static func pause(before number: Int) -> Duration {
        min(Duration.seconds(5) * (1 << min(max(number - 3, 0), 6)), .seconds(300))
    }
}

extension RunReport {
    /// Whether the attempt has told something that the report does not have.
    fileprivate var isUntold: Bool {
        guard account == nil, case .ended(let result) = phase else { return false }
        return result.outputCount != nil
    }
}
