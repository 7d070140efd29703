import Domain
import Foundation
import Payloads
import Scheduling
import TestServers
import Testing

extension EndToEnd {
    /// Runs whose end nobody knows for a while, and histories that were lost.
    @Suite struct LostRunTests {
        /// A task that starts once, writes its mark, and runs until `gate` exists.
        private static func document(_ delivery: String, _ marks: Marks, gate: URL) -> String {
            UnknownOutcomeTests.document(delivery, delivery, marks, gate: gate)
        }

        @Test(
            "runs of an agent that is stopped past its session are lost with the reason, attempted elsewhere if they must be, and corrected when it goes on"
        )
        func corrected() async throws {
            try await withCluster(UnknownOutcomeTests.arguments) { cluster in
                let (marks, gate) = (try Marks(in: cluster.folder), cluster.folder.file("gate"))
                for delivery in ["at-most-once", "at-least-once"] {
                    try await cluster.apply(Self.document(delivery, marks, gate: gate))
                }
                #expect(try await cluster.control("node", "drain", "agent-2").status == 0)
                try await eventually("agent-1 owns everything") {
                    let state = try await cluster.status()
                    return state.nodes.first { $0.agent.text == "agent-1" }?.tasks == state.tasks
                }
                let once = try await cluster.start("at-most-once")
                let again = try await cluster.start("at-least-once")
                try await eventually("the center knows that both run on agent-1") {
                    let runs = [try await cluster.record(of: once), try await cluster.record(of: again)]
                    return runs.allSatisfy { $0?.state == .running && $0?.owner == "agent-1" }
                }
                #expect(try await cluster.control("node", "undrain", "agent-2").status == 0)
                let agent = try #require(try cluster.processes("agent")["agent-1"])
                kill(agent, SIGSTOP)

                let (status, lost) = try await cluster.wait(for: once)
                #expect(status == 23)
                let reason = try #require(lost.attempts.first?.message)
                #expect(reason.hasPrefix("the session of agent agent-1 had ended by "), "\(reason)")
                #expect(reason.contains("it had started at "), "\(reason)")
                #expect(reason.hasSuffix("it is not attempted again (delivery at-most-once)"), "\(reason)")
                #expect(lost.owner == nil && lost.attempts.first?.corrected == nil)
                try await eventually("the second attempt runs on agent-2") {
                    try marks.all().contains { $0.run == again && $0.attempt == 2 && $0.node == "agent-2" }
                }
                kill(agent, SIGCONT)
                try Data().write(to: gate)

                try await eventually("the truth has corrected both") {
                    let runs = [try await cluster.record(of: once), try await cluster.record(of: again)]
                    return runs.allSatisfy { $0?.attempts.first?.corrected != nil }
                }
                let run = try #require(try await cluster.record(of: once))
                #expect(run.state == .succeeded)
                #expect(run.attempts.map(\.outcome) == [.succeeded])
                #expect(run.attempts.first?.corrected?.outcome == .lost)
                #expect(run.attempts.first?.corrected?.message == reason)
                let shown = try await cluster.control("run", "get", once)
                #expect(shown.output.contains("recorded as lost at"), "\(shown.output)")
                #expect(shown.output.contains(reason), "\(shown.output)")
                let repeated = try await cluster.wait(for: again).run
                #expect(repeated.attempts.map(\.agent.text) == ["agent-1", "agent-2"])
                #expect(repeated.attempts.map(\.outcome) == [.succeeded, .succeeded])
                // Each attempt was started once, whatever was recorded.
                #expect(try marks.all().filter { $0.run == once }.map(\.attempt) == [1])
                #expect(try marks.all().filter { $0.run == again }.map(\.attempt).sorted() == [1, 2])
                try await eventually("no run is without an owner") {
                    try await cluster.status().runsWithoutOwner == 0
                }
            }
        }

        @Test("a center whose history was deleted shows the earlier runs again, from the agent's records")
        func refilled() async throws {
            try await withServer(tickTime: .milliseconds(500)) { server in
                try await withFolder { folder in
                    let center = LoneProcess.Plan(
                        role: "center",
                        id: "keeper",
                        zookeeper: server.address,
                        data: folder.file("keeper").path
                    )
                    let agent = LoneProcess.Plan(role: "agent", id: "worker", zookeeper: server.address)
                    let earlier = try await withProcesses([center], in: folder) { centers in
                        try await eventually("the center leads") {
                            await centers[0].get("/leaderz")?.status == 200
                        }
                        return try await withProcesses([agent], in: folder) { _ in
                            try await work(centers[0], folder)
                            let earlier = try await succeeded(centers[0], folder)
                            centers[0].signal(SIGTERM)
                            #expect(try await centers[0].ended() == 0)
                            for suffix in ["", "-wal", "-shm"] {
                                let file = folder.file("keeper").appending(path: "history.sqlite\(suffix)")
                                // The write-ahead log goes with a clean end.
                                try? FileManager.default.removeItem(at: file)
                            }
                            try await withProcesses([center], in: folder) { centers in
                                _ = try await eventually("the earlier runs are in the new history") {
                                    let known = try await succeeded(centers[0], folder)
                                    return earlier.isSubset(of: known) && known.count > earlier.count
                                }
                            }
                            return earlier
                        }
                    }
                    #expect(earlier.count >= 5)
                }
            }
        }

        /// Lets a task run every second until five of its runs are in the history.
        private func work(_ center: LoneProcess, _ folder: TemporaryFolder) async throws {
            let document = taskDocument("tick", every: "1s", script: "true")
            let words = ["apply", "-f", "-"] + access(center, folder)
            let applied = try await run(Binary.path, words, input: document)
            try #require(applied.status == 0, "\(applied.errors)")
            try await eventually("five runs have succeeded") {
                try await succeeded(center, folder).count >= 5
            }
        }

        /// The runs that `task history` on this center shows as succeeded; none while it cannot be asked.
        private func succeeded(_ center: LoneProcess, _ folder: TemporaryFolder) async throws -> Set<RunID> {
            guard center.url != nil else { return [] }
            let words =
                ["task", "history", "tick", "--limit", "500", "-o", "json"] + access(center, folder)
            let listed = try await run(Binary.path, words)
            guard listed.status == 0 else { return [] }
            let runs = try listed.json(ListPayload<RunPayload>.self).items
            return Set(runs.filter { $0.state == .succeeded }.map(\.id))
        }

        private func access(_ center: LoneProcess, _ folder: TemporaryFolder) -> [String] {
            ["--server", center.url ?? "", "--token-file", folder.file("token").path]
        }
    }
}
