import Documents
import Domain
import Foundation
import Scheduling
import Testing

@Suite struct WorkflowDocumentTests {
    static let nightly = """
        kind: Workflow
        name: nightly
        description: what the shops sold
        schedule:
          cron: "0 2 * * *"
          timeZone: Europe/Berlin
        parameters:
          - name: mode
            type: choice
            default: fast
            choices: [fast, full]
        defaults:
          runtime: etl
          labels: {team: data}
          environment: {LANG: C}
          timeout: 1h
          retry: {attempts: 3, delay: 30s}
        steps:
          report:
            command: [report, "--rows=${{ after.load-eu.rows }}", "${{ parameters.mode }}"]
            after: [load-eu, {step: load-us, on: finished}]
          extract:
            script: |
              extract --to today.csv
            retry: {attempts: 1}
          load-us: {command: [load, us], after: [{step: extract}], environment: {ZONE: us}}
          load-eu: {command: [load, eu], after: [extract], labels: {team: eu, big: "yes"}}
          alarm: {command: [alarm], after: [load-eu, load-us], join: any, priority: 7}

        """

    private func read(_ text: String, file: String = "w.yaml") throws -> Workflow {
        let documents = try DocumentParser().parse(text, file: file)
        guard documents.count == 1, case .workflow(let document) = documents[0] else {
            throw ValidationProblem(field: "", message: "no workflow: \(documents)")
        }
        return document.workflow
    }

    @Test("a workflow is compiled to the task that begins it, which alone has the schedule, and its steps")
    func compiled() throws {
        let workflow = try read(Self.nightly)
        let head = workflow.head
        #expect(head.name.text == "nightly")
        #expect(head.workflow == WorkflowPlace(WorkflowID("nightly")!))
        #expect(head.action == Workflow.beginning)
        #expect(head.schedules.count == 1)
        #expect(head.after.edges.isEmpty)
        #expect(
            workflow.steps.map(\.name.text) == [
                "nightly.extract", "nightly.load-eu", "nightly.load-us", "nightly.alarm", "nightly.report",
            ]
        )
        #expect(workflow.steps.allSatisfy { $0.schedules.isEmpty && $0.runtime.text == "etl" })
        #expect(
            workflow.steps.allSatisfy { $0.parameters == head.parameters && $0.timeout == .seconds(3_600) }
        )
        let steps = Dictionary(uniqueKeysWithValues: workflow.steps.map { ($0.workflow!.step!.text, $0) })
        #expect(steps["extract"]?.after.edges == [.init(TaskID("nightly")!)])
        #expect(steps["extract"]?.retry == Retry())
        #expect(steps["load-us"]?.retry.attempts == 3)
        #expect(steps["load-us"]?.environment == ["LANG": "C", "ZONE": "us"])
        #expect(steps["load-eu"]?.labels == ["team": "eu", "big": "yes"])
        #expect(
            steps["report"]?.after.edges == [
                .init(TaskID("nightly.load-eu")!), .init(TaskID("nightly.load-us")!, on: .finished),
            ]
        )
        #expect(steps["report"]?.neededOutputs.map(\.task.text) == ["nightly.load-eu"])
        #expect(steps["alarm"]?.after.join == .any)
        #expect(workflow.problems.isEmpty)
    }

    @Test("what is written reads back as the same workflow, and is written again byte for byte")
    func roundTrip() throws {
        let workflow = try read(Self.nightly)
        let written = try DocumentWriter.yaml(workflow)
        #expect(try read(written) == workflow, "\(written)")
        #expect(try DocumentWriter.yaml(read(written)) == written)
        let json = try DocumentWriter.json(workflow)
        #expect(try read(json) == workflow, "\(json)")
        let encoded = try JSONDecoder().decode(Workflow.self, from: JSONEncoder().encode(workflow))
        #expect(encoded == workflow)
    }

    @Test("what all steps have is written once, and a step says what it has beyond that")
    func factored() throws {
        let text = """
            kind: Workflow
            name: plain
            defaults: {concurrency: forbid, priority: 3, placement: {zones: [a]}, killGrace: 5s}
            steps:
              one: {command: [one], concurrency: allow, priority: 0, placement: {}}
              two: {command: [two], after: [one], enabled: false}
            """
        let written = try DocumentWriter.yaml(try read(text))
        #expect(
            written == """
                kind: Workflow
                name: plain
                defaults:
                  killGrace: 5s
                  concurrency: forbid
                  priority: 3
                  placement:
                    zones: [a]
                steps:
                  one:
                    command: [one]
                    concurrency: allow
                    priority: 0
                    placement: {}
                  two:
                    command: [two]
                    after: [one]
                    enabled: false

                """
        )
        #expect(try DocumentWriter.yaml(read(written)) == written)
    }

    @Test("several schedules, and steps that nothing comes before, belong to the task that begins it")
    func severalRoots() throws {
        let workflow = try read(
            """
            kind: Workflow
            name: w
            schedules: [{every: 1h}, {cron: "H 2 * * *", jitter: 1m}]
            misfire: all
            steps: {a: {command: [a]}, b: {command: [b]}}
            """
        )
        #expect(workflow.head.schedules.count == 2)
        #expect(workflow.head.misfire.policy == .all)
        #expect(workflow.steps.allSatisfy { $0.after.edges == [.init(TaskID("w")!)] })
        let written = try DocumentWriter.yaml(workflow)
        #expect(try read(written) == workflow)
    }

    @Test("a parameter may be required where no schedule begins the workflow")
    func required() throws {
        let text = """
            kind: Workflow
            name: w
            parameters: [{name: day, type: date, required: true}]
            steps: {a: {command: [a, "${{ parameters.day }}"]}, b: {command: [b], after: [a]}}
            """
        #expect(try read(text).steps.allSatisfy { $0.parameters.first?.isRequired == true })
        #expect {
            try read(text + "\nschedule: {every: 1h}\n")
        } throws: {
            let error = $0 as? DocumentError
            return error?.problems.count == 1 && error?.description.contains("give it a default") == true
        }
    }

    private static let head = "kind: Workflow\nname: w\n"

    static let mistakes: [BadDocument] = [
        .init("no steps", head, "1:1: workflow w has no steps: add some"),
        .init("an empty mapping of steps", head + "steps: {}\n", "3:8: workflow w has no steps: add one"),
        .init("steps as a list", head + "steps: [a]\n", "3:8: steps must be a mapping of names to steps"),
        .init("no name", "kind: Workflow\nsteps: {a: {command: [a]}}\n", "1:1: the workflow has no name"),
        .init(
            "a cycle of two and an unknown step",
            head
                + "steps:\n  a: {command: [a], after: [b]}\n  b: {command: [b], after: [a]}\n  c: {command: [c], after: [d]}\n",
            "4:28: no step could ever be the first: a, which comes after b, which comes after a",
            "6:29: there is no step 'd' in workflow w: add it, or correct the name"
        ),
        .init(
            "a cycle beside steps that cannot be read",
            head
                + "defaults: {timeout: 1h}\nsteps:\n  a: {command: [a], after: [b]}\n  b: {command: [b], after: [a, c], timeout: soon}\n"
                + "  c: nonsense\n  d.e: {command: [d]}\n  f: {command: [f], after: [g]}\n",
            "5:28: no step could ever be the first: a, which comes after b, which comes after a",
            "6:",
            "7:6: steps.c must be a mapping such as",
            "8:3: 'd.e' cannot be the name of a step",
            "9:29: there is no step 'g' in workflow w"
        ),
        .init(
            "two cycles",
            head
                + "steps:\n  a: {command: [a], after: [b]}\n  b: {command: [b], after: [a]}\n"
                + "  c: {command: [c], after: [d, a]}\n  d: {command: [d], after: [c]}\n",
            "4:28: no step could ever be the first: a, which comes after b, which comes after a",
            "6:28: no step could ever be the first: c, which comes after d, which comes after c"
        ),
        .init(
            "a step after itself",
            head + "steps:\n  a:\n    command: [a]\n    after: [a]\n",
            "6:13: a task cannot come after itself"
        ),
        .init(
            "a name that comes twice",
            head + "steps:\n  a: {command: [a]}\n  a: {command: [b]}\n",
            "4:3: 'a' is given more than once in one mapping: keep one"
        ),
        .init(
            "a name that comes twice in JSON",
            "{\"kind\": \"Workflow\", \"name\": \"w\", \"steps\": {\n\"a\": {\"command\": [\"a\"]},\n\"a\": {\"command\": [\"b\"]}}}\n",
            "3:1: step 'a' is given twice, first on line 2: rename one"
        ),
        .init(
            "a schedule in a step",
            head + "steps:\n  a: {command: [a], schedules: [{every: 1h}]}\n",
            "4:21: a step has no 'schedules', the workflow as a whole has: move it beside steps"
        ),
        .init(
            "steps of several runs",
            head
                + "steps:\n  a: {command: [a], shards: 4}\n  b: {command: [b], broadcast: true, after: [a]}\n"
                + "  c: {command: [c, \"${{ shard }}\"]}\n",
            "4:21: a step cannot have 'shards', because what comes after others is one run: write several",
            "5:21: a step cannot have 'broadcast'",
            "6:16: '${{ shard }}' stands for nothing in a task without shards: remove it"
        ),
        .init(
            "unknown keys in three places, and what else is wrong",
            head
                + "retries: 3\ndefaults: {retrys: {attempts: 2}}\nsteps:\n  a: {comand: [a]}\n  b: {command: [b], timeout: soon}\n",
            "3:1: unknown key 'retries' in a workflow",
            "4:12: unknown key 'retrys' in the defaults of a workflow: did you mean 'retry'?",
            "6:6: the step has neither a command nor a script",
            "6:7: unknown key 'comand' in a step: did you mean 'command'?",
            "7:30: "
        ),
        .init(
            "a wrong default is told once",
            head + "defaults: {timeout: 500d}\nsteps: {a: {command: [a]}, b: {command: [b]}}\n",
            "3:21: the timeout must be between 1ms and 366d"
        ),
        .init(
            "a task instead of a step",
            head + "steps:\n  a: {command: [a]}\n  b: {command: [b], after: [{task: a}]}\n",
            "5:29: the entry names no step: write step: extract, for example",
            "5:30: unknown key 'task' in an entry of after"
        ),
        .init(
            "a dot in a step's name",
            head + "steps: {a.b: {command: [a]}}\n",
            "3:9: 'a.b' cannot be the name of a step: dots separate"
        ),
        .init(
            "a name that is too long",
            "kind: Workflow\nname: \(String(repeating: "w", count: 40))\nsteps: {\(String(repeating: "s", count: 30)): {command: [a]}}\n",
            "3:9: '\(String(repeating: "w", count: 40)).sss"
        ),
        .init(
            "two ways to say when",
            head + "schedule: {every: 1h}\nschedules: [{every: 2h}]\nsteps: {a: {command: [a]}}\n",
            "4:12: write schedule or schedules, never both"
        ),
        .init(
            "an output of a step that it does not come after",
            head + "steps:\n  a: {command: [a]}\n  b: {command: [b, \"${{ after.a.rows }}\"]}\n",
            "5:16: '${{ after.a.rows }}' names no output"
        ),
    ]

    @Test("everything that is wrong is told at once, with its place and a remedy", arguments: mistakes)
    func mistake(_ bad: BadDocument) throws {
        let error = try #require(throws: DocumentError.self) {
            try DocumentParser().parse(bad.text, file: "w.yaml")
        }
        let found = error.problems.map(\.description)
        #expect(found.count == bad.problems.count, "\(found)")
        for (found, expected) in zip(found, bad.problems) {
            #expect(found.hasPrefix("w.yaml:" + expected), "\(found)")
        }
    }

    @Test("a thousand steps are read and written, one more is refused")
    func large() throws {
        func text(_ count: Int) -> String {
            Self.head + "steps:\n"
                + (0..<count).map { index in
                    let after = index == 0 ? "" : ", after: [s\(index - 1)]"
                    return "  s\(index): {command: [run, \"\(index)\"]\(after)}\n"
                }.joined()
        }
        let workflow = try read(text(Workflow.stepsMax))
        #expect(workflow.steps.map(\.name.text).last == "w.s999")
        #expect(try read(DocumentWriter.yaml(workflow)) == workflow)
        #expect(throws: DocumentError.self) { try read(text(Workflow.stepsMax + 1)) }
    }
}
