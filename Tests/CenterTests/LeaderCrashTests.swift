import CenterDoubles
import Cluster
import Domain
import Scheduling
import SimulationKit
import Synchronization
import Testing
import ZooKeeper

@testable import Center

/// Everything a leader may have to do at once, with the leader killed at every one of its writes.
@Suite struct LeaderCrashTests {
    /// What the agents had journaled before the trouble began.
    private struct Scene: Sendable {
        let workshop: Workshop
        let first: Leader
        let lost: [JournaledFire]
        let repeated: [JournaledFire]
        let untaken: RunID
        let survivors: [JournalID]
        let due: Instant
    }

    /// One agent dies, one restarts, tasks are edited, paused and deleted; then `first` leads on.
    private func makeScene() async throws -> Scene {
        let workshop = try Workshop()
        let first = try await workshop.leader()
        let (a, b, c) = try await (workshop.agent("a"), workshop.agent("b"), workshop.agent("c"))
        try await first.pass()
        let once = (0..<12).map { TaskSpecification.every(60, "once\($0)") }
        let least = (0..<12).map { TaskSpecification.every(60, "least\($0)", delivery: .atLeastOnce) }
        _ = try await first.control.save(once + least, condition: .any)
        try await first.pass()
        let due = Workshop.start + .seconds(60)
        var open: [JournaledFire] = []
        for agent in [a, b] {
            let rows = try workshop.rows()[.owned(agent.id.seat)] ?? []
            let tasks = rows.compactMap { first.state.store.catalog.task($0.uid) }
            let fires = tasks.map { $0.fire(due) }
            try await agent.journal(1, Array(fires.prefix(3)))
            try await agent.journal(2, Array(fires.dropFirst(3)))
            open += fires
        }
        let untaken = try await first.control.requestRun(of: TaskID("once0")!, key: "k")
        await a.die()
        await b.die()
        let restarted = try await workshop.agent("b")
        _ = try await first.control.save(
            [.every(30, "once1"), .every(30, "least1", delivery: .atLeastOnce)],
            condition: .any
        )
        _ = try await first.control.setEnabled(TaskID("once2")!, false)
        try await first.control.deleteTask(TaskID("once3")!)
        return Scene(
            workshop: workshop,
            first: first,
            lost: open.filter { $0.delivery == .atMostOnce },
            repeated: open.filter { $0.delivery == .atLeastOnce },
            untaken: untaken,
            survivors: [restarted.id, c.id],
            due: due
        )
    }

    @Test(
        "whatever write the leader dies at, its successor finishes and nothing is lost or doubled",
        arguments: [
            InMemoryEnsemble.LostReply.applied, .dropped,
        ]
    )
    func everyWrite(_ fate: InMemoryEnsemble.LostReply) async throws {
        var index = 0
        while true {
            let scene = try await makeScene()
            let epoch = try scene.workshop.tree.epoch
            let target = index
            let counter = WriteCounter(Mutex(0))
            scene.workshop.ensemble.loseReply(fate) { operations in
                guard case .check(epoch, _)? = operations.first else { return false }
                return counter.next() == target
            }
            let hasDied = await dies(scene.first)
            let second = try await scene.workshop.leader("c2")
            try await second.pass()
            try await second.pass()
            try await check(scene, second, "after write \(index), \(fate)")
            if !hasDied { break }
            index += 1
        }
        #expect(index > 15, "the scene is too easy: the leader needed only \(index) writes")
    }

    @Test(
        "a leader whose reply was lost goes on by itself",
        arguments: [
            InMemoryEnsemble.LostReply.applied, .dropped, .delayed,
        ]
    )
    func lostReplies(_ fate: InMemoryEnsemble.LostReply) async throws {
        for index in 0..<20 {
            let scene = try await makeScene()
            let counter = WriteCounter(Mutex(0))
            scene.workshop.ensemble.loseReply(fate) { operations in
                guard case .check? = operations.first else { return false }
                return counter.next() == index
            }
            // A lost reply is what this is about; the next pass resolves it.
            try? await scene.first.pass()
            scene.workshop.ensemble.reconnect(await scene.first.session.identity!.id)
            try await scene.first.pass()
            try await scene.first.pass()
            try await check(scene, scene.first, "after write \(index), \(fate)")
        }
    }

    /// Passes until the write that is lost; `false` when there was none.
    private func dies(_ leader: Leader) async -> Bool {
        do {
            try await leader.pass()
            try await leader.pass()
            return false
        } catch {
            await leader.die()
            return true
        }
    }

    private func check(_ scene: Scene, _ leader: Leader, _ comment: Comment) async throws {
        let workshop = scene.workshop
        let places = try workshop.places()
        let seats = Set(scene.survivors.map(\.seat))
        let fired = Set((scene.lost + scene.repeated).map(\.task))
        for (name, task) in leader.state.store.catalog.tasks {
            let entry = try #require(places[name], comment)
            if task.value.specification.isEnabled {
                guard case .owned(let seat) = entry.place else {
                    Issue.record("\(name) is parked \(comment)")
                    continue
                }
                #expect(seats.contains(seat) && entry.row.revision == task.value.revision, comment)
            } else {
                #expect(entry.place == .parked(.standard), comment)
            }
            #expect(entry.row.state == .active, comment)
            #expect(entry.row.cursor == (fired.contains(name) ? scene.due : Workshop.start), comment)
        }
        #expect(places[TaskID("once3")!] == nil, comment)
        for survivor in scene.survivors {
            #expect(try workshop.head(survivor.seat.agent)?.incarnation == survivor.incarnation, comment)
            #expect(try workshop.journals(survivor.seat.agent) == [survivor.incarnation.text], comment)
        }
        #expect(try workshop.journals(AgentID("a")!).isEmpty, comment)
        for fire in scene.lost {
            #expect(await workshop.history.run(fire.attempt.run)?.state == .lost, comment)
        }
        try checkDispatches(scene, comment)
    }

    /// Every repeated fire and the request are in exactly one inbox, of a living incarnation.
    private func checkDispatches(_ scene: Scene, _ comment: Comment) throws {
        let inboxes = try scene.workshop.inboxes()
        let living = Set(scene.survivors.map(\.incarnation.text))
        #expect(inboxes.allSatisfy { living.contains($0.incarnation) }, comment)
        var attempts: [AttemptID] = []
        for entry in inboxes {
            if case .launch(let run) = entry.dispatch { attempts.append(run.attempt) }
        }
        let wanted = scene.repeated.map { AttemptID(run: $0.attempt.run, number: 2) }
        #expect(attempts.sorted() == (wanted + [AttemptID(run: scene.untaken, number: 1)]).sorted(), comment)
    }
}
