import Domain
import Foundation
import Payloads
import Scheduling
import Testing

extension EndToEnd.Live {
    /// What runs tell of themselves.
    @Suite struct TellingTests {
        @Test("progress is seen while a run runs, outputs and result when it is over")
        func telling() async throws {
            let cluster = try LocalCluster.shared()
            let gate = cluster.folder.file("telling-gate")
            try await cluster.task(
                "telling",
                script: """
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
            #expect(running.outputs == nil)
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
            #expect(text.contains("1 line begins with ::progress or ::set and is neither"))
            #expect(try await cluster.output(of: run).contains("::set rows=12\n"))
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
