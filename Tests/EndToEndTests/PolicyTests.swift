import Domain
import Foundation
import Payloads
import Scheduling
import Testing

extension EndToEnd.Live {
    /// What follows failures and outages, and schedules that are spread, counted or leave days out.
    @Suite struct PolicyTests {
        /// A script that fails until its third attempt.
        private static let flaky = "echo attempt $CLOUDTASK_ATTEMPT\n[ $CLOUDTASK_ATTEMPT -ge 3 ] || exit 75"

        @Test("a task that fails twice and then succeeds is one run of three attempts, with growing pauses")
        func retried() async throws {
            let cluster = try LocalCluster.shared()
            let policy = "retry: {attempts: 5, delay: 300ms, jitter: 0, exitCodes: [75]}"
            try await cluster.task("flaky", script: Self.flaky, more: policy)
            let (status, run) = try await cluster.wait(for: try await cluster.start("flaky"))
            #expect(status == 0 && run.state == .succeeded)
            #expect(run.attempts.map(\.number) == [1, 2, 3])
            #expect(run.attempts.map(\.outcome) == [.failed, .failed, .succeeded])
            #expect(run.attempts.map(\.exitCode) == [75, 75, 0])
            for (index, pause) in [300, 600].enumerated() {
                let ended = try #require(run.attempts[index].endedAt)
                let started = try #require(run.attempts[index + 1].startedAt)
                #expect(started - ended >= .milliseconds(pause), "pause \(index + 1): \(started - ended)")
            }
            #expect(try await cluster.output(of: run.id.text).contains("attempt 3"))
            let shown = try await cluster.control("run", "get", run.id.text)
            for attempt in run.attempts {
                let line = shown.lines.first { $0.contains("attempt \(attempt.number)") }
                #expect(line?.contains(attempt.outcome?.rawValue ?? "?") == true, "\(shown.output)")
            }
        }

        @Test("what the policy does not name is not attempted again")
        func notRetried() async throws {
            let cluster = try LocalCluster.shared()
            try await cluster.task(
                "broken",
                script: "exit 1",
                more: "retry: {attempts: 5, delay: 0s, exitCodes: [75]}"
            )
            let (status, run) = try await cluster.wait(for: try await cluster.start("broken"))
            #expect(status == 20 && run.attempts.map(\.exitCode) == [1])
        }

        @Test("the next attempt is made by another agent if the task asks for it")
        func elsewhere() async throws {
            let cluster = try LocalCluster.shared()
            try await cluster.task(
                "wanderer",
                script: "exit 1",
                more: "retry: {attempts: 2, delay: 0s, agent: other}"
            )
            let run = try await cluster.wait(for: try await cluster.start("wanderer")).run
            #expect(run.state == .failed)
            #expect(Set(run.attempts.map(\.agent.text)) == ["agent-1", "agent-2"], "\(run.attempts)")
        }

        @Test("a run that waits for its next attempt says so, and is ended by stop")
        func stoppedBetween() async throws {
            let cluster = try LocalCluster.shared()
            try await cluster.task("patient", script: "exit 1", more: "retry: {attempts: 2, delay: 1h}")
            let run = try await cluster.start("patient")
            try await eventually("it waits") { try await cluster.record(of: run)?.state == .retrying }
            let stopped = try await cluster.control("run", "stop", run)
            #expect(stopped.status == 0, "\(stopped.errors)")
            let ended = try await cluster.wait(for: run)
            #expect(ended.status == 22 && ended.run.state == .stopped, "\(ended.run)")
            // The second attempt is on record, and never started.
            #expect(ended.run.attempts.map(\.outcome) == [.failed, .stopped], "\(ended.run)")
            #expect(ended.run.attempts.last?.startedAt == nil, "\(ended.run)")
        }

        /// What a policy makes of five instants that came due while no agent was there.
        private struct Outage {
            var name: String
            var policy: String
            /// Which of the five run, from 0; the others are missed.
            var runs: [Int]

            static let all = [
                Outage(name: "late", policy: "misfire: {policy: skip, grace: 10m}", runs: [0, 1, 2, 3, 4]),
                Outage(name: "once", policy: "misfire: {policy: once, grace: 500ms}", runs: [4]),
                Outage(name: "skip", policy: "misfire: {policy: skip, grace: 500ms}", runs: []),
                Outage(name: "all", policy: "misfire: {policy: all, grace: 500ms, cap: 3}", runs: [2, 3, 4]),
                Outage(name: "prompt", policy: "misfire: all\nstartDeadline: 1s", runs: []),
            ]
        }

        /// Lets `body` run while no agent takes work, and gives it back to them.
        private func withoutAgents(_ cluster: LocalCluster, _ body: () async throws -> Void) async throws {
            try await setDrained(cluster, true)
            do { try await body() } catch {
                try await setDrained(cluster, false)
                throw error
            }
            try await setDrained(cluster, false)
        }

        private func setDrained(_ cluster: LocalCluster, _ isDrained: Bool) async throws {
            for agent in ["agent-1", "agent-2"] {
                let set = try await cluster.control("node", isDrained ? "drain" : "undrain", agent)
                #expect(set.status == 0, "\(set.errors)")
            }
        }

        @Test("after an outage each policy makes up for what it says; all else is recorded as missed")
        func misfires() async throws {
            let cluster = try LocalCluster.shared()
            let marks = try Marks(in: cluster.folder, name: "misfires")
            var instants: [Instant] = []
            try await withoutAgents(cluster) {
                let first = Instant.now + Patience.seconds(3)
                instants = (0..<5).map { first + .milliseconds(200 * $0) }
                let schedules = instants.map { "{at: \"\($0)\"}" }.joined(separator: ", ")
                let script = marks.script().split(separator: "\n").map { "  " + $0 }.joined(separator: "\n")
                let documents = Outage.all.map {
                    "kind: Task\nname: \($0.name)\nschedules: [\(schedules)]\n\($0.policy)\nscript: |\n\(script)\n"
                }
                try await cluster.apply(documents.joined(separator: "---\n"))
                try #require(Instant.now < first, "the documents were applied in time")
                let over = instants[4] + .milliseconds(1_500)
                try await Task.sleep(for: max(.zero, over - Instant.now))
            }
            for outage in Outage.all {
                var records: [RunPayload] = []
                try await eventually("all instants of \(outage.name) are decided and over") {
                    let listed = try await cluster.control("task", "history", outage.name, "-o", "json")
                    records = try listed.json(ListPayload<RunPayload>.self).items
                    return records.map(\.count).reduce(0, +) == 5 && records.allSatisfy(\.state.isFinal)
                }
                let started = try marks.all().filter { $0.task == outage.name }
                #expect(
                    started.map(\.due).sorted() == outage.runs.map { instants[$0] },
                    "\(outage.name)"
                )
                let missed = records.filter { $0.state == .missed }
                #expect(missed.map(\.count) == (outage.runs.count == 5 ? [] : [5 - outage.runs.count]))
                #expect(missed.allSatisfy { $0.since ?? $0.due == instants[0] && $0.reason != nil })
            }
            let names = Outage.all.map(\.name)
            #expect(try await cluster.execute(["task", "delete"] + names).status == 0)
        }

        @Test("spread, counted and excluded instants are those that the calculator knows")
        func schedules() async throws {
            let cluster = try LocalCluster.shared()
            let marks = try Marks(in: cluster.folder, name: "schedules")
            let start = Instant.now + Patience.seconds(3)
            let (today, tomorrow) = (Self.day(of: start), Self.day(of: start + .seconds(86_400)))
            let schedules = [
                ("spread", "{every: 1s, jitter: 900ms}"),
                ("counted", "{every: 500ms, start: \"\(start)\", maxRuns: 3}"),
                ("free-day", "{every: 1s, exclude: {dates: [\(today)..\(tomorrow)]}}"),
                ("plain", "{every: 1s}"),
            ]
            let script = marks.script().split(separator: "\n").map { "  " + $0 }.joined(separator: "\n")
            let documents = schedules.map {
                "kind: Task\nname: \($0)\nschedules: [\($1)]\nscript: |\n\(script)\n"
            }
            try await cluster.apply(documents.joined(separator: "---\n"))
            try #require(Instant.now < start, "the documents were applied in time")
            try await eventually("the plain task and the spread one have run well past the start") {
                let all = try marks.all()
                return ["plain", "spread"].allSatisfy { name in
                    all.contains { $0.task == name && $0.due > start + .seconds(3) }
                }
            }
            let all = try marks.all()
            #expect(all.filter { $0.task == "free-day" }.isEmpty)
            let counted = all.filter { $0.task == "counted" }.map(\.due).sorted()
            #expect(counted == (0..<3).map { start + .milliseconds(500 * $0) })
            let over = try await cluster.control("task", "next", "counted", "-o", "json")
            #expect(over.output.contains("[]"), "\(over.output)")
            let free = try await cluster.control("task", "next", "free-day", "-n", "1", "-o", "name")
            let next = try #require(free.lines.first)
            #expect(next > "\(tomorrow)T24", "\(next)")

            let known = try await cloudtask(
                "schedule",
                "next",
                schedules[0].1,
                "--task",
                "spread",
                "--count",
                "1",
                "-o",
                "name"
            )
            let fire = try #require(known.lines.first.flatMap { Instant(rfc3339: $0) }, "\(known)")
            let phases = Set(all.filter { $0.task == "spread" }.map { $0.due.millisecondsSinceEpoch % 1_000 })
            #expect(phases == [fire.millisecondsSinceEpoch % 1_000])
            #expect(try await cluster.execute(["task", "delete"] + schedules.map(\.0)).status == 0)
        }

        /// The UTC day of an instant, `2026-01-31`.
        private static func day(of instant: Instant) -> String { String("\(instant)".prefix(10)) }

        struct Refusal: CustomTestStringConvertible, Sendable {
            var document: String
            var says: String
            var testDescription: String { says }
        }

        static let refusals = [
            Refusal(
                document: "kind: Calendar\nname: unsaved\ndates: [2026-12-25]\n---\n"
                    + task(
                        "[{every: 1h, exclude: {calendars: [unsaved]}}, {every: 2h, exclude: {calendars: [others]}}]"
                    ),
                says: "task unsaved: there is no calendar 'others'"
            ),
            Refusal(
                document: task("[{every: 1h, exclude: {calendars: [no-such-days]}}]"),
                says: "task unsaved: there is no calendar 'no-such-days'"
            ),
            Refusal(
                document: task("[{every: 1h}]") + "runtime: nowhere\n",
                says: "task unsaved: there is no runtime 'nowhere'"
            ),
        ]

        private static func task(_ schedules: String) -> String {
            "kind: Task\nname: unsaved\ncommand: [date]\nschedules: \(schedules)\n"
        }

        @Test(
            "what names something that is not there is refused in one sentence, and nothing is saved",
            arguments: refusals
        )
        func refused(_ refusal: Refusal) async throws {
            let cluster = try LocalCluster.shared()
            let other = "kind: Task\nname: unsaved-too\ncommand: [date]\n"
            let applied = try await cluster.control(
                "apply",
                "-f",
                "-",
                input: refusal.document + "---\n" + other
            )
            #expect(applied.status == 1 || applied.status == 65, "\(applied)")
            #expect(applied.errors.contains(refusal.says), "\(applied.errors)")
            #expect(applied.errors.split(separator: "\n").count == 1, "\(applied.errors)")
            #expect(try await cluster.control("calendar", "get", "unsaved").status == 3)
            #expect(try await cluster.task("unsaved") == nil)
            #expect(try await cluster.task("unsaved-too") == nil)
        }
    }
}
