import Domain
import Foundation
import Payloads
import Scheduling
import Testing

extension EndToEnd {
    /// Fires with several parts, on real processes.
    @Suite struct ShardTests {
        /// What a shard writes down: `index total name run node`.
        private struct Line: Hashable {
            var index: Int
            var total: Int
            var name: String
            var run: String
            var node: String
        }

        private static let script =
            "echo \"$CLOUDTASK_SHARD_INDEX $CLOUDTASK_SHARD_TOTAL $CLOUDTASK_SHARD $CLOUDTASK_RUN $CLOUDTASK_NODE\" >> "

        private func lines(_ file: URL) throws -> [Line] {
            guard FileManager.default.fileExists(atPath: file.path) else { return [] }
            return try String(contentsOf: file, encoding: .utf8).split(separator: "\n").compactMap { line in
                let words = line.split(separator: " ").map(String.init)
                guard words.count == 5, let index = Int(words[0]), let total = Int(words[1]) else {
                    return nil
                }
                return Line(index: index, total: total, name: words[2], run: words[3], node: words[4])
            }
        }

        @Test("four shards run on two agents; those of a killed one move, and each fire's shards run once")
        func failover() async throws {
            try await withCluster("--centers", "1", "--agents", "2", "--no-restart") { cluster in
                let marks = try Marks(in: cluster.folder)
                let extra = "shards: [eu, us, asia, africa]\n"
                try await cluster.apply(
                    taskDocument("tick", every: "1s", script: marks.script(), extra: extra)
                )
                try await eventually("all shards run, on both agents") {
                    let all = try marks.all()
                    return Set(all.compactMap { RunID($0.run)?.fireKey?.part }).count == 4
                        && Set(all.map(\.node)).count == 2
                }
                let placed = try #require(try await cluster.task("tick")?.parts)
                #expect(placed.total == 4)
                #expect(placed.owners.map(\.parts.count) == [2, 2])
                let victim = try #require(placed.owners.first)
                let pid = try #require(try cluster.processes("agent")[victim.agent.text])
                let killed = Instant.now
                kill(pid, SIGKILL)
                try await eventually("the shards of the victim run elsewhere") {
                    let late = try marks.all().filter { $0.start > killed + .seconds(6) }
                    return Set(late.compactMap { RunID($0.run)?.fireKey?.part }).count == 4
                }
                for (run, starts) in Dictionary(grouping: try marks.all(), by: \.run) {
                    #expect(starts.count == 1, "run \(run) was started \(starts.count) times")
                }
                // What was not journaled by the victim was made up for: of every second all shards are on record.
                let since = killed - .seconds(2)
                let until = Instant.now - .seconds(2)
                let listed = try await cluster.control(
                    "run",
                    "list",
                    "--task",
                    "tick",
                    "-o",
                    "json",
                    "-n",
                    "500"
                )
                let runs = try listed.json(ListPayload<RunPayload>.self).items.filter {
                    $0.due > since && $0.due <= until
                }
                for (due, parts) in Dictionary(grouping: runs, by: \.due) {
                    #expect(parts.map(\.part).sorted() == [0, 1, 2, 3], "due \(due)")
                }
                #expect(runs.allSatisfy { $0.shards == 4 && $0.shard != nil })
                let lost = runs.count { $0.state == .lost }
                #expect(lost <= 4, "more was lost than one look-ahead can journal")
                let verified = try await cluster.control("cluster", "verify")
                #expect(verified.status == 0, "\(verified.output)")
            }
        }

        @Test("shards know what they are; a request runs all or one of them; what comes after waits for all")
        func requests() async throws {
            try await withCluster("--centers", "1", "--agents", "2", "--no-restart") { cluster in
                let file = cluster.folder.file("lines")
                let script = Self.script + file.path + "\necho \"::set region=$CLOUDTASK_PARAM_REGION\""
                let shards = "shards: [eu, us, {name: asia, parameters: {region: asia-1}}]"
                let parameters = "parameters:\n  - {name: region, default: none}"
                try await cluster.task("import", script: script, more: shards + "\n" + parameters)
                try await cluster.apply("kind: Task\nname: report\nscript: \"true\"\nafter: [import]\n")
                let asked = try await cluster.control("task", "run", "import", "--wait")
                #expect(asked.status == 0, "\(asked.errors)")
                let lines = try lines(file)
                #expect(
                    lines.map { "\($0.index) \($0.total) \($0.name)" }.sorted() == [
                        "0 3 eu", "1 3 us", "2 3 asia",
                    ]
                )
                #expect(Set(lines.map(\.node)).count == 2)
                try await eventually("the report has run, once") {
                    let answer = try await cluster.control("run", "list", "--task", "report", "-o", "json")
                    return try answer.json(ListPayload<RunPayload>.self).items.map(\.state) == [.succeeded]
                }
                let run = try #require(try await cluster.record(of: lines[0].run))
                #expect(run.parts?.total == 3)
                #expect(run.parts?.state == .succeeded)
                #expect(run.shard == lines[0].name)
                let regions = (run.parts?.runs ?? []).map { $0.outputs?["region"] }
                #expect(regions == [.text("none"), .text("none"), .text("asia-1")])
                let page = try await cluster.control("run", "get", lines[0].run)
                #expect(page.output.contains("asia: region=asia-1"), "\(page.output)")
                let one = try await cluster.control("task", "run", "import", "--shard", "us", "--wait")
                #expect(one.status == 0, "\(one.errors)")
                #expect(try self.lines(file).count == 4)
                #expect(try self.lines(file).last?.name == "us")
                let wrong = try await cluster.control("task", "run", "import", "--shard", "mars")
                #expect(wrong.status != 0)
                #expect(wrong.errors.contains("eu, us, asia"))
                let list = try await cluster.control("run", "list", "--task", "import")
                #expect(list.output.contains("us (1 of 3)"), "\(list.output)")
                let shown = try await cluster.control("task", "get", "import")
                #expect(shown.output.contains("3 shards"), "\(shown.output)")
                let refused = try await cluster.control(
                    "apply",
                    "-f",
                    "-",
                    input: "kind: Task\nname: both\ncommand: [x]\nshards: 2\nbroadcast: true\n"
                )
                #expect(refused.status != 0)
                #expect(refused.errors.contains("never both"), "\(refused.errors)")
            }
        }

        @Test("a broadcast runs each fire once on every agent; a drained agent takes no part")
        func broadcast() async throws {
            try await withCluster("--centers", "1", "--agents", "3", "--no-restart") { cluster in
                let marks = try Marks(in: cluster.folder)
                try await cluster.apply(
                    taskDocument("warm", every: "1s", script: marks.script(), extra: "broadcast: true\n")
                )
                try await eventually("all agents take part in a fire") {
                    Dictionary(grouping: try marks.all(), by: \.due).values.contains {
                        Set($0.map(\.node)).count == 3
                    }
                }
                let agents = Set(try marks.all().map(\.node)).sorted()
                #expect(try await cluster.control("node", "drain", agents[0]).status == 0)
                let drained = Instant.now
                try await eventually("the others go on without it") {
                    let late = try marks.all().filter { $0.due > drained + .seconds(3) }
                    return Set(late.map(\.due)).count >= 3 && Set(late.map(\.node)) == Set(agents.dropFirst())
                }
                for (run, starts) in Dictionary(grouping: try marks.all(), by: \.run) {
                    #expect(starts.count == 1, "run \(run) was started \(starts.count) times")
                }
                let shown = try #require(try await cluster.task("warm")?.parts)
                #expect(shown.owners.map(\.agent.text) == Array(agents.dropFirst()))
                #expect(try await cluster.control("cluster", "verify").status == 0)
            }
        }
    }
}
