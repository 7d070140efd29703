import Domain
import Foundation
import Payloads
import Scheduling
import Testing

extension EndToEnd.Live {
    /// Runs that follow from the ends of others.
    @Suite struct FollowingTests {
        private func runs(of task: String, _ cluster: LocalCluster) async throws -> [RunPayload] {
            let answer = try await cluster.control("run", "list", "--task", task, "-o", "json", "-n", "50")
            try #require(answer.status == 0, "\(answer.errors)")
            return try answer.json(ListPayload<RunPayload>.self).items
        }

        @Test("runs follow one another by a delay after each end, until the task is paused")
        func chain() async throws {
            let cluster = try LocalCluster.shared()
            let schedule = "schedules: [{afterCompletion: 2s}]"
            try await cluster.task("chained", script: "true", more: schedule)
            try await eventually("three runs have ended") {
                try await runs(of: "chained", cluster).count { $0.state == .succeeded } >= 3
            }
            #expect(try await cluster.control("task", "pause", "chained").status == 0)
            let ended = try await runs(of: "chained", cluster).filter { $0.state == .succeeded }
                .compactMap(\.attempts.first).sorted { $0.startedAt ?? .now < $1.startedAt ?? .now }
            for (earlier, later) in zip(ended, ended.dropFirst()) {
                let pause = try #require(earlier.endedAt).duration(to: try #require(later.startedAt))
                #expect(pause >= .seconds(2))
            }
            try await eventually("the run that was to follow is recorded") {
                try await runs(of: "chained", cluster).contains { $0.state == .skipped }
            }
            #expect(try await cluster.control("task", "delete", "chained").status == 0)
        }

        @Test("a diamond of tasks runs in order, each once, for a request of the first")
        func diamond() async throws {
            let cluster = try LocalCluster.shared()
            let log = cluster.folder.file("diamond")
            func step(_ name: String, _ after: String) -> String {
                "kind: Task\nname: \(name)\nscript: echo \(name) $CLOUDTASK_DUE >> \(log.path)\n\(after)\n"
            }
            try await cluster.apply(
                step("dia-d", "after: [dia-b, {task: dia-c, on: finished}]"),
                step("dia-b", "after: [dia-a]"),
                step("dia-c", "after: [{task: dia-a, exitCodes: [0]}]"),
                step("dia-never", "after: [{task: dia-a, on: failed}]"),
                step("dia-a", "")
            )
            let run = try await cluster.start("dia-a")
            #expect(try await cluster.wait(for: run).status == 0)
            try await eventually("the last has run") {
                try await runs(of: "dia-d", cluster).first?.state == .succeeded
            }
            let lines = try String(contentsOf: log, encoding: .utf8).split(separator: "\n").map {
                $0.split(separator: " ").map(String.init)
            }
            #expect(lines.compactMap(\.first).sorted() == ["dia-a", "dia-b", "dia-c", "dia-d"])
            #expect(lines.last?.first == "dia-d")
            #expect(Set(lines.compactMap(\.last)).count == 1)
            let last = try #require(try await runs(of: "dia-d", cluster).first)
            #expect(last.parents?.count == 2)
            #expect(last.trigger == .dependency)
            #expect(try await runs(of: "dia-never", cluster).isEmpty)
            let verified = try await cluster.control("cluster", "verify")
            #expect(!verified.output.contains("/workflows"), "\(verified.output)")
            let refused = try await cluster.control("task", "delete", "dia-a")
            #expect(refused.status == 5)
            #expect(refused.errors.contains("come after task dia-a"))
        }

        @Test("what comes after a failure is recorded as skipped, with the reason, and cleaned up after")
        func failure() async throws {
            let cluster = try LocalCluster.shared()
            try await cluster.apply(
                "kind: Task\nname: fails\nscript: exit 3\n",
                "kind: Task\nname: fails-next\nscript: \"true\"\nafter: [fails]\n",
                "kind: Task\nname: fails-cleanup\nscript: \"true\"\nafter: [{task: fails, on: failed}]\n"
            )
            let run = try await cluster.start("fails")
            #expect(try await cluster.wait(for: run).status == 20)
            try await eventually("the next is skipped") {
                try await runs(of: "fails-next", cluster).first?.state == .skipped
            }
            let skipped = try #require(try await runs(of: "fails-next", cluster).first)
            #expect(skipped.reason?.contains(run) == true)
            try await eventually("the clean-up has run") {
                try await runs(of: "fails-cleanup", cluster).first?.state == .succeeded
            }
        }
    }
}
