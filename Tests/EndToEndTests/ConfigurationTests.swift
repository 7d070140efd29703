import Domain
import Foundation
import Payloads
import TestServers
import Testing
import ZooKeeper

extension EndToEnd {
    /// The examples in `conf/` do what they say.
    @Suite struct ConfigurationTests {
        static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "conf")

        @Test("the example files start a ZooKeeper server, a center and an agent, and the sample tasks run")
        func examples() async throws {
            try await withFolder { folder in
                let port = try FreePort.several(1)[0]
                let configuration = try Self.serverConfiguration(port: port, in: folder)
                let launcher = try ZooKeeperLauncher.locate(
                    environment: ProcessInfo.processInfo.environment,
                    exists: FileManager.default.fileExists(atPath:)
                )
                let options = ZooKeeperLauncher.Options(dataDirectory: folder.path, clientPort: port)
                let words = [launcher.java] + launcher.arguments(options, configurationFile: configuration)
                try await withCommand(words, mark: configuration, in: folder) {
                    let plans = ["center", "agent"].map { role in
                        LoneProcess.Plan(
                            role: role,
                            id: "\(role)-1",
                            zookeeper: "127.0.0.1:\(port)",
                            more: ["--config", Self.folder.appending(path: "\(role).yaml").path]
                        )
                    }
                    try await withProcesses(plans, in: folder) { processes in
                        for process in processes {
                            try await eventually("\(process.plan.id) is ready") {
                                await process.get("/readyz")?.status == 200
                            }
                        }
                        let url = try #require(processes[0].url)
                        try await expectSamplesRun(url, folder)
                    }
                }
            }
        }

        /// The example with a port and a directory of the test's own; everything else as it is.
        private static func serverConfiguration(port: Int, in folder: TemporaryFolder) throws -> String {
            let example = try String(
                contentsOf: Self.folder.appending(path: "zookeeper.cfg"),
                encoding: .utf8
            )
            let lines = example.split(separator: "\n").map { line in
                if line.hasPrefix("clientPort=") { return "clientPort=\(port)" }
                return line.hasPrefix("dataDir=") ? "dataDir=\(folder.file("zookeeper").path)" : String(line)
            }
            let file = folder.file("zoo.cfg")
            try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: file)
            return file.path
        }

        private func expectSamplesRun(_ url: String, _ folder: TemporaryFolder) async throws {
            let server = ["--server", url, "--token-file", folder.file("token").path]
            let tasks = Self.folder.appending(path: "tasks").path
            let applied = try await run(Binary.path, ["apply", "-f", tasks] + server)
            #expect(applied.status == 0, "\(applied.errors)")
            let ran = try await run(Binary.path, ["task", "run", "sample-on-request", "--wait"] + server)
            #expect(ran.status == 0, "\(ran.output)\(ran.errors)")
            let node = try await run(Binary.path, ["node", "get", "agent-1", "-o", "json"] + server)
            let agent = try node.json(NodePayload.self)
            #expect(agent.labels == ["disk": "ssd"])
            #expect(agent.slots == 64)
        }

        @Test(
            "flags win over the environment, the environment wins over the file, and an unknown key is refused with its place"
        )
        func precedence() async throws {
            try await withFolder { folder in
                let file = folder.file("agent.yaml")
                try Data("id: from-file\nslotz: 3\n".utf8).write(to: file)
                let check = ["agent", "--check", "--config", file.path]
                let refused = try await run(Binary.path, check)
                #expect(refused.status == 64)
                #expect(refused.errors.contains("\(file.path):2:1: unknown key 'slotz'"), "\(refused.errors)")
                try Data("id: from-file\nslots: none\nzookeeper: {hosts: '127.0.0.1:1'}\n".utf8).write(
                    to: file
                )
                let fromFile = try await run(Binary.path, check)
                #expect(fromFile.errors.contains("\(file.path):2"), "\(fromFile.errors)")
                let variables = ["CLOUDTASK_SLOTS": "many"]
                let fromVariable = try await run(Binary.path, check, environment: variables)
                #expect(fromVariable.errors.contains("CLOUDTASK_SLOTS"), "\(fromVariable.errors)")
                let flags = check + ["--slots", "3"]
                #expect(try await run(Binary.path, flags, environment: variables).status == 0)
            }
        }

        @Test("a token file that others can read is refused")
        func openToken() async throws {
            try await withFolder { folder in
                let file = folder.file("open-token")
                try Data((String(repeating: "t", count: 40) + "\n").utf8).write(to: file)
                try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: file.path)
                let plan = LoneProcess.Plan(
                    role: "center",
                    id: "c",
                    zookeeper: "127.0.0.1:1",
                    tokenFile: file.path
                )
                try await withProcesses([plan], in: folder) { processes in
                    let status = try await processes[0].ended()
                    #expect(status == 64)
                    #expect(processes[0].log.contains("\(file.path) is open to others: run chmod 600"))
                }
            }
        }

        @Test("a port that is taken is named", arguments: ["center", "agent"])
        func takenPort(role: String) async throws {
            try await withFolder { folder in
                let plan = LoneProcess.Plan(role: role, id: "one", zookeeper: "127.0.0.1:1")
                try await withProcesses([plan], in: folder) { first in
                    try await eventually("the first listens") { await first[0].get("/livez") != nil }
                    let url = try #require(first[0].url)
                    let port = try #require(URL(string: url)?.port)
                    var other = plan
                    other.id = "two"
                    other.port = port
                    try await withProcesses([other], in: folder) { second in
                        let status = try await second[0].ended()
                        #expect(status == 1)
                        #expect(second[0].log.contains("127.0.0.1:\(port)"), "\(second[0].log)")
                        #expect(second[0].log.contains("another process has the port"), "\(second[0].log)")
                    }
                }
            }
        }
    }
}
