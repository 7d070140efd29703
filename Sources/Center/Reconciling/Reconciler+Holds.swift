import Cluster
import Domain
import Scheduling
import ZooKeeper

/// What a former owner of a row may have left alive.
enum Remains: Hashable, Sendable {
    /// It is gone, and had attempts of these parts running.
    case cutOff(Set<TaskPart>)
    /// It lives, and has these attempts running or in its inbox.
    case alive([TaskPart: [AttemptID]])
}

/// Attempts that rows hold because they live with somebody else: lifted when their ends are known.
extension Reconciler {
    /// Lets owners go on whose rows hold nothing that lives any more.
    ///
    /// An attempt whose agent is gone may live until it is killed: instead of it the row holds that its former owner was cut off.
    func liftHolds() async throws {
        nextLift = nil
        for key in (mirror?.held ?? []).sorted() {
            guard let row = mirror?.row(key), let hold = row.hold, let place = mirror?.places[key] else {
                continue
            }
            var lifted = RowHold(cutOffs: hold.cutOffs)
            for attempt in hold.attempts {
                switch try await state(of: attempt) {
                case .alive: lifted.attempts.append(attempt)
                case .unknown:
                    if try await !bring(attempt, to: place, row) { lifted.attempts.append(attempt) }
                case .ended: break
                case .cutOff: lifted.cutOffs += 1
                }
            }
            guard lifted != hold, var transaction = transaction() else { continue }
            var next = row
            next.hold = lifted.isEmpty ? nil : lifted
            guard transaction.add(.init(row: next, to: place)) == .added else { continue }
            try await commit(transaction)
        }
        if mirror?.held.isEmpty == false { nextLift = time.monotonic + Self.liftInterval }
    }

    /// An end was reported: a hold may have to be lifted.
    func noteEnds() {
        guard mirror?.held.isEmpty == false else { return }
        nextLift = time.monotonic
        environment.hints.wake()
    }

    /// How often holds are looked at although no end was reported here.
    private static let liftInterval = Duration.seconds(1)

    /// What the history knows of a held attempt.
    private enum AttemptState { case unknown, alive, ended, cutOff }

    /// Moves an attempt that nobody has taken yet to the inbox of the part's owner, who counts it then; `false` when that is not possible,
    /// because it was taken or because nobody owns the part.
    private func bring(_ attempt: AttemptID, to place: Place, _ row: AllocationRow) async throws -> Bool {
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

    private func state(of attempt: AttemptID) async throws -> AttemptState {
        guard let run = try await environment.history.knownRun(attempt.run) else { return .unknown }
        guard let known = run.attempts.first(where: { $0.number == attempt.number }) else {
            // It waits in an inbox, unless it was taken and not launched.
            return run.reason == nil ? .unknown : .ended
        }
        guard let result = known.result else { return .alive }
        return result.outcome == .lost ? .cutOff : .ended
    }
}

extension OpenFire {
    /// Whether a process of the attempt may run.
    var mayLive: Bool { fire.decision == .launch && result == nil }
}
