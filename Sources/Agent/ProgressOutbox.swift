import Domain
import Synchronization

/// How far the attempts are that run and what they do, as they said last: what every center is told, and whoever asks the agent.
///
/// Bounded by the agent's slots: an attempt's later word replaces its earlier one, and its end takes it away. The last word goes with the
/// report of the end.
final class ProgressOutbox: Sendable {
    private struct Entry {
        var note: ProgressNote
        var version: Int
    }

    private struct State {
        var entries: [AttemptID: Entry] = [:]
        var version = 0
        var bells: [ObjectIdentifier: Bell] = [:]
    }

    private let state = Mutex(State())

    /// What every attempt said last, sorted.
    var notes: [ProgressNote] {
        state.withLock { $0.entries.values.map(\.note) }.sorted { $0.attempt < $1.attempt }
    }

    /// Takes over what is said about an attempt.
    func note(_ attempt: AttemptID, _ change: (inout ProgressNote) -> Void) {
        let bells = state.withLock { state in
            var note = state.entries[attempt]?.note ?? ProgressNote(attempt)
            change(&note)
            state.version += 1
            state.entries[attempt] = Entry(note: note, version: state.version)
            return Array(state.bells.values)
        }
        for bell in bells { bell.ring() }
    }

    /// The attempt is over.
    func forget(_ attempt: AttemptID) { state.withLock { $0.entries[attempt] = nil } }

    /// What was said after `version`, in that order, and up to which version that is.
    func changes(after version: Int, limit: Int) -> (notes: [ProgressNote], through: Int) {
        let later = state.withLock { state in
            state.entries.values.filter { $0.version > version }
        }
        let chosen = later.sorted { $0.version < $1.version }.prefix(limit)
        return (chosen.map(\.note), chosen.last?.version ?? version)
    }

    /// Rings a bell whenever something is said, until `detach`.
    func attach(_ bell: Bell) { state.withLock { $0.bells[ObjectIdentifier(bell)] = bell } }

    /// Rings it no more.
    func detach(_ bell: Bell) { state.withLock { $0.bells[ObjectIdentifier(bell)] = nil } }
}
