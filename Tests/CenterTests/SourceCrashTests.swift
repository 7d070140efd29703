import Cluster
import Domain
import Scheduling
import SimulationKit
import Synchronization
import Testing
import ZooKeeper

@testable import Center

/// Calendars and pauses that reach their tasks although the leader ends, or hears nothing back, at any of its writes.
@Suite struct SourceCrashTests {
    private static let names = (0..<150).map { "t\($0)" }

    /// One change of what many tasks take over, and what each of them must say then.
    struct Change: Sendable, CustomTestStringConvertible {
        var testDescription: String
        /// How many writes keep what was there before, until one changes it.
        var keepingWrites: Int
        var perform: @Sendable (Leader) async throws -> Void
        var holds: @Sendable (TaskDefinition) -> Bool
    }

    static let changes = [
        Change(testDescription: "a calendar", keepingWrites: 1) { leader in
            _ = try await leader.control.save(SaveRequest(calendars: [.dates("off", "2027-01-17")]))
        } holds: { task in
            task.calendars.days.values.flatMap(\.dates).map(\.description) == ["2027-01-17"]
        },
        Change(testDescription: "a paused group", keepingWrites: 0) { leader in
            let request = ScopeRequest(.group(.standard), .pause(until: nil), confirmed: names.count)
            _ = try await leader.control.setPaused(request)
        } holds: {
            $0.suspension == .open
        },
    ]

    private func leader(_ workshop: Workshop) async throws -> Leader {
        let leader = try await workshop.leader()
        try await leader.pass()
        let tasks = try Self.names.map { try TaskSpecification.noon($0, without: "off") }
        _ = try await leader.control.save(
            SaveRequest(calendars: [.dates("off", "2027-01-16")], tasks: tasks)
        )
        try await leader.pass()
        return leader
    }

    /// Makes the leader's `index`-th write from now on lose its reply; what others write later is none of its writes.
    private func lose(_ index: Int, _ fate: InMemoryEnsemble.LostReply, of leader: Leader) {
        let counter = WriteCounter(Mutex(0))
        let epoch = leader.epoch.rawValue
        leader.workshop.ensemble.loseReply(fate) { operations in
            guard case .check(let path, let version)? = operations.first, path.name == "epoch",
                version == epoch
            else { return false }
            return counter.next() == index
        }
    }

    @Test(
        "whatever write the leader dies at, either nothing of the change is there or its successor finishes it, once",
        arguments: changes,
        [InMemoryEnsemble.LostReply.applied, .dropped]
    )
    func dies(_ change: Change, _ fate: InMemoryEnsemble.LostReply) async throws {
        var index = 0
        while true {
            let workshop = try Workshop()
            let first = try await leader(workshop)
            lose(index, fate, of: first)
            var hasFailed = false
            do { try await change.perform(first) } catch { hasFailed = true }
            await first.die()
            let second = try await workshop.leader("c2")
            try await second.pass()
            try await second.pass()
            let tasks = second.state.store.catalog.tasks.values.map(\.value)
            #expect(tasks.count == Self.names.count)
            let isDone = index > change.keepingWrites || index == change.keepingWrites && fate == .applied
            #expect(tasks.allSatisfy { change.holds($0) == isDone }, "after write \(index)")
            #expect(tasks.allSatisfy { $0.revision == (isDone ? 2 : 1) }, "after write \(index)")
            try #require(index < 12, "the change never gets through")
            if !hasFailed { break }
            index += 1
        }
        #expect(index > 1, "the change needed only \(index) writes")
    }
}
