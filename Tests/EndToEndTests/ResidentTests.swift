import Domain
import Foundation
import Payloads
import Scheduling
import Testing

extension EndToEnd.Live {
    /// Tasks that are kept running.
    @Suite struct ResidentTests {
        /// The process of a resident task that runs now; `nil` while there is none.
        private func running(_ task: String, _ cluster: LocalCluster) async throws -> RunPayload? {
            let last = try await cluster.task(task)?.last
            return last?.state == .running && last?.attempts.last?.startedAt != nil ? last : nil
        }

        /// Waits until another process of a task runs than the run that is named.
        @discardableResult
        private func next(
            _ task: String,
            after run: RunID? = nil,
            _ cluster: LocalCluster
        ) async throws -> RunPayload {
            try await eventually("a process of \(task) runs") {
                try await running(task, cluster).map { $0.id != run } ?? false
            }
            return try #require(try await running(task, cluster))
        }

        private func pid(_ file: URL) throws -> Int32 {
            let text = try String(contentsOf: file, encoding: .utf8)
            return try #require(Int32(text.trimmingCharacters(in: .whitespacesAndNewlines)))
        }

        @Test("it starts by itself, tells what it does, and comes again when it is killed, later each time")
        func killed() async throws {
            let cluster = try LocalCluster.shared()
            let file = cluster.folder.file("resident-pid")
            try await cluster.task(
                "resident-killed",
                script: "echo $$ > \(file.path)\necho '::status serving'\nwhile :; do sleep 0.1; done",
                more: "resident: true\nkillGrace: 1s"
            )
            let first = try await next("resident-killed", cluster)
            try await eventually("its status is seen") {
                try await cluster.task("resident-killed")?.last?.status?.text == "serving"
            }
            kill(try pid(file), SIGKILL)
            let second = try await next("resident-killed", after: first.id, cluster)
            #expect(second.trigger == .completion)
            #expect(second.parents == [first.id])
            let ended = try #require(try await cluster.record(of: first.id.text)?.attempts.first?.endedAt)
            #expect(ended.duration(to: second.due) >= .milliseconds(499))
            kill(try pid(file), SIGKILL)
            let third = try await next("resident-killed", after: second.id, cluster)
            let again = try #require(try await cluster.record(of: second.id.text)?.attempts.first?.endedAt)
            #expect(again.duration(to: third.due) >= .milliseconds(999))
            let text = try await cluster.control("task", "get", "resident-killed").output
            #expect(text.contains("running since"))
            #expect(text.contains("2 in the last hour"))
            #expect(text.contains("serving ("))
            #expect(try await cluster.control("task", "delete", "resident-killed").status == 0)
            try await eventually("its process is gone") {
                try await cluster.record(of: third.id.text)?.state == .stopped
            }
        }

        @Test("a process that is not healthy is stopped and followed by another")
        func unhealthy() async throws {
            let cluster = try LocalCluster.shared()
            let ill = cluster.folder.file("resident-ill")
            try await cluster.task(
                "resident-ill",
                script: "rm -f \(ill.path)\nwhile :; do sleep 0.1; done",
                more: """
                    killGrace: 1s
                    resident:
                      probe: {command: [test, "!", -e, \(ill.path)], every: 1s, failures: 2}
                    """
            )
            let first = try await next("resident-ill", cluster)
            try await eventually("it is healthy") {
                try await cluster.task("resident-ill")?.last?.health?.isHealthy == true
            }
            try Data().write(to: ill)
            try await next("resident-ill", after: first.id, cluster)
            let attempt = try #require(try await cluster.record(of: first.id.text)?.attempts.first)
            #expect(attempt.outcome == .failed)
            #expect(attempt.message == "unhealthy: exit code 1")
            #expect(try await cluster.control("task", "delete", "resident-ill").status == 0)
        }

        @Test("an edit, a restart and a pause act on the process at once; nobody asks for a run of it")
        func changes() async throws {
            let cluster = try LocalCluster.shared()
            func write(_ word: String) async throws {
                try await cluster.task(
                    "resident-changed",
                    script: "echo \(word)\nwhile :; do sleep 0.1; done",
                    more: "resident: {restart: {delay: 5m}}\nkillGrace: 1s"
                )
            }
            try await write("one")
            let first = try await next("resident-changed", cluster)
            try await write("two")
            let second = try await next("resident-changed", after: first.id, cluster)
            #expect(try await cluster.record(of: first.id.text)?.state == .stopped)
            try await eventually("the new command runs") {
                try await cluster.output(of: second.id.text) == "two\n"
            }
            #expect(second.attempts.first?.revision == 2)
            let selected = try await cluster.control("task", "restart", "--runtime", "default", "--dry-run")
            #expect(selected.output.contains("task/resident-changed would be restarted"))
            let restarted = try await cluster.control("task", "restart", "resident-changed")
            #expect(restarted.status == 0, "\(restarted.errors)")
            let third = try await next("resident-changed", after: second.id, cluster)
            #expect(third.attempts.first?.revision == 3)
            let refused = try await cluster.control("task", "run", "resident-changed")
            #expect(refused.status == 5)
            #expect(refused.errors.contains("is resident and runs all the time"))
            #expect(try await cluster.control("task", "pause", "resident-changed").status == 0)
            try await eventually("it is stopped") {
                try await cluster.record(of: third.id.text)?.state == .stopped
            }
            #expect(try await cluster.control("task", "resume", "resident-changed").status == 0)
            try await next("resident-changed", after: third.id, cluster)
            #expect(try await cluster.control("task", "delete", "resident-changed").status == 0)
        }
    }
}

extension EndToEnd {
    /// Tasks that are kept running while agents go.
    @Suite struct ResidentMoveTests {
        private static let options = [
            "--centers", "1", "--agents", "2", "--session-timeout", "2s", "--no-restart",
        ]

        /// Creates the task, and waits until its first process lives; the agent it lives on.
        private func begin(_ cluster: LocalCluster) async throws -> String {
            let script = cluster.lonely.text
            try await cluster.task("lonely", script: script, more: "resident: true\nkillGrace: 1s")
            try await eventually("it runs") { try cluster.lonely.starts().count == 1 }
            return try #require(try cluster.lonely.starts().first)
        }

        @Test("the process of an agent that was killed comes up on the other one, never two at once")
        func killed() async throws {
            try await withCluster(Self.options) { cluster in
                let owner = try await begin(cluster)
                kill(try #require(try cluster.processes("agent")[owner]), SIGKILL)
                try await eventually("it runs on the other agent") { try cluster.lonely.starts().count == 2 }
                let seen = try cluster.lonely.starts()
                #expect(Set(seen).count == 2)
                #expect(!seen.contains("overlap"))
            }
        }

        @Test("the process of a drained agent is stopped and comes up on the other one, never two at once")
        func drained() async throws {
            try await withCluster(Self.options) { cluster in
                let owner = try await begin(cluster)
                let drained = try await cluster.control("node", "drain", owner)
                try #require(drained.status == 0, "\(drained.errors)")
                try await eventually("it runs on the other agent") { try cluster.lonely.starts().count == 2 }
                let seen = try cluster.lonely.starts()
                #expect(Set(seen).count == 2)
                #expect(!seen.contains("overlap"))
            }
        }
    }
}
