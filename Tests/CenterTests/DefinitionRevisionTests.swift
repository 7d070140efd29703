import Cluster
import Domain
import Scheduling
import SimulationKit
import Testing
import ZooKeeper

@testable import Center

/// What calendars, workflows, pools and runtimes said before, as the leader keeps it.
@Suite struct DefinitionRevisionTests {
    private let workshop: Workshop

    init() throws { workshop = try Workshop() }

    private func leader(_ name: String = "c1") async throws -> Leader {
        let leader = try await workshop.leader(name)
        try await leader.pass()
        return leader
    }

    private func note(_ author: String, _ message: String? = nil) -> ChangeNote {
        ChangeNote(author: author, message: message)
    }

    /// Each revision as "1 ada: why".
    private func notes(_ kind: Definition.Kind, _ name: String, _ leader: Leader) async throws -> [String] {
        try await leader.control.revisions(of: kind, named: name).map { revision in
            let note = revision.note
            return "\(note.revision) \(note.author ?? "-"): \(note.message ?? "-")"
        }
    }

    @Test("a calendar keeps what it said, who changed it and what for, also for the next leader")
    func calendar() async throws {
        let first = try await leader()
        let days = ["2027-01-16", "2027-01-17", "2027-01-17", "2027-01-18"]
        for (index, day) in days.enumerated() {
            _ = try await first.control.save(
                SaveRequest(calendars: [.dates("off", day)], note: note("a\(index)", "day \(day)"))
            )
        }
        await first.die()
        let next = try await leader("c2")
        #expect(
            try await notes(.calendar, "off", next) == [
                "1 a0: day 2027-01-16", "2 a1: day 2027-01-17", "3 a3: day 2027-01-18",
            ]
        )
        let revisions = try await next.control.revisions(of: .calendar, named: "off")
        #expect(revisions.first?.definition == .calendar(.dates("off", "2027-01-16")))
        #expect(revisions.last?.definition == .calendar(.dates("off", "2027-01-18")))
        #expect(revisions.allSatisfy { $0.note.at >= Workshop.start })
    }

    @Test("what is deleted takes its revisions with it, and a trial makes none")
    func gone() async throws {
        let leader = try await leader()
        let calendar = SaveRequest(calendars: [.dates("off", "2027-01-16")], note: note("ada"))
        _ = try await leader.control.save(calendar)
        var trial = SaveRequest(calendars: [.dates("off", "2027-01-17")], note: note("bob"))
        trial.isDryRun = true
        _ = try await leader.control.save(trial)
        #expect(try await notes(.calendar, "off", leader) == ["1 ada: -"])
        try await leader.control.deleteCalendar(CalendarID("off")!)
        let path = try workshop.tree.definition(.calendar, "off")
        #expect(workshop.ensemble.node(path) == nil)
        await #expect(throws: CenterError.notFound(kind: "calendar", name: "off")) {
            _ = try await leader.control.revisions(of: .calendar, named: "off")
        }
        _ = try await leader.control.save(trial.carriedOut)
        #expect(try await notes(.calendar, "off", leader) == ["1 bob: -"])
    }

    @Test("pools keep theirs, by whichever way they are set")
    func pool() async throws {
        let leader = try await leader()
        let name = PoolID("license")!
        _ = try await leader.control.setPool(Pool(name: name, units: 3), note("ada", "bought"))
        _ = try await leader.control.setPool(Pool(name: name, units: 3), note("bob"))
        let request = SaveRequest(pools: [Pool(name: name, units: 5)], note: note("eve", "more"))
        let receipt = try await leader.control.save(request)
        #expect(receipt.pools == [PoolOutcome(pool: name, change: .updated)])
        #expect(try await leader.control.save(request).pools.map(\.change) == [.unchanged])
        #expect(try await notes(.pool, "license", leader) == ["1 ada: bought", "2 eve: more"])
        let kept = try await leader.control.revisions(of: .pool, named: "license").first?.definition
        #expect(kept == .pool(Pool(name: name, units: 3)))
        try await leader.control.deletePool(name)
        #expect(workshop.ensemble.node(try workshop.tree.definition(.pool, "license")) == nil)
    }

    @Test("a runtime's settings do; pauses and drained agents make no revision")
    func runtime() async throws {
        let leader = try await leader()
        let agent = try await workshop.agent("x")
        try await leader.pass()
        var settings = RuntimeSettings(name: .standard)
        settings.description = "all"
        try await leader.control.setRuntime(settings, note("ada", "named"))
        _ = try await leader.control.setPaused(.runtime(.standard), true, note("bob"))
        try await leader.control.setDrained(agent.name, in: nil, true)
        #expect(try await notes(.runtime, "default", leader) == ["1 -: -", "2 ada: named"])
        settings.massChangePercent = 20
        settings.drained = [agent.name]
        try await leader.control.setRuntime(settings, note("eve"))
        let revisions = try await leader.control.revisions(of: .runtime, named: "default")
        #expect(revisions.map(\.note.revision) == [1, 2, 3])
        #expect(revisions.first?.definition == .runtime(RuntimeSettings(name: .standard)))
        #expect(try await leader.control.runtimes().first?.pause != nil)
        await #expect(throws: CenterError.notFound(kind: "runtime", name: "none")) {
            _ = try await leader.control.revisions(of: .runtime, named: "none")
        }
    }

    private static func version(_ steps: String..., words: [String] = []) -> Workflow {
        let head = TaskSpecification(
            name: TaskID("w")!,
            action: Workflow.beginning,
            workflow: WorkflowPlace(WorkflowID("w")!)
        )
        let steps = steps.map { step in
            TaskSpecification(
                name: TaskID("w.\(step)")!,
                action: .command(["true"] + words),
                after: Dependencies([.init(TaskID("w")!)]),
                workflow: WorkflowPlace(WorkflowID("w")!, step: StepID(step)!)
            )
        }
        return Workflow(head: head, steps: steps)!
    }

    @Test("a workflow is kept as a whole, steps that are gone among it, and comes back as it was")
    func workflow() async throws {
        let leader = try await leader()
        let versions = [
            Self.version("a", "b"), Self.version("a", words: ["x"]), Self.version("a", words: ["x"]),
        ]
        for (version, author) in zip(versions, ["ada", "bob", "eve"]) {
            _ = try await leader.control.save(SaveRequest(workflows: [version], note: note(author)))
        }
        #expect(try await notes(.workflow, "w", leader) == ["1 ada: -", "2 bob: -"])
        let kept = try await leader.control.revisions(of: .workflow, named: "w")
        #expect(kept.map(\.definition) == [.workflow(versions[0]), .workflow(versions[1])])
        _ = try await leader.control.save(SaveRequest(workflows: [versions[0]], note: note("ada", "back")))
        #expect(try await notes(.workflow, "w", leader).last == "3 ada: back")
        #expect(
            try await leader.control.workflow(WorkflowID("w")!, occasions: 0).definition == versions[0]
        )
        _ = try await leader.control.deleteWorkflow(WorkflowDeletion(WorkflowID("w")!))
        #expect(workshop.ensemble.node(try workshop.tree.definition(.workflow, "w")) == nil)
    }

    @Test("pausing a workflow makes a revision, as it does of a task; an end that comes by itself makes none")
    func paused() async throws {
        let leader = try await leader()
        _ = try await leader.control.save(SaveRequest(workflows: [Self.version("a")], note: note("ada")))
        let head = TaskID("w")!
        _ = try await leader.control.pause(head, until: workshop.now + .seconds(600), note("x"))
        _ = try await leader.control.pause(head, until: nil, note("bob", "disks"))
        let request = BulkRequest(action: .resume, tasks: [head], note: note("eve"))
        _ = try await leader.control.change(request)
        #expect(try await notes(.workflow, "w", leader) == ["1 ada: -", "2 bob: disks", "3 eve: -"])
        let kept = try await leader.control.revisions(of: .workflow, named: "w").map(\.definition)
        #expect(kept.first == .workflow(Self.version("a")) && kept.first == kept.last)
    }

    @Test("a leader that ends between the history and the definition leaves no revision behind")
    func unfinished() async throws {
        let first = try await leader()
        let name = PoolID("license")!
        _ = try await first.control.setPool(Pool(name: name, units: 3), note("ada"))
        try await first.control.record(
            .pool(Pool(name: name, units: 9)),
            note("lost"),
            first.leading.catalogWriter
        )
        await first.die()
        let next = try await leader("c2")
        #expect(try await notes(.pool, "license", next) == ["1 ada: -"])
        _ = try await next.control.setPool(Pool(name: name, units: 4), note("bob"))
        #expect(try await notes(.pool, "license", next) == ["1 ada: -", "2 bob: -"])
    }

    @Test("a history that cannot be read begins anew; nothing is kept from being saved")
    func damaged() async throws {
        let leader = try await leader()
        let name = PoolID("license")!
        _ = try await leader.control.setPool(Pool(name: name, units: 3), note("ada"))
        let path = try workshop.tree.definition(.pool, "license")
        _ = try await leader.session.set(path, data: Array("nonsense".utf8), version: nil)
        #expect(try await notes(.pool, "license", leader) == ["1 -: -"])
        _ = try await leader.control.setPool(Pool(name: name, units: 4), note("bob"))
        #expect(try await notes(.pool, "license", leader) == ["1 -: -", "2 bob: -"])
    }
}

extension SaveRequest {
    /// The same, and no trial.
    fileprivate var carriedOut: SaveRequest {
        var request = self
        request.isDryRun = false
        return request
    }
}

/// Pools that come with the tasks that name them.
@Suite struct PoolSavingTests {
    private static let name = PoolID("license")!

    private static func task(_ name: String, units: Int) -> TaskSpecification {
        var task = TaskSpecification(name: TaskID(name)!, action: .command(["true"]))
        task.demand.pools = [Self.name: units]
        return task
    }

    private func leader() async throws -> Leader {
        let leader = try await Workshop().leader()
        try await leader.pass()
        return leader
    }

    @Test("a task may name a pool of the same request, as large as it is there")
    func together() async throws {
        let leader = try await leader()
        let pool = Pool(name: Self.name, units: 2)
        var request = SaveRequest(pools: [pool], tasks: [Self.task("t", units: 2)], isDryRun: true)
        #expect(try await leader.control.save(request).pools.map(\.change) == [.created])
        await #expect(throws: CenterError.notFound(kind: "pool", name: "license")) {
            _ = try await leader.control.pool(.pool(Self.name))
        }
        request.isDryRun = false
        #expect(try await leader.control.save(request).tasks.map(\.change) == [.created])
        #expect(try await leader.control.pool(.pool(Self.name)).units == 2)
        request.pools = []
        request.tasks = [Self.task("t", units: 3)]
        await #expect(throws: CenterError.self) { _ = try await leader.control.save(request) }
        request.pools = [Pool(name: Self.name, units: 3)]
        #expect(try await leader.control.save(request).pools.map(\.change) == [.updated])
    }

    @Test("it is made smaller than what a task takes only together with that task")
    func smaller() async throws {
        let leader = try await leader()
        let pool = Pool(name: Self.name, units: 3)
        _ = try await leader.control.save(SaveRequest(pools: [pool], tasks: [Self.task("t", units: 3)]))
        let small = Pool(name: Self.name, units: 1)
        let message =
            "pool license cannot have 1 unit: a run of task t takes up to 3; let them take fewer first"
        await #expect(throws: CenterError.conflict(message)) {
            _ = try await leader.control.save(SaveRequest(pools: [small]))
        }
        #expect(try await leader.control.pool(.pool(Self.name)).units == 3)
        _ = try await leader.control.save(SaveRequest(pools: [small], tasks: [Self.task("t", units: 1)]))
        #expect(try await leader.control.pool(.pool(Self.name)).units == 1)
    }

    @Test("what is no pool is refused with its place, and nothing is saved")
    func refused() async throws {
        let leader = try await leader()
        let pools = [Pool(name: Self.name, units: 0), Pool(name: Self.name, units: 1)]
        do {
            _ = try await leader.control.save(SaveRequest(pools: pools, tasks: [.every(60, "t")]))
            Issue.record("it was saved")
        } catch CenterError.invalid(let problems) {
            #expect(problems.map(\.field) == ["pools[0].units", "pools[1].name"])
        }
        #expect(leader.state.store.catalog.tasks.isEmpty)
    }
}
