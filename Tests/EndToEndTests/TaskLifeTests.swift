import Domain
import Foundation
import Payloads
import Scheduling
import Testing

extension EndToEnd.Live {
    /// What happens to tasks and their runs while people edit, pause, stop and drain.
    @Suite struct TaskLifeTests {
        /// A script that says which revision's variable it sees, then waits until `file` exists.
        static func waiting(for file: URL) -> String {
            "echo began with $WORD\nwhile [ ! -e \(file.path) ]; do sleep 0.1; done\necho ended with $WORD"
        }

        static func word(_ word: String) -> String { "environment: {WORD: \(word)}" }

        /// Starts a task and waits until its attempt is seen running.
        static func startRunning(_ task: String, _ cluster: LocalCluster) async throws -> String {
            let run = try await cluster.start(task)
            try await eventually("\(task) runs") { try await cluster.record(of: run)?.state == .running }
            return run
        }

        @Test(
            "an edit leaves the running attempt its revision; the next run has the new one, and both records say so"
        )
        func edited() async throws {
            let cluster = try LocalCluster.shared()
            let gate = cluster.folder.file("edited-gate")
            try await cluster.task("edited", script: Self.waiting(for: gate), more: Self.word("one"))
            let run = try await Self.startRunning("edited", cluster)
            try await cluster.task("edited", script: Self.waiting(for: gate), more: Self.word("two"))
            #expect(try await cluster.task("edited")?.revision == 2)
            try Data().write(to: gate)
            let first = try await cluster.wait(for: run)
            #expect(first.run.attempts.map(\.revision) == [1])
            #expect(try await cluster.output(of: run) == "began with one\nended with one\n")
            let second = try await cluster.wait(for: try await cluster.start("edited"))
            #expect(second.run.attempts.map(\.revision) == [2])
            #expect(try await cluster.output(of: second.run.id.text) == "began with two\nended with two\n")
        }

        @Test("deleting a task lets its running attempt end and its result be recorded")
        func deleted() async throws {
            let cluster = try LocalCluster.shared()
            let gate = cluster.folder.file("deleted-gate")
            try await cluster.task("deleted", script: Self.waiting(for: gate), more: Self.word("one"))
            let run = try await Self.startRunning("deleted", cluster)
            #expect(try await cluster.control("task", "delete", "deleted").status == 0)
            #expect(try await cluster.task("deleted") == nil)
            #expect(try await cluster.control("task", "run", "deleted").status == 3)
            try Data().write(to: gate)
            let ended = try await cluster.wait(for: run)
            #expect(ended.status == 0)
            #expect(ended.run.attempts.map(\.revision) == [1])
        }

        @Test("a paused task starts nothing until it is resumed, and then does not catch up")
        func paused() async throws {
            let cluster = try LocalCluster.shared()
            let marks = try Marks(in: cluster.folder, name: "paused")
            try await cluster.apply(taskDocument("paused", every: "1s", script: marks.script()))
            try await eventually("it runs") { try !marks.all().isEmpty }
            #expect(try await cluster.control("task", "pause", "paused").status == 0)
            let paused = Instant.now
            try await Task.sleep(for: .seconds(3))
            let resumed = Instant.now
            #expect(try marks.all().filter { $0.start > paused + .seconds(1) }.isEmpty)
            #expect(try await cluster.task("paused")?.specification.isEnabled == false)
            #expect(try await cluster.control("task", "resume", "paused").status == 0)
            try await eventually("it runs again") { try marks.all().contains { $0.due > resumed } }
            #expect(try marks.all().filter { $0.due > paused + .seconds(1) && $0.due < resumed }.isEmpty)
            #expect(try await cluster.control("task", "delete", "paused").status == 0)
        }

        @Test("a repeated request with the same key is one run")
        func sameKey() async throws {
            let cluster = try LocalCluster.shared()
            let marks = try Marks(in: cluster.folder, name: "keyed")
            try await cluster.task("keyed", script: marks.script())
            let first = try await cluster.start("keyed", key: "order-1")
            let second = try await cluster.start("keyed", key: "order-1")
            #expect(first == second)
            #expect(try await cluster.wait(for: first).status == 0)
            #expect(try await cluster.start("keyed", key: "order-1") == first)
            let other = try await cluster.start("keyed", key: "order-2")
            #expect(other != first)
            #expect(try await cluster.wait(for: other).status == 0)
            #expect(try marks.all().map(\.run).sorted() == [first, other].sorted())
        }

        @Test(
            "a run is stopped by SIGTERM, killed after its grace, and ends at its timeout; each says how it ended"
        )
        func stopped() async throws {
            let cluster = try LocalCluster.shared()
            try await cluster.task("polite", script: "sleep 60")
            try await cluster.task("stubborn", script: "trap '' TERM\nsleep 60", more: "killGrace: 500ms")
            try await cluster.task("slow", script: "sleep 60", more: "timeout: 500ms")
            try await cluster.task("victim", script: "trap '' TERM\nsleep 60")
            let slow = try await cluster.start("slow")
            let polite = try await Self.startRunning("polite", cluster)
            let stubborn = try await Self.startRunning("stubborn", cluster)
            let victim = try await Self.startRunning("victim", cluster)
            #expect(try await cluster.control("run", "stop", polite, stubborn).status == 0)
            #expect(try await cluster.control("run", "kill", victim).status == 0)
            #expect(try await cluster.wait(for: polite).status == 22)
            let killed = try await cluster.wait(for: stubborn)
            #expect(killed.status == 22)
            #expect(killed.run.attempts.first?.signal == SIGKILL)
            #expect(try await cluster.wait(for: victim).status == 22)
            #expect(try await cluster.wait(for: slow).status == 21)
            let again = try await cluster.control("run", "stop", polite)
            #expect(again.status == 5)
            #expect(again.errors.contains("is over (stopped)"), "\(again.errors)")
            #expect(try await cluster.control("run", "stop", "nonsense").status == 64)
        }

        @Test(
            "a drained agent's tasks move at once and come back when it takes work again; nothing is missed"
        )
        func drained() async throws {
            let cluster = try LocalCluster.shared()
            let marks = try Marks(in: cluster.folder, name: "drained")
            let names = (1...8).map { "drained-\($0)" }
            try await cluster.apply(
                names.map { taskDocument($0, every: "1s", script: marks.script()) }.joined(separator: "\n")
            )
            try await eventually("both agents run them") {
                let all = try marks.all()
                return Set(all.map(\.task)).count == 8 && Set(all.map(\.node)).count == 2
            }
            let began = Instant.now
            #expect(try await cluster.control("node", "drain", "agent-1").status == 0)
            try await eventually("agent-1 owns nothing") {
                try await cluster.status().nodes.first { $0.agent.text == "agent-1" }?.tasks == 0
            }
            let drained = Instant.now
            try await eventually("agent-2 runs all") {
                let later = try marks.all().filter { $0.due > drained }
                return Set(later.map(\.task)).count == 8 && Set(later.map(\.node)) == ["agent-2"]
            }
            #expect(try await cluster.control("node", "undrain", "agent-1").status == 0)
            try await eventually("agent-1 runs again") {
                try marks.all().contains { $0.node == "agent-1" && $0.due > drained }
            }
            let until = began + .seconds(5)
            try await eventually("everything due until then has run") {
                Set(try marks.all().filter { $0.due > until }.map(\.task)).count == 8
            }
            let deleted = try await run(
                Binary.path,
                ["task", "delete"] + names,
                environment: cluster.environment
            )
            #expect(deleted.status == 0)
            let due = try marks.all().filter { $0.due > began && $0.due <= until }
            for name in names {
                let seconds = due.filter { $0.task == name }.map { $0.due.millisecondsSinceEpoch / 1_000 }
                    .sorted()
                let expected =
                    (began.millisecondsSinceEpoch / 1_000 + 1)...(until.millisecondsSinceEpoch / 1_000)
                #expect(seconds == Array(expected), "\(name)")
            }
        }

        @Test("logs are followed until the run has ended")
        func followed() async throws {
            let cluster = try LocalCluster.shared()
            let script = "for i in 1 2 3 4 5; do echo line $i; sleep 0.3; done; echo warning >&2"
            try await cluster.task("talker", script: script)
            let run = try await Self.startRunning("talker", cluster)
            let followed = try await cluster.control("run", "logs", "-f", run)
            #expect(followed.status == 0)
            #expect(followed.output == (1...5).map { "line \($0)\n" }.joined())
            #expect(followed.errors == "warning\n")
            #expect(try await cluster.record(of: run)?.state == .succeeded)
        }
    }
}
