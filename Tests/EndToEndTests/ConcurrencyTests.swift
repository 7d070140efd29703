import Domain
import Foundation
import Payloads
import Testing

extension EndToEnd.Live {
    /// Runs of one task that would overlap.
    @Suite struct ConcurrencyTests {
        /// A task whose run lasts until `gate` exists; a stop ends it at once.
        private func create(_ name: String, _ policy: String, _ gate: URL, _ cluster: LocalCluster)
            async throws
        {
            let script = "trap 'exit 1' TERM\nwhile [ ! -e \(gate.path) ]; do sleep 0.1; done"
            try await cluster.task(name, script: script, more: "concurrency: \(policy)\nkillGrace: 2s")
        }

        @Test("forbid skips a request while a run lives, and says which")
        func forbid() async throws {
            let cluster = try LocalCluster.shared()
            let gate = cluster.folder.file("forbid-gate")
            try await create("forbid", "forbid", gate, cluster)
            let first = try await TaskLifeTests.startRunning("forbid", cluster)
            let second = try await cluster.start("forbid")
            try await eventually("the second is skipped") {
                try await cluster.record(of: second)?.state == .skipped
            }
            #expect(try await cluster.record(of: second)?.reason?.contains(first) == true)
            try Data().write(to: gate)
            #expect(try await cluster.wait(for: first).status == 0)
            #expect(try await cluster.wait(for: try await cluster.start("forbid")).status == 0)
        }

        @Test("queue-all runs requests one after the other")
        func queue() async throws {
            let cluster = try LocalCluster.shared()
            let gate = cluster.folder.file("queue-gate")
            try await create("queue", "queue-all", gate, cluster)
            let first = try await TaskLifeTests.startRunning("queue", cluster)
            let others = [try await cluster.start("queue"), try await cluster.start("queue")]
            try Data().write(to: gate)
            var runs = [try await cluster.wait(for: first).run]
            for other in others { runs.append(try await cluster.wait(for: other).run) }
            #expect(runs.map(\.state) == [.succeeded, .succeeded, .succeeded])
            let attempts = runs.compactMap(\.attempts.first).sorted {
                $0.startedAt ?? .now < $1.startedAt ?? .now
            }
            #expect(attempts.count == 3)
            for (earlier, later) in zip(attempts, attempts.dropFirst()) {
                let end = try #require(earlier.endedAt)
                let start = try #require(later.startedAt)
                #expect(end <= start)
            }
        }

        @Test("replace stops the run that lives and then runs the newer one")
        func replace() async throws {
            let cluster = try LocalCluster.shared()
            let gate = cluster.folder.file("replace-gate")
            try await create("replace", "replace", gate, cluster)
            let first = try await TaskLifeTests.startRunning("replace", cluster)
            let second = try await cluster.start("replace")
            #expect(try await cluster.wait(for: first).run.state == .stopped)
            try await eventually("the second runs") {
                try await cluster.record(of: second)?.state == .running
            }
            try Data().write(to: gate)
            #expect(try await cluster.wait(for: second).status == 0)
        }

        @Test("two runs may live under allow with max 2, the third is skipped")
        func limited() async throws {
            let cluster = try LocalCluster.shared()
            let gate = cluster.folder.file("limited-gate")
            try await create("limited", "{policy: allow, max: 2}", gate, cluster)
            let first = try await TaskLifeTests.startRunning("limited", cluster)
            let second = try await TaskLifeTests.startRunning("limited", cluster)
            let third = try await cluster.start("limited")
            try await eventually("the third is skipped") {
                try await cluster.record(of: third)?.state == .skipped
            }
            try Data().write(to: gate)
            for run in [first, second] { #expect(try await cluster.wait(for: run).status == 0) }
        }
    }
}

extension EndToEnd {
    /// What is left of a run that must not overlap another when its agent can do nothing any more.
    @Suite struct OverlapTests {
        private static let options = [
            "--centers", "1", "--agents", "2", "--session-timeout", "2s", "--no-restart",
        ]

        /// Creates the task, and waits until its first run lives; the agent it lives on.
        private func begin(_ concurrency: String, _ cluster: LocalCluster) async throws -> String {
            let document = taskDocument(
                "lonely",
                every: "1s",
                script: cluster.lonely.text,
                extra: "concurrency: \(concurrency)\nkillGrace: 1s"
            )
            try await cluster.apply(document)
            try await eventually("it runs") { try cluster.lonely.starts().count == 1 }
            return try #require(try cluster.lonely.starts().first)
        }

        @Test(
            "the run of an agent that was killed, or stopped, is dead before the next owner starts one",
            arguments: [SIGKILL, SIGSTOP]
        )
        func cutOff(signal: Int32) async throws {
            try await withCluster(Self.options) { cluster in
                let owner = try await begin("forbid", cluster)
                let pid = try #require(try cluster.processes("agent")[owner])
                kill(pid, signal)
                try await eventually("it runs on the other agent") { try cluster.lonely.starts().count == 2 }
                let seen = try cluster.lonely.starts()
                #expect(Set(seen).count == 2)
                #expect(!seen.contains("overlap"))
                if signal == SIGSTOP { kill(pid, SIGCONT) }
            }
        }

        @Test("after a planned move the next owner waits for the end of the run")
        func moved() async throws {
            try await withCluster(Self.options) { cluster in
                let owner = try await begin("queue-one", cluster)
                let drained = try await cluster.control("node", "drain", owner)
                try #require(drained.status == 0, "\(drained.errors)")
                try await eventually("the other agent owns it") {
                    let task = try await cluster.task("lonely")
                    return task?.owner != nil && task?.owner?.text != owner
                }
                let words = ["run", "list", "--task", "lonely", "--state", "running", "-o", "json"]
                let runs = try await cluster.execute(words)
                let run = try #require(try runs.json(ListPayload<RunPayload>.self).items.first)
                #expect(try cluster.lonely.starts().count == 1)
                let stopped = try await cluster.control("run", "stop", run.id.text)
                try #require(stopped.status == 0, "\(stopped.errors)")
                try await eventually("it runs on the other agent") { try cluster.lonely.starts().count == 2 }
                #expect(Set(try cluster.lonely.starts()).count == 2)
            }
        }
    }
}
