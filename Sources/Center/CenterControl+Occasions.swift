import Cluster
import Domain
import Scheduling
import ZooKeeper

/// Runs that belong together, as a whole.
extension CenterControl {
    func occasion(of run: RunID) async throws -> OccasionView {
        let leading = try leading()
        let known = try await record(of: run)
        return try await translating {
            let occasion = try await reader(leading).read(known.occasion, of: known.task)
            let cancelled = try await CancelledOccasions(writer: leading.writer).read(occasion.name)
            return OccasionView(occasion, leading.writer.tree, cancelled: cancelled?.value.reason)
        }
    }

    func cancelOccasion(of run: RunID, _ note: ChangeNote) async throws -> OccasionView {
        try refuse(note.problems(message: "reason"))
        let known = try await record(of: run)
        let now = time.now
        try await change { leading in
            let cancelled = CancelledOccasions(writer: leading.writer)
            if try await cancelled.read(known.occasion) != nil { return }
            let occasion = try await reader(leading).read(known.occasion, of: known.task)
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
                occasion: known.occasion,
                task: known.task,
                reason: "cancelled\(by)\(why)",
                at: now
            )
            try await cancelled.put(cancellation, instead: nil)
        } rereading: { _ in
        }
        state.hints.backfills.wake()
        return try await occasion(of: run)
    }

    /// Longer than anything of an occasion waits: what is told later begins nothing.
    private static let cancellationAge = Duration.seconds(8 * 86_400)

    func repeatOccasion(of run: RunID, key: String, _ note: ChangeNote) async throws -> OccasionRepetition {
        try refuse(note.problems(message: "note"))
        let known = try await record(of: run)
        return try await change { leading in
            let occasion = try await reader(leading).read(known.occasion, of: known.task)
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
            let retry = OccasionRetry(occasion)
            guard !retry.heads.isEmpty else {
                throw CenterError.conflict(
                    "nothing that belongs to run \(run) has failed or was skipped because of what failed: nothing is repeated"
                )
            }
            let name = Self.name(of: occasion, key, leading.writer.tree)
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

    /// The occasion of a repetition: the same for the same key.
    private static func name(of occasion: Occasion, _ key: String, _ tree: Tree) -> String {
        let base = occasion.name.split(separator: "~").first.map(String.init) ?? occasion.name
        let text = occasion.name + "\n" + key
        return "\(base)~\(BackfillID.requested(of: TaskUID(bits: 0), key: text, in: tree))"
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
