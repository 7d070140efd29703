import Cluster
import Domain
import Scheduling
import ZooKeeper

/// Running the fires of a past span of a schedule.
extension CenterControl {
    func plan(_ request: BackfillRequest) async throws -> BackfillPlan {
        let leading = try leading()
        guard let task = definition(request.task) else { throw Self.unknown(request.task) }
        let shard = try shard(of: request, task.specification)
        var plan = try plan(request, of: task, shard)
        guard plan.runs <= Backfill.Limit.firesUnconfirmed else { return plan }
        let known = try await translating { try await BackfillShelf(writer: leading.writer).all() }
        let past = PastFires(history: history, tree: tree, others: known.map(\.value))
        var (existing, existingRuns) = (0, 0)
        var cursor = request.from - .milliseconds(1)
        let schedule = task.backfilled(from: request.from)
        let split = task.specification.split
        let parts = shard.map { [$0] } ?? Array(split.parts)
        while let due = schedule.nextDue(after: cursor), due <= request.to {
            let missing = try await past.missing(parts, of: split, at: due, task)
            if missing.isEmpty { existing += 1 }
            existingRuns += parts.count - missing.count
            cursor = due
        }
        plan.existing = existing
        plan.existingRuns = existingRuns
        return plan
    }

    func backfill(_ request: BackfillRequest) async throws -> BackfillView {
        defer { state.hints.backfills.wake() }
        return try await change { leading in
            guard let task = definition(request.task) else { throw Self.unknown(request.task) }
            let id = BackfillID.requested(of: task.uid, key: request.key, in: tree)
            let shelf = BackfillShelf(writer: leading.writer)
            let shard = try shard(of: request, task.specification)
            if let known = try await shelf.read(id)?.value {
                guard known.means(request, shard) else { throw Self.otherwiseUsed(id) }
                return await view(of: known)
            }
            let plan = try plan(request, of: task, shard)
            guard request.isConfirmed || plan.runs <= Backfill.Limit.firesUnconfirmed else {
                let runs = plan.runs == plan.count ? "" : " with \(plan.runs) runs"
                throw CenterError.conflict(
                    "the span has \(plan.count) fires\(runs), more than \(Backfill.Limit.firesUnconfirmed): "
                        + "confirm that so many are meant (--yes), or give a shorter one"
                )
            }
            let backfill = Backfill(
                id: id,
                task: task,
                timeline: state.store.read { $0.identity?.timeline },
                from: request.from,
                to: request.to,
                parallel: request.parallel,
                shard: shard,
                isRepeating: request.isRepeating,
                terms: request.terms,
                createdAt: time.now,
                total: plan.count
            )
            try await makeRoom(for: backfill, shelf)
            try await shelf.create(backfill, task.backfilled(from: request.from))
            return await view(of: backfill)
        } rereading: { _ in
        }
    }

    func backfills(of task: TaskID?) async throws -> [BackfillView] {
        let leading = try leading()
        let known = try await translating { try await BackfillShelf(writer: leading.writer).all() }
        var views: [BackfillView] = []
        for backfill in known.map(\.value) where task.map({ $0 == backfill.task }) ?? true {
            views.append(await view(of: backfill))
        }
        return views
    }

    func backfill(_ id: BackfillID) async throws -> BackfillView {
        let leading = try leading()
        guard let known = try await translating({ try await BackfillShelf(writer: leading.writer).read(id) })
        else { throw CenterError.notFound(kind: "backfill", name: id.text) }
        return await view(of: known.value)
    }

    func change(_ id: BackfillID, _ command: BackfillCommand, _ note: ChangeNote) async throws -> BackfillView
    {
        try refuse(note.problems(message: "reason"))
        defer { state.hints.backfills.wake() }
        let now = time.now
        return try await change { leading in
            let shelf = BackfillShelf(writer: leading.writer)
            guard let known = try await shelf.read(id) else {
                throw CenterError.notFound(kind: "backfill", name: id.text)
            }
            var next = known.value
            guard !next.state.isFinal else {
                throw CenterError.conflict("backfill \(id) is over (\(next.state.rawValue))")
            }
            switch command {
            case .stop(let kill):
                next.stop(kill: kill, because: note.sentence, now: now)
            case .pause:
                guard next.state != .stopping else { throw Self.stopping(id) }
                next.pause(because: note.sentence)
            case .resume:
                guard next.state != .stopping else { throw Self.stopping(id) }
                if next.state == .paused {
                    try await resume(next, instead: known, shelf)
                    return try await backfill(id)
                }
            }
            if next != known.value { try await shelf.put(next, instead: known) }
            return await view(of: next)
        } rereading: { _ in
        }
    }

    private func resume(_ paused: Backfill, instead known: Versioned<Backfill>, _ shelf: BackfillShelf)
        async throws
    {
        let (task, timeline) = state.store.read { ($0.task(paused.uid), $0.identity?.timeline) }
        guard let task else {
            throw CenterError.conflict("task \(paused.task) of backfill \(paused.id) was deleted: stop it")
        }
        try refuseBroadcast(of: task)
        try refuseIncomplete(task.specification)
        guard let former = try await shelf.task(of: paused.id) else {
            throw CenterError.conflict("backfill \(paused.id) cannot be read: stop it")
        }
        try refuseOtherShards(of: task.specification, than: former.value.specification, paused)
        var next = paused
        next.resume(
            revision: task.revision,
            timeline: timeline ?? paused.timeline,
            shards: task.specification.shards?.total
        )
        var mistakes = task.specification.problems(withValues: paused.terms.parameters, ofParts: next.parts)
        mistakes += BackfillRequest.problems(parallel: paused.parallel, runs: next.parts.count)
        guard mistakes.isEmpty else { throw CenterError.invalid(mistakes) }
        let taken = task.scheduled(like: former.value)
        try await shelf.put(next, instead: known, task: (taken, former.version))
    }

    private static func stopping(_ id: BackfillID) -> CenterError {
        .conflict("backfill \(id) is being stopped: that is for good; begin a new one")
    }

    private static func otherwiseUsed(_ id: BackfillID) -> CenterError {
        .conflict(
            "this key was used for backfill \(id), which has another span or other parameters: use another key, or ask for the same"
        )
    }
}

extension CenterControl {
    // It does not throw itself: of a function that throws and gives a large value as it is stored, the optimizer
    // makes a jump to `memcpy`, without clearing the register that says whether an error was thrown.
    private func definition(_ name: TaskID) -> TaskDefinition? {
        state.store.read { $0.tasks[name]?.value }
    }

    private static func unknown(_ task: TaskID) -> CenterError { .notFound(kind: "task", name: task.text) }

    /// The number of the only shard that is asked for; `nil` for all of the task.
    private func shard(of request: BackfillRequest, _ task: TaskSpecification) throws -> Int? {
        guard let name = request.shard else { return nil }
        guard let index = task.shards?.index(of: name) else { throw Self.unknownShard(name, of: task) }
        return index
    }

    /// Refuses to go on with a task that is split otherwise than what has begun.
    private func refuseOtherShards(
        of task: TaskSpecification,
        than former: TaskSpecification,
        _ paused: Backfill
    ) throws {
        if let begun = paused.begun, task.shards != former.shards {
            throw CenterError.conflict(
                "the fire at \(begun.due) has begun with some of the shards that task \(task.name) had, and the task is split "
                    + "otherwise now: stop backfill \(paused.id), and begin another one"
            )
        }
        guard let shard = paused.shard else { return }
        let name = former.shards?.name(of: shard)
        guard let shards = task.shards, shard < shards.total, shards.name(of: shard) == name else {
            throw CenterError.conflict(
                "backfill \(paused.id) is of shard \(name ?? String(shard)), which task \(task.name) does not have any more in that "
                    + "place: stop it, and begin another one"
            )
        }
    }

    /// What a backfill would do, but for what exists; refuses one that cannot be.
    private func plan(_ request: BackfillRequest, of task: TaskDefinition, _ shard: Int?) throws
        -> BackfillPlan
    {
        if let refusal = CenterError.refusal(toRun: task) { throw refusal }
        try refuseBroadcast(of: task)
        try refuseIncomplete(task.specification)
        let parts = shard.map { [$0] } ?? Array(task.specification.split.parts)
        var problems = request.problems(now: time.now) + request.terms.problems
        problems += BackfillRequest.problems(parallel: request.parallel, runs: parts.count)
        problems += task.specification.problems(withValues: request.terms.parameters, ofParts: parts)
        if let most = task.specification.concurrency.livingMax, request.parallel > most {
            let runs = most == 1 ? "one run" : "\(most) runs"
            let message = "task \(task.name) allows \(runs) at a time: give \(most) at most"
            problems.append(ValidationProblem(field: "parallel", message: message))
        }
        guard problems.isEmpty else { throw CenterError.invalid(problems) }
        let schedule = task.backfilled(from: request.from)
        guard let first = schedule.nextDue(after: request.from - .milliseconds(1)), first <= request.to else {
            let message =
                "the schedules of task \(task.name) have no due instant from \(request.from) to \(request.to)"
            throw CenterError.invalid([ValidationProblem(field: "from", message: message)])
        }
        var (count, last) = (1, first)
        while let due = schedule.nextDue(after: last), due <= request.to {
            (count, last) = (count + 1, due)
            guard count * parts.count <= Backfill.Limit.firesMax else {
                let unit = parts.count == 1 ? "fires" : "runs"
                let message =
                    "the span has more than the \(Backfill.Limit.firesMax) \(unit) of one backfill: split it"
                throw CenterError.invalid([ValidationProblem(field: "to", message: message)])
            }
        }
        return BackfillPlan(
            task: task.name,
            revision: task.revision,
            count: count,
            runs: count * parts.count,
            first: first,
            last: last
        )
    }

    /// Refuses a backfill that another one is in the way of, and forgets old ones.
    private func makeRoom(for backfill: Backfill, _ shelf: BackfillShelf) async throws {
        let all = try await shelf.all()
        let unfinished = all.map(\.value).filter { !$0.state.isFinal }
        if let other = unfinished.first(where: {
            $0.uid == backfill.uid && $0.from <= backfill.to && backfill.from <= $0.to
        }) {
            throw CenterError.conflict(
                "backfill \(other.id) of task \(other.task) has fires of this span and is not over (\(other.state.rawValue)): "
                    + "wait for its end, or stop it"
            )
        }
        guard unfinished.count < Self.unfinishedMax else {
            throw CenterError.conflict(
                "\(unfinished.count) backfills are not over, which is as many as there may be: wait for the end of one, or stop one"
            )
        }
        let old = all.filter(\.value.state.isFinal).enumerated().filter { index, known in
            index >= Self.finishedMax || (known.value.endedAt ?? time.now) + Self.finishedAge < time.now
        }
        for (_, known) in old { try await shelf.remove(known) }
    }

    /// As many as an operator can oversee.
    private static let unfinishedMax = 100
    /// Backfills that are over are kept as long as the history keeps runs by default, and no more than a list shows.
    private static let finishedMax = 200
    private static let finishedAge = Duration.seconds(30 * 86_400)

    private func view(of backfill: Backfill) async -> BackfillView {
        let next = backfill.begun?.shards?.waiting.first
        guard next != nil || backfill.waiting > 0, backfill.mayDispatch,
            let roster = await state.leading?.reconciler.roster,
            let task = state.store.read({ $0.task(backfill.uid) }),
            roster.agent(for: task, part: next ?? backfill.shard ?? 0) == nil
        else { return BackfillView(backfill) }
        let obstacle = "no live agent may run task \(task.name) now"
        return BackfillView(backfill, obstacle: obstacle)
    }
}

extension BackfillRequest {
    /// What is wrong with the span, and with the number of runs.
    func problems(now: Instant) -> [ValidationProblem] {
        var problems: [ValidationProblem] = []
        if from > to {
            let message = "the span ends before it begins (\(from) to \(to)): exchange from and to"
            problems.append(ValidationProblem(field: "to", message: message))
        }
        if to > now {
            let message = "\(to) is yet to come, and its fires are the schedule's: give a time that is over"
            problems.append(ValidationProblem(field: "to", message: message))
        } else if to > now - Backfill.Limit.age {
            let message =
                "\(to) is less than a minute ago, and what came due since may still be the schedule's: give an earlier time"
            problems.append(ValidationProblem(field: "to", message: message))
        }
        if !(1...Backfill.Limit.parallelMax).contains(parallel) {
            let message = "\(parallel) is not a number from 1 to \(Backfill.Limit.parallelMax)"
            problems.append(ValidationProblem(field: "parallel", message: message))
        }
        return problems
    }

    /// What is wrong with so many fires at a time of so many runs each.
    fileprivate static func problems(parallel: Int, runs: Int) -> [ValidationProblem] {
        let most = Backfill.Limit.runsMax / max(1, runs)
        guard runs > 1, parallel > most, parallel <= Backfill.Limit.parallelMax else { return [] }
        let message =
            "\(parallel) fires with \(runs) runs each are more than the \(Backfill.Limit.runsMax) runs at a time: give \(most) at most"
        return [ValidationProblem(field: "parallel", message: message)]
    }
}

extension Backfill {
    /// Whether a request is the one that began it.
    fileprivate func means(_ request: BackfillRequest, _ shard: Int?) -> Bool {
        from == request.from && to == request.to && parallel == request.parallel && self.shard == shard
            && isRepeating == request.isRepeating && terms.means(request.terms)
    }
}

extension ChangeNote {
    /// Who says why; `nil` when nobody says anything.
    fileprivate var sentence: String? {
        switch (author, message) {
        case (let author?, let message?): "\(message) (\(author))"
        case (let author?, nil): "by \(author)"
        case (nil, let message): message
        }
    }
}
