import Foundation
import Payloads
import Scheduling
import TestServers
import Testing
import ZooKeeper

extension EndToEnd {
    /// ZooKeeper's data are swapped for an older copy, or lost, under a running cluster (faults F38, F39).
    @Suite struct RestoredTreeTests {
        /// A center and two agents on a server whose data a test may exchange.
        struct Town {
            var server: ZooKeeperServer
            var folder: TemporaryFolder
            var center: LoneProcess
            var agents: [LoneProcess]
            var marks: Marks

            var data: URL { URL(filePath: server.options.dataDirectory).appending(path: "version-2") }

            func control(_ words: String..., input: String = "") async throws -> CommandResult {
                let server = ["--server", center.url ?? "", "--token-file", folder.file("token").path]
                return try await run(Binary.path, words + server, environment: environment, input: input)
            }

            func direct(_ words: String...) async throws -> CommandResult {
                try await run(
                    Binary.path,
                    words + ["--zookeeper", server.address],
                    environment: environment
                )
            }

            private var environment: [String: String] { ["XDG_STATE_HOME": folder.file("state").path] }

            func applyTasks() async throws {
                let documents = (1...3).map {
                    taskDocument("tick-\($0)", every: "1s", script: marks.script())
                }
                let applied = try await control("apply", "-f", "-", input: documents.joined())
                try #require(applied.status == 0, "\(applied.errors)")
            }

            func tasksRun(since: Instant) async throws {
                try await eventually("every task runs", within: Patience.seconds(60)) {
                    Set(try marks.all().filter { $0.due > since }.map(\.task)).count == 3
                }
            }

            func allRefuse(_ text: String) async throws {
                for process in [center] + agents {
                    try await eventually("\(process.plan.id) refuses: \(text)", within: Patience.seconds(60))
                    {
                        let answer = await process.get("/readyz")
                        return answer?.status == 503 && answer?.body.contains(text) == true
                            && answer?.body.contains("cloudtask cluster bump-epoch") == true
                    }
                    #expect(process.lines(containing: "refuses to") >= 1, "\(process.log.suffix(2_000))")
                }
            }

            /// Nothing is started for a while.
            func expectRest() async throws {
                let count = try marks.all().count
                try await Task.sleep(for: .seconds(4))
                #expect(try marks.all().count == count)
            }

            func expectNoDouble() throws {
                for (run, starts) in Dictionary(grouping: try marks.all(), by: \.run) where starts.count > 1 {
                    Issue.record("run \(run) was started \(starts.count) times")
                }
            }
        }

        private func withTown(_ body: (Town) async throws -> Void) async throws {
            try await withServer(tickTime: .milliseconds(500)) { server in
                try await withFolder { folder in
                    let plans = [("center", "c"), ("agent", "a"), ("agent", "b")].map { role, id in
                        LoneProcess.Plan(
                            role: role,
                            id: id,
                            zookeeper: server.address,
                            sessionTimeout: "2s"
                        )
                    }
                    try await withProcesses(plans, in: folder) { processes in
                        try await eventually("the center leads") {
                            await processes[0].get("/leaderz")?.status == 200
                        }
                        let town = Town(
                            server: server,
                            folder: folder,
                            center: processes[0],
                            agents: Array(processes.dropFirst()),
                            marks: try Marks(in: folder)
                        )
                        try await town.applyTasks()
                        try await town.tasksRun(since: .now)
                        try await body(town)
                    }
                }
            }
        }

        @Test("an older state is refused by all until it is declared; then nothing is started twice")
        func olderState() async throws {
            try await withTown { town in
                let copy = town.folder.file("copy")
                try FileManager.default.copyItem(at: town.data, to: copy)
                // Runs that the copy knows nothing of, and time for what was seen to be remembered.
                try await Task.sleep(for: .seconds(6))
                await town.server.kill()
                try FileManager.default.removeItem(at: town.data)
                try FileManager.default.moveItem(at: copy, to: town.data)
                try await town.server.restart()
                try await town.allRefuse("older state")
                try await town.expectRest()

                let asked = try await town.direct("cluster", "bump-epoch")
                #expect(asked.status == 64 && asked.errors.contains("--yes"), "\(asked.errors)")
                try await town.expectRest()
                let declared = Instant.now
                let done = try await town.direct("cluster", "bump-epoch", "--yes")
                try #require(done.status == 0, "\(done.errors)")
                try await town.tasksRun(since: declared)
                try town.expectNoDouble()
                let floor = declared + .seconds(2)
                let missed = try await town.control("run", "list", "--state", "missed", "-o", "json")
                let runs = try missed.json(ListPayload<RunPayload>.self).items
                #expect(runs.contains { $0.reason?.hasPrefix("restored") == true && $0.due < floor })
            }
        }

        @Test(
            "lost data are not replaced by an empty tree, also after a restart; declared, the cluster goes on"
        )
        func lostData() async throws {
            try await withTown { town in
                await town.server.kill()
                try FileManager.default.removeItem(at: town.data)
                try await town.server.restart()
                try await town.allRefuse("has lost /cluster")
                try await town.expectRest()
                let listed = try await town.direct("znode", "get", "cluster")
                #expect(listed.status == 3, "\(listed.output)")
                // The answer tells what to do; an ID is needed for it.
                let nameless = try await town.direct("cluster", "bump-epoch", "--yes")
                #expect(nameless.status == 3 && nameless.errors.contains("--cluster"), "\(nameless.errors)")

                var plan = town.center.plan
                plan.port = 0
                town.center.signal(SIGKILL)
                _ = try await town.center.ended()
                try await withProcesses([plan], in: town.folder) { started in
                    var town = town
                    town.center = started[0]
                    try await eventually("the restarted center refuses, too") {
                        await town.center.get("/readyz")?.body.contains("has lost /cluster") == true
                    }
                    let body = await town.center.get("/readyz")?.body ?? ""
                    let words = try #require(
                        body.firstMatch(of: /--cluster ([0-9a-f]+) --above ([0-9]+) --yes/)
                    )
                    let done = try await town.direct(
                        "cluster",
                        "bump-epoch",
                        "--cluster",
                        String(words.1),
                        "--above",
                        String(words.2),
                        "--yes"
                    )
                    try #require(done.status == 0, "\(done.errors)")
                    try await eventually("the center leads") {
                        await town.center.get("/leaderz")?.status == 200
                    }
                    try await town.applyTasks()
                    try await town.tasksRun(since: .now)
                    try town.expectNoDouble()
                }
            }
        }
    }
}
