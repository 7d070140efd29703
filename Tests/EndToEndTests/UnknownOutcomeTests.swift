import Domain
import Foundation
import Payloads
import Scheduling
import Testing

extension EndToEnd {
    /// What an agent that goes away leaves behind: killed, or stopped while attempts run.
    @Suite struct UnknownOutcomeTests {
        static let arguments = ["--centers", "1", "--agents", "2", "--no-restart"]

        /// A task that starts once, writes its mark, and runs until `gate` exists.
        static func document(_ name: String, _ delivery: String, _ marks: Marks, gate: URL) -> String {
            """
            kind: Task
            name: \(name)
            delivery: \(delivery)
            placement: {agents: [agent-1, agent-2]}
            script: |
              \(marks.script())
              echo began
              while [ ! -e \(gate.path) ]; do sleep 0.1; done
            """
        }

        @Test(
            "kill -9 of the agent: at-most-once is lost and never started again, at-least-once is attempted elsewhere"
        )
        func killed() async throws {
            try await withCluster(Self.arguments) { cluster in
                let (marks, gate) = (try Marks(in: cluster.folder), cluster.folder.file("gate"))
                for delivery in ["at-most-once", "at-least-once"] {
                    try await cluster.apply(Self.document(delivery, delivery, marks, gate: gate))
                }
                try await onlyAgent("agent-1", cluster)
                let once = try await cluster.start("at-most-once")
                let again = try await cluster.start("at-least-once")
                try await eventually("both run on agent-1") {
                    try marks.all().map(\.node) == ["agent-1", "agent-1"]
                }
                #expect(try await cluster.control("node", "undrain", "agent-2").status == 0)
                kill(try #require(try cluster.processes("agent")["agent-1"]), SIGKILL)

                let lost = try await cluster.wait(for: once)
                #expect(lost.status == 23)
                #expect(lost.run.state == .lost)
                #expect(lost.run.attempts.map(\.agent.text) == ["agent-1"])
                let logs = try await cluster.control("run", "logs", once)
                #expect(logs.status == 6)
                #expect(logs.errors.contains("agent-1"), "\(logs.errors)")
                let stop = try await cluster.control("run", "stop", once)
                #expect(stop.status == 5, "\(stop.errors)")
                try await eventually("the second attempt runs on agent-2") {
                    try marks.all().contains { $0.run == again && $0.attempt == 2 && $0.node == "agent-2" }
                }
                try Data().write(to: gate)
                let (status, run) = try await cluster.wait(for: again)
                #expect(status == 0)
                #expect(run.attempts.map(\.outcome) == [.lost, .succeeded])
                #expect(run.attempts.map(\.agent.text) == ["agent-1", "agent-2"])
                #expect(try marks.all().filter { $0.run == once }.count == 1)
                #expect(try marks.all().filter { $0.run == again }.map(\.attempt) == [1, 2])
            }
        }

        @Test("SIGTERM of the agent: attempts are asked to end, their results and their output are kept")
        func stopped() async throws {
            try await withCluster(Self.arguments) { cluster in
                let (marks, gate) = (try Marks(in: cluster.folder), cluster.folder.file("gate"))
                try await cluster.apply(Self.document("long", "at-most-once", marks, gate: gate))
                try await cluster.task("brief", script: "echo before; sleep 0.7; echo after")
                try await onlyAgent("agent-1", cluster)
                let long = try await cluster.start("long")
                try await eventually("it runs") { try marks.all().contains { $0.run == long } }
                let brief = try await cluster.start("brief")
                try await eventually("it runs") { try await cluster.record(of: brief)?.state == .running }
                let pid = try #require(try cluster.processes("agent")["agent-1"])
                kill(pid, SIGTERM)
                try await eventually("the agent ends") { try cluster.processes("agent")["agent-1"] == nil }
                #expect(
                    try cluster.events().contains {
                        $0.event == "exited" && $0.pid == pid && $0.exitCode == 0
                    }
                )
                // An attempt that ends by itself within a second is let end; the others are asked to.
                #expect(try await cluster.wait(for: brief).run.state == .succeeded)
                let ended = try await cluster.wait(for: long).run
                #expect(ended.state == .stopped)
                #expect(ended.attempts.first?.signal == SIGTERM)
                #expect(ended.attempts.first?.message?.isEmpty == false)
            }
        }

        /// Drains the other agent and waits until this one owns every task.
        private func onlyAgent(_ name: String, _ cluster: LocalCluster) async throws {
            let other = name == "agent-1" ? "agent-2" : "agent-1"
            #expect(try await cluster.control("node", "drain", other).status == 0)
            try await eventually("\(name) owns everything") {
                let state = try await cluster.status()
                return state.nodes.first { $0.agent.text == name }?.tasks == state.tasks
            }
        }
    }
}
