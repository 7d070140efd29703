import Domain
import Foundation
import Payloads
import Scheduling
import Testing

extension LocalCluster {
    /// Saves a workflow; it must be accepted.
    fileprivate func workflow(_ document: String) async throws {
        let applied = try await control("workflow", "apply", "-", input: document)
        try #require(applied.status == 0, "\(applied.errors)")
    }

    /// Begins a workflow; the run that does.
    fileprivate func begin(_ workflow: String, _ more: String...) async throws -> String {
        let answer = try await execute(["workflow", "run", workflow, "-o", "json"] + more)
        try #require(answer.status == 0, "\(answer.errors)")
        return try answer.json(RunAccepted.self).run.text
    }

    /// The states of everything that belongs to a run, by task.
    fileprivate func states(_ run: String) async throws -> [String: String] {
        let answer = try await control("workflow", "get", run, "-o", "json")
        guard answer.status == 0 else { return [:] }
        let steps = try answer.json(OccasionPayload.self).steps
        return Dictionary(steps.map { ($0.task.text, $0.state) }) { first, _ in first }
    }

    /// The words that steps wrote into a file, one a line.
    fileprivate func lines(_ file: URL) throws -> [String] {
        guard FileManager.default.fileExists(atPath: file.path) else { return [] }
        return try String(contentsOf: file, encoding: .utf8).split(separator: "\n").map(String.init)
    }
}

extension EndToEnd.Live {
    /// Several steps as one, with real processes.
    @Suite struct WorkflowTests {
        @Test(
            "a diamond of four steps runs in order, hands outputs and parameters on, and is seen, exported and deleted"
        )
        func diamond() async throws {
            let cluster = try LocalCluster.shared()
            let log = cluster.folder.file("wf-diamond")
            let document = """
                kind: Workflow
                name: wf-dia
                parameters:
                  - {name: day, default: monday}
                defaults:
                  labels: {team: data}
                  environment: {LOG: \(log.path)}
                steps:
                  extract:
                    script: |
                      echo "extract $CLOUDTASK_PARAM_DAY" >> "$LOG"
                      echo "::set rows=12"
                  left: {script: 'echo "left $CLOUDTASK_OUTPUT_EXTRACT_ROWS $CLOUDTASK_PARAM_DAY" >> "$LOG"; echo "::set sum=5"', after: [extract]}
                  right: {script: 'echo "right $CLOUDTASK_OUTPUT_EXTRACT_ROWS" >> "$LOG"; echo "::set sum=7"', after: [{step: extract, on: finished}]}
                  report:
                    command: [sh, -c, 'echo "report $0 $SUM $CLOUDTASK_PARAM_DAY" >> "$LOG"', "${{ after.left.sum }}"]
                    environment: {SUM: "${{ after.right.sum }}"}
                    after: [left, right]
                """
            try await cluster.workflow(document)
            let run = try await cluster.begin("wf-dia", "--param", "day=friday")
            try await eventually("all has run") {
                try await cluster.states(run)["wf-dia.report"] == "succeeded"
            }
            let lines = try cluster.lines(log)
            #expect(lines.first == "extract friday")
            #expect(lines.dropFirst().prefix(2).sorted() == ["left 12 friday", "right 12"])
            #expect(lines.dropFirst(3) == ["report 5 7 friday"])

            let seen = try await cluster.control("workflow", "get", "wf-dia")
            #expect(seen.output.contains("report") && seen.output.contains("left, right"), "\(seen.output)")
            let listed = try await cluster.control("workflow", "list")
            #expect(listed.output.contains("wf-dia"), "\(listed.output)")
            let runs = try await cluster.control("workflow", "runs", "wf-dia")
            #expect(runs.output.contains("4 succeeded") && runs.output.contains(run), "\(runs.output)")

            let exported = try await cluster.control("workflow", "export", "wf-dia")
            let again = try await cluster.control("workflow", "apply", "-", input: exported.output)
            #expect(again.output == "workflow/wf-dia unchanged\n", "\(again)")
            #expect(try await cluster.control("workflow", "export", "wf-dia").output == exported.output)
            #expect(try await cluster.control("export").output.contains(exported.output))
            let same = try await cluster.control("diff", "-f", "-", input: document)
            #expect(same.status == 0, "\(same.output)")

            let alone = try await cluster.control(
                "apply",
                "-f",
                "-",
                input: "kind: Task\nname: wf-dia.extract\ncommand: [date]\n"
            )
            #expect(alone.status == 1)
            #expect(
                alone.errors.contains("task wf-dia.extract belongs to workflow wf-dia: change the workflow"),
                "\(alone.errors)"
            )
            #expect(try await cluster.control("task", "delete", "wf-dia.extract").status == 5)
            let gone = try await cluster.control("workflow", "delete", "wf-dia", "--confirm", "5")
            #expect(gone.output == "workflow/wf-dia deleted (5 tasks)\n", "\(gone)")
            #expect(try await cluster.control("workflow", "get", "wf-dia").status == 3)
            #expect(try await cluster.task("wf-dia.report") == nil)
        }

        @Test(
            "a failing step skips what follows; a repetition begins with it, and runs nothing that succeeded again"
        )
        func retry() async throws {
            let cluster = try LocalCluster.shared()
            let log = cluster.folder.file("wf-retry")
            let disk = cluster.folder.file("wf-retry-disk")
            try await cluster.workflow(
                """
                kind: Workflow
                name: wf-retry
                defaults: {environment: {LOG: \(log.path), DISK: \(disk.path)}}
                steps:
                  first: {script: 'echo first >> "$LOG"; echo "::set n=3"'}
                  second: {script: 'echo second >> "$LOG"; test -e "$DISK"', after: [first]}
                  third: {script: 'echo "third $CLOUDTASK_OUTPUT_FIRST_N" >> "$LOG"', after: [first, second]}
                  clean: {script: 'echo clean >> "$LOG"', after: [{step: second, on: failed}]}
                """
            )
            let run = try await cluster.begin("wf-retry")
            try await eventually("the last is skipped and the disk cleaned") {
                let states = try await cluster.states(run)
                return states["wf-retry.third"] == "skipped" && states["wf-retry.clean"] == "succeeded"
            }
            #expect(try await cluster.states(run)["wf-retry.second"] == "failed")
            #expect(try cluster.lines(log) == ["first", "second", "clean"])
            try Data().write(to: disk)
            let retried = try await cluster.control(
                "workflow",
                "retry",
                run,
                "--key",
                "k",
                "--note",
                "disk is back"
            )
            try #require(retried.status == 0, "\(retried.errors)")
            #expect(retried.output.contains("wf-retry.second"), "\(retried.output)")
            let again = try #require(retried.output.split(separator: " ").first).dropFirst("run/".count)
            try await eventually("the repetition has run") {
                let runs = try await cluster.control("workflow", "runs", "wf-retry")
                return runs.output.contains("4 succeeded") && runs.output.contains(again)
            }
            #expect(try cluster.lines(log).suffix(2) == ["second", "third 3"])
            #expect(try cluster.lines(log).count { $0 == "first" } == 1)
        }

        @Test("a cancelled workflow stops what runs and skips the rest, with the reason")
        func cancel() async throws {
            let cluster = try LocalCluster.shared()
            try await cluster.workflow(
                """
                kind: Workflow
                name: wf-cancel
                steps:
                  quick: {command: ["true"]}
                  endless: {command: [sleep, "600"], after: [quick]}
                  never: {command: ["true"], after: [endless]}
                """
            )
            let run = try await cluster.begin("wf-cancel")
            try await eventually("the endless one runs") {
                try await cluster.states(run)["wf-cancel.endless"] == "running"
            }
            let cancelled = try await cluster.control("workflow", "cancel", run, "--reason", "wrong input")
            #expect(cancelled.status == 0, "\(cancelled.errors)")
            try await eventually("it is stopped, and the last skipped") {
                let states = try await cluster.states(run)
                return states["wf-cancel.endless"] == "stopped" && states["wf-cancel.never"] == "skipped"
            }
            let seen = try await cluster.control("workflow", "get", run)
            #expect(seen.output.contains("wrong input"), "\(seen.output)")
            let again = try await cluster.control("workflow", "cancel", run)
            #expect(again.status == 0 || again.status == 5, "\(again.errors)")
        }

        @Test("a schedule begins the workflow until it is paused, and a step that is gone is deleted")
        func scheduled() async throws {
            let cluster = try LocalCluster.shared()
            func document(_ more: String) -> String {
                """
                kind: Workflow
                name: wf-tick
                schedule: {every: 1s}
                steps:
                  tick: {command: ["true"]}
                \(more)
                """
            }
            try await cluster.workflow(document("  tock: {command: [\"true\"], after: [tick]}"))
            try await eventually("two occasions are over") {
                let answer = try await cluster.control("workflow", "runs", "wf-tick", "-o", "json")
                guard answer.status == 0 else { return false }
                let occasions = try answer.json(ListPayload<WorkflowPayload.Occasion>.self).items
                return occasions.count { $0.state == "succeeded" && $0.steps.count == 2 } >= 2
            }
            let paused = try await cluster.control("workflow", "pause", "wf-tick", "--reason", "enough")
            #expect(paused.output == "workflow/wf-tick paused\n", "\(paused)")
            #expect(try await cluster.control("workflow", "list").output.contains("enough"))
            try await cluster.workflow(document("enabled: false"))
            #expect(try await cluster.task("wf-tick.tock") == nil)
            #expect(
                try await cluster.control("workflow", "export", "wf-tick").output.contains("enabled: false")
            )
            #expect(
                try await cluster.control("workflow", "resume", "wf-tick").output
                    == "workflow/wf-tick resumed\n"
            )
            let restored = try await cluster.control("workflow", "restore", "wf-tick", "--revision", "1")
            #expect(restored.output == "workflow/wf-tick restored as revision 5\n", "\(restored)")
            let differing = try await cluster.control("workflow", "diff", "wf-tick")
            #expect(differing.status == 1 && differing.output.contains("+ "), "\(differing)")
            let dry = try await cluster.control("workflow", "delete", "wf-tick", "--dry-run")
            #expect(dry.output == "workflow/wf-tick would be deleted (3 tasks)\n", "\(dry)")
            #expect(try await cluster.control("delete", "-f", "-", input: document("")).status == 0)
            #expect(try await cluster.control("workflow", "get", "wf-tick").status == 3)
        }

        @Test(
            "everything that is wrong with a document is told at once, with its place, and nothing is saved"
        )
        func refused() async throws {
            let cluster = try LocalCluster.shared()
            let answer = try await cluster.control(
                "workflow",
                "apply",
                "-",
                input: """
                    kind: Workflow
                    name: wf-bad
                    steps:
                      a: {command: [a], after: [b]}
                      b: {command: [b], after: [a]}
                      c: {command: [c], schedule: {every: 1h}}
                    """
            )
            #expect(answer.status == 1)
            #expect(answer.errors.contains("-:4:28: no step could ever be the first"), "\(answer.errors)")
            #expect(answer.errors.contains("-:6:21: a step has no 'schedule'"), "\(answer.errors)")
            #expect(try await cluster.control("workflow", "get", "wf-bad").status == 3)
            let task = try await cluster.control(
                "workflow",
                "apply",
                "-",
                input: "kind: Task\nname: t\ncommand: [t]\n"
            )
            #expect(
                task.status == 1 && task.errors.contains("this is a task, not a workflow"),
                "\(task.errors)"
            )
        }

        @Test("a task of its own comes after a step, and one file has both: all is saved, or nothing")
        func mixed() async throws {
            let cluster = try LocalCluster.shared()
            let workflow = "kind: Workflow\nname: wf-mix\nsteps: {a: {command: [\"true\"]}}\n"
            let clash = try await cluster.control(
                "apply",
                "-f",
                "-",
                input: workflow + "---\nkind: Task\nname: wf-mix.a\ncommand: [date]\n"
            )
            #expect(clash.status == 1 && clash.errors.contains("the name appears twice"), "\(clash)")
            #expect(try await cluster.control("workflow", "get", "wf-mix").status == 3)
            try await cluster.apply(
                workflow,
                "kind: Task\nname: wf-mix-then\ncommand: [\"true\"]\nafter: [wf-mix.a]\n"
            )
            let run = try await cluster.begin("wf-mix")
            try await eventually("the task follows") {
                try await cluster.states(run)["wf-mix-then"] == "succeeded"
            }
            let gone = try await cluster.control("workflow", "delete", "wf-mix")
            #expect(gone.status == 5 && gone.errors.contains("wf-mix-then"), "\(gone)")
        }

        @Test("runs of tasks that belong to no workflow are seen, cancelled and repeated as a whole, too")
        func tasks() async throws {
            let cluster = try LocalCluster.shared()
            let gate = cluster.folder.file("wf-gate")
            try await cluster.apply(
                "kind: Task\nname: wt-a\ncommand: [\"true\"]\n",
                "kind: Task\nname: wt-b\nscript: test -e \(gate.path)\nafter: [wt-a]\n",
                "kind: Task\nname: wt-c\nscript: \"test ! -e \(gate.path) || sleep 600\"\nafter: [wt-b]\n"
            )
            let run = try await cluster.start("wt-a")
            try await eventually("the last is skipped") { try await cluster.states(run)["wt-c"] == "skipped" }
            #expect(try await cluster.states(run)["wt-b"] == "failed")
            try Data().write(to: gate)
            let retried = try await cluster.control("workflow", "retry", run, "--key", "k", "-o", "json")
            try #require(retried.status == 0, "\(retried.errors)")
            let second = try #require(try retried.json(OccasionRepeated.self).runs.first).text
            let same = try await cluster.control("workflow", "retry", run, "--key", "k", "-o", "json")
            let isSame = try same.status == 5 || same.json(OccasionRepeated.self).runs.first?.text == second
            #expect(isSame, "\(same)")
            try await eventually("the last runs") { try await cluster.states(second)["wt-c"] == "running" }
            #expect(try await cluster.states(second)["wt-a"] == "succeeded")
            #expect(try await cluster.control("workflow", "cancel", second).status == 0)
            try await eventually("it is stopped") { try await cluster.states(second)["wt-c"] == "stopped" }
        }
    }
}

extension EndToEnd {
    /// Workflows while centers die.
    @Suite struct WorkflowFailoverTests {
        @Test("the leader is killed between a step's end and the next one's start: that starts exactly once")
        func killedLeader() async throws {
            try await withCluster("--centers", "2", "--agents", "2") { cluster in
                let log = cluster.folder.file("chain")
                let steps = (1...3).map { index in
                    let after = index == 1 ? "" : ", after: [s\(index - 1)]"
                    return
                        "  s\(index): {script: 'echo begin $CLOUDTASK_TASK >> \(log.path); sleep 1; echo end >> \(log.path)'\(after)}"
                }
                try await cluster.workflow(
                    "kind: Workflow\nname: chain\nsteps:\n" + steps.joined(separator: "\n") + "\n"
                )
                let run = try await cluster.begin("chain")
                try await eventually("the first step runs") {
                    try cluster.lines(log).contains("begin chain.s1")
                }
                let leader = try #require(try await cluster.status().leadership.center).text
                // It ends while nobody leads: whoever leads next starts what follows.
                kill(try #require(try cluster.processes("center")[leader]), SIGKILL)
                try await eventually("all steps have run", within: Patience.seconds(60)) {
                    try await cluster.states(run)["chain.s3"] == "succeeded"
                }
                let begun = try cluster.lines(log).filter { $0.hasPrefix("begin") }
                #expect(begun == ["begin chain.s1", "begin chain.s2", "begin chain.s3"])
                let verified = try await cluster.control("cluster", "verify")
                #expect(!verified.output.contains("/workflows"), "\(verified.output)")
            }
        }
    }
}
