import Cluster
import Domain
import Scheduling
import SimulationKit
import Synchronization
import Testing
import ZooKeeper

@testable import Center

@Suite struct RegrantCrashTests {
    @Test("a table too large for one multi names the new incarnation only when every row has its cursor")
    func headLast() async throws {
        let due = Workshop.start + .seconds(60)
        var index = 0
        while true {
            let workshop = try Workshop()
            let first = try await workshop.leader()
            let old = try await workshop.agent("a")
            try await first.pass()
            _ = try await first.control.save((0..<850).map { .every(60, "t\($0)") }, condition: .any)
            try await first.pass()
            let fires = first.state.store.catalog.tasks.values.map {
                $0.value.fire(due, .skipped(reason: "r"))
            }
            try await old.journal(1, fires)
            await old.die()
            let new = try await workshop.agent("a")
            let target = index
            let epoch = try workshop.tree.epoch
            let counter = WriteCounter(Mutex(0))
            workshop.ensemble.loseReply(.dropped) { operations in
                guard case .check(epoch, _)? = operations.first else { return false }
                return counter.next() == target
            }
            // The leader dies at this write, or there were fewer.
            let isComplete = (try? await first.pass()) != nil
            if try workshop.head(new.name)?.incarnation == new.id.incarnation {
                #expect(try workshop.places().values.allSatisfy { $0.row.cursor == due }, "at write \(index)")
            }
            await first.die()
            let second = try await workshop.leader("c2")
            try await second.pass()
            #expect(try workshop.head(new.name)?.incarnation == new.id.incarnation)
            #expect(
                try workshop.places().values.allSatisfy { $0.row.cursor == due && $0.row.state == .active }
            )
            if isComplete { break }
            index += 1
        }
        #expect(index > 5, "the table fits too few multis: \(index) writes")
    }
}

/// Counts the writes it is asked about, from 0.
final class WriteCounter: Sendable {
    private let count: Mutex<Int>

    init(_ count: consuming Mutex<Int>) { self.count = count }

    func next() -> Int {
        count.withLock { count in
            count += 1
            return count - 1
        }
    }
}
