import Domain
import Foundation
import Payloads
import Scheduling
import TestServers
import Testing

extension EndToEnd {
    /// How processes end, what they give up first, and that nothing of them is left.
    @Suite struct ShutdownTests {
        @Test(
            "SIGTERM of the leader: it resigns first, so another leads long before its session would be over"
        )
        func leaderResigns() async throws {
            try await withCluster(
                "--centers",
                "2",
                "--agents",
                "1",
                "--session-timeout",
                "10s",
                "--no-restart"
            ) {
                cluster in
                let leader = try #require(try await cluster.status().leadership.center).text
                kill(try #require(try cluster.processes("center")[leader]), SIGTERM)
                let stopped = ContinuousClock.now
                try await eventually("the other leads", within: Patience.seconds(8)) {
                    let answer = try await cluster.control("cluster", "status", "-o", "json")
                    guard answer.status == 0 else { return false }
                    let state = try answer.json(ClusterPayload.self).leadership
                    return state.state == .leading && state.center?.text != leader
                }
                #expect(stopped.duration(to: .now) < .seconds(4))
                try await eventually("it has ended") { try cluster.processes("center")[leader] == nil }
                #expect(try cluster.events().last { $0.event == "exited" && $0.id == leader }?.exitCode == 0)
                try await cluster.task("after", script: "echo done")
                #expect(try await cluster.wait(for: try await cluster.start("after")).status == 0)
            }
        }

        @Test("a center that was down has the runs of the meantime when it leads")
        func catchUp() async throws {
            try await withCluster("--centers", "2", "--agents", "1", "--no-restart") { cluster in
                let leader = try #require(try await cluster.status().leadership.center).text
                let away = leader == "center-1" ? "center-2" : "center-1"
                let pid = try #require(try cluster.processes("center")[away])
                let words = try String(contentsOfFile: "/proc/\(pid)/cmdline", encoding: .utf8)
                kill(pid, SIGKILL)
                try await cluster.task("meanwhile", script: "echo while you were out")
                var runs: [String] = []
                for number in 1...5 {
                    let run = try await cluster.start("meanwhile", key: "\(number)")
                    #expect(try await cluster.wait(for: run).status == 0)
                    runs.append(run)
                }
                try await withCommand(words.split(separator: "\0").map(String.init), in: cluster.folder) {
                    try await eventually("\(away) is back") {
                        try await cluster.status().centers.count == 2
                    }
                    kill(try #require(try cluster.processes("center")[leader]), SIGTERM)
                    try await eventually("\(away) leads") {
                        let answer = try await cluster.control("cluster", "status", "-o", "json")
                        guard answer.status == 0 else { return false }
                        return try answer.json(ClusterPayload.self).leadership.center?.text == away
                    }
                    try await eventually("\(away) knows every run") {
                        let listed = try await cluster.control("task", "history", "meanwhile", "-o", "json")
                        guard listed.status == 0 else { return false }
                        let known = try listed.json(ListPayload<RunPayload>.self).items
                        return Set(known.filter { $0.state == .succeeded }.map(\.id.text)) == Set(runs)
                    }
                    #expect(try await cluster.output(of: runs[0]) == "while you were out\n")
                }
            }
        }

        @Test(
            "SIGTERM at any moment of its start ends a center and an agent at once, without a word of an error"
        )
        func anyMoment() async throws {
            try await withServer(tickTime: .milliseconds(500)) { server in
                for pause in [15, 40, 80, 150, 300, 600, 1_200] {
                    try await withFolder { folder in
                        let plans = ["center", "agent"].map {
                            LoneProcess.Plan(role: $0, id: $0, zookeeper: server.address)
                        }
                        try await withProcesses(plans, in: folder) { processes in
                            try await Task.sleep(for: .milliseconds(pause))
                            for process in processes { process.signal(SIGTERM) }
                            for process in processes {
                                let status = try await process.ended(within: Patience.seconds(5))
                                // Until it listens to signals, the kernel ends it.
                                #expect(
                                    status == 0 || (process.log.isEmpty && status == SIGTERM),
                                    "\(pause) ms"
                                )
                                #expect(!process.log.contains(" error "), "\(pause) ms: \(process.log)")
                            }
                        }
                    }
                }
            }
        }

        @Test("up ends with all its processes on SIGINT and on SIGTERM", arguments: [SIGINT, SIGTERM])
        func up(signal: Int32) async throws {
            try await withFolder { folder in
                let cluster = try LocalCluster(
                    folder: folder,
                    arguments: ["--centers", "1", "--agents", "1"]
                )
                try await cluster.ready()
                let marks = try Marks(in: folder)
                try await cluster.task("endless", script: marks.script(then: "sleep 600"))
                _ = try await cluster.start("endless")
                try await eventually("an attempt runs") { try !marks.all().isEmpty }
                try await expectNothingLeft(cluster, after: signal, within: Patience.seconds(20))
                #expect(cluster.exitStatus == 0)
                let server = try await cluster.control("task", "list")
                #expect(server.errors.contains("no server is known"), "\(server.errors)")
            }
        }

        @Test("up also ends the attempts of an agent that was killed")
        func orphans() async throws {
            try await withFolder { folder in
                let arguments = ["--centers", "1", "--agents", "1"]
                let cluster = try LocalCluster(folder: folder, arguments: arguments)
                try await cluster.ready()
                let (polite, stubborn) = (folder.file("polite"), folder.file("stubborn"))
                try await cluster.task("polite", script: "echo $$ > \(polite.path)\nexec sleep 600")
                let script = "trap '' TERM\necho $$ > \(stubborn.path)\nwhile :; do sleep 1; done"
                try await cluster.task("stubborn", script: script)
                for task in ["polite", "stubborn"] { _ = try await cluster.start(task) }
                var attempts: [Int32] = []
                try await eventually("both run") {
                    attempts = [polite, stubborn].compactMap { file in
                        let text = try? String(contentsOf: file, encoding: .utf8)
                        return text.flatMap { Int32($0.trimmingCharacters(in: .newlines)) }
                    }
                    return attempts.count == 2
                }
                kill(try #require(try cluster.processes("agent")["agent-1"]), SIGKILL)
                try await eventually("the agent is back") {
                    try await cluster.status().nodes.allSatisfy(\.online)
                }
                #expect(attempts.allSatisfy(isAlive))
                try await expectNothingLeft(cluster, after: SIGINT, within: Patience.seconds(20))
                #expect(!attempts.contains(where: isAlive))
                #expect(cluster.exitStatus == 0)
            }
        }

        @Test("up itself killed by -9 leaves nothing behind for long")
        func upKilled() async throws {
            try await withFolder { folder in
                let cluster = try LocalCluster(
                    folder: folder,
                    arguments: ["--centers", "1", "--agents", "1"]
                )
                try await cluster.ready()
                try await expectNothingLeft(cluster, after: SIGKILL, within: Patience.seconds(10))
            }
        }

        @Test("SIGTERM while it starts ends up and everything it has started")
        func upWhileStarting() async throws {
            for pause in [0, 300, 1_500] {
                try await withFolder { folder in
                    let cluster = try LocalCluster(
                        folder: folder,
                        arguments: ["--centers", "1", "--agents", "1"]
                    )
                    try await eventually("it has begun") { try !cluster.events().isEmpty }
                    try await Task.sleep(for: .milliseconds(pause))
                    try await expectNothingLeft(cluster, after: SIGTERM, within: Patience.seconds(20))
                    #expect(cluster.exitStatus == 0, "\(cluster.log.suffix(2_000))")
                }
            }
        }

        /// Signals `up`, and waits until it and everything that works below its data directory are gone.
        private func expectNothingLeft(
            _ cluster: LocalCluster,
            after number: Int32,
            within patience: Duration
        ) async throws {
            let members = try cluster.processes().values
            kill(cluster.processID, number)
            try await eventually("up ends", within: patience) { !cluster.isRunning }
            await cluster.stop()
            try await eventually("nothing is left", within: patience) {
                try members.allSatisfy { !isAlive($0) } && processes(of: cluster.folder).isEmpty
            }
            for pid in try processes(of: cluster.folder) { kill(pid, SIGKILL) }
        }

        private func isAlive(_ pid: Int32) -> Bool {
            guard let stat = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8) else {
                return false
            }
            return !stat.contains(") Z ")
        }

        /// Processes whose command line or environment names the folder.
        private func processes(of folder: TemporaryFolder) throws -> [Int32] {
            try FileManager.default.contentsOfDirectory(atPath: "/proc").compactMap { Int32($0) }.filter {
                pid in
                guard isAlive(pid) else { return false }
                let words = ["cmdline", "environ"].map {
                    FileManager.default.contents(atPath: "/proc/\(pid)/\($0)")
                }
                return words.contains {
                    $0.map { String(decoding: $0, as: UTF8.self).contains(folder.path) } ?? false
                }
            }
        }
    }
}
