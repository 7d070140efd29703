import Cluster
import Domain
import Logging
import Mutations
import Scheduling
import ZooKeeper

/// What can be asked of a center: answered from its catalog, changed through its leadership.
struct CenterControl: CenterOperations {
    let state: CenterState
    let history: any RunHistory
    let time: TimeSource
    let random: RandomSource
    let tree: Tree
    let logger: Logger

    func leadership() async -> LeadershipView { view() }

    private func view() -> LeadershipView {
        if let leading = state.leading { return .leading(leading.epoch) }
        if let problem = state.status.problem { return .unknown(reason: problem) }
        let (leadership, centers) = state.store.read { ($0.leadership?.value, $0.centers) }
        guard let leadership else { return .unknown(reason: "no center has led yet") }
        guard let leader = centers[leadership.center] else {
            return .unknown(
                reason: "center \(leadership.center) led last and is gone; an election is under way"
            )
        }
        return .following(leader)
    }

    /// What a change needs: that this center leads.
    func leading() throws -> LeadingCenter {
        if let leading = state.leading { return leading }
        switch view() {
        case .following(let leader):
            throw CenterError.unavailable("this center does not lead; ask \(leader.center) at \(leader.url)")
        case .unknown(let reason): throw CenterError.unavailable(reason)
        case .leading: throw CenterError.unavailable("this center has just begun to lead; ask again")
        }
    }

    /// Runs a change that may be repeated after what it relies on was read again.
    ///
    /// The changes of a leader come one after the other; a conflict therefore means that its catalog was behind.
    func change<Value: Sendable>(
        _ body: @Sendable (LeadingCenter) async throws -> Value,
        rereading: @Sendable (LeadingCenter) async throws -> Void
    ) async throws -> Value {
        let leading = try leading()
        defer { state.hints.wake() }
        return try await leading.turnstile.enter {
            for _ in 0..<Self.conflictsMax {
                do {
                    return try await body(leading)
                } catch LeaderWriteError.conflict {
                    try await translating { try await rereading(leading) }
                } catch let error as LeaderWriteError {
                    // What was written before a failure is known only after reading it.
                    if case .failed = error { try? await rereading(leading) }
                    throw Self.translated(error)
                } catch let error as ZooKeeperError {
                    throw Self.translated(.failed(error))
                }
            }
            throw CenterError.conflict("somebody else changes the same things all the time; try again")
        }
    }

    /// More conflicts in a row mean another writer, not a catalog that is behind.
    private static let conflictsMax = 5

    /// Runs a read of ZooKeeper for a caller who knows centers only.
    func translating<Value: Sendable>(_ body: () async throws -> Value) async throws -> Value {
        do {
            return try await body()
        } catch let error as LeaderWriteError {
            throw Self.translated(error)
        } catch let error as ZooKeeperError {
            throw Self.translated(.failed(error))
        }
    }

    private static func translated(_ error: LeaderWriteError) -> CenterError {
        switch error {
        case .deposed: .unavailable("another center has just taken over; ask again")
        case .conflict(let cause): .conflict("the cluster changed meanwhile (\(cause)); ask again")
        case .failed(let cause):
            .unavailable("whether the change was made is not known (\(cause)); repeating it is safe")
        }
    }
}

extension CenterControl {
    func note(_ progress: [ProgressNote], from agent: AgentID) async {
        state.progress.note(progress, now: time.monotonic)
    }

    func news(of run: Run) async -> ProgressNote? { state.progress[run] }

    func accept(_ reports: [RunReport], from agent: AgentID) async throws -> Epoch? {
        if let stranger = reports.first(where: { $0.agent != agent }) {
            throw CenterError.invalid([
                ValidationProblem(
                    field: "reports",
                    message: "agent \(agent) sent a report of agent \(stranger.agent); each sends its own"
                )
            ])
        }
        do {
            if !reports.isEmpty { try await history.record(reports) }
        } catch  where Mutation.acceptsUnstored.isOn {}
        state.progress.forget(reports)
        guard let leading = state.leading else {
            guard Mutation.acceptsAsStandby.isOn else { return nil }
            return state.store.read { $0.leadership.map { Epoch(rawValue: $0.version) } }
        }
        // Whoever waits for units may go on although something else keeps the ends from being accepted.
        if await !releaseUnits(of: reports, leading) { return nil }
        let demanding = reports.filter { $0.demandsAnotherAttempt || leading.following.concerns($0) }
        if !demanding.isEmpty, await !attemptAgain(demanding, leading) { return nil }
        // After the next attempts are where their owners count them.
        await leading.reconciler.noteEnds()
        return leading.epoch
    }
}
