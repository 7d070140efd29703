import Domain
import Foundation
import Payloads
import Scheduling
import Testing

extension EndToEnd {
    /// An agent with fewer slots than there are runs.
    @Suite struct SlotTests {
        private static let options = ["--centers", "1", "--agents", "1", "--slots", "1"]

        private func queue(_ cluster: LocalCluster) async throws -> QueuePayload {
            let shown = try await cluster.control("node", "queue", "agent-1", "-o", "json")
            try #require(shown.status == 0, "\(shown.errors)")
            return try shown.json(QueuePayload.self)
        }

        @Test("runs get the one slot by priority, and the queue says in which order and why")
        func priorities() async throws {
            try await withCluster(Self.options) { cluster in
                let gate = cluster.folder.file("slot-gate")
                let wait = "while [ ! -e \(gate.path) ]; do sleep 0.1; done"
                try await cluster.task("blocker", script: wait)
                for (name, priority) in [("low", -20), ("middle", 0), ("high", 20)] {
                    try await cluster.task(name, script: "true", more: "priority: \(priority)")
                }
                let blocker = try await Live.TaskLifeTests.startRunning("blocker", cluster)
                var runs: [String] = []
                for name in ["low", "middle", "high"] { runs.append(try await cluster.start(name)) }
                try await eventually("three wait") { try await queue(cluster).waiting == 3 }
                let waiting = try await queue(cluster)
                #expect(waiting.running == 1 && waiting.slots == 1)
                #expect(waiting.entries.map(\.task.text) == ["high", "middle", "low"])
                #expect(waiting.entries.map(\.position) == [1, 2, 3])
                #expect(waiting.obstacle == "all 1 slots are taken")
                let text = try await cluster.control("node", "queue", "agent-1")
                #expect(text.output.hasPrefix("1 of 1 slots of agent agent-1 are taken, 3 wait for a slot"))
                try Data().write(to: gate)
                #expect(try await cluster.wait(for: blocker).status == 0)
                var starts: [String: Instant] = [:]
                for run in runs {
                    let record = try await cluster.wait(for: run).run
                    starts[record.task.text] = try #require(record.attempts.first?.startedAt)
                }
                #expect(starts.sorted { $0.value < $1.value }.map(\.key) == ["high", "middle", "low"])
                #expect(try await queue(cluster).waiting == 0)
            }
        }

        @Test("limits of a runtime are set, shown, counted and taken away; wrong ones are refused")
        func limits() async throws {
            try await withCluster(["--centers", "1", "--agents", "1"]) { cluster in
                let set = try await cluster.control(
                    "runtime",
                    "set",
                    "default",
                    "--starts-per-second",
                    "1",
                    "--share",
                    "reports=300"
                )
                try #require(set.status == 0, "\(set.errors)")
                let shown = try await cluster.control("runtime", "get", "default")
                #expect(shown.output.contains("1 a second at most"))
                #expect(shown.output.contains("reports 300, the others together 100"))
                try await eventually("the agent knows") { try await queue(cluster).startsPerSecond == 1 }
                try await cluster.task("quick", script: "true")
                var runs: [String] = []
                for _ in 0..<3 { runs.append(try await cluster.start("quick")) }
                var starts: [Int64] = []
                for run in runs {
                    let record = try await cluster.wait(for: run).run
                    starts.append(try #require(record.attempts.first?.startedAt).millisecondsSinceEpoch)
                }
                starts.sort()
                // A second apart by the agent's order; what starting a process takes differs.
                #expect(starts[2] - starts[0] > 1_500)
                let undone = try await cluster.control(
                    "runtime",
                    "set",
                    "default",
                    "--starts-per-second",
                    "0",
                    "--share",
                    "reports=0"
                )
                try #require(undone.status == 0, "\(undone.errors)")
                try await eventually("the agent knows") { try await queue(cluster).startsPerSecond == nil }
                for wrong in [
                    ["--share", "reports"], ["--share", "reports=1001"], ["--starts-per-second", "-1"],
                ] {
                    let refused = try await cluster.execute(["runtime", "set", "default"] + wrong)
                    #expect(refused.status == 64, "\(wrong): \(refused.output)")
                }
                let away = try await cluster.control("node", "queue", "nobody")
                #expect(away.status != 0)
                #expect(away.errors.contains("there is no agent named nobody"))
            }
        }
    }
}
