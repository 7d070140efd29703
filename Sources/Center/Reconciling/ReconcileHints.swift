import Domain
import Synchronization

/// What happened since the last pass, as far as anybody noticed, and the wish for a pass.
///
/// Hints are merged: a hundred of them cause one pass.
final class ReconcileHints: Sendable {
    private struct State {
        var unlisted: Set<RuntimeID> = []
        var isEverythingUnlisted = false
        var isRunShelved = false
        var listener: AsyncStream<Void>.Continuation?
    }

    private let state = Mutex(State())
    /// Wakes whoever drives backfills.
    let backfills = WakeUp()
    /// Wakes whoever grants units.
    let pools = WakeUp()

    /// Wishes for passes, for the one who performs them; the latest caller gets them.
    func wishes() -> AsyncStream<Void> {
        // One pending wish is as good as many.
        let (stream, continuation) = AsyncStream.makeStream(
            of: Void.self,
            bufferingPolicy: .bufferingNewest(1)
        )
        state.withLock { $0.listener = continuation }
        continuation.yield()
        return stream
    }

    /// Asks for a pass.
    func wake() { _ = state.withLock(\.listener)?.yield() }

    /// Says that agents of a runtime came or went: its journals are to be listed.
    func agentsChanged(_ runtime: RuntimeID) {
        state.withLock { _ = $0.unlisted.insert(runtime) }
        wake()
    }

    /// Says that something may have gone unnoticed: the journals of all runtimes are to be listed.
    func everythingMayHaveChanged() {
        state.withLock { $0.isEverythingUnlisted = true }
        wake()
    }

    /// Says that a run waits for nothing but an agent.
    func runShelved() {
        state.withLock { $0.isRunShelved = true }
        wake()
    }

    /// Whether that was said since this was asked last.
    func takeShelved() -> Bool {
        state.withLock { state in
            defer { state.isRunShelved = false }
            return state.isRunShelved
        }
    }

    /// Whether agents came or went, or may have, since the runtimes to list were taken.
    var haveAgentsChanged: Bool { state.withLock { $0.isEverythingUnlisted || !$0.unlisted.isEmpty } }

    /// The runtimes to list, sorted; `nil` means all.
    func takeUnlisted() -> [RuntimeID]? {
        state.withLock { state in
            let taken = state.isEverythingUnlisted ? nil : state.unlisted.sorted()
            state.isEverythingUnlisted = false
            state.unlisted = []
            return taken
        }
    }
}
