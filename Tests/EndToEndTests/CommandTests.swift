import Domain
import Foundation
import Payloads
import TestServers
import Testing
import ZooKeeper

extension EndToEnd.Live {
    /// Every command against a living cluster, in the forms that people and programs read.
    @Suite struct CommandTests {
        /// A command that lists or shows, and what its table says.
        struct Reading: CustomTestStringConvertible, Sendable {
            var words: [String]
            var shows: [String]
            /// What `-o name` prints in one of its lines; `nil` for commands without names.
            var name: String?
            var testDescription: String { words.joined(separator: " ") }
        }

        /// RUN stands for a run of the task `sample`.
        static let readings = [
            Reading(words: ["task", "list"], shows: ["NAME", "sample", "every 1h"], name: "task/sample"),
            Reading(
                words: ["task", "get", "sample"],
                shows: ["echo hello", "Every 1h"],
                name: "task/sample"
            ),
            Reading(
                words: ["task", "next", "sample", "-n", "3"],
                shows: ["DUE", "in "],
                name: ":00:00.000Z"
            ),
            Reading(words: ["task", "history", "sample"], shows: ["STATE", "succeeded"], name: "run/RUN"),
            Reading(words: ["run", "list", "--task", "sample"], shows: ["sample", "RUN"], name: "run/RUN"),
            Reading(
                words: ["run", "list", "--state", "succeeded", "--since", "-1h"],
                shows: ["sample"],
                name: "run/RUN"
            ),
            Reading(
                words: ["run", "get", "RUN"],
                shows: ["attempt 1", "exit code 0", "revision 1"],
                name: "run/RUN"
            ),
            Reading(words: ["run", "wait", "RUN"], shows: ["run/RUN succeeded"], name: "run/RUN"),
            Reading(
                words: ["runtime", "list"],
                shows: ["REJOIN GRACE", "default"],
                name: "runtime/default"
            ),
            Reading(
                words: ["runtime", "get", "default"],
                shows: ["name", "default"],
                name: "runtime/default"
            ),
            Reading(words: ["node", "list"], shows: ["agent-1", "agent-2", "online"], name: "node/agent-1"),
            Reading(
                words: ["node", "get", "agent-1"],
                shows: ["incarnation", "process"],
                name: "node/agent-1"
            ),
            Reading(
                words: ["cluster", "status"],
                shows: ["leader", "standby", "2 of 2 online"],
                name: "center/center-1"
            ),
            Reading(words: ["znode", "ls", "centers"], shows: ["center-1", "center-2"], name: "center-2"),
            Reading(
                words: ["znode", "stat", "epoch"],
                shows: ["persistent", "version"],
                name: "/cloudtask/default/epoch"
            ),
            Reading(words: ["doctor"], shows: ["center-1 is ready", "0 failed"], name: "api ok"),
        ]

        /// Makes the task `sample` with a run that succeeded, once; the run's ID.
        static func sample(_ cluster: LocalCluster) async throws -> String {
            if try await cluster.task("sample") == nil {
                try await cluster.apply(taskDocument("sample", every: "1h", script: "echo hello"))
                _ = try await cluster.wait(for: try await cluster.start("sample", key: "sample"))
            }
            return try await cluster.start("sample", key: "sample")
        }

        @Test("what can be read is a table, a wide table, JSON, YAML and names", arguments: readings)
        func reading(_ reading: Reading) async throws {
            let cluster = try LocalCluster.shared()
            let id = try await Self.sample(cluster)
            let words = reading.words.map { $0 == "RUN" ? id : $0 }
            for form in ["table", "wide"] {
                let shown = try await cluster.execute(words + ["-o", form])
                #expect(shown.status == 0, "\(shown.errors)")
                for text in reading.shows {
                    let text = text.replacing("RUN", with: id)
                    #expect(shown.output.contains(text), "\(form) lacks '\(text)':\n\(shown.output)")
                }
                #expect(!shown.output.contains("\u{1B}"), "colours in a file")
            }
            let json = try await cluster.execute(words + ["-o", "json"])
            #expect(json.status == 0)
            #expect(throws: Never.self) {
                try JSONSerialization.jsonObject(with: Data(json.output.utf8), options: .fragmentsAllowed)
            }
            let yaml = try await cluster.execute(words + ["-o", "yaml"])
            #expect(yaml.status == 0)
            #expect(yaml.output.contains(":") && !yaml.output.hasPrefix("{"), "\(yaml.output)")
            let names = try await cluster.execute(words + ["-o", "name"])
            #expect(names.status == 0)
            let name = try #require(reading.name).replacing("RUN", with: id)
            #expect(names.lines.contains { $0.contains(name) }, "\(names.output)")
        }

        @Test("a task's YAML can be applied again and changes nothing; diff tells by its exit code")
        func roundTrip() async throws {
            let cluster = try LocalCluster.shared()
            _ = try await Self.sample(cluster)
            let yaml = try await cluster.control("task", "get", "sample", "-o", "yaml").output
            let applied = try await cluster.control("apply", "-f", "-", input: yaml)
            #expect(applied.output == "task/sample unchanged\n", "\(applied.output)\(applied.errors)")
            #expect(try await cluster.control("diff", "-f", "-", input: yaml).status == 0)
            let other = yaml.replacing("hello", with: "hullo")
            let diff = try await cluster.control("diff", "-f", "-", input: other)
            #expect(diff.status == 1)
            #expect(diff.output.contains("task/sample would be updated"))
            #expect(diff.lines.contains { $0.hasPrefix("-") && $0.contains("hello") }, "\(diff.output)")
            #expect(diff.lines.contains { $0.hasPrefix("+") && $0.contains("hullo") }, "\(diff.output)")
            let dry = try await cluster.control("apply", "--dry-run", "-f", "-", input: other)
            #expect(dry.output == "task/sample updated (dry run)\n")
            #expect(try await cluster.task("sample")?.revision == 1)
        }

        @Test("tasks are created, refused when they exist, and deleted by name and by document")
        func createAndDelete() async throws {
            let cluster = try LocalCluster.shared()
            let words = [
                "task", "create", "made", "--cron", "0 2 * * 1-5", "--time-zone", "Europe/Berlin", "-e",
                "A=b",
                "--timeout", "5m", "--delivery", "at-least-once", "--", "echo", "--flag",
            ]
            #expect(try await cluster.execute(words).output == "task/made created\n")
            let again = try await cluster.execute(words)
            #expect(again.status == 5)
            #expect(again.errors.contains("task made exists already"))
            let specification = try #require(try await cluster.task("made")).specification
            #expect(specification.action == .command(["echo", "--flag"]))
            #expect(specification.delivery == .atLeastOnce)
            #expect(specification.environment == ["A": "b"])
            let yaml = try await cluster.control("task", "get", "made", "-o", "yaml").output
            #expect(
                try await cluster.control("delete", "-f", "-", input: yaml).output == "task/made deleted\n"
            )
            #expect(
                try await cluster.control("delete", "-f", "-", input: yaml).errors.contains("does not exist")
            )
            #expect(try await cluster.control("task", "delete", "made").status == 3)
        }

        @Test("a runtime is made, described and used as soon as it exists")
        func runtimes() async throws {
            let cluster = try LocalCluster.shared()
            let set = try await cluster.control(
                "runtime",
                "set",
                "special",
                "--description",
                "for tests",
                "--rejoin-grace",
                "5s"
            )
            #expect(set.output == "runtime/special set\n", "\(set.errors)")
            let yaml = try await cluster.control("runtime", "get", "special", "-o", "yaml").output
            #expect(yaml.contains("for tests"), "\(yaml)")
            #expect(try await cluster.control("apply", "-f", "-", input: yaml).output.contains("unchanged"))
            try await cluster.apply(
                "kind: Task\nname: lonely\nruntime: special\ncommand: [\"true\"]\nschedules: [{every: 1h}]"
            )
            try await eventually("the task says why nobody owns it") {
                try await cluster.task("lonely")?.unplacedReason?.isEmpty == false
            }
            let requested = try await cluster.control("task", "run", "lonely")
            #expect(requested.status == 6)
            #expect(requested.errors.contains("no live agent may run task lonely"), "\(requested.errors)")
            #expect(try await cluster.status().unplaced == 1)
            #expect(try await cluster.control("task", "delete", "lonely").status == 0)
        }

        @Test("nodes are read, shown as a tree and watched; nothing is written without --unsafe-write")
        func znodes() async throws {
            let cluster = try LocalCluster.shared()
            let path = "/cloudtask/default/scratch"
            #expect(try await cluster.control("znode", "get", "epoch").output.contains(#""center":"center-"#))
            #expect(try await cluster.control("znode", "get", "nothing").status == 3)
            let tree = try await cluster.control("znode", "tree", "--depth", "3")
            #expect(
                tree.output.contains("  centers") && tree.output.contains("    center-1  v0"),
                "\(tree.output)"
            )
            #expect(tree.lines.contains { $0.contains("center-1") && $0.hasSuffix("E") })
            #expect(try await cluster.control("znode", "set", "epoch", "x").status == 64)
            try await withSession(try cluster.zookeeper()) { session in
                _ = try await session.create(try ZNodePath(path), data: Array("one".utf8))
            }
            try await watch(cluster, path)
            #expect(try await cluster.control("znode", "rm", path).status == 64)
            #expect(try await cluster.control("znode", "rm", path, "--unsafe-write").status == 0)
            #expect(try await cluster.control("znode", "stat", path).status == 3)
        }

        private func watch(_ cluster: LocalCluster, _ path: String) async throws {
            let file = cluster.folder.file("watched")
            try Data().write(to: file)
            let watcher = Process()
            watcher.executableURL = URL(filePath: Binary.path)
            watcher.arguments = ["znode", "watch", path]
            watcher.environment = ProcessInfo.processInfo.environment.merging(cluster.environment) { $1 }
            watcher.standardOutput = try FileHandle(forWritingTo: file)
            try watcher.run()
            defer { kill(watcher.processIdentifier, SIGKILL) }
            let seen: (String) throws -> Bool = { try String(contentsOf: file, encoding: .utf8).contains($0) }
            try await eventually("the watch shows the data") { try seen("v0 one") }
            let set = try await cluster.control("znode", "set", path, "two", "--unsafe-write")
            #expect(set.status == 0, "\(set.errors)")
            try await eventually("the watch shows the change") { try seen("v1 two") }
        }

        @Test("a standby sends requests on to the leader")
        func standby() async throws {
            let cluster = try LocalCluster.shared()
            let state = try await cluster.status()
            let leader = try #require(state.leadership.center)
            let url = try #require(state.centers.first { $0.center != leader }?.url)
            let server = ["--server", url]
            let created = try await cluster.execute(server + ["task", "list"])
            #expect(created.status == 64, "options follow the command")
            let made = try await cluster.execute(
                ["task", "create", "forwarded"] + server + ["--", "echo", "there"]
            )
            #expect(made.output == "task/forwarded created\n", "\(made.errors)")
            let waited = try await cluster.execute(
                ["task", "run", "forwarded", "--wait", "-o", "json"] + server
            )
            #expect(waited.status == 0, "\(waited.errors)")
            let run = try waited.json(RunPayload.self)
            #expect(try await cluster.execute(["run", "logs", run.id.text] + server).output == "there\n")
            #expect(try await cluster.execute(["task", "delete", "forwarded"] + server).status == 0)
            #expect(try await cluster.task("forwarded") == nil)
        }
    }
}
