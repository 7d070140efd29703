import Foundation
import Scheduling
import Testing

extension EndToEnd {
    /// Single faults against a cluster of real processes: what they delay, and what they leave behind.
    ///
    /// The takeover bound is the session timeout (4 s) + one tick (500 ms) + 500 ms. Machines that run tests are
    /// shared and slow, so a second is added to what is asserted; `scripts/bench` measures the bound itself.
    @Suite struct TakeoverTests {
        static let bound = Duration.seconds(4) + .milliseconds(500) + .milliseconds(500)
        static let slack = Duration.seconds(1)

        /// Starts ten tasks due every second and waits until all of them run.
        func startTasks(_ cluster: LocalCluster, _ marks: Marks) async throws {
            let documents = (1...10).map { taskDocument("tick-\($0)", every: "1s", script: marks.script()) }
                .joined()
            let applied = try await cluster.control("apply", "-f", "-", input: documents)
            try #require(applied.status == 0, "\(applied.errors)")
            try await eventually("every task has run") { Set(try marks.all().map(\.task)).count == 10 }
        }

        /// Checks that from `since` on no due second of any task was missed, doubled, or later than the bound.
        func expectContinuity(_ marks: Marks, since: Instant, until: Instant, mayLose lost: Set<String> = [])
            throws
        {
            let all = try marks.all().filter { $0.due > since && $0.due <= until }
            for (run, starts) in Dictionary(grouping: all, by: \.run) {
                #expect(starts.count == 1, "run \(run) was started \(starts.count) times")
            }
            for mark in all {
                #expect(
                    mark.lateness <= Self.bound + Self.slack,
                    "\(mark.task) due \(mark.due) started \(mark.lateness) late"
                )
                #expect(mark.lateness >= .zero, "\(mark.task) due \(mark.due) started early")
            }
            for number in 1...10 {
                let dues = Set(all.filter { $0.task == "tick-\(number)" }.map(\.due))
                var second = Instant(
                    millisecondsSinceEpoch: (since.millisecondsSinceEpoch / 1_000 + 1) * 1_000
                )
                while second <= until {
                    let run = "tick-\(number)@\(second)"
                    #expect(
                        dues.contains(second) || lost.contains(run),
                        "tick-\(number) did not run at \(second)"
                    )
                    second = second + .seconds(1)
                }
            }
        }

        /// The instants that the history calls lost, as `task@instant`.
        func lostFires(_ cluster: LocalCluster) async throws -> Set<String> {
            struct Runs: Decodable {
                struct Run: Decodable {
                    var task: String
                    var due: Instant
                }
                var items: [Run]
            }
            let listed = try await cluster.control(
                "run",
                "list",
                "--state",
                "lost",
                "--limit",
                "500",
                "-o",
                "json"
            )
            try #require(listed.status == 0, "\(listed.errors)")
            return Set(try listed.json(Runs.self).items.map { "\($0.task)@\($0.due)" })
        }

        @Test(
            "a killed agent's tasks go on elsewhere within the takeover bound, and only journaled fires are lost"
        )
        func agentKilled() async throws {
            try await withCluster("--centers", "1", "--agents", "3", "--no-restart") { cluster in
                let marks = try Marks(in: cluster.folder)
                try await startTasks(cluster, marks)
                let victim = try #require(try marks.all().last?.node)
                let pid = try #require(try cluster.processes("agent")[victim])
                let killed = Instant.now
                kill(pid, SIGKILL)
                try await eventually("the victim's tasks run elsewhere") {
                    let late = try marks.all().filter { $0.start > killed + .seconds(6) && $0.node != victim }
                    return Set(late.map(\.task)).count == 10
                }
                let until = Instant.now - .seconds(1)
                let lost = try await lostFires(cluster)
                #expect(lost.count <= 10, "more was lost than one look-ahead can journal: \(lost)")
                try expectContinuity(marks, since: killed - .seconds(1), until: until, mayLose: lost)
                let listed = try await cluster.control("node", "list")
                #expect(listed.output.contains("gone for"), "\(listed)")
                let summary = try await cluster.control("cluster", "status")
                #expect(summary.output.contains("2 of 3 online"), "\(summary)")
                let forgotten = try await cluster.control("node", "forget", victim)
                #expect(forgotten.output == "node/\(victim) forgotten\n", "\(forgotten)")
                #expect(try await cluster.control("node", "list", "-o", "name").lines.count == 2)
            }
        }

        @Test("a killed leader is replaced within the takeover bound, and the agents do not notice")
        func leaderKilled() async throws {
            try await withCluster("--centers", "2", "--agents", "2", "--no-restart") { cluster in
                let marks = try Marks(in: cluster.folder)
                try await startTasks(cluster, marks)
                let leader = try await leader(cluster)
                let pid = try #require(try cluster.processes("center")[leader])
                let killed = Instant.now
                kill(pid, SIGKILL)
                try await eventually("the other center leads", within: Patience.seconds(15)) {
                    let answer = try await cluster.control("cluster", "status", "-o", "json")
                    guard answer.status == 0 else { return false }
                    let now = try answer.json(Status.self).leadership.center
                    return now != nil && now != leader
                }
                #expect(Instant.now - killed <= Self.bound + .seconds(4), "the standby took too long to lead")
                // The agents went on meanwhile: nothing was later than it would have been without the fault.
                for mark in try marks.all() where mark.due > killed {
                    #expect(
                        mark.lateness < .seconds(2),
                        "\(mark.task) due \(mark.due) started \(mark.lateness) late"
                    )
                }
                let saved = try await cluster.control(
                    "apply",
                    "-f",
                    "-",
                    input: taskDocument("after", every: "1s", script: marks.script())
                )
                #expect(saved.status == 0, "\(saved.errors)")
                try await eventually("a task saved after the change of leaders runs") {
                    try marks.all().contains { $0.task == "after" }
                }
            }
        }

        private struct Status: Decodable {
            struct Leadership: Decodable { var center: String? }
            var leadership: Leadership
        }

        private func leader(_ cluster: LocalCluster) async throws -> String {
            let answer = try await cluster.control("cluster", "status", "-o", "json")
            let center = try answer.json(Status.self).leadership.center
            return try #require(center, "\(answer.output) \(answer.errors)")
        }

        @Test("a restarted agent continues as a new incarnation, at once")
        func agentRestarted() async throws {
            try await withCluster("--centers", "1", "--agents", "1") { cluster in
                let marks = try Marks(in: cluster.folder)
                try await startTasks(cluster, marks)
                let pid = try #require(try cluster.processes("agent")["agent-1"])
                let killed = Instant.now
                kill(pid, SIGKILL)
                try await eventually(
                    "up restarts the agent and its tasks run again",
                    within: Patience.seconds(20)
                ) {
                    Set(try marks.all().filter { $0.start > killed + .seconds(2) }.map(\.task)).count == 10
                }
                let until = Instant.now - .seconds(1)
                try expectContinuity(
                    marks,
                    since: killed - .seconds(1),
                    until: until,
                    mayLose: try await lostFires(cluster)
                )
            }
        }

        @Test("a clean stop of an agent hands its tasks over at once")
        func agentStopped() async throws {
            try await withCluster("--centers", "1", "--agents", "2", "--no-restart") { cluster in
                let marks = try Marks(in: cluster.folder)
                try await startTasks(cluster, marks)
                let pid = try #require(try cluster.processes("agent")["agent-1"])
                let stopped = Instant.now
                kill(pid, SIGTERM)
                try await eventually("all tasks run on the other agent") {
                    let later = try marks.all().filter { $0.start > stopped + .seconds(4) }
                    return Set(later.map(\.task)).count == 10
                }
                let until = Instant.now - .seconds(1)
                for mark in try marks.all() where mark.due > stopped && mark.due <= until {
                    #expect(
                        mark.lateness < .seconds(2),
                        "\(mark.task) due \(mark.due) started \(mark.lateness) late"
                    )
                }
                try expectContinuity(marks, since: stopped - .seconds(1), until: until)
            }
        }

        @Test("a killed ZooKeeper server is restarted, and everything resumes")
        func zooKeeperRestarted() async throws {
            try await withCluster("--centers", "2", "--agents", "2") { cluster in
                let marks = try Marks(in: cluster.folder)
                try await startTasks(cluster, marks)
                let pid = try #require(try cluster.processes("zookeeper").values.first)
                let killed = Instant.now
                kill(pid, SIGKILL)
                try await eventually("every task runs again", within: Patience.seconds(40)) {
                    Set(try marks.all().filter { $0.start > killed + .seconds(8) }.map(\.task)).count == 10
                }
                for (run, starts) in Dictionary(grouping: try marks.all(), by: \.run) {
                    #expect(starts.count == 1, "run \(run) was started \(starts.count) times")
                }
            }
        }

        @Test("an agent that joins gets its share")
        func agentJoins() async throws {
            try await withCluster("--centers", "1", "--agents", "1") { cluster in
                let marks = try Marks(in: cluster.folder)
                try await startTasks(cluster, marks)
                let up = try #require(try cluster.events().last { $0.event == "ready" })
                let data = cluster.folder.file("joined").path
                let token = cluster.folder.file("data").appending(path: "token").path
                let agent = Process()
                agent.executableURL = URL(filePath: Binary.path)
                agent.arguments = [
                    "agent", "--id", "joined", "--zookeeper", try #require(up.zookeeper), "--data", data,
                    "--listen", "127.0.0.1:0", "--token-file", token, "--session-timeout", "4s",
                    "--log-level",
                    "warning",
                ]
                agent.standardInput = FileHandle.nullDevice
                try agent.run()
                defer { kill(agent.processIdentifier, SIGKILL) }
                let joined = Instant.now
                try await eventually("the joined agent runs tasks") {
                    try marks.all().contains { $0.node == "joined" }
                }
                let until = Instant.now
                try await eventually("every task has gone on since") {
                    Set(try marks.all().filter { $0.due > until }.map(\.task)).count == 10
                }
                try expectContinuity(marks, since: joined - .seconds(1), until: until)
            }
        }
    }
}
