import Domain
import Foundation
import Payloads
import Testing

extension EndToEnd.Live {
    /// Runs of several tasks that share keys and units.
    @Suite struct PoolTests {
        @Test("runs of three tasks that name one key never live at the same time")
        func key() async throws {
            let cluster = try LocalCluster.shared()
            let (lock, overlaps) = (cluster.folder.file("key-lock"), cluster.folder.file("key-overlaps"))
            let script = """
                mkdir \(lock.path) || echo overlap >> \(overlaps.path)
                sleep 0.2
                rmdir \(lock.path)
                """
            var runs: [String] = []
            for name in ["key-a", "key-b", "key-c"] {
                try await cluster.task(name, script: script, more: "exclusive: [key-of-three]")
            }
            for name in ["key-a", "key-b", "key-c", "key-a", "key-b", "key-c"] {
                runs.append(try await cluster.start(name))
            }
            for run in runs { #expect(try await cluster.wait(for: run).status == 0) }
            #expect(!FileManager.default.fileExists(atPath: overlaps.path))
            let shown = try await cluster.control("pool", "list")
            #expect(shown.output.contains("key-of-three") && shown.output.contains("exclusive key"))
        }

        @Test("of four tasks as many run as a pool has units for, and the others say what they wait for")
        func units() async throws {
            let cluster = try LocalCluster.shared()
            let gate = cluster.folder.file("units-gate")
            let refused = try await cluster.control("apply", "-f", "-", input: document("early"))
            #expect(refused.status != 0)
            #expect(refused.errors.contains("there is no pool 'seats'"), "\(refused.errors)")
            let set = try await cluster.control("pool", "set", "seats", "--units", "2")
            try #require(set.status == 0, "\(set.errors)")
            #expect(set.output == "pool/seats created\n")
            let names = ["units-a", "units-b", "units-c", "units-d"]
            var runs: [String] = []
            for name in names {
                let wait = "while [ ! -e \(gate.path) ]; do sleep 0.1; done"
                try await cluster.task(name, script: wait, more: "pools: {seats: 1}")
                runs.append(try await cluster.start(name))
            }
            try await eventually("two run and two wait") {
                let pool = try await self.pool("seats", cluster)
                return pool.held == 2 && pool.waiting == 2
            }
            let pool = try await self.pool("seats", cluster)
            #expect(pool.units == 2 && pool.tasks == 4 && pool.holders?.count == 2)
            #expect(pool.queue?.map(\.position) == [1, 2])
            let waiting = try #require(pool.queue?.last)
            let explained = try await cluster.control("run", "explain", waiting.run.text)
            #expect(explained.output.contains("waits for 1 unit of pool seats (2 in all): held by run"))
            let queue = try await cluster.control("node", "queue", waiting.agent.text)
            #expect(queue.output.contains("waits for 1 unit of pool seats"), "\(queue.output)")
            for words in [["pool", "delete", "seats"], ["pool", "set", "seats", "--units", "0"]] {
                #expect(try await cluster.execute(words).status != 0)
            }
            try Data().write(to: gate)
            for run in runs { #expect(try await cluster.wait(for: run).status == 0) }
            try await eventually("all is back") { try await self.pool("seats", cluster).held == 0 }
            let exported = try await cluster.control("export", "units-a")
            #expect(exported.output.hasPrefix("kind: Pool\nname: seats\nunits: 2\n---\n"), "\(exported)")
            try await documents(exported.output, cluster)
        }

        /// A pool comes and goes as a document, and what it said before comes back.
        private func documents(_ exported: String, _ cluster: LocalCluster) async throws {
            let same = try await cluster.control("apply", "-f", "-", input: exported)
            #expect(same.output.contains("2 unchanged"), "\(same)")
            let larger = "kind: Pool\nname: seats\nunits: 3\n"
            let trial = try await cluster.control("apply", "-f", "-", "--dry-run", input: larger)
            #expect(trial.output == "pool/seats updated (dry run)\n", "\(trial)")
            let applied = try await cluster.control("apply", "-f", "-", "-m", "bought", input: larger)
            #expect(applied.output == "pool/seats updated\n", "\(applied)")
            let told = try await cluster.control("pool", "revisions", "seats")
            #expect(told.output.contains("bought"), "\(told)")
            let restored = try await cluster.control("pool", "restore", "seats", "--revision", "1")
            #expect(restored.output == "pool/seats restored as revision 3\n", "\(restored)")
            let compared = try await cluster.control("diff", "-f", "-", input: exported)
            #expect(compared.status == 0, "\(compared)")
            let kept = try await cluster.control("delete", "-f", "-", input: larger)
            #expect(kept.status == 5 && kept.errors.contains("pool seats is kept"), "\(kept)")
        }

        private func document(_ name: String) -> String {
            "kind: Task\nname: \(name)\ncommand: [\"true\"]\npools: {seats: 1}\n"
        }

        private func pool(_ name: String, _ cluster: LocalCluster) async throws -> PoolPayload {
            let shown = try await cluster.control("pool", "get", name, "-o", "json")
            try #require(shown.status == 0, "\(shown.errors)")
            return try shown.json(PoolPayload.self)
        }
    }
}

extension EndToEnd {
    /// Keys and units when those who hold them, or grant them, are killed.
    @Suite struct PoolFaultTests {
        private static let options = [
            "--centers", "2", "--agents", "2", "--session-timeout", "2s", "--no-restart",
        ]

        /// A script that notes where it runs, and whether the process before it still lives, until the gate opens.
        private func script(_ folder: TemporaryFolder, gate: URL? = nil) -> String {
            let (pids, starts) = (folder.file("pid").path, folder.file("starts").path)
            return """
                # A process that is dead and that nobody has asked about is a zombie.
                state=$(cut -d" " -f3 "/proc/$(cat \(pids) 2>/dev/null || echo 0)/stat" 2>/dev/null || true)
                case "$state" in ""|Z|X) ;; *) echo "overlap" >> \(starts) ;; esac
                echo $$ > \(pids)
                echo "$CLOUDTASK_NODE" >> \(starts)
                trap '' TERM
                while [ ! -e \(gate?.path ?? "/nowhere/at/all") ]; do sleep 0.1; done
                """
        }

        private func starts(_ folder: TemporaryFolder) throws -> [String] {
            let text = (try? String(contentsOf: folder.file("starts"), encoding: .utf8)) ?? ""
            return text.split(separator: "\n").map(String.init)
        }

        private func create(
            _ name: String,
            at agent: String,
            in cluster: LocalCluster,
            until gate: URL? = nil
        ) async throws {
            let more = "exclusive: [only]\nkillGrace: 1s\nplacement: {agents: [\(agent)]}"
            try await cluster.task(name, script: script(cluster.folder, gate: gate), more: more)
        }

        @Test(
            "what an agent held that was killed, or stopped, goes to another once it is dead",
            arguments: [SIGKILL, SIGSTOP]
        )
        func holder(signal: Int32) async throws {
            try await withCluster(Self.options) { cluster in
                try await create("first", at: "agent-1", in: cluster)
                try await create("second", at: "agent-2", in: cluster)
                _ = try await Live.TaskLifeTests.startRunning("first", cluster)
                _ = try await cluster.start("second")
                try await eventually("the second waits") {
                    let shown = try await cluster.control("pool", "get", "only", "-o", "json")
                    return shown.status == 0 ? try shown.json(PoolPayload.self).waiting == 1 : false
                }
                let pid = try #require(try cluster.processes("agent")["agent-1"])
                kill(pid, signal)
                try await eventually("the second runs") { try starts(cluster.folder).count >= 2 }
                #expect(try starts(cluster.folder) == ["agent-1", "agent-2"])
                if signal == SIGSTOP { kill(pid, SIGCONT) }
            }
        }

        @Test(
            "a leader that is killed takes nothing with it: what is held stays held, and goes on when it is free"
        )
        func leader() async throws {
            try await withCluster(Self.options) { cluster in
                let gate = cluster.folder.file("gate")
                try await create("first", at: "agent-1", in: cluster, until: gate)
                try await create("second", at: "agent-2", in: cluster, until: gate)
                let first = try await Live.TaskLifeTests.startRunning("first", cluster)
                let second = try await cluster.start("second")
                let leader = try #require(try await cluster.status().leadership.center?.text)
                let pid = try #require(try cluster.processes("center")[leader])
                kill(pid, SIGKILL)
                try await eventually("another center leads") {
                    let now = try await cluster.status().leadership.center?.text
                    return now != nil && now != leader
                }
                try await eventually("it knows of both") {
                    let shown = try await cluster.control("pool", "get", "only", "--exclusive", "-o", "json")
                    guard shown.status == 0 else { return false }
                    let pool = try shown.json(PoolPayload.self)
                    return pool.held == 1 && pool.waiting == 1
                }
                #expect(try starts(cluster.folder) == ["agent-1"])
                try Data().write(to: gate)
                #expect(try await cluster.wait(for: first).status == 0)
                #expect(try await cluster.wait(for: second).status == 0)
                #expect(try starts(cluster.folder) == ["agent-1", "agent-2"])
            }
        }
    }
}
