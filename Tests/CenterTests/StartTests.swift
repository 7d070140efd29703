import CenterDoubles
import Cluster
import Domain
import Scheduling
import SimulationKit
import Testing

@testable import Center

/// What follows the starts of agents' processes.
@Suite struct StartTests {
    /// A leader, a task that follows starts, and an agent whose process has just started.
    private func withStart(
        _ configure: (inout TaskSpecification) -> Void = { _ in },
        _ body: (Workshop, Leader, Agent, StartID) async throws -> Void
    ) async throws {
        let workshop = try Workshop()
        let leader = try await workshop.leader()
        try await leader.pass()
        var task = TaskSpecification.every(60, "t")
        task.schedules = [Schedule(.onAgentStart(try AgentStartSchedule()))]
        configure(&task)
        _ = try await leader.control.save([task], condition: .any)
        let start: StartID = workshop.random.identifier()
        let agent = try await workshop.agent("a", start: start)
        try await leader.pass()
        try await body(workshop, leader, agent, start)
    }

    private func launched(_ workshop: Workshop) throws -> [DispatchedRun] {
        try workshop.inboxes().compactMap { if case .launch(let run) = $0.dispatch { run } else { nil } }
    }

    @Test("a start leads to one run, of that process, whoever leads")
    func once() async throws {
        try await withStart { workshop, leader, agent, start in
            let run = try #require(try launched(workshop).first)
            #expect(try workshop.inboxes().map(\.agent) == ["a"])
            #expect(run.trigger == .start)
            #expect(run.origin?.start == AgentStart(agent: agent.name, id: start))
            #expect(run.due == workshop.now)
            #expect(try workshop.head(agent.name)?.followedStart == start)
            let successor = try await workshop.leader("c2")
            try await successor.pass()
            #expect(try launched(workshop) == [run])
            // Nobody else has started.
            _ = try await workshop.agent("b")
            try await successor.pass()
            #expect(try launched(workshop) == [run])
        }
    }

    @Test("what waits for a process goes with it to its next incarnation, and is skipped when it has ended")
    func untaken() async throws {
        try await withStart { workshop, leader, agent, start in
            let run = try #require(try launched(workshop).first)
            await agent.die()
            _ = try await workshop.agent("b")
            try await leader.pass()
            #expect(try workshop.inboxes().map(\.agent) == ["a"])
            let again = try await workshop.agent("a", start: start)
            try await leader.pass()
            #expect(try launched(workshop) == [run])
            #expect(try workshop.inboxes().map(\.incarnation) == [again.id.incarnation.text])
            await again.die()
            let next: StartID = workshop.random.identifier()
            _ = try await workshop.agent("a", start: next)
            try await leader.pass()
            #expect(try launched(workshop).map { $0.origin?.start?.id } == [next])
            let skipped = try #require(try await workshop.history.knownRun(run.attempt.run))
            #expect(skipped.state == .skipped)
            #expect(skipped.reason == "the process of the agent whose start it follows has ended")
        }
    }

    @Test("a process that does not come back is not waited for for ever")
    func away() async throws {
        try await withStart { workshop, leader, agent, _ in
            let run = try #require(try launched(workshop).first)
            await agent.die()
            try await leader.pass()
            #expect(try launched(workshop) == [run])
            workshop.clock.advance(by: .seconds(601))
            try await leader.pass()
            #expect(try launched(workshop) == [])
        }
    }

    @Test("another attempt is made by the same process, or not at all", arguments: [true, false])
    func lost(_ comesBack: Bool) async throws {
        try await withStart({ $0.delivery = .atLeastOnce }) { workshop, leader, agent, start in
            let run = try #require(try launched(workshop).first)
            let fire = JournaledFire(
                run,
                try await leader.control.task(TaskID("t")!).definition,
                decision: .launch
            )
            try await agent.take(fire, 1)
            await agent.die()
            _ = try await workshop.agent("b")
            _ = try await workshop.agent("a", start: comesBack ? start : workshop.random.identifier())
            try await leader.pass()
            let next = try launched(workshop).filter { $0.attempt.run == run.attempt.run }
            #expect(next.map(\.attempt.number) == (comesBack ? [2] : []))
            #expect(try workshop.inboxes().map(\.agent) == ["a"])
            let known = try #require(try await workshop.history.knownRun(run.attempt.run))
            #expect(known.attempts.first?.result?.outcome == .lost)
        }
    }

    @Test(
        "only what may run where the start was follows it",
        arguments: [
            "paused", "group paused", "paused until", "group paused until", "elsewhere", "drained", "later",
        ]
    )
    func others(_ why: String) async throws {
        let workshop = try Workshop()
        let leader = try await workshop.leader()
        try await leader.pass()
        var task = TaskSpecification.every(60, "t")
        task.schedules = [Schedule(.onAgentStart(try AgentStartSchedule()))]
        if why == "paused" { task.isEnabled = false }
        if why == "elsewhere" { task.placement.agents = [AgentID("b")!] }
        if why == "drained" {
            try await leader.control.setRuntime(RuntimeSettings(name: .standard, drained: [AgentID("a")!]))
        }
        if why != "later" { _ = try await leader.control.save([task], condition: .any) }
        if why == "group paused" {
            _ = try await leader.control.setPaused(.group(.standard), true, ChangeNote())
        }
        if why == "group paused until" {
            let end = workshop.now + .seconds(60)
            let request = ScopeRequest(.group(.standard), .pause(until: end))
            _ = try await leader.control.setPaused(request)
        }
        if why == "paused until" {
            let end = workshop.now + .seconds(60)
            _ = try await leader.control.pause(task.name, until: end, ChangeNote())
        }
        _ = try await workshop.agent("a", start: workshop.random.identifier())
        try await leader.pass()
        if why == "later" { _ = try await leader.control.save([task], condition: .any) }
        try await leader.pass()
        #expect(try workshop.inboxes().isEmpty)
    }
}
