import Domain
import Foundation
import Payloads
import Scheduling
import Testing

extension EndToEnd.Live {
    /// What runs tell of themselves.
    @Suite struct TellingTests {
        @Test("progress and what is set are seen while a run runs, the result when it is over")
        func telling() async throws {
            let cluster = try LocalCluster.shared()
            let gate = cluster.folder.file("telling-gate")
            try await cluster.task(
                "telling",
                script: """
                    echo "::set rows=11"
                    echo "::progress 40 copying"
                    while [ ! -e \(gate.path) ]; do sleep 0.1; done
                    echo "::progress 100 done"
                    echo "::set rows=12"
                    echo "::set kind=line"
                    echo "::set"
                    printf '{"kind": "file", "list": [1, {"deep": null}]}' > "$CLOUDTASK_RESULT"
                    """
            )
            let run = try await cluster.start("telling")
            try await eventually("the progress is seen") {
                try await cluster.record(of: run)?.progress?.percent == 40
            }
            let running = try #require(try await cluster.record(of: run))
            #expect(running.state == .running)
            #expect(running.progress?.text == "copying")
            try await eventually("what it has set so far is seen") {
                try await cluster.record(of: run)?.outputs == ["rows": .text("11")]
            }
            let soFar = try await cluster.control("run", "get", run)
            #expect(soFar.output.contains("rows=11"), "\(soFar)")
            let list = try await cluster.control("run", "list", "--task", "telling", "-o", "wide")
            #expect(list.output.contains("PROGRESS") && list.output.contains("40 % copying"))
            try Data().write(to: gate)
            #expect(try await cluster.wait(for: run).status == 0)
            let ended = try #require(try await cluster.record(of: run))
            #expect(ended.progress?.percent == 100)
            #expect(
                ended.outputs == [
                    "rows": .text("12"), "kind": .text("file"),
                    "list": .list([.integer(1), .object(["deep": .null])]),
                ]
            )
            #expect(ended.warnings?.count == 1)
            let text = try await cluster.control("run", "get", run).output
            #expect(text.contains("kind=file"))
            #expect(text.contains("1 line begins with ::progress, ::status or ::set and is none of them"))
            #expect(try await cluster.output(of: run).contains("::set rows=12\n"))
        }

        @Test("runs that come after others are given their outputs; one that needs more is not started")
        func passing() async throws {
            let cluster = try LocalCluster.shared()
            try await cluster.apply(
                "kind: Task\nname: tell-a\nscript: 'echo ::set rows=12'\n",
                "kind: Task\nname: tell-b\nscript: |\n  echo '{\"files\": [\"x y\"]}' > $CLOUDTASK_RESULT\nafter: [tell-a]\n",
                """
                kind: Task
                name: tell-c
                command: [/bin/echo, "::set sum=${{ after.tell-a.rows }}/${{ after.tell-b.files }}"]
                after: [tell-a, tell-b]
                """,
                """
                kind: Task
                name: tell-d
                script: 'echo "::set seen=$CLOUDTASK_OUTPUT_TELL_C_SUM $CLOUDTASK_PARENTS"'
                after: [tell-c]
                """,
                """
                kind: Task
                name: tell-e
                command: [/bin/echo, "${{ after.tell-a.columns }}"]
                after: [tell-a]
                """
            )
            let run = try await cluster.start("tell-a")
            #expect(try await cluster.wait(for: run).status == 0)
            func ended(_ task: String) async throws -> RunPayload {
                var found: RunPayload?
                try await eventually("\(task) has run") {
                    let answer = try await cluster.control("run", "list", "--task", task, "-o", "json")
                    let last = try answer.json(ListPayload<RunPayload>.self).items.first
                    guard let last, last.state.isFinal else { return false }
                    found = try await cluster.record(of: last.id.text)
                    return true
                }
                return try #require(found)
            }
            let joined = try await ended("tell-c")
            #expect(joined.outputs == ["sum": .text("12/[\"x y\"]")])
            #expect(joined.inputs?.all.count == 2)
            let last = try await ended("tell-d")
            #expect(last.outputs == ["seen": .text("12/[\"x y\"] \(joined.id)")])
            let failed = try await ended("tell-e")
            #expect(failed.state == .failed)
            #expect(failed.attempts.first?.message?.contains("told an output columns") == true)
            let text = try await cluster.control("run", "get", joined.id.text).output
            #expect(text.contains("tell-a.rows=12"))
            let refused = try await cluster.control(
                "apply",
                "-f",
                "-",
                input: "kind: Task\nname: tell-f\ncommand: [echo, '${{ after.tell-z.x }}']\nafter: [tell-a]\n"
            )
            #expect(refused.status != 0)
            #expect(refused.errors.contains("names no output of a task that this one comes after"))
        }

        @Test("fencing tokens grow from attempt to attempt, and runs know what they are")
        func environment() async throws {
            let cluster = try LocalCluster.shared()
            try await cluster.task(
                "fenced",
                script: "echo ::set fence=$CLOUDTASK_FENCE; echo ::set why=$CLOUDTASK_TRIGGER; exit 75",
                more: "retry: {attempts: 2, delay: 100ms}"
            )
            var tokens: [Int64] = []
            for _ in 0..<3 {
                let run = try await cluster.start("fenced")
                #expect(try await cluster.wait(for: run).status == 20)
                let outputs = try #require(try await cluster.record(of: run)?.outputs)
                #expect(outputs["why"] == .text("request"))
                tokens.append(try #require((outputs["fence"]?.plainText).flatMap { Int64($0) }))
            }
            #expect(tokens == tokens.sorted() && Set(tokens).count == 3)
        }
    }
}
