import Cluster
import Domain
import Scheduling
import ZooKeeper

/// Runs that belong together, as a whole.
extension CenterControl {
    func occasion(of run: RunID) async throws -> OccasionView {
        let known = try await record(of: run)
        return try await view(known.occasion, of: known.task)
    }

    private func view(_ name: String, of task: TaskID) async throws -> OccasionView {
        let leading = try leading()
        return try await translating {
            let occasion = try await reader(leading).read(name, of: task)
            let cancelled = try await CancelledOccasions(writer: leading.writer).read(occasion.name)
            return OccasionView(occasion, leading.writer.tree, cancelled: cancelled?.value.reason)
        }
    }

    func cancelOccasion(of run: RunID, _ note: ChangeNote) async throws -> OccasionView {
        try refuse(note.problems(message: "reason"))
        let known = try await record(of: run)
        let now = time.now
        let name: String = try await change { leading in
            let cancelled = CancelledOccasions(writer: leading.writer)
            // What was repeated is over: what is meant is the repetition.
            let occasion = try await reader(leading).latest(known.occasion, of: known.task)
            if try await cancelled.read(occasion.name) != nil { return occasion.name }
            guard occasion.members.contains(where: \.isUnfinished) else {
                throw CenterError.conflict(
                    "everything that belongs to run \(run) is over: nothing is cancelled"
                )
            }
            for old in try await cancelled.all()
            where old.value.isOver && old.value.at + Self.cancellationAge < now {
                try await cancelled.remove(old)
            }
            let by = note.author.map { " by \($0)" } ?? ""
            let why = note.message.map { ": \($0)" } ?? ""
            let cancellation = Cancellation(
                occasion: occasion.name,
                task: known.task,
                reason: "cancelled\(by)\(why)",
                at: now
            )
            try await cancelled.put(cancellation, instead: nil)
            return occasion.name
        } rereading: { _ in
        }
        state.hints.backfills.wake()
        return try await view(name, of: known.task)
    }

    /// Longer than anything of an occasion waits: what is told later begins nothing.
    private static let cancellationAge = Duration.seconds(8 * 86_400)

    func repeatOccasion(of run: RunID, key _: String, _ note: ChangeNote) async throws -> OccasionRepetition {
        try refuse(note.problems(message: "note"))
        let known = try await record(of: run)
        return try await change { leading in
            let occasions = reader(leading)
            let occasion = try await occasions.read(known.occasion, of: known.task)
            try refuseUnready(occasion)
            let name = Occasion.repetition(of: occasion.name, in: leading.writer.tree)
            let begun = try await occasions.begun(name, of: known.task)
            if let last = begun.last?.run, !begun.contains(where: \.isUnfinished) {
                throw CenterError.conflict(
                    "what belongs to run \(run) was repeated, and that is over: to repeat what failed of it, say run \(last.id)"
                )
            }
            let retry = OccasionRetry(occasion)
            guard !retry.heads.isEmpty else {
                throw CenterError.conflict(
                    "nothing that belongs to run \(run) has failed or was skipped because of what failed: nothing is repeated"
                )
            }
            let repetition = Repetition(occasion: name, note: note, now: time.now)
            let runs = try await leading.following.begin(
                retry,
                repetition,
                await leading.reconciler.roster
            )
            return OccasionRepetition(occasion: name, runs: runs.sorted(), tasks: retry.again)
        } rereading: { _ in
        }
    }

    /// Refuses what is not over, and what cannot be repeated as a whole.
    private func refuseUnready(_ occasion: Occasion) throws {
        if let unfinished = occasion.members.first(where: \.isUnfinished) {
            let id = unfinished.run.map { " (run \($0.id))" } ?? ""
            throw CenterError.conflict(
                "\(unfinished.task.name)\(id) is not over: wait for its end, or cancel the rest"
            )
        }
        if let split = occasion.members.first(where: { $0.partsMissing > 0 }) {
            throw CenterError.conflict(
                "\(split.task.name) is not over (shards without a record: \(split.partsMissing)): wait for the end of all of them"
            )
        }
        if let split = occasion.members.first(where: { $0.hasFailed && !$0.parts.isEmpty }) {
            throw CenterError.conflict(
                "\(split.task.name) has several runs on this occasion, some of which have not succeeded: repeat these by "
                    + "themselves (run retry), then what comes after them"
            )
        }
        for member in occasion.members { try refuseIncomplete(member.task.specification) }
    }

    private func record(of run: RunID) async throws -> Run {
        _ = try leading()
        guard let known = try await history.knownRun(run) else {
            throw CenterError.notFound(kind: "run", name: run.text)
        }
        guard state.store.read({ $0.task(known.uid) }) != nil else {
            throw CenterError.notFound(kind: "task", name: "\(known.task) of run \(run)")
        }
        return known
    }

    private func reader(_ leading: LeadingCenter) -> OccasionReader {
        OccasionReader(leading: leading, store: state.store, history: history)
    }
}

extension OccasionView {
    init(_ occasion: Occasion, _ tree: Tree, cancelled: String?) {
        self.init(
            occasion: occasion.name,
            cancelled: cancelled,
            steps: occasion.members.map { Step($0, tree, occasion.name) }
        )
    }
}

extension OccasionView.Step {
    fileprivate init(_ member: Occasion.Member, _ tree: Tree, _ occasion: String) {
        let following = RunID.dependent(member.task.uid, on: occasion, in: tree)
        let name = member.task.name
        if let run = member.run {
            self.init(task: name, run: run.id, state: .run(run.state), reason: run.reason)
        } else if let awaited = member.awaited {
            self.init(task: name, run: following, state: awaited.value.isReady ? .ready : .waiting)
        } else if member.isDispatched {
            self.init(task: name, run: following, state: .dispatched)
        } else {
            self.init(task: name, run: nil, state: .absent)
        }
    }
}
