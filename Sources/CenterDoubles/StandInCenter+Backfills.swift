public import Center
public import Domain
import Scheduling

/// Backfills that do not get on.
extension StandInCenter {
    /// The run alone.
    public func occasion(of run: RunID) async throws -> OccasionView {
        guard let known = await runHistory.run(run) else {
            throw CenterError.notFound(kind: "run", name: run.text)
        }
        let step = OccasionView.Step(task: known.task, run: run, state: .run(known.state))
        return OccasionView(occasion: run.text, cancelled: cancelled[run], steps: [step])
    }

    /// Remembers that the run was cancelled.
    public func cancelOccasion(of run: RunID, _ note: ChangeNote) async throws -> OccasionView {
        cancelled[run] = note.message ?? ""
        return try await occasion(of: run)
    }

    /// Repeats the run alone.
    public func repeatOccasion(of run: RunID, key: String, _ note: ChangeNote) async throws
        -> OccasionRepetition
    {
        let tasks = try await occasion(of: run).steps.map(\.task)
        return OccasionRepetition(occasion: "\(run)~\(key)", runs: [run], tasks: tasks)
    }

    /// What a backfill would do.
    public func plan(_ request: BackfillRequest) throws -> BackfillPlan {
        let task = try definition(request.task)
        guard request.from <= request.to else {
            throw CenterError.invalid([ValidationProblem(field: "to", message: "the span is backwards")])
        }
        let shard = try shard(of: request)
        return BackfillPlan(
            task: task.name,
            revision: task.revision,
            count: 2,
            runs: shard == nil ? 2 * max(1, task.specification.split.parts.count) : 2,
            first: request.from,
            last: request.to,
            existing: 1,
            existingRuns: 1
        )
    }

    private func shard(of request: BackfillRequest) throws -> Int? {
        guard let name = request.shard else { return nil }
        if let shard = try definition(request.task).specification.shards?.index(of: name) { return shard }
        throw CenterError.invalid([ValidationProblem(field: "shard", message: "there is no shard \(name)")])
    }

    /// Begins a backfill, which does not get on.
    public func backfill(_ request: BackfillRequest) throws -> BackfillView {
        let plan = try plan(request)
        let backfill = Backfill(
            id: BackfillID(bits: UInt64(fills.count)),
            task: try definition(request.task),
            from: request.from,
            to: request.to,
            parallel: request.parallel,
            shard: try shard(of: request),
            isRepeating: request.isRepeating,
            terms: request.terms,
            createdAt: now,
            total: plan.count
        )
        fills.append(backfill)
        return BackfillView(backfill)
    }

    /// The backfills, latest first.
    public func backfills(of task: TaskID?) -> [BackfillView] {
        fills.filter { fill in task.map { $0 == fill.task } ?? true }.reversed().map { BackfillView($0) }
    }

    /// One backfill.
    public func backfill(_ id: BackfillID) throws -> BackfillView {
        guard let fill = fills.first(where: { $0.id == id }) else {
            throw CenterError.notFound(kind: "backfill", name: id.text)
        }
        return BackfillView(fill)
    }

    /// Pauses, resumes or stops a backfill.
    public func change(_ id: BackfillID, _ command: BackfillCommand, _ note: ChangeNote) throws
        -> BackfillView
    {
        var fill = try backfill(id).backfill
        guard !fill.state.isFinal else { throw CenterError.conflict("backfill \(id) is over") }
        switch command {
        case .pause: fill.pause(because: note.message)
        case .resume where fill.state == .paused:
            fill.resume(revision: fill.revision, timeline: nil, shards: fill.shards)
        case .resume: break
        case .stop(let kill): fill.stop(kill: kill, because: note.message, now: now)
        }
        fills = fills.map { $0.id == id ? fill : $0 }
        return BackfillView(fill)
    }
}
