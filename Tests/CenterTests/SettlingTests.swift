import Domain
import Scheduling
import Synchronization
import Testing

@testable import Center
@testable import Cluster

/// What changes while a pass is at work.
@Suite struct SettlingTests {
    /// Puts one more task into the catalog each time it is told to, while it is active.
    private final class Intruder: Sendable {
        private struct State {
            var store: CatalogStore?
            var count = 0
        }
        private let state = Mutex(State())

        var count: Int { state.withLock(\.count) }

        func begin(_ store: CatalogStore) { state.withLock { $0.store = store } }

        func end() { state.withLock { $0.store = nil } }

        func intrude() {
            let (store, number) = state.withLock { state in
                if state.store != nil { state.count += 1 }
                return (state.store, state.count)
            }
            guard let store else { return }
            let task = TaskDefinition.created(
                .every(60, "intruder-\(number)"),
                uid: RandomSource(SystemRandomNumberGenerator()).taskUID(),
                now: Workshop.start
            )
            store.change { catalog in
                catalog.set(
                    bucket: 1_000 + number,
                    Versioned(TaskIndex(tasks: [task.name: task.indexEntry]), version: 0),
                    changed: [Versioned(task, version: 0)]
                )
            }
        }
    }

    @Test("a task that comes after every look of a pass is placed by the next one, without a hint")
    func comesDuringPass() async throws {
        let intruder = Intruder()
        let workshop = try Workshop { intruder.intrude() }
        let leader = try await workshop.leader()
        _ = try await workshop.agent("a")
        try await leader.pass()
        _ = try await leader.control.save([.every(60, "first")], condition: .any)
        intruder.begin(leader.state.store)
        try await leader.leading.reconciler.pass()
        intruder.end()
        #expect(intruder.count > 1)
        try await leader.leading.reconciler.pass()
        #expect(await leader.control.cluster().unplacedCount == 0)
        #expect(try workshop.places().count == intruder.count + 1)
    }
}
