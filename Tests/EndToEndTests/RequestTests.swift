import Domain
import Foundation
import Payloads
import Scheduling
import Testing

extension EndToEnd.Live {
    /// Runs with values, changes of single fires, pauses that end by themselves, and what is said about all of it.
    @Suite struct RequestTests {
        static let document = """
            kind: Task
            name: asked
            command: [sh, -c, 'echo "$1|$CLOUDTASK_PARAM_DAY|$MODE|$CLOUDTASK_DUE"; exit $CLOUDTASK_PARAM_CODE', sh, "${{ parameters.text }}"]
            environment: {MODE: "${{ parameters.mode }} on ${{ task }}"}
            parameters:
              - {name: text, default: none}
              - {name: day, type: date, default: 2026-01-01}
              - {name: mode, type: choice, choices: [fast, full], default: fast}
              - {name: code, type: number, default: 0, min: 0, max: 255}
            """

        @Test(
            "values reach the attempt as arguments and variables, never as shell text; a retry has them again"
        )
        func values() async throws {
            let cluster = try LocalCluster.shared()
            try await cluster.apply(Self.document)
            let nasty = "$(touch /tmp/x) `id` \"'; ${{ task }}"
            let asked = try await cluster.control(
                "task",
                "run",
                "asked",
                "--param",
                "text=\(nasty)",
                "-p",
                "mode=full",
                "-p",
                "code=3",
                "--due",
                "2026-03-29T06:00:00Z",
                "--note",
                "numbers were wrong",
                "-o",
                "json"
            )
            try #require(asked.status == 0, "\(asked.errors)")
            let run = try asked.json(RunAccepted.self).run.text
            let ended = try await cluster.wait(for: run)
            #expect(ended.status == 20)
            let line = "\(nasty)|2026-01-01|full on asked|2026-03-29T06:00:00.000Z\n"
            #expect(try await cluster.output(of: run) == line)
            let record = try #require(try await cluster.record(of: run))
            #expect(record.parameters == ["text": nasty, "day": "2026-01-01", "mode": "full", "code": "3"])
            #expect(record.note == "numbers were wrong" && record.requestedBy?.contains("@") == true)
            let again = try await cluster.control("run", "retry", run, "--param", "code=0", "-o", "json")
            try #require(again.status == 0, "\(again.errors)")
            let retry = try again.json(RunAccepted.self).run.text
            #expect(try await cluster.wait(for: retry).status == 0)
            #expect(try await cluster.output(of: retry) == line)
            #expect(try await cluster.record(of: retry)?.retryOf?.text == run)
            #expect(try await cluster.record(of: run)?.retriedBy?.map(\.text) == [retry])
            let told = try await cluster.control("run", "explain", run)
            #expect(told.status == 0)
            #expect(told.output.contains("exit code 3") && told.output.contains("numbers were wrong"))
            #expect(told.output.contains("It was repeated by \(retry)."))
        }

        @Test("wrong values are all told at once, and nothing runs; a key with other values is a conflict")
        func wrongValues() async throws {
            let cluster = try LocalCluster.shared()
            try await cluster.apply(Self.document.replacing("name: asked", with: "name: asked-badly"))
            let wrong = try await cluster.control(
                "task",
                "run",
                "asked-badly",
                "-p",
                "day=soon",
                "-p",
                "cod=1"
            )
            #expect(wrong.status == 1)
            #expect(wrong.errors.contains("parameter day must be a day such as 2026-03-29, not 'soon'"))
            #expect(
                wrong.errors.contains("task asked-badly has no parameter 'cod': it has text, day, mode, code")
            )
            #expect(try await cluster.control("task", "run", "asked-badly", "-p", "day").status == 64)
            let first = try await cluster.control(
                "task",
                "run",
                "asked-badly",
                "--key",
                "k",
                "-p",
                "mode=full"
            )
            #expect(first.status == 0)
            let other = try await cluster.control(
                "task",
                "run",
                "asked-badly",
                "--key",
                "k",
                "-p",
                "mode=fast"
            )
            #expect(other.status == 5)
            #expect(other.errors.contains("other parameters"))
        }

        @Test("a pause ends by itself in time; task list, get and explain say why it was")
        func pause() async throws {
            let cluster = try LocalCluster.shared()
            let marks = try Marks(in: cluster.folder, name: "until")
            try await cluster.apply(taskDocument("until", every: "1s", script: marks.script()))
            try await eventually("it runs") { try !marks.all().isEmpty }
            let paused = try await cluster.control(
                "task",
                "pause",
                "until",
                "--until",
                "8s",
                "--reason",
                "new disks"
            )
            try #require(paused.status == 0, "\(paused.errors)")
            let pause = try #require(try await cluster.task("until")?.pause)
            let end = try #require(pause.until)
            #expect(pause.reason == "new disks")
            #expect(try await cluster.control("task", "list").output.contains("new disks"))
            let told = try await cluster.control("task", "explain", "until").output
            #expect(told.contains("new disks; it ends by itself at"))
            try await eventually("it runs again") { try marks.all().contains { $0.due >= end } }
            let quiet = try marks.all().filter { $0.due > pause.since + .seconds(2) && $0.due < end }
            #expect(quiet.isEmpty)
            #expect(try marks.all().contains { $0.due < end + .seconds(1) && $0.due >= end })
            #expect(try await cluster.task("until")?.pause == nil)
            #expect(try await cluster.control("task", "delete", "until").status == 0)
        }

        @Test("the next fires are shifted, adjusted and skipped, each once, and recorded so")
        func fires() async throws {
            let cluster = try LocalCluster.shared()
            let head =
                "kind: Task\nname: fires\nparameters: [{name: word, default: usual}]\nschedules: [{every: 4s}]\n"
            try await cluster.apply(head + "script: echo $CLOUDTASK_PARAM_WORD")
            func change(_ words: String...) async throws -> FireException {
                let answer = try await cluster.execute(["task"] + words + ["-o", "json"])
                try #require(answer.status == 0, "\(answer.errors)")
                return try #require(try answer.json(ListPayload<FireException>.self).items.first)
            }
            let skipped = try await change("skip", "fires", "--reason", "holiday")
            let adjusted = try await change(
                "adjust",
                "fires",
                "-p",
                "word=once",
                "--due",
                (skipped.due + .seconds(4)).formatted()
            )
            let to = skipped.due + .seconds(10)
            let shifted = try await change(
                "shift",
                "fires",
                "--to",
                to.formatted(),
                "--due",
                (skipped.due + .seconds(8)).formatted()
            )
            let next = try await cluster.control("task", "next", "fires").output
            #expect(
                next.contains("is skipped (holiday)") && next.contains("has word=once")
                    && next.contains("shifted from")
            )
            func decided() async throws -> [RunPayload] {
                let answer = try await cluster.control("run", "list", "--task", "fires", "-o", "json")
                return try answer.json(ListPayload<RunPayload>.self).items
            }
            try await eventually("the fires are decided") {
                try await decided().contains { $0.due > to && $0.state.isFinal }
            }
            let runs = try await decided()
            let skippedRun = try #require(runs.first { $0.due == skipped.due })
            #expect(skippedRun.state == .skipped && skippedRun.reason?.hasSuffix("holiday") == true)
            #expect(runs.first { $0.due == adjusted.due }?.parameters == ["word": "once"])
            #expect(runs.first { $0.due == to }?.shiftedFrom == shifted.due)
            #expect(!runs.contains { $0.due == shifted.due })
            #expect(runs.first { $0.due > to }?.parameters == ["word": "usual"])
            let at = try await cluster.control("task", "explain", "fires", "--at", skipped.due.formatted())
            #expect(at.output.contains("It was skipped") && at.output.contains("holiday"))
            #expect(try await cluster.control("task", "delete", "fires").status == 0)
        }

        @Test("explain names the condition that no agent meets, and the znode")
        func explained() async throws {
            let cluster = try LocalCluster.shared()
            try await cluster.apply(
                "kind: Task\nname: nowhere\ncommand: ['true']\nschedules: [{every: 1h}]\nplacement: {labels: {gpu: big}}"
            )
            try await eventually("the planner has looked") {
                try await cluster.control("task", "explain", "nowhere").output.contains(
                    "no agent has label gpu=big"
                )
            }
            let told = try await cluster.control("task", "explain", "nowhere", "-o", "json")
            let finding = try #require(try told.json(Explanation.self).findings.first)
            #expect(finding.cause == .placement)
            #expect(finding.recordedIn.contains("/tasks/") && finding.recordedIn.contains("/agents"))
            #expect(try await cluster.control("task", "explain", "no-such-task").status == 3)
            #expect(try await cluster.control("task", "delete", "nowhere").status == 0)
        }
    }
}
