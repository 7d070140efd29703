import Cluster
import Domain
import Scheduling
import ZooKeeper

/// What a former owner of a row may have left alive.
enum Remains: Hashable, Sendable {
    /// It is gone, and had attempts of these parts running.
    case cutOff(Set<TaskPart>)
    /// It lives, and has these attempts running or in its inbox.
    case alive([TaskPart: [HeldAttempt]])
}

/// Attempts that rows hold because they live with somebody else: lifted when their ends are known.
extension Reconciler {
    /// Lets owners go on whose rows hold nothing that lives any more.
    ///
    /// An attempt whose agent is gone may live until it is killed: instead of it the row holds that its former owner was cut off.
    func liftHolds() async throws {
        nextLift = nil
        let held = mirror?.held ?? []
        cutOffsSeen = cutOffsSeen.filter { held.contains($0.key) }
        for key in held.sorted() {
            guard let row = mirror?.row(key), let hold = row.hold, let place = mirror?.places[key] else {
                continue
            }
            var lifted = RowHold(cutOffs: hold.cutOffs)
            for held in hold.attempts {
                switch try await state(of: held, place) {
                case .alive: lifted.attempts.append(held)
                case .over: break
                case .cutOff: lifted.cutOffs += 1
                }
            }
            if await isOver(lifted.cutOffs, of: key) { lifted.cutOffs = 0 }
            guard lifted != hold, var transaction = transaction() else { continue }
            var next = row
            next.hold = lifted.isEmpty ? nil : lifted
            guard transaction.add(.init(row: next, to: place)) == .added else { continue }
            try await commit(transaction)
        }
        if mirror?.held.isEmpty == false { nextLift = time.monotonic + Self.liftInterval }
    }

    /// How many owners of a part were cut off when this leader looked last, and when it first saw so many.
    struct CutOffs: Hashable, Sendable {
        var count: Int
        var since: MonotonicInstant
    }

    /// Whether whatever owners that were cut off have left of a part is dead, long after this leader first saw that they were.
    ///
    /// What the part's owner has decided meanwhile says nothing: it may have done so before it knew of them (rule O3).
    private func isOver(_ count: Int, of key: TaskPart) async -> Bool {
        guard count > 0 else {
            cutOffsSeen[key] = nil
            return false
        }
        let now = time.monotonic
        guard let seen = cutOffsSeen[key], seen.count == count else {
            cutOffsSeen[key] = CutOffs(count: count, since: now)
            return false
        }
        let killGrace = environment.store.read { $0.task(key.uid)?.specification.killGrace }
        let timeout = await writer.session.negotiatedTimeout ?? .zero
        let longest = timeout * 2 + (killGrace ?? TaskSpecification.killGraceDefault)
        guard seen.since + longest <= now else { return false }
        // An owner that is cut off from now on is another one, though there be as many.
        cutOffsSeen[key] = nil
        return true
    }

    /// An end was reported: a hold may have to be lifted.
    func noteEnds() {
        guard mirror?.held.isEmpty == false else { return }
        nextLift = time.monotonic
        environment.hints.wake()
    }

    /// How often holds are looked at although no end was reported here.
    private static let liftInterval = Duration.seconds(1)

    /// What has become of a held attempt: `over` also when the row's owner counts it now.
    private enum HeldState { case alive, over, cutOff }

    /// Moves an attempt that nobody has taken yet to the inbox of the part's owner, who counts it then; `false` when that is not possible,
    /// because it was taken or because nobody owns the part.
    private func bring(_ attempt: AttemptID, to place: Place) async throws -> Bool {
        guard case .owned(let seat) = place, let target = roster?.journal(of: seat),
            let fence = mirror?.fences[target]
        else { return false }
        let dispatch = LeaderDispatch(writer: writer)
        for runtime in environment.store.read({ $0.runtimes.keys.sorted() }) {
            guard let marker = try await dispatch.marker(attempt.run, runtime),
                marker.value.attempt == attempt.number
            else { continue }
            let holder = JournalID(
                seat: Seat(runtime: runtime, agent: marker.value.agent),
                incarnation: marker.value.incarnation
            )
            if holder == target { return true }
            let entries = try await dispatch.untaken(holder)
            guard let (path, entry) = entries.first(where: { $0.entry.value.launched == attempt }),
                case .launch(let run) = entry.value
            else { return false }
            let former =
                runtime == seat.runtime ? marker : try await dispatch.marker(attempt.run, seat.runtime)
            let launch = try dispatch.launchOperations(run, to: target, replacing: former, now: time.now)
            let check = Operation.check(try writer.tree.fence(target), version: fence.version)
            _ = try await writer.write([check, .delete(path, version: entry.version)] + launch)
            return true
        }
        return false
    }

    private func state(of held: HeldAttempt, _ place: Place) async throws -> HeldState {
        let attempt = held.attempt
        let run = try await environment.history.knownRun(attempt.run)
        let known = run?.attempts.first { $0.number == attempt.number }
        if let result = known?.result { return result.outcome == .lost ? .cutOff : .over }
        if known == nil {
            // It waits in an inbox, unless it was taken and not launched.
            if run?.reason != nil { return .over }
            if try await bring(attempt, to: place) { return .over }
        }
        let seat = Seat(runtime: held.runtime, agent: held.agent)
        let holder = JournalID(seat: seat, incarnation: held.incarnation)
        // What its holder's journal said was decided and is gone, with a history that knew of it.
        return mirror?.fences[holder] == nil ? .cutOff : .alive
    }
}

extension OpenFire {
    /// Whether a process of the attempt may run.
    var mayLive: Bool { fire.decision == .launch && result == nil }

    /// Whether another attempt may have to follow, now that its agent is gone.
    var mayBeRepeated: Bool {
        guard fire.decision == .launch else { return false }
        return result.map { fire.demandsAnotherAttempt(after: $0) } ?? (fire.delivery == .atLeastOnce)
    }
}
