import Domain
import Foundation
import Payloads
import Testing

extension EndToEnd.Live {
    /// What `up` says and refuses, and how commands that go on for ever end.
    @Suite struct UpTests {
        @Test("up names the port that is taken and the process that uses its data directory")
        func refusals() async throws {
            let cluster = try LocalCluster.shared()
            let port = try #require(URL(string: try cluster.server())?.port)
            let (data, other) = (cluster.folder.file("data").path, cluster.folder.file("other").path)
            let taken = try await cluster.control(
                "up",
                "--port",
                "\(port)",
                "--data",
                other,
                "--centers",
                "1"
            )
            #expect(taken.status == 1)
            #expect(taken.errors.contains("port \(port) is taken"), "\(taken.errors)")
            let used = try await cluster.control("up", "--data", data)
            #expect(used.status == 1 || used.status == 5)
            #expect(used.errors.contains(data), "\(used.errors)")
            #expect(used.errors.contains("\(cluster.processID)"), "\(used.errors)")
            #expect(try await cluster.status().nodes.count == 2)
        }

        @Test("up restarts what ends, tells so, and puts the name before each line of a log")
        func restarts() async throws {
            let cluster = try LocalCluster.shared()
            let before = try #require(try cluster.processes("agent")["agent-2"])
            kill(before, SIGKILL)
            try await eventually("it is started again") {
                try cluster.processes("agent")["agent-2"].map { $0 != before } ?? false
            }
            let exit = try cluster.events().last { $0.event == "exited" && $0.id == "agent-2" }
            #expect(exit?.pid == before)
            #expect(exit?.exitCode == nil)
            try await eventually("it is back") { try await cluster.status().nodes.allSatisfy(\.online) }
            for name in ["zookeeper", "center-1", "center-2", "agent-1", "agent-2"] where name != "zookeeper"
            {
                #expect(cluster.log.contains("\n[\(name)] "), "\(name)")
            }
            let token = cluster.folder.file("data").appending(path: "token").path
            let attributes = try FileManager.default.attributesOfItem(atPath: token)
            #expect(attributes[.posixPermissions] as? Int == 0o600)
        }

        @Test(
            "a command that goes on for ever ends with 130 on Ctrl-C",
            arguments: [
                ["task", "list", "-w", "-o", "name"], ["cluster", "status", "-w"],
                ["znode", "watch", "epoch"],
            ]
        )
        func interrupted(words: [String]) async throws {
            let cluster = try LocalCluster.shared()
            let file = cluster.folder.file("forever")
            try Data().write(to: file)
            let process = Process()
            process.executableURL = URL(filePath: Binary.path)
            process.arguments = words
            process.environment = ProcessInfo.processInfo.environment.merging(cluster.environment) { $1 }
            process.standardOutput = try FileHandle(forWritingTo: file)
            process.standardError = try FileHandle(forWritingTo: file)
            try process.run()
            defer { if process.isRunning { kill(process.processIdentifier, SIGKILL) } }
            if words[0] != "task" {
                try await eventually("it prints") { try !Data(contentsOf: file).isEmpty }
            }
            #expect(process.isRunning)
            kill(process.processIdentifier, SIGINT)
            try await eventually("it ends") { !process.isRunning }
            #expect(process.terminationReason == .exit)
            #expect(process.terminationStatus == 130)
        }
    }
}
