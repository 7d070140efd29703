import Cluster
import Domain
import Scheduling

/// Runs that follow the starts of agents' processes.
extension Reconciler {
    /// Dispatches what follows starts that the agents' heads do not name yet, then names them there.
    ///
    /// A run has the identity that its task and the start give it: a leader that is cut off in between leaves nothing undone and nothing
    /// twice.
    func followStarts() async throws {
        guard let situation = situation() else { return }
        let news = situation.usable.keys.sorted().filter { seat in
            guard let start = situation.catalog.agents[seat]?.start,
                let head = mirror?.tables[seat]?.head?.value
            else { return false }
            return head.incarnation == situation.usable[seat] && head.followedStart != start.id
        }
        guard !news.isEmpty else { return }
        let tasks = situation.catalog.tasks.values.map(\.value)
            .filter { $0.nextStartDue(after: time.now) != nil }
            .sorted { $0.name < $1.name }
        for seat in news {
            guard let start = situation.catalog.agents[seat]?.start, let target = situation.journal(of: seat)
            else { continue }
            for task in tasks where situation.roster.mayRun(task, at: seat) {
                try await dispatch(task, after: start, at: target)
            }
            guard var transaction = transaction() else { return }
            transaction.requireFence(target)
            transaction.noteStart(start.id, of: seat)
            try await commit(transaction)
        }
    }

    private func dispatch(_ task: TaskDefinition, after start: ProcessStart, at target: JournalID)
        async throws
    {
        // A start in the future, by an agent's wrong clock, is one now.
        guard let due = task.nextStartDue(after: min(start.at, time.now)),
            let fence = mirror?.fences[target]?.version
        else { return }
        let run = RunID.started(start.id, of: task.uid, in: writer.tree)
        if try await environment.history.knownRun(run) != nil { return }
        let dispatched = DispatchedRun(
            attempt: AttemptID(run: run, number: 1),
            task: task.name,
            uid: task.uid,
            revision: task.revision,
            due: due,
            trigger: .start,
            origin: RunOrigin(start: AgentStart(agent: target.seat.agent, id: start.id))
        )
        let dispatch = LeaderDispatch(writer: writer)
        _ = try await dispatch.request(dispatched, to: target, fence: fence, now: time.now)
    }
}
