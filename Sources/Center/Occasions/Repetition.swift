import Cluster
import Domain
import Scheduling
import ZooKeeper

/// What the runs of a repetition have in common.
struct Repetition: Sendable {
    /// Their occasion, which is new: no end of the former one is told to them, and no marker of it keeps them from running.
    var occasion: String
    var note: ChangeNote
    var now: Instant
}

extension RunFollowing {
    /// Begins a repetition: what waits for runs that are repeated first, then these, in one write as long as they fit; the identities follow from
    /// the occasion, so that it can be asked for again.
    func begin(_ retry: OccasionRetry, _ repetition: Repetition, _ roster: Roster?) async throws -> [RunID] {
        guard let roster else {
            throw CenterError.unavailable("this center has just begun to lead; ask again with the same key")
        }
        var checks: [JournalID: Operation] = [:]
        var waiting: [Operation] = []
        var launches: [Operation] = []
        var runs: [RunID] = []
        for entry in retry.waiting {
            let run = dispatched(entry.task, repetition, due: repetition.now, entry.arrivals)
            guard try await !isBegun(run.attempt.run) else { continue }
            let awaited = AwaitedRun(
                run: run,
                arrivals: entry.arrivals,
                isReady: false,
                since: repetition.now
            )
            waiting.append(try await shelf.creation(of: awaited))
        }
        for head in retry.heads {
            let run = dispatched(head, repetition)
            runs.append(run.attempt.run)
            guard try await !isBegun(run.attempt.run) else { continue }
            guard let target = roster.agent(for: run, of: head.task), let fence = roster.mirror.fences[target]
            else {
                let awaited = AwaitedRun(run: run, isReady: true, since: repetition.now)
                waiting.append(try await shelf.creation(of: awaited))
                hints.runShelved()
                continue
            }
            checks[target] = .check(try tree.fence(target), version: fence.version)
            let dispatch = LeaderDispatch(writer: writer)
            _ = try await dispatch.marker(run.attempt.run, target.seat.runtime)
            launches += try dispatch.launchOperations(run, to: target, replacing: nil, now: repetition.now)
        }
        let all = checks.sorted { $0.key < $1.key }.map(\.value) + waiting + launches
        if all.count <= LeaderWriter.Limit.operationsMax {
            if !all.isEmpty { _ = try await writer.write(all) }
            return runs
        }
        throw CenterError.conflict(
            "more would be begun at once than fits one write (\(all.count) of \(LeaderWriter.Limit.operationsMax)): repeat single runs"
        )
    }

    /// Whether a run of the repetition waits, was dispatched or is on record: somebody has asked before.
    private func isBegun(_ run: RunID) async throws -> Bool {
        if try await shelf.read(run) != nil { return true }
        return try await isKnown(run)
    }

    /// A run that is repeated at once.
    private func dispatched(_ head: OccasionRetry.Head, _ repetition: Repetition) -> DispatchedRun {
        var run = dispatched(head.task, repetition, due: repetition.now, head.arrivals)
        let former = head.former
        run.trigger = head.isFollowing ? .dependency : .request
        let meantFor = former.terms?.meantFor ?? former.due
        run.origin?.meantFor = meantFor
        run.terms = RunTerms(
            parameters: former.terms?.parameters ?? [:],
            meantFor: meantFor,
            note: repetition.note.message,
            requestedBy: repetition.note.author,
            retryOf: former.id,
            inputs: head.isFollowing ? TaskOutputs(head.arrivals) : former.terms?.inputs ?? TaskOutputs()
        )
        return run
    }

    private func dispatched(
        _ task: TaskDefinition,
        _ repetition: Repetition,
        due: Instant,
        _ arrivals: [DependencyArrival]
    ) -> DispatchedRun {
        DispatchedRun(
            attempt: AttemptID(run: .dependent(task.uid, on: repetition.occasion, in: tree), number: 1),
            task: task.name,
            uid: task.uid,
            revision: task.revision,
            due: due,
            trigger: .dependency,
            origin: RunOrigin(
                occasion: repetition.occasion,
                parents: arrivals.isEmpty ? nil : arrivals.map(\.run).sorted()
            )
        )
    }
}
