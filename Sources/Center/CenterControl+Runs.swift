import Cluster
import Domain
import Mutations
import Orchestration
import Scheduling
import ZooKeeper

extension CenterControl {
    func requestRuns(of task: TaskID, key: String, terms: RunTerms, shard: String?) async throws -> [RunID] {
        _ = try leading()
        guard let definition = state.store.catalog.tasks[task]?.value else {
            throw CenterError.notFound(kind: "task", name: task.text)
        }
        var part: Int?
        if let shard {
            part = definition.specification.shards?.index(of: shard)
            if part == nil { throw Self.unknownShard(shard, of: definition.specification) }
        }
        return try await requestRuns(of: definition, key: key, terms: terms, part: part)
    }

    /// Requests the runs of all parts of a task, or of one.
    private func requestRuns(of task: TaskDefinition, key: String, terms: RunTerms, part: Int?) async throws
        -> [RunID]
    {
        if let refusal = CenterError.refusal(toRun: task) { throw refusal }
        let leading = try leading()
        try refuseIncomplete(task.specification)
        let nonce = Mutation.dispatchesBlindly.isOn ? String(random.bits()) : ""
        let run = RunID.requested(of: task.uid, key: key + nonce, in: tree)
        let meant = part.map { [$0] } ?? Array(task.specification.split.parts)
        let mistakes =
            task.specification.problems(withValues: terms.parameters, ofParts: meant) + terms.problems
            + terms.startProblems(now: time.now)
        // The same for all parts: by it their attempts work out how the request is split.
        let now = time.now
        let asked = terms.asked(at: now)
        return try await translating {
            if task.specification.split == .whole {
                let request = request(run, of: task, part: 0, asked, occasion: nil, now: now)
                try await dispatch(request, of: task, mistakes, leading)
                return [run]
            }
            let parts = if let part { [part] } else { await requestedParts(of: task, leading) }
            // What comes after them waits for all of them; of a part that is asked for alone, for that one.
            let occasion = part == nil ? run.text : nil
            return try await pipelined(parts, limit: Self.partsAtOnceMax) { part in
                let own = RunID.part(part, of: run, in: tree)
                let request = request(own, of: task, part: part, asked, occasion: occasion, now: now)
                try await dispatch(request, of: task, mistakes, leading)
                return own
            }
        }
    }

    /// The parts that a request is for: of a broadcast those of the agents that may run it now; 0 for nobody, whose refusal says why.
    private func requestedParts(of task: TaskDefinition, _ leading: LeadingCenter) async -> [Int] {
        let agents = await leading.reconciler.roster?.agents(of: task.specification.runtime) ?? []
        return PlannableTask.parts(of: task, among: agents).map(\.part.part)
    }

    private func request(
        _ run: RunID,
        of task: TaskDefinition,
        part: Int,
        _ terms: RunTerms,
        occasion: String?,
        now: Instant
    ) -> DispatchedRun {
        let origin = RunOrigin(occasion: occasion, meantFor: terms.meantFor)
        return DispatchedRun(
            attempt: AttemptID(run: run, number: 1),
            task: task.name,
            uid: task.uid,
            part: part,
            revision: task.revision,
            due: terms.startsAt ?? now,
            trigger: .request,
            origin: origin == RunOrigin() ? nil : origin,
            terms: terms.isEmpty ? nil : terms
        )
    }

    /// Puts a request into the inbox of an agent, unless that was done before.
    private func dispatch(
        _ request: DispatchedRun,
        of task: TaskDefinition,
        _ mistakes: [ValidationProblem],
        _ leading: LeadingCenter
    ) async throws {
        let (run, terms) = (request.attempt.run, request.terms ?? RunTerms())
        if try await isDispatched(run, terms, leading) { return }
        guard mistakes.isEmpty else { throw CenterError.invalid(mistakes) }
        for attempt in 1...Self.targetsMax {
            guard let roster = await leading.reconciler.roster else { break }
            guard let target = roster.agent(for: task, part: request.part),
                let fence = roster.mirror.fences[target]
            else {
                // A task whose runs are counted may be on its way to its owner.
                if attempt < Self.targetsMax, task.specification.concurrency.livingMax != nil {
                    try await time.sleep(for: Self.targetDelay)
                    continue
                }
                throw CenterError.unavailable(
                    "no live agent may run task \(task.name): start one in runtime \(task.specification.runtime) "
                        + "or widen the task's placement"
                )
            }
            do {
                let isFirst = try await LeaderDispatch(writer: leading.writer)
                    .request(request, to: target, fence: fence.version, now: time.now)
                if !isFirst { _ = try await isDispatched(run, terms, leading) }
                return
            } catch LeaderWriteError.conflict {
                // The agent went away, or its fence was raised: look again.
                try await time.sleep(for: Self.targetDelay)
            }
        }
        throw CenterError.unavailable("the cluster is changing; ask again with the same key")
    }

    static func unknownShard(_ shard: String, of task: TaskSpecification) -> CenterError {
        let message: String
        if let shards = task.shards {
            let names =
                if case .names(let names) = shards { " (\(names.joined(separator: ", ")))" } else { "" }
            message =
                "task \(task.name) has no shard '\(shard.prefix(80))': name one of 0 to \(shards.total - 1)\(names.prefix(200))"
        } else {
            message = "task \(task.name) has no shards: leave shard out"
        }
        return .invalid([ValidationProblem(field: "shard", message: message)])
    }

    /// Parts of one request that are dispatched at a time.
    private static let partsAtOnceMax = 16

    /// How often another agent is tried, and how long the leader gets to learn that one went away.
    private static let targetsMax = 10
    private static let targetDelay = Duration.milliseconds(50)

    /// Whether the request was dispatched before, also when its task was in another runtime then; refuses one that means another run.
    private func isDispatched(_ run: RunID, _ terms: RunTerms, _ leading: LeadingCenter) async throws -> Bool
    {
        let runtimes = state.store.read { $0.runtimes.keys.sorted() }
        let marker = try await LeaderDispatch(writer: leading.writer).latestMarker(run, in: runtimes)
        guard let marker else { return false }
        guard (marker.terms ?? RunTerms()).means(terms) else {
            throw CenterError.conflict(
                "this key was used for run \(run), which was given other parameters or another time: "
                    + "use another key, or ask for the same"
            )
        }
        return true
    }

    func retryRun(_ id: RunID, key: String, terms: RunTerms) async throws -> RunID {
        _ = try leading()
        guard let run = try await history.run(id) else {
            throw CenterError.notFound(kind: "run", name: id.text)
        }
        guard run.state.isFinal else {
            throw CenterError.conflict(
                "run \(id) is not over (\(run.state.rawValue)): stop it, or wait for its end"
            )
        }
        guard run.count == 1 else {
            throw CenterError.conflict(
                "run \(id) stands for \(run.count) due instants: run the task with the time that is meant (task run --due)"
            )
        }
        guard let task = state.store.read({ $0.task(run.uid) }) else {
            throw CenterError.notFound(kind: "task", name: "\(run.task) of run \(id)")
        }
        var repeated = terms
        repeated.parameters = (run.terms?.parameters ?? [:]).merging(terms.parameters) { $1 }
        repeated.meantFor = run.terms?.meantFor ?? run.due
        repeated.retryOf = id
        repeated.inputs = run.terms?.inputs ?? TaskOutputs()
        let split = task.specification.split
        guard split.contains(run.part), task.split(at: run.splitAt) == split else {
            throw CenterError.conflict(
                "task \(task.name) is not split any more as it was when run \(id) was due: run the task with the time that is meant "
                    + "(task run --due)"
            )
        }
        let part = task.specification.split == .whole ? nil : run.part
        let runs = try await requestRuns(of: task, key: key, terms: repeated, part: part)
        return runs.first ?? id
    }

    func stop(_ run: RunID, kill: Bool) async throws {
        let leading = try leading()
        let (attempt, owner) = try await runningAttempt(run, leading)
        guard let fence = await leading.reconciler.mirror?.fences[owner], !fence.value.isSealed,
            state.store.read({ $0.agents[owner.seat]?.incarnation }) == owner.incarnation
        else {
            throw CenterError.unavailable(
                "agent \(owner.seat.agent), which had run \(run), is away; what became of the run will be known when it returns"
            )
        }
        let command: Dispatch = kill ? .kill(attempt) : .stop(attempt)
        try await translating {
            try await LeaderDispatch(writer: leading.writer).command(command, to: owner, fence: fence.version)
        }
    }

    /// The attempt that runs now and where, by the history or, before its first report, by its marker or its task's owner.
    private func runningAttempt(_ id: RunID, _ leading: LeadingCenter) async throws -> (AttemptID, JournalID)
    {
        if let run = try await history.run(id) {
            guard !run.state.isFinal, let last = run.attempts.last else {
                throw CenterError.conflict(
                    "run \(id) is over (\(run.state.rawValue)); there is nothing to stop"
                )
            }
            if last.result == nil {
                let seat = Seat(runtime: run.runtime, agent: last.agent)
                return (
                    AttemptID(run: id, number: last.number),
                    JournalID(seat: seat, incarnation: last.incarnation)
                )
            }
            // The next attempt waits where its marker says.
            if let found = try await dispatched(id, leading), found.0.number > last.number { return found }
            throw CenterError.unavailable("the next attempt of run \(id) is being dispatched; ask again")
        }
        if let key = id.fireKey, key.due <= time.now, let roster = await leading.reconciler.roster,
            case .owned(let seat) = roster.mirror.places[TaskPart(uid: key.uid, part: key.part)],
            let owner = roster.journal(of: seat)
        {
            return (AttemptID(run: id, number: 1), owner)
        }
        if let found = try await dispatched(id, leading) { return found }
        throw CenterError.notFound(kind: "run", name: id.text)
    }

    func runToCome(_ id: RunID) async throws -> Run? {
        guard id.fireKey == nil, let leading = state.leading,
            let (attempt, owner) = try await dispatched(id, leading)
        else { return nil }
        return try await translating { () async throws -> Run? in
            let dispatch = LeaderDispatch(writer: leading.writer)
            guard let run = try await dispatch.launch(of: attempt, to: owner), run.terms?.startsAt != nil
            else { return nil }
            return Run(toCome: run, in: owner.seat.runtime)
        }
    }

    /// The latest attempt of a run that was put into an inbox, and whose; `nil` when none was.
    private func dispatched(_ id: RunID, _ leading: LeadingCenter) async throws -> (AttemptID, JournalID)? {
        for runtime in state.store.read({ $0.runtimes.keys.sorted() }) {
            let marker = try await translating {
                try await LeaderDispatch(writer: leading.writer).marker(id, runtime)?.value
            }
            guard let marker else { continue }
            let seat = Seat(runtime: runtime, agent: marker.agent)
            return (
                AttemptID(run: id, number: marker.attempt),
                JournalID(seat: seat, incarnation: marker.incarnation)
            )
        }
        return nil
    }
}
