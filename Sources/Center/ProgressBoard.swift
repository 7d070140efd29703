import Cluster
import Domain
import Synchronization

/// How far attempts are that run, as their agents told this center last.
///
/// In memory only: agents tell every center, and tell it again, at least every minute; the last word comes with the report of the end.
final class ProgressBoard: Sendable {
    fileprivate struct Entry {
        var number: Int
        var note: ProgressNote
        var heardAt: MonotonicInstant
    }

    fileprivate struct State {
        var entries: [RunID: Entry] = [:]
        var prunedAt: MonotonicInstant?
    }

    private let state = Mutex(State())

    /// What an agent has not repeated for so long is over, or nobody knows.
    fileprivate static let patience = Duration.seconds(300)
    /// How often what is old is looked for.
    fileprivate static let pruning = Duration.seconds(60)
    /// Runs that are kept: about 50 MB.
    private static let countMax = 200_000

    /// Takes over what an agent tells.
    func note(_ notes: [ProgressNote], now: MonotonicInstant) {
        state.withLock { state in
            state.prune(now: now)
            for note in notes {
                let (run, number) = (note.attempt.run, note.attempt.number)
                if let known = state.entries[run] {
                    guard known.number <= number else { continue }
                } else if state.entries.count >= Self.countMax {
                    continue
                }
                state.entries[run] = Entry(number: number, note: note, heardAt: now)
            }
        }
    }

    /// Forgets the attempts that have ended by these reports.
    func forget(_ reports: [RunReport]) {
        state.withLock { state in
            if state.entries.isEmpty { return }
            for report in reports {
                guard case .ended = report.phase else { continue }
                let attempt = report.fire.attempt
                if state.entries[attempt.run]?.number == attempt.number { state.entries[attempt.run] = nil }
            }
        }
    }

    /// What is known of the attempt of a run that runs now.
    subscript(_ run: Run) -> ProgressNote? {
        guard let last = run.attempts.last, last.result == nil else { return nil }
        return state.withLock { state in
            guard let entry = state.entries[run.id], entry.number == last.number else { return nil }
            return entry.note
        }
    }
}

extension ProgressBoard.State {
    fileprivate mutating func prune(now: MonotonicInstant) {
        guard prunedAt.map({ now - $0 >= ProgressBoard.pruning }) ?? true else { return }
        prunedAt = now
        entries = entries.filter { now - $0.value.heardAt < ProgressBoard.patience }
    }
}
