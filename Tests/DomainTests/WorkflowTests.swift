import Domain
import Scheduling
import Testing

@Suite struct WorkflowTests {
    private static let name = WorkflowID("w")!

    private static func step(_ name: String, after parents: [String] = []) -> TaskSpecification {
        let place = WorkflowPlace(Self.name, step: StepID(name)!)
        let edges = parents.isEmpty ? ["w"] : parents.map { "w.\($0)" }
        return TaskSpecification(
            name: place.task!,
            action: .command(["true"]),
            after: Dependencies(edges.map { .init(TaskID($0)!) }),
            workflow: place
        )
    }

    private static func workflow(
        _ steps: [TaskSpecification],
        head change: (inout TaskSpecification) -> Void = { _ in }
    ) -> Workflow {
        var head = TaskSpecification(
            name: TaskID("w")!,
            action: Workflow.beginning,
            workflow: WorkflowPlace(name)
        )
        change(&head)
        return Workflow(head: head, steps: steps)!
    }

    @Test("a place and the name of its task say the same")
    func names() throws {
        let place = WorkflowPlace(WorkflowID("a.b")!)
        #expect(place.task?.text == "a.b")
        #expect(WorkflowPlace(place.workflow, step: StepID("c")!).task?.text == "a.b.c")
        #expect(WorkflowPlace(place.workflow, step: StepID("c.d")!).task == nil)
        #expect(place.step(of: TaskID("a.b.c")!)?.text == "c")
        #expect(place.step(of: TaskID("a.b.c.d")!) == nil)
        #expect(place.step(of: TaskID("a.b")!) == nil)
        #expect(place.step(of: TaskID("other.c")!) == nil)
    }

    @Test("steps stand behind those they come after, otherwise by name")
    func order() {
        let steps = [
            Self.step("z"), Self.step("d", after: ["b", "c"]), Self.step("c", after: ["z"]),
            Self.step("b", after: ["z"]), Self.step("a", after: ["d"]),
        ]
        let order = ["w.z", "w.b", "w.c", "w.d", "w.a"]
        #expect(Self.workflow(steps).steps.map(\.name.text) == order)
        #expect(Self.workflow(steps.reversed()) == Self.workflow(steps))
    }

    struct Mistake: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var workflow: Workflow
        var problems: [String]
    }

    static let mistakes: [Mistake] = [
        Mistake(
            testDescription: "none",
            workflow: workflow([]),
            problems: ["steps: workflow w has no steps"]
        ),
        Mistake(
            testDescription: "a cycle of three behind a root, and one of two",
            workflow: workflow([
                step("r"), step("a", after: ["r", "c"]), step("b", after: ["a"]), step("c", after: ["b"]),
                step("x", after: ["y"]), step("y", after: ["x"]),
            ]),
            problems: [
                "steps.a.after: no step could ever be the first: a, which comes after c, which comes after b, which comes after a",
                "steps.x.after: no step could ever be the first: x, which comes after y, which comes after x",
            ]
        ),
        Mistake(
            testDescription: "unknown steps",
            workflow: workflow([step("a", after: ["gone", "away"])]),
            problems: [
                "steps.a.after[0].task: there is no step 'gone'",
                "steps.a.after[1].task: there is no step 'away'",
            ]
        ),
        Mistake(
            testDescription: "a schedule",
            workflow: workflow([
                {
                    var timed = step("a")
                    timed.schedules = [.every(try! IntervalSchedule(every: .seconds(60)))]
                    return timed
                }()
            ]),
            problems: ["steps.a: a step has no schedule"]
        ),
        Mistake(
            testDescription: "a step of another workflow",
            workflow: workflow([TaskSpecification(name: TaskID("other")!, action: .command(["true"]))]),
            problems: ["steps.other: task other is no step of workflow w"]
        ),
        Mistake(
            testDescription: "what no document can say",
            workflow: workflow([step("a")]) { $0.timeout = .seconds(60) },
            problems: [
                "steps.a: a step has what the workflow says for all, or says something else: timeout is missing"
            ]
        ),
        Mistake(
            testDescription: "a beginning that does something",
            workflow: workflow([step("a")]) { $0.action = .command(["rm"]) },
            problems: ["head: the task that begins a workflow does nothing"]
        ),
        Mistake(
            testDescription: "a beginning of several runs",
            workflow: workflow([step("a")]) { $0.shards = .count(2) },
            problems: ["head: the task that begins a workflow is one run"]
        ),
        Mistake(
            testDescription: "half saved",
            workflow: workflow([step("a")]) { $0.workflow = WorkflowPlace(name, isIncomplete: true) },
            problems: ["head: only the cluster says that a workflow is half saved"]
        ),
    ]

    @Test("what is wrong with how steps hang together is told at once", arguments: mistakes)
    func problems(_ mistake: Mistake) {
        let found = mistake.workflow.problems.map { "\($0.field): \($0.message)" }
        #expect(found.count == mistake.problems.count, "\(found)")
        for (found, expected) in zip(found, mistake.problems) { #expect(found.hasPrefix(expected)) }
    }

    @Test("a step names outputs of other steps by their own names")
    func outputs() throws {
        var step = Self.step("b", after: ["a"])
        step.action = .command(["x", "${{ after.a.rows }}"])
        #expect(step.problems.isEmpty)
        let output = TaskOutput(task: TaskID("w.a")!, name: "rows")
        #expect(step.neededOutputs == [output])
        #expect(step.localName(of: output).variable == "CLOUDTASK_OUTPUT_A_ROWS")
        #expect(
            step.complaint(aboutOutputs: TaskOutputs())?.hasPrefix("'${{ after.a.rows }}' has no value")
                == true
        )
        let given = TaskOutputs([output.task: ["rows": .text("7")]])
        #expect(step.complaint(aboutOutputs: given) == nil)
        step.action = .command(["x", "${{ after.w.a.rows }}"])
        #expect(step.problems.count == 1)
        var first = Self.step("a")
        first.action = .command(["x", "${{ after.a.rows }}"])
        #expect(first.problems.count == 1)
    }

    @Test("while it is half saved, nothing begins it")
    func closed() throws {
        let workflow = Self.workflow([Self.step("a")]) {
            $0.schedules = [.every(try! IntervalSchedule(every: .seconds(60)))]
        }
        #expect(workflow.closedHead.schedules.isEmpty)
        #expect(workflow.closedHead.workflow?.isIncomplete == true)
        #expect(Workflow(head: workflow.closedHead, steps: workflow.steps)?.isIncomplete == true)
        #expect(!workflow.isIncomplete)
    }
}
