import Agent
import Center
import CenterDoubles
import Cluster
import Domain
import Scheduling
import SimulationKit
import Synchronization
import Testing
import ZooKeeper

/// A center whose history was lost, or is new, with real agents that remember what it has forgotten.
@Suite struct RefillTests {
    private let world: ClusterWorld
    private let c1 = CenterID("c1")!
    private let c2 = CenterID("c2")!

    init() throws { world = try ClusterWorld(seed: 4) }

    @Test(
        "a center that comes back with an empty history collects it from the agents",
        arguments: ["c1", "c2"]
    )
    func refilled(_ name: String) async throws {
        let center = try #require(CenterID(name))
        try await world.work(.seconds(60))
        world.kill(center: center)
        world.run(.seconds(12), faults: 0)
        world.start(center: center, isEmptied: true)
        world.run(.seconds(30), faults: 0)
        let (refilled, other) = (
            try await world.runs(on: center), try await world.runs(on: center == c1 ? c2 : c1)
        )
        let earlier = other.filter { $0.value.due < world.now - .seconds(45) && $0.value.state != .lost }
        #expect(earlier.count > 500)
        for (id, run) in earlier { #expect(refilled[id] == run) }
    }

    @Test("a center that kept its history is told only what it has not")
    func notRepeated() async throws {
        try await world.work(.seconds(30))
        world.kill(center: c2)
        world.run(.seconds(12), faults: 0)
        world.start(center: c2, isEmptied: false)
        world.run(.seconds(5), faults: 0)
        #expect(world.network.batches.withLock { $0.allSatisfy { !$0.isRefill } })
        let runs = try await world.runs(on: c2)
        #expect(runs.values.filter { $0.due < world.now - .seconds(3) && $0.state == .running }.isEmpty)
    }

    @Test(
        "fresh results are not delayed by a backlog, of which the newest comes first, nor by a center that wants none"
    )
    func freshFirst() async throws {
        try await world.work(.seconds(60))
        world.kill(center: c2)
        world.run(.seconds(12), faults: 0)
        world.network.isBusy.withLock { $0 = true }
        world.network.batches.withLock { $0 = [] }
        world.start(center: c2, isEmptied: true)
        world.run(.seconds(10), faults: 0)
        let begun = try await world.runs(on: c2)
        #expect(begun.count > 80)
        #expect(begun.values.allSatisfy { $0.due > world.now - .seconds(15) })
        world.network.isBusy.withLock { $0 = false }
        world.run(.seconds(10), faults: 0)
        #expect(try await world.runs(on: c2).count > begun.count + 500)
        let backlogs = world.network.batches.withLock { batches in
            batches.filter { $0.isRefill && $0.reports.first?.agent.text == "a" }.map(\.reports)
        }
        let seconds = backlogs.joined().map(\.fire.due.millisecondsSinceEpoch)
        #expect(backlogs.count > 1)
        #expect(backlogs.allSatisfy { $0.count <= 200 })
        #expect(try #require(seconds.first) > #require(seconds.last))
    }

    @Test("what comes twice changes nothing")
    func idempotent() async throws {
        try await world.work(.seconds(20))
        let before = try await world.runs(on: c2)
        let reports = world.machines.flatMap { $0.store.reports }
        let history = try world.history(of: c2)
        try await history.record(Array(reports.reversed()))
        let after = try await world.runs(on: c2)
        for (id, run) in before where run.state.isFinal { #expect(after[id] == run) }
    }

    @Test("the result of a living agent that only its backlog has is accepted")
    func acceptedFromBacklog() async throws {
        for center in [c1, c2] { world.kill(center: center) }
        world.run(.seconds(12), faults: 0)
        for center in [c1, c2] { world.start(center: center, isEmptied: true) }
        world.run(.seconds(5), faults: 0)
        try await world.work(.seconds(10))
        for center in [c1, c2] { world.kill(center: center) }
        world.run(.seconds(20), faults: 0)
        for center in [c1, c2] { world.start(center: center, isEmptied: true) }
        world.run(.seconds(40), faults: 0)
        let runs = try await world.runs(on: c1)
        #expect(runs.count > 200)
        #expect(runs.values.allSatisfy { $0.state == .succeeded || $0.state == .running })
        #expect(runs.values.filter { $0.due < world.now - .seconds(5) && $0.state == .running }.isEmpty)
    }

    @Test("a center that knows the result corrects a peer that calls the attempt lost, on all of them")
    func peersCorrect() async throws {
        try await world.work(.seconds(5))
        let run = try #require(try await world.runs(on: c2).values.first { $0.state == .succeeded })
        let fire = try #require(
            world.machines.lazy.flatMap { $0.store.reports }.first { $0.fire.attempt.run == run.id }
        )
        var loss = fire
        loss.phase = .ended(AttemptResult(attempt: fire.fire.attempt, outcome: .lost, endedAt: world.now))
        // As the leader decides it whose history does not have the result; no agent tells it either.
        world.network.isBusy.withLock { $0 = true }
        world.kill(center: c1)
        world.start(center: c1, isEmptied: true)
        try await world.history(of: c1).author([loss])
        world.run(.seconds(12), faults: 0)
        for center in [c1, c2] {
            let record = try #require(try await world.runs(on: center)[run.id])
            #expect(record.state == .succeeded)
            #expect(record.attempts[0].isCorrected)
        }
    }

    @Test(
        "a center that was away when a result came, and whose agent is gone for good, learns it from its peers"
    )
    func lateCenter() async throws {
        try await world.work(.seconds(5), tasks: 4)
        let machine = world.machines[0]
        // Results end with the disk that has them, except those that the other center has.
        world.kill(center: c2)
        world.run(.seconds(10), faults: 0)
        let stuck = try await world.runs(on: c2).values.filter { $0.state == .running }.map(\.id)
        machine.process?.cancel()
        world.machines.removeFirst()
        world.run(.seconds(20), faults: 0)
        world.start(center: c2, isEmptied: false)
        world.run(.seconds(150), faults: 0)
        let (mine, other) = (try await world.runs(on: c2), try await world.runs(on: c1))
        #expect(!stuck.isEmpty)
        for id in stuck { #expect(mine[id]?.state == other[id]?.state) }
        let old = mine.values.filter { $0.due < world.now - .seconds(30) }
        #expect(old.allSatisfy { $0.state.isFinal })
    }
}
