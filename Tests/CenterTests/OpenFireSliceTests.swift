import CenterDoubles
import Cluster
import Domain
import Scheduling
import SimulationKit
import Synchronization
import Testing

@testable import Center

/// A lost agent may leave more behind than can be decided at once.
@Suite struct OpenFireSliceTests {
    /// Lets time go on whenever somebody looks at the wall clock, as what follows from an end does.
    private final class Passing: Sendable {
        private let clock = Mutex<SimulationClock?>(nil)

        func follow(_ clock: SimulationClock?) { self.clock.withLock { $0 = clock } }

        func tick() { clock.withLock(\.self)?.advance(by: .milliseconds(5)) }
    }

    private struct Scene {
        let passing: Passing
        let workshop: Workshop
        let leader: Leader
        let agent: Agent
        let parent: TaskDefinition

        func launches() throws -> [DispatchedRun] {
            try workshop.inboxes().compactMap { if case .launch(let run) = $0.dispatch { run } else { nil } }
        }

        /// Passes while time goes by; returns after how many of them nothing was left, and how much had been launched after the first.
        func passUntilDecided() async throws -> (passes: Int, first: Int) {
            passing.follow(workshop.clock)
            defer { passing.follow(nil) }
            var (passes, first) = (0, 0)
            repeat {
                passes += 1
                try await leader.pass()
                if passes == 1 { first = try launches().count }
            } while try !workshop.journals(agent.name).isEmpty && passes < 1_000
            return (passes, first)
        }
    }

    /// A task with one that comes after it, owned by an agent; another agent is there.
    private func makeScene() async throws -> Scene {
        let passing = Passing()
        let workshop = try Workshop { passing.tick() }
        let leader = try await workshop.leader()
        let agent = try await workshop.agent("a")
        try await leader.pass()
        let parent = TaskSpecification.every(60, "parent")
        let child = TaskSpecification(
            name: TaskID("child")!,
            action: .command(["/bin/true"]),
            after: Dependencies([.init(parent.name, on: .finished)])
        )
        _ = try await leader.control.save([parent, child], condition: .any)
        try await leader.pass()
        _ = try await workshop.agent("b")
        return Scene(
            passing: passing,
            workshop: workshop,
            leader: leader,
            agent: agent,
            parent: try await leader.control.task(parent.name).definition
        )
    }

    @Test("many fires are decided and followed in several passes, each once")
    func manyFires() async throws {
        let scene = try await makeScene()
        let fires = (1...150).map { scene.parent.fire(Workshop.start + .seconds(60 * $0)) }
        try await scene.agent.journal(1, fires)
        await scene.agent.die()
        let (passes, first) = try await scene.passUntilDecided()
        #expect(passes > 2)
        #expect(first > 0 && first < fires.count)
        #expect(try scene.launches().map(\.due).sorted() == fires.map(\.due))
        for fire in fires { #expect(await scene.workshop.history.run(fire.attempt.run)?.state == .lost) }
    }

    @Test("a leader that fails on the way leaves the rest to the next one")
    func leaderLost() async throws {
        let scene = try await makeScene()
        let fires = (1...150).map { scene.parent.fire(Workshop.start + .seconds(60 * $0)) }
        try await scene.agent.journal(1, fires)
        await scene.agent.die()
        scene.passing.follow(scene.workshop.clock)
        try await scene.leader.pass()
        scene.passing.follow(nil)
        let next = try await scene.workshop.leader("c2")
        for _ in 0..<3 { try await next.pass() }
        #expect(try scene.workshop.journals(scene.agent.name).isEmpty)
        #expect(try scene.launches().map(\.due).sorted() == fires.map(\.due))
    }
}
