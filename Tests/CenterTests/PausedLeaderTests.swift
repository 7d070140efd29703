import CenterDoubles
import Cluster
import Domain
import Scheduling
import SimulationKit
import Synchronization
import Testing
import ZooKeeper

@testable import Center

/// A leader that is stopped between reading and writing, and goes on when another has long led (faults F49, F50).
@Suite struct PausedLeaderTests {
    /// A scene with work for the leader: an agent that has gone, one that has come, tasks edited and deleted.
    private func makeWork(_ workshop: Workshop, _ first: Leader) async throws {
        let (a, b) = (try await workshop.agent("a"), try await workshop.agent("b"))
        try await first.pass()
        _ = try await first.control.save((0..<8).map { .every(60, "t\($0)") }, condition: .any)
        try await first.pass()
        let row = try #require(try workshop.rows()[.owned(a.id.seat)]?.first)
        let task = try #require(first.state.store.catalog.task(row.uid))
        try await a.journal(1, [task.fire(Workshop.start + .seconds(60))])
        await a.die()
        _ = try await workshop.agent("c")
        _ = b
        _ = try await first.control.save([.every(30, "t1")], condition: .any)
        try await first.control.deleteTask(TaskID("t2")!)
    }

    @Test("a leader stopped before any of its writes is refused when it goes on, and changes nothing")
    func everyWrite() async throws {
        var index = 0
        while true {
            let workshop = try Workshop()
            let pause = Pause()
            let first = try await workshop.leader(pausingWith: pause)
            try await makeWork(workshop, first)
            let left = Mutex(index)
            pause.set { operations in
                guard case .check? = operations.first else { return false }
                return left.withLock { left in
                    defer { left -= 1 }
                    return left == 0
                }
            } then: {
                let second = try await workshop.leader("c2")
                try await second.pass()
                try await second.pass()
            }
            do {
                try await first.pass()
            } catch LeaderWriteError.deposed {
                #expect(pause.wasReached)
            }
            guard pause.wasReached else { break }
            let after = try await workshop.leader("c3")
            let before = workshop.nodes
            try await after.pass()
            try await after.pass()
            // Nothing was left to do: what the paused leader did or did not do shows nowhere.
            #expect(workshop.nodes == before, "stopped before write \(index)")
            #expect(try workshop.places().count == 7)
            index += 1
        }
        #expect(index > 5, "the scene is too easy: the leader needed only \(index) writes")
    }

    @Test("a center stopped between reading the epoch and taking office does not take it from another")
    func takingOffice() async throws {
        let workshop = try Workshop()
        let pause = Pause()
        let office = try workshop.tree.epoch
        pause.set {
            $0.contains { $0.path == office }
        } then: {
            _ = try await workshop.leader("c2")
        }
        await #expect(throws: LeaderWriteError.deposed) {
            _ = try await workshop.leader("c1", pausingWith: pause)
        }
        let node = try #require(workshop.ensemble.node(office))
        let holder: Leadership = try ZNodeCodec.decode(from: node.data, at: office.text)
        #expect(node.stat.version == 1 && holder.center == CenterID("c2"))
    }
}

extension Workshop {
    /// Everything that is there but what tells who leads: sessions, candidates, `/epoch`.
    fileprivate var nodes: [ZNodePath: [UInt8]] {
        ensemble.paths.reduce(into: [:]) { nodes, path in
            if path.components.contains("election") || path.name == "epoch" { return }
            nodes[path] = ensemble.node(path)?.data
        }
    }
}
