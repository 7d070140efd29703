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

/// What an agent that is gone had open, with real agents and real centers.
@Suite struct LostRunTests {
    @Test(
        "everything is decided within 5 s of the session's end, with the reason, and attempted elsewhere if it must be",
        arguments: 1...3,
        [Delivery.atMostOnce, .atLeastOnce]
    )
    func inTime(_ seed: UInt64, _ delivery: Delivery) async throws {
        let world = try ClusterWorld(seed: seed)
        try await world.work(.seconds(20), tasks: 6, delivery: delivery)
        let gone = world.machines.removeFirst()
        let running = gone.runner.state.withLock { $0.alive.keys.sorted() }
        gone.process?.cancel()
        world.run(.seconds(5), faults: 0)
        let journals = world.ensemble.children(try world.tree.runtime(.standard).journal(gone.seat.agent))
        #expect(journals.isEmpty)
        for center in world.centers {
            let runs = try await world.runs(on: center.id)
            let mine = runs.values.flatMap(\.attempts).filter { $0.agent == gone.seat.agent }
            #expect(mine.count > 20)
            #expect(mine.allSatisfy { $0.result != nil })
            for attempt in running {
                let run = try #require(runs[attempt.run])
                let lost = try #require(run.attempts.first { $0.number == attempt.number }?.result)
                #expect(lost.outcome == .lost)
                #expect(
                    lost.message?.contains("the session of agent \(gone.seat.agent) had ended by") == true
                )
                let next = run.attempts.first { $0.number > attempt.number }
                #expect((next != nil) == (delivery == .atLeastOnce))
                #expect(next?.agent != gone.seat.agent)
            }
        }
    }

    @Test("a truth that its agent's disk kept comes when the agent is started again, and corrects the record")
    func lateTruth() async throws {
        let world = try ClusterWorld(seed: 2)
        let centers = world.centers.map(\.id)
        try await world.work(.seconds(20), tasks: 3)
        let gone = try #require(world.machines.first)
        let node = try world.tree.runtime(.standard).agent(gone.seat.agent)
        let session = try #require(world.ensemble.node(node)?.stat.ephemeralOwner)
        // Results reach the disk, and nobody else any more.
        for center in centers { world.network.cutOff(center, true) }
        world.ensemble.suspend(session)
        for _ in 0..<8 {
            world.simulated.run(for: .milliseconds(250))
            gone.runner.finishAll()
        }
        gone.process?.cancel()
        world.ensemble.expire(session)
        world.run(.seconds(5), faults: 0)
        let leader = try #require(world.centers.first { $0.service.status.epoch != nil }).id
        let lost = try await world.runs(on: leader).values.filter { run in
            run.state == .lost && gone.store.results[AttemptID(run: run.id, number: 1)] != nil
        }
        for center in centers { world.network.cutOff(center, false) }
        world.start(gone)
        world.run(.seconds(20), faults: 0)
        for center in centers {
            let runs = try await world.runs(on: center)
            for run in lost {
                #expect(runs[run.id]?.state == .succeeded)
                #expect(runs[run.id]?.attempts.first?.isCorrected == true)
            }
        }
        #expect(!lost.isEmpty)
    }
}
