import Domain
import Synchronization

/// The live centers, as last read: what deliveries go to, also while ZooKeeper is away.
final class CenterDirectory: Sendable {
    private struct State {
        var centers: [CenterID: CenterRegistration] = [:]
        var bells: [CenterID: Bell] = [:]
    }

    private let state = Mutex(State())
    /// Rings when the list changed.
    let changes = Bell()

    func replace(_ centers: [CenterRegistration]) {
        state.withLock { state in
            state.centers = Dictionary(centers.map { ($0.center, $0) }) { _, last in last }
        }
        changes.ring()
        ringAll()
    }

    subscript(_ center: CenterID) -> CenterRegistration? { state.withLock { $0.centers[center] } }

    /// The centers that nobody serves yet, sorted; each comes back once, with the bell that its deliveries wait for.
    func unserved() -> [(center: CenterID, bell: Bell)] {
        state.withLock { state in
            state.centers.keys.sorted().filter { state.bells[$0] == nil }.map { center in
                let bell = Bell()
                state.bells[center] = bell
                return (center, bell)
            }
        }
    }

    /// The center is served no more.
    func leave(_ center: CenterID) { state.withLock { $0.bells[center] = nil } }

    /// There is something to deliver.
    func ringAll() {
        for bell in state.withLock({ state in state.bells.keys.sorted().compactMap { state.bells[$0] } }) {
            bell.ring()
        }
    }
}
