import Domain
import Foundation
import Scheduling
import Testing

/// Outputs of the runs that a run comes after.
@Suite struct TaskOutputTests {
    private static let tasks = ["extract", "a", "a.b", "a.b-c"].map { TaskID($0)! }

    struct Path: Sendable, CustomTestStringConvertible {
        var text: String
        var task: String?
        var name: String?
        var testDescription: String { text }
    }

    static let paths: [Path] = [
        Path(text: "extract.rows", task: "extract", name: "rows"),
        Path(text: "extract.rows.count", task: "extract", name: "rows.count"),
        Path(text: "a.rows", task: "a", name: "rows"),
        Path(text: "a.b.rows", task: "a.b", name: "rows"),
        Path(text: "a.b", task: "a", name: "b"),
        Path(text: "a.b-c.x", task: "a.b-c", name: "x"),
        Path(text: "other.rows"),
        Path(text: "extract."),
        Path(text: "extract"),
        Path(text: "extract.9"),
    ]

    @Test("a name is the longest task it comes after, and an output's name", arguments: paths)
    func path(_ path: Path) {
        let output = TaskOutput(path.text, among: Self.tasks)
        #expect(output?.task.text == path.task)
        #expect(output?.name == path.name)
    }

    @Test("an output has a variable of its own")
    func variable() {
        #expect(
            TaskOutput(task: TaskID("a.b-c")!, name: "Rows.x").variable == "CLOUDTASK_OUTPUT_A_B_C_ROWS_X"
        )
    }

    private static func text(_ bytes: Int) -> OutputValue { .text(String(repeating: "x", count: bytes)) }

    @Test("of too many outputs those that are needed and small ones are kept")
    func fitting() {
        let (left, right) = (TaskID("l")!, TaskID("r")!)
        let all = TaskOutputs([
            left: ["big": Self.text(9_000), "small": .integer(1)],
            right: ["big": Self.text(10_000), "middle": Self.text(5_000)],
        ])
        let kept = all.fitting(first: []).all.map { "\($0.output.task).\($0.output.name)" }
        #expect(kept == ["l.big", "l.small", "r.middle"])
        let needed: Set = [TaskOutput(task: right, name: "big")]
        let others = all.fitting(first: needed).all.map { "\($0.output.task).\($0.output.name)" }
        #expect(others == ["l.small", "r.big", "r.middle"])
        #expect(all.fitting(first: needed).bytes <= TaskOutputs.bytesMax)
        let few = TaskOutputs([left: ["a": .null], right: [:]])
        #expect(few.fitting(first: []) == few)
        #expect(few.values.count == 1)
    }

    @Test("outputs are JSON by task and name; a run that is given none has terms as before")
    func coding() throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        let terms = RunTerms(inputs: TaskOutputs([TaskID("a.b")!: ["rows": .integer(1)]]))
        let data = try encoder.encode(terms)
        #expect(String(decoding: data, as: UTF8.self) == #"{"inputs":{"a.b":{"rows":1}}}"#)
        #expect(try JSONDecoder().decode(RunTerms.self, from: data) == terms)
        #expect(String(decoding: try encoder.encode(RunTerms(note: "n")), as: UTF8.self) == #"{"note":"n"}"#)
        #expect(throws: DecodingError.self) {
            try JSONDecoder().decode(TaskOutputs.self, from: Data(#"{"No Task":{}}"#.utf8))
        }
        #expect(terms.means(RunTerms()))
    }

    private func specification(_ words: [String], after: [String]) -> TaskSpecification {
        TaskSpecification(
            name: TaskID("c")!,
            action: .command(words),
            environment: ["X": "${{ after.b.two }}"],
            after: Dependencies(after.map { .init(TaskID($0)!) })
        )
    }

    @Test("templates may use outputs of tasks that the task comes after, and of no others")
    func validation() {
        let good = specification(["echo", "${{ after.a.one }}-${{after.a.b.c}}"], after: ["a", "b"])
        #expect(good.problems == [])
        #expect(
            good.neededOutputs.map { "\($0.task)/\($0.name)" } == ["a/b.c", "a/one", "b/two"]
        )
        let bad = specification(["echo", "${{ after.z.one }}"], after: ["b"]).problems
        #expect(bad.map(\.field) == ["command[1]"])
        #expect(
            bad.first?.message
                == "'${{ after.z.one }}' names no output of a task that this one comes after: add the task to after"
        )
        for text in ["${{ after.a }}", "${{ after }}", "${{ after. }}", "${{ after.a. }}"] {
            let problems = specification(["echo", text], after: ["a", "b"]).problems
            #expect(problems.first?.message.contains("after.TASK.NAME") == true, "\(text)")
        }
    }

    @Test("a template is filled with the value, a text as it is and anything else as JSON")
    func rendering() {
        let task = specification(["${{ after.a.one }}", "<${{ after.a.b.c }}>"], after: ["a", "b"])
        let inputs = TaskOutputs([
            TaskID("a")!: ["one": .text("x y"), "b.c": .list([.integer(1), .text("z")])],
            TaskID("b")!: ["two": .boolean(true)],
        ])
        #expect(task.complaint(aboutOutputs: inputs) == nil)
        let fire = JournaledFire(
            attempt: AttemptID(run: RunID(request: Nonce(bits: 1)), number: 1),
            task: task.name,
            uid: TaskUID(bits: 1),
            revision: 1,
            due: .init(millisecondsSinceEpoch: 0),
            trigger: .dependency,
            delivery: .atMostOnce,
            decision: .launch
        )
        let facts = TemplateFacts(
            fire: fire,
            node: "n",
            parameters: [:],
            parents: task.after.edges.map(\.task),
            outputs: inputs
        )
        #expect(Template.render("${{ after.a.one }}", facts) == "x y")
        #expect(Template.render("<${{ after.a.b.c }}>", facts) == #"<[1,"z"]>"#)
        #expect(Template.render("${{ after.b.two }}", facts) == "true")
    }

    @Test("what a template needs and was not told is said")
    func complaint() {
        let task = specification(["${{ after.a.one }}"], after: ["a", "b"])
        let given = TaskOutputs([TaskID("b")!: ["two": .integer(2)]])
        #expect(
            task.complaint(aboutOutputs: given)
                == "'${{ after.a.one }}' has no value: no run of a that this one came after told an output one, or there was no room "
                + "for it among the 16384 bytes of outputs that a run is given"
        )
    }

    private func arrival(_ task: String, run: UInt64 = 1, _ outputs: [String: OutputValue]?)
        -> DependencyArrival
    {
        DependencyArrival(
            task: TaskID(task)!,
            run: RunID(request: Nonce(bits: run)),
            verdict: .met,
            agent: AgentID("g")!,
            incarnation: Incarnation(bits: 1),
            outputs: outputs
        )
    }

    @Test("arrivals keep what was told first, and together no more than a run is given")
    func arrivals() {
        var arrivals: [DependencyArrival] = []
        arrivals = arrivals.adding(arrival("a", ["x": Self.text(9_000)]), first: [])
        arrivals = arrivals.adding(arrival("a", nil), first: [])
        #expect(arrivals.count == 1)
        #expect(arrivals[0].outputs?.count == 1)
        arrivals = arrivals.adding(
            arrival("b", run: 2, ["y": Self.text(8_000), "z": .integer(1)]),
            first: []
        )
        #expect(TaskOutputs(arrivals).all.map(\.output.name) == ["y", "z"])
        #expect(arrivals.map(\.task.text) == ["a", "b"])
        // Another run of the task is another occasion's, and says nothing about this one.
        arrivals = arrivals.adding(arrival("b", run: 3, nil), first: [])
        #expect(TaskOutputs(arrivals).isEmpty)
    }
}
