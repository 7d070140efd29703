import Domain
import Foundation
import Payloads
import Scheduling
import Testing

extension EndToEnd {
    /// Processes that are stopped for longer than their session lasts, and go on as if nothing had been (faults F49, F54).
    @Suite struct ZombieTests {
        /// Longer than the session timeout, the time it takes to notice its end, and a few due instants.
        static let pause = Duration.seconds(8)
        static let timeout = ["--session-timeout", "2s", "--no-restart"]

        /// Starts tasks due every second and waits until all of them run.
        private func startTicks(_ cluster: LocalCluster, _ marks: Marks) async throws {
            let documents = (1...6).map { taskDocument("tick-\($0)", every: "1s", script: marks.script()) }
            try await cluster.apply(documents.joined())
            try await eventually("every task has run") { Set(try marks.all().map(\.task)).count == 6 }
        }

        /// Every run was started once.
        private func expectNoDouble(_ marks: Marks) throws {
            for (run, starts) in Dictionary(grouping: try marks.all(), by: \.run) where starts.count > 1 {
                Issue.record("run \(run) was started \(starts.count) times: \(starts)")
            }
        }

        @Test(
            "an agent that was stopped past its session launches nothing it no longer owns, keeps its attempts and rejoins"
        )
        func agent() async throws {
            try await withCluster(["--centers", "1", "--agents", "2"] + Self.timeout) { cluster in
                let marks = try Marks(in: cluster.folder)
                try await startTicks(cluster, marks)
                let gate = cluster.folder.file("gate")
                let long = try Marks(in: cluster.folder, name: "long")
                try await cluster.task(
                    "long",
                    script: long.script(then: "while [ ! -e \(gate.path) ]; do sleep 0.1; done"),
                    more: "placement: {agents: [agent-1]}"
                )
                let run = try await cluster.start("long")
                try await eventually("the long attempt runs") { try long.all().count == 1 }
                let before = try await incarnation("agent-1", cluster)
                let pid = try #require(try cluster.processes("agent")["agent-1"])

                let stopped = Instant.now
                kill(pid, SIGSTOP)
                try await eventually("the other agent has all tasks") {
                    let late = try marks.all().filter { $0.start > stopped && $0.node == "agent-2" }
                    return Set(late.map(\.task)).count == 6
                }
                try await eventually("the long run counts as lost") {
                    try await cluster.record(of: run)?.state == .lost
                }
                try await Task.sleep(for: Self.pause)
                let continued = Instant.now
                kill(pid, SIGCONT)

                try await eventually("the agent is there again, as a new incarnation") {
                    let now = try await incarnation("agent-1", cluster)
                    return now != nil && now != before
                }
                try await eventually("it is given tasks again") {
                    try marks.all().contains { $0.node == "agent-1" && $0.start > continued }
                }
                // What came due while it was stopped is the other's; of its own it starts nothing that is overdue.
                for mark in try marks.all() where mark.node == "agent-1" && mark.start > stopped {
                    #expect(mark.due >= continued || mark.start < continued, "\(mark)")
                }
                try Data().write(to: gate)
                try await eventually("the truth about the long run replaces what was thought lost") {
                    try await cluster.record(of: run)?.state == .succeeded
                }
                #expect(try long.all().count == 1)
                try expectNoDouble(marks)
            }
        }

        @Test("a leader that was stopped past its session writes nothing, steps down, and nothing is doubled")
        func leader() async throws {
            try await withCluster(["--centers", "2", "--agents", "2"] + Self.timeout) { cluster in
                let marks = try Marks(in: cluster.folder)
                try await startTicks(cluster, marks)
                let before = try await cluster.status().leadership
                let zombie = try #require(before.center?.text)
                let pid = try #require(try cluster.processes("center")[zombie])
                let urls = try await cluster.status().centers.map { ($0.center.text, $0.url) }
                let standby = try #require(urls.first { $0.0 != zombie }?.1)
                let former = try #require(urls.first { $0.0 == zombie }?.1)
                let token = try cluster.token()

                kill(pid, SIGSTOP)
                try await eventually("the other center leads") {
                    try await http("GET", standby + "/leaderz", token: token).status == 200
                }
                let stopped = Instant.now
                try await Task.sleep(for: Self.pause)
                kill(pid, SIGCONT)

                try await eventually("the former leader follows") {
                    let answer = try? await http("GET", former + "/leaderz", token: token)
                    return answer?.body.hasPrefix("following") == true
                }
                #expect(try await http("GET", standby + "/leaderz", token: token).status == 200)
                let after = try await cluster.status().leadership
                #expect(after.center?.text != zombie)
                #expect((after.epoch ?? 0) == (before.epoch ?? 0) + 1)
                try await eventually("tasks go on") {
                    let late = try marks.all().filter { $0.due > stopped + Self.pause }
                    return Set(late.map(\.task)).count == 6
                }
                try expectNoDouble(marks)
                let verified = try await cluster.status()
                #expect(verified.defects.isEmpty, "\(verified.defects)")
            }
        }

        private func incarnation(_ agent: String, _ cluster: LocalCluster) async throws -> String? {
            try await cluster.status().nodes.first { $0.agent.text == agent }?.incarnation?.text
        }
    }
}
