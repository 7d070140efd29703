import CenterDoubles
import Cluster
import Domain
import Scheduling
import SimulationKit
import Synchronization
import Testing
import ZooKeeper

@testable import Center

/// Workflows as the leader keeps them: saved, begun, seen and deleted as a whole.
@Suite struct WorkflowTests {
    private static let name = WorkflowID("w")!
    private static let due = Workshop.start + .seconds(60)

    private static func step(_ name: String, after parents: [String] = [], words: [String] = [])
        -> TaskSpecification
    {
        let place = WorkflowPlace(Self.name, step: StepID(name)!)
        let edges = parents.isEmpty ? ["w"] : parents.map { "w.\($0)" }
        return TaskSpecification(
            name: place.task!,
            action: .command(["true"] + words),
            after: Dependencies(edges.map { .init(TaskID($0)!) }),
            workflow: place
        )
    }

    private static func workflow(_ steps: [TaskSpecification], parameters: [Parameter] = []) -> Workflow {
        let head = TaskSpecification(
            name: TaskID("w")!,
            action: Workflow.beginning,
            parameters: parameters,
            schedules: [.every(try! IntervalSchedule(every: .seconds(60)))],
            workflow: WorkflowPlace(name)
        )
        let steps = steps.map { step in
            var step = step
            step.parameters = parameters
            return step
        }
        return Workflow(head: head, steps: steps)!
    }

    /// `a`, then `b` and `c`, then `d` after both.
    private static let diamond = [
        step("a"), step("b", after: ["a"]), step("c", after: ["a"]), step("d", after: ["b", "c"]),
    ]

    private let workshop: Workshop

    init() throws { workshop = try Workshop() }

    private func leader(_ workflows: [Workflow] = []) async throws -> Leader {
        let leader = try await workshop.leader()
        try await leader.pass()
        _ = try await leader.control.save(SaveRequest(workflows: workflows))
        try await leader.pass()
        return leader
    }

    /// A leader with a workflow, and an agent that may run it.
    private func scene(_ workflow: Workflow) async throws -> (leader: Leader, agent: Agent) {
        let leader = try await leader()
        let agent = try await workshop.agent("x")
        try await leader.pass()
        _ = try await leader.control.save(SaveRequest(workflows: [workflow]))
        try await leader.pass()
        return (leader, agent)
    }

    private func names(_ leader: Leader) -> [String] {
        leader.state.store.catalog.tasks.keys.sorted().map(\.text)
    }

    private func problems(_ body: () async throws -> Void) async throws -> [String] {
        do {
            try await body()
            return []
        } catch CenterError.invalid(let problems) {
            return problems.map(\.message)
        } catch CenterError.conflict(let message) {
            return [message]
        }
    }

    @Test(
        "a workflow is saved as a whole, the same again changes nothing, and steps that are gone are deleted"
    )
    func saved() async throws {
        let leader = try await leader()
        let request = SaveRequest(workflows: [Self.workflow(Self.diamond)])
        let first = try await leader.control.save(request).workflows
        #expect(first == [WorkflowOutcome(workflow: Self.name, change: .created, stepCount: 4)])
        #expect(names(leader) == ["w", "w.a", "w.b", "w.c", "w.d"])
        #expect(try await leader.control.save(request).workflows.map(\.change) == [.unchanged])
        #expect(try await leader.control.workflow(Self.name, occasions: 0).definition == request.workflows[0])
        let less = SaveRequest(workflows: [Self.workflow(Array(Self.diamond.dropLast(2)))])
        var trial = less
        trial.isDryRun = true
        #expect(try await leader.control.save(trial).workflows.map(\.removed.count) == [2])
        #expect(names(leader).count == 5)
        let updated = try await leader.control.save(less).workflows[0]
        #expect(updated.change == .updated)
        #expect(updated.removed.map(\.text) == ["w.c", "w.d"])
        #expect(names(leader) == ["w", "w.a", "w.b"])
    }

    @Test("a step is not changed alone, and a workflow takes no task that is somebody else's")
    func apart() async throws {
        let leader = try await leader([Self.workflow(Self.diamond)])
        let control = leader.control
        let refusal = "task w.a belongs to workflow w: change the workflow"
        let own = TaskSpecification(name: TaskID("w.a")!, action: .command(["other"]))
        #expect(try await problems { _ = try await control.save([own], condition: .any) }.first == refusal)
        let alone = Self.step("z")
        #expect(
            try await problems { _ = try await control.save([alone], condition: .any) }.first
                == "task w.z belongs to workflow w: change the workflow"
        )
        #expect(try await problems { try await control.deleteTask(own.name) } == [refusal])
        let bulk = BulkRequest(action: .delete, tasks: [own.name])
        #expect(try await problems { _ = try await control.change(bulk) } == [refusal])
        _ = try await control.save([.every(60, "x.a")], condition: .any)
        var (head, step) = (Self.workflow([]).head, Self.step("a"))
        head.name = TaskID("x")!
        head.workflow = WorkflowPlace(WorkflowID("x")!)
        step.workflow = WorkflowPlace(WorkflowID("x")!, step: StepID("a")!)
        step.name = TaskID("x.a")!
        step.after = Dependencies([.init(head.name)])
        let other = Workflow(head: head, steps: [step])!
        #expect(
            try await problems { _ = try await control.save(SaveRequest(workflows: [other])) } == [
                "workflow x: task x.a exists already and is a task of its own: delete it, or choose another name"
            ]
        )
        #expect(names(leader).contains("x") == false)
    }

    @Test("a step that a task comes after stays until that task does not")
    func orphans() async throws {
        let leader = try await leader([Self.workflow(Self.diamond)])
        let follower = TaskSpecification(
            name: TaskID("follower")!,
            action: .command(["true"]),
            after: Dependencies([.init(TaskID("w.d")!)])
        )
        _ = try await leader.control.save([follower], condition: .any)
        let less = SaveRequest(workflows: [Self.workflow(Array(Self.diamond.dropLast()))])
        #expect(
            try await problems { _ = try await leader.control.save(less) } == [
                "workflow w: step d is gone, and task follower comes after it: edit or delete that task first"
            ]
        )
        let deletion = WorkflowDeletion(Self.name)
        #expect(try await problems { _ = try await leader.control.deleteWorkflow(deletion) }.count == 1)
        try await leader.control.deleteTask(follower.name)
        #expect(try await leader.control.deleteWorkflow(deletion).count == 5)
        #expect(names(leader).isEmpty)
    }

    private func launches() throws -> [DispatchedRun] {
        try workshop.inboxes().compactMap { if case .launch(let run) = $0.dispatch { run } else { nil } }
    }

    private func end(_ fire: JournaledFire, _ outcome: AttemptOutcome, _ leader: Leader, _ agent: Agent)
        async throws
    {
        let result = AttemptResult(attempt: fire.attempt, outcome: outcome, endedAt: workshop.now)
        let report = RunReport(
            fire: fire,
            agent: agent.name,
            incarnation: agent.id.incarnation,
            runtime: .standard,
            phase: .ended(result)
        )
        #expect(try await leader.control.accept([report], from: agent.name) != nil)
    }

    /// The dispatched run of a step, gone from its inbox; its report tells what it was given unless that `isForgotten`.
    private func take(
        _ task: String,
        _ number: Int,
        _ leader: Leader,
        _ agent: Agent,
        isForgotten: Bool = false
    ) async throws -> JournaledFire {
        let run = try #require(try launches().first { $0.task.text == task })
        let definition = try await leader.control.task(TaskID(task)!).definition
        var fire = JournaledFire(run, definition, decision: .launch)
        try await agent.take(fire, number)
        if !isForgotten { fire.terms = run.terms }
        return fire
    }

    @Test(
        "every step is given what the workflow's run was given, also when only a marker knows it",
        arguments: [false, true]
    )
    func parameters(isForgotten: Bool) async throws {
        let parameters = [Parameter(name: "day", defaultValue: "monday")]
        let (leader, agent) = try await scene(Self.workflow(Self.diamond, parameters: parameters))
        let terms = RunTerms(parameters: ["day": "friday"])
        let run = try await leader.control.requestRun(of: TaskID("w")!, key: "k", terms: terms)
        for (index, task) in ["w", "w.a", "w.b", "w.c", "w.d"].enumerated() {
            let given = try #require(try launches().first { $0.task.text == task }?.terms)
            #expect(given.parameters == ["day": "friday"], "\(task)")
            let fire = try await take(task, index + 1, leader, agent, isForgotten: isForgotten)
            #expect(index == 0 || fire.occasion == run.text)
            try await end(fire, .succeeded, leader, agent)
        }
        let occasions = try await leader.control.workflow(Self.name, occasions: 5).occasions
        #expect(occasions.map(\.run) == [run])
        #expect(occasions.map(\.state) == [.succeeded])
        #expect(occasions.first?.steps.count == 4)
    }

    @Test("an occasion is seen with its repetition, and runs until nothing is to come")
    func occasions() async throws {
        let (leader, agent) = try await scene(Self.workflow(Self.diamond))
        func state() async throws -> WorkflowOccasion.State? {
            try await leader.control.workflow(Self.name, occasions: 5).occasions.first?.state
        }
        let first = try await leader.control.task(TaskID("w")!).definition.fire(Self.due)
        workshop.clock.advance(by: .seconds(61))
        #expect(try await state() == nil)
        try await end(first, .succeeded, leader, agent)
        #expect(try await state() == .running)
        try await end(try await take("w.a", 1, leader, agent), .succeeded, leader, agent)
        try await end(try await take("w.b", 2, leader, agent), .succeeded, leader, agent)
        try await end(try await take("w.c", 3, leader, agent), .failed, leader, agent)
        #expect(try await state() == .failed)
        #expect(
            try await leader.control.workflow(Self.name, occasions: 5).occasions.map(\.run) == [
                first.attempt.run
            ]
        )
        let again = try await leader.control.repeatOccasion(of: first.attempt.run, key: "k", ChangeNote())
            .runs
        #expect(again.count == 1)
        workshop.clock.advance(by: .seconds(1))
        try await end(try await take("w.c", 4, leader, agent), .succeeded, leader, agent)
        try await end(try await take("w.d", 5, leader, agent), .succeeded, leader, agent)
        #expect(try await state() == .succeeded)
        let last = try await leader.control.workflow(Self.name, occasions: 5).occasions
        #expect(last.map(\.due) == [first.due])
        #expect(last.map(\.run) == again)
        let list = try await leader.control.workflows(page: nil, limit: 10)
        #expect(list.elements.map(\.name) == [Self.name])
        #expect(list.elements.map(\.stepCount) == [4])
    }

    /// More steps than one write has room for.
    private static let many = (0..<150).map { index in
        step("s\(index)", after: index == 0 ? [] : ["s\(index - 1)"], words: ["1"])
    }

    /// Two steps that become some of these, and one that is gone then.
    private static let few = [step("s0"), step("s1", after: ["s0"]), step("old", after: ["s1"])]

    /// The same steps otherwise, without the last ten.
    private static let changed = (0..<140).map { index in
        step("s\(index)", after: index == 0 ? [] : ["s\(index - 1)"], words: ["2"])
    }

    /// A leader of a workspace where many tasks may be changed at a time.
    private func lavish(_ workshop: Workshop, _ steps: [TaskSpecification] = many) async throws -> Leader {
        let leader = try await workshop.leader()
        try await leader.pass()
        try await leader.control.setRuntime(RuntimeSettings(name: .standard, massChangePercent: 100))
        _ = try await leader.control.save(SaveRequest(workflows: [Self.workflow(steps)]))
        return leader
    }

    /// Makes the leader's `index`-th write from now on lose its reply.
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

    /// Whether what is there is all of a document, and nothing else.
    private func isWhole(_ leader: Leader, _ workflow: Workflow) async throws -> Bool {
        try await leader.control.workflow(Self.name, occasions: 0).definition == workflow
    }

    @Test(
        "whatever write the leader dies at, either all is there or nothing begins the workflow, and saving again completes it",
        arguments: [InMemoryEnsemble.LostReply.applied, .dropped]
    )
    func dies(_ fate: InMemoryEnsemble.LostReply) async throws {
        let (former, next) = (Self.workflow(Self.few), Self.workflow(Self.changed))
        var (index, halves) = (0, 0)
        while true {
            let workshop = try Workshop()
            let first = try await lavish(workshop, Self.few)
            lose(index, fate, of: first)
            var hasFailed = false
            do { _ = try await first.control.save(SaveRequest(workflows: [next])) } catch { hasFailed = true }
            await first.die()
            let second = try await workshop.leader("c2")
            try await second.pass()
            let head = try await second.control.task(TaskID("w")!).definition
            let isUntouched = try await isWhole(second, former)
            let isDone = try await isWhole(second, next)
            if !isUntouched, !isDone {
                halves += 1
                #expect(head.specification.workflow?.isIncomplete == true, "after write \(index)")
                #expect(head.activeSchedules.isEmpty, "after write \(index)")
                #expect(
                    try await problems {
                        _ = try await second.control.requestRun(of: head.name, key: "k", terms: RunTerms())
                    } == ["workflow w is half saved: apply its document again"]
                )
            }
            _ = try await second.control.save(SaveRequest(workflows: [next]))
            #expect(try await isWhole(second, next), "after write \(index)")
            #expect(try await second.control.task(head.name).definition.activeSchedules.count == 1)
            try #require(index < 40, "the change never gets through")
            if !hasFailed { break }
            index += 1
        }
        #expect(halves > 3, "of \(index) writes only \(halves) left it half saved")
    }

    @Test("nothing of a half saved workflow is begun, repeated or made up for, until it is whole")
    func halfSaved() async throws {
        let workflow = Self.workflow(Self.diamond)
        let (leader, agent) = try await scene(workflow)
        let control = leader.control
        let present = try await control.task(TaskID("w")!).definition
        workshop.clock.advance(by: .seconds(300))
        let first = present.fire(Self.due)
        try await end(first, .failed, leader, agent)
        let closed = present.edited(workflow.closedHead, now: workshop.now)
        try await leader.leading.catalogWriter.write([.save(closed)])
        let span = BackfillRequest(task: present.name, key: "k", from: Self.due, to: Self.due + .seconds(60))
        let attempts: [() async throws -> Void] = [
            { _ = try await control.requestRun(of: present.name, key: "k") },
            { _ = try await control.requestRun(of: TaskID("w.b")!, key: "k") },
            { _ = try await control.retryRun(first.attempt.run, key: "r", terms: RunTerms()) },
            { _ = try await control.repeatOccasion(of: first.attempt.run, key: "k", ChangeNote()) },
            { _ = try await control.plan(span) },
            { _ = try await control.backfill(span) },
        ]
        for attempt in attempts {
            #expect(
                try await problems(attempt) == ["workflow w is half saved: apply its document again"]
            )
        }
        #expect(try launches().isEmpty)
        let saved = try await control.save(SaveRequest(workflows: [workflow])).workflows
        #expect(saved.map(\.change) == [.updated])
        for attempt in attempts { #expect(try await problems(attempt) == []) }
    }

    @Test("a large workflow gets its new steps first and loses the old ones last")
    func order() async throws {
        let leader = try await lavish(workshop)
        let steps = Self.many.dropFirst(2) + [Self.step("new"), Self.step("s1", after: ["new"])]
        let request = SaveRequest(workflows: [Self.workflow(Array(steps))])
        let plan = try SavePlan(
            request,
            leader.state.store.catalog,
            uid: { _ in TaskUID(bits: 7) },
            now: workshop.now
        )
        let changes = plan.workflows[0].stepChanges.map { $0.map(\.name.text) }
        #expect(changes == [["w.new"], ["w.s1"], ["w.s0"]])
    }

    @Test("a workflow of any size is seen as a whole")
    func size() { #expect(OccasionReader.tasksMax > Workflow.stepsMax) }

    @Test("what comes due while the steps are written begins the workflow when they are")
    func dueMeanwhile() async throws {
        let leader = try await lavish(workshop)
        let before = try await leader.control.task(TaskID("w")!).definition
        _ = try await leader.control.save(SaveRequest(workflows: [Self.workflow(Self.changed)]))
        let after = try await leader.control.task(TaskID("w")!).definition
        #expect(after.revision == before.revision + 2)
        var cursor = workshop.now - .seconds(1)
        for _ in 0..<3 {
            #expect(after.nextDue(after: cursor) == before.nextDue(after: cursor))
            cursor = try #require(before.nextDue(after: cursor))
        }
    }

    @Test("a small workflow is saved in one write: whoever dies leaves all of it or nothing")
    func small() async throws {
        let leader = try await leader()
        let changes = Self.workflow(Self.diamond).tasks.map { task in
            CatalogWriter.Change.save(.created(task, uid: TaskUID(bits: 1), now: workshop.now))
        }
        #expect(try leader.leading.catalogWriter.isOneWrite(changes))
        let many = Self.workflow(Self.many).tasks.map { task in
            CatalogWriter.Change.save(.created(task, uid: TaskUID(bits: 1), now: workshop.now))
        }
        #expect(try !leader.leading.catalogWriter.isOneWrite(many))
        _ = try await leader.control.save(SaveRequest(workflows: [Self.workflow(Self.diamond)]))
        let view = try await leader.control.workflow(Self.name, occasions: 0)
        #expect(!view.isIncomplete)
    }

    @Test("a workflow that loses its beginning first is deleted by asking again")
    func deleted() async throws {
        let workshop = try Workshop()
        let first = try await lavish(workshop)
        lose(1, .dropped, of: first)
        await #expect(throws: CenterError.self) {
            try await first.control.deleteWorkflow(WorkflowDeletion(Self.name))
        }
        await first.die()
        let second = try await workshop.leader("c2")
        try await second.pass()
        let left = try await second.control.workflow(Self.name, occasions: 5)
        #expect(left.isIncomplete && left.stepCount == 150 && left.definition == nil)
        #expect(try await second.control.deleteWorkflow(WorkflowDeletion(Self.name)).count == 150)
        await #expect(throws: CenterError.notFound(kind: "workflow", name: "w")) {
            try await second.control.workflow(Self.name, occasions: 0)
        }
    }
}
