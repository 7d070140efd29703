import Domain
import Foundation
import Payloads
import Scheduling
import TestServers
import Testing
import ZooKeeper

extension EndToEnd {
    /// `verify runs`, `cluster verify` and `cluster plan` on a real cluster.
    @Suite(.cluster("--agents", "3", "--session-timeout", "4s"))
    struct VerifyTests {
        private struct Tree: Decodable {
            struct Finding: Decodable {
                var kind: String
                var path: String
                var what: String
                var repair: String
            }
            var isValid: Bool
            var owned: Int
            var findings: [Finding]
        }

        private struct Plan: Decodable {
            struct Move: Decodable, Hashable {
                var task: String
                var from: String?
                var to: String?
            }
            var moves: [Move]
        }

        private struct Report: Decodable {
            struct Task: Decodable {
                struct Finding: Decodable {
                    var kind: String
                    var isViolation: Bool
                    var due: Instant?
                    var nodes: [String]
                    var latenessMilliseconds: Int64?
                    var reason: String?
                }
                var task: String
                var completed: Int
                var findings: [Finding]
            }
            var isValid: Bool
            var tasks: [Task]

            var violations: [String] {
                tasks.flatMap { task in
                    task.findings.filter(\.isViolation).map { "\(task.task): \($0)" }
                }
            }
        }

        @Test("a healthy tree verifies; a damaged one is reported with what mends it")
        func tree() async throws {
            let cluster = try LocalCluster.shared()
            try await apply((1...6).map { "tree-\($0)" }, every: "20s", to: cluster)
            try await settled(cluster)
            let healthy = try await cluster.control("cluster", "verify")
            #expect(healthy.status == 0, "\(healthy.output)\(healthy.errors)")
            #expect(healthy.output.contains("The tree is as it should be."))

            let zookeeper = try #require(try cluster.events().first { $0.event == "ready" }?.zookeeper)
            let root = "/cloudtask/default"
            let copied = try await withSession(zookeeper) { session in try await damage(root, session) }
            let damaged = try await cluster.control("cluster", "verify", "--patience", "1s", "-o", "json")
            #expect(damaged.status == 1, "\(damaged.errors)")
            let tree = try damaged.json(Tree.self)
            #expect(!tree.isValid)
            let kinds = Dictionary(tree.findings.map { ($0.path, $0) }) { first, _ in first }
            #expect(kinds["\(root)/notes"]?.kind == "unknown-node")
            #expect(kinds["\(root)/notes"]?.repair.contains("cloudtask znode rm \(root)/notes -r") == true)
            #expect(
                kinds["\(root)/runtimes/default/inbox/ghost/\(Self.ghost)"]?.kind == "inbox-without-journal"
            )
            #expect(tree.findings.contains { $0.kind == "row-twice" && $0.what.contains(copied) })
            let table = try await cluster.control("cluster", "verify", "--patience", "1s")
            #expect(table.status == 1)
            #expect(table.output.contains("✗ \(root)/notes  unknown-node"))

            try await withSession(zookeeper) { session in
                for path in [
                    "\(root)/notes", "\(root)/runtimes/default/inbox/ghost/\(Self.ghost)",
                    "\(root)/runtimes/default/inbox/ghost", copied,
                ] {
                    try await session.delete(try ZNodePath(path), version: nil)
                }
            }
            let mended = try await cluster.control("cluster", "verify")
            #expect(mended.status == 0, "\(mended.output)\(mended.errors)")
        }

        private static let ghost = String(repeating: "0", count: 31) + "7"

        /// An unknown node, an orphaned inbox, and a copy of an agent's rows among the parked ones; its path.
        private func damage(_ root: String, _ session: any ZooKeeperSession) async throws -> String {
            let runtime = root + "/runtimes/default"
            for path in ["\(root)/notes", "\(runtime)/inbox/ghost", "\(runtime)/inbox/ghost/\(Self.ghost)"] {
                _ = try await session.create(try ZNodePath(path))
            }
            for agent in try await session.children(try ZNodePath(runtime + "/allocations")).names.sorted() {
                let table = "\(runtime)/allocations/\(agent)"
                for bucket in try await session.children(try ZNodePath(table)).names.sorted() {
                    let rows = try await session.get(try ZNodePath("\(table)/\(bucket)")).data
                    let parked = try ZNodePath("\(runtime)/parked/\(bucket)")
                    guard String(decoding: rows, as: UTF8.self).contains("\"task\""),
                        try await session.exists(parked) == nil
                    else { continue }
                    _ = try await session.create(parked, data: rows)
                    return parked.text
                }
            }
            throw CocoaError(.fileNoSuchFile)
        }

        @Test("a plan without an agent is what happens when that agent is drained")
        func plan() async throws {
            let cluster = try LocalCluster.shared()
            try await apply((1...30).map { "plan-\($0)" }, every: "30s", to: cluster)
            try await settled(cluster)
            let before = try await owners(cluster)
            let planned = try await cluster.control("cluster", "plan", "--without", "agent-2", "-o", "json")
            #expect(planned.status == 0, "\(planned.errors)")
            let plan = try planned.json(Plan.self)
            #expect(Set(plan.moves.map(\.task)) == Set(before.filter { $0.value == "agent-2" }.keys))
            #expect(!plan.moves.isEmpty)
            #expect(try await owners(cluster) == before, "a plan changes nothing")

            #expect(try await cluster.control("node", "drain", "agent-2").status == 0)
            var expected = before
            for move in plan.moves { expected[move.task] = move.to }
            let predicted = expected
            try await eventually("everything is where it was predicted") {
                try await owners(cluster) == predicted
            }
            let text = try await cluster.control("cluster", "plan", "--with", "2")
            #expect(text.status == 0, "\(text.errors)")
            #expect(text.output.contains("new-2") && text.output.contains("tasks would move"))
            #expect(try await cluster.control("cluster", "plan", "--without", "agent-9").status == 3)
            #expect(try await cluster.control("node", "undrain", "agent-2").status == 0)
        }

        @Test("runs through a kill -9 verify; the same evidence with a start repeated does not")
        func runs() async throws {
            let cluster = try LocalCluster.shared()
            let marks = try Marks(in: cluster.folder, name: "verify-marks")
            let documents = (1...9).map { number in
                taskDocument(
                    "verify-\(number)",
                    every: "\(number % 3 + 1)s",
                    script: marks.script(then: marks.scriptOfEnd),
                    extra: "delivery: \(number % 2 == 0 ? "at-most-once" : "at-least-once")"
                )
            }
            try await cluster.apply(documents.joined())
            try await eventually("every task has run") { Set(try marks.all().map(\.task)).count == 9 }
            let from = Instant.now
            try await Task.sleep(for: .seconds(3))
            let victim = try #require(try cluster.processes("agent")["agent-3"])
            let struck = Instant.now
            kill(victim, SIGKILL)
            try await eventually("the agent is back") {
                let now = try cluster.processes("agent")["agent-3"]
                return now != nil && now != victim
            }
            let faults = cluster.folder.file("faults.ndjson")
            let line =
                #"{"kind":"killed","target":"agent-3","start":"\#(struck.formatted())","end":"\#(Instant.now.formatted())"}"#
            try Data((line + "\n").utf8).write(to: faults)
            try await Task.sleep(for: .seconds(12))
            let to = Instant.now
            // What was due until then has ended and is delivered, also on a busy machine.
            try await Task.sleep(for: .seconds(12))
            let page = cluster.folder.file("report.html")
            var words = [
                "verify", "runs", "--faults", faults.path, "--session-timeout", "4s", "--lateness", "8s",
                "--from", from.formatted(), "--to", to.formatted(), "-o", "json", "--html", page.path,
                "--agent-data",
            ]
            words += (1...3).map { cluster.folder.file("data/agent-\($0)").path }
            let kept = try await cluster.execute(words + ["--starts", marks.file.path])
            try #require([0, 1].contains(kept.status), "\(kept.errors)")
            let report = try kept.json(Report.self)
            #expect(kept.status == 0, "\(report.violations)")
            let own = report.tasks.filter { $0.task.hasPrefix("verify-") }
            #expect(report.isValid && own.count == 9 && own.allSatisfy { $0.completed > 3 })
            let html = try String(contentsOf: page, encoding: .utf8)
            #expect(html.contains("Every promise was kept.") && html.contains("verify-9"))
            #expect(!html.contains("http://") && !html.contains("https://") && !html.contains("<script"))

            let lines = try String(contentsOf: marks.file, encoding: .utf8).split(separator: "\n")
            let target = try #require(
                lines.first { line in
                    guard line.hasPrefix("verify-4 "), !line.hasSuffix(" end") else { return false }
                    let due = Instant(rfc3339: String(line.split(separator: " ")[2]))
                    return due.map { from < $0 && $0 < to } ?? false
                }
            )
            let spoilt = cluster.folder.file("spoilt")
            try Data((lines + [target]).joined(separator: "\n").utf8).write(to: spoilt)
            let broken = try await cluster.execute(words + ["--starts", spoilt.path])
            #expect(broken.status == 1, "\(broken.errors)")
            let violations = try broken.json(Report.self).tasks.filter {
                $0.findings.contains(where: \.isViolation)
            }
            #expect(violations.map(\.task) == ["verify-4"])
            #expect(violations.first?.findings.contains { $0.kind == "doubled" && $0.isViolation } == true)
        }

        @Test(
            "what cannot be verified is a mistake of the caller, in one sentence",
            arguments: [
                (["verify", "runs", "--starts", "/nowhere"], 3, "there is no file /nowhere"),
                (["verify", "runs", "--lateness", "soon"], 64, "--lateness"),
                (["verify", "runs", "--from", "-1m", "--to", "-2m"], 64, "--from must not be after --to"),
                (["cluster", "plan", "--with", "-1"], 64, "--with"),
                (["cluster", "verify", "--zookeeper", "127.0.0.1:1"], 6, "no ZooKeeper server answers"),
            ]
        )
        func mistakes(words: [String], status: Int32, says: String) async throws {
            let answer = try await LocalCluster.shared().execute(words)
            #expect(answer.status == status, "\(answer.errors)")
            #expect(answer.errors.contains(says), "\(answer.errors)")
        }

        private func apply(_ names: [String], every: String, to cluster: LocalCluster) async throws {
            try await cluster.apply(names.map { taskDocument($0, every: every, script: "true") }.joined())
        }

        /// Waits until every task has an owner and nothing is still to move.
        private func settled(_ cluster: LocalCluster) async throws {
            try await eventually("every task has its owner") {
                let plan = try await cluster.control("cluster", "plan", "-o", "json")
                return try plan.status == 0 && plan.json(Plan.self).moves.isEmpty
            }
        }

        private func owners(_ cluster: LocalCluster) async throws -> [String: String] {
            let tasks = try await cluster.control("task", "list", "--limit", "1000", "-o", "json")
            let items = try tasks.json(ListPayload<TaskPayload>.self).items
            return Dictionary(items.map { ($0.specification.name.text, $0.owner?.text ?? "-") }) { $1 }
        }
    }
}
