import Domain
import Foundation
import Payloads
import Scheduling
import Testing

extension EndToEnd.Live {
    /// Calendars that the cluster keeps, from the command line to the agents.
    @Suite struct CalendarTests {
        /// The UTC days around now.
        private static var today: String {
            let days = [-1, 0, 1].map { String("\(Instant.now + .seconds($0 * 86_400))".prefix(10)) }
            return "\(days[0])..\(days[2])"
        }

        @Test("a calendar of the cluster stops and starts the tasks that name it; exports bring it back")
        func days() async throws {
            let cluster = try LocalCluster.shared()
            let marks = try Marks(in: cluster.folder, name: "opener")
            let task = """
                kind: Task
                name: opener
                script: |
                \(marks.script().split(separator: "\n").map { "  " + $0 }.joined(separator: "\n"))
                schedules: [{every: 1s, exclude: {calendars: [closed]}}]
                """
            try await cluster.apply("kind: Calendar\nname: closed\ndates: [2020-01-01]\n", task)
            try await eventually("it runs") { try !marks.all().isEmpty }
            let closed = try await cluster.control("calendar", "set", "closed", "--date", Self.today)
            #expect(closed.status == 0, "\(closed.errors)")
            #expect(closed.output == "calendar/closed updated, 1 task changed\n")
            let since = Instant.now
            #expect(try await cluster.task("opener")?.revision == 2)
            try await Task.sleep(for: .seconds(3))
            #expect(try marks.all().filter { $0.due > since + .seconds(1) }.isEmpty)
            let again = try await cluster.control("calendar", "set", "closed", "--date", Self.today)
            #expect(again.output == "calendar/closed unchanged\n")
            let shown = try await cluster.control(
                "calendar",
                "days",
                "closed",
                "--from",
                "2020-01-01",
                "-n",
                "1"
            )
            #expect(shown.output.contains(String(Self.today.prefix(10))), "\(shown.output)")
            let refused = try await cluster.control("calendar", "delete", "closed")
            #expect(refused.status == 5 && refused.errors.contains("1 task names it: opener"), "\(refused)")
            let exported = try await cluster.control("export", "opener")
            #expect(exported.output.hasPrefix("kind: Calendar\n"), "\(exported.output)")
            let compared = try await cluster.control("diff", "-f", "-", input: exported.output)
            #expect(compared.status == 0, "\(compared.output)")
            let known = try await cluster.control(
                "schedule",
                "next",
                "{every: 1h, exclude: {calendars: [closed]}}",
                "-n",
                "1",
                "-o",
                "name"
            )
            let next = try #require(known.lines.first.flatMap { Instant(rfc3339: $0) }, "\(known)")
            #expect(next > Instant.now + .seconds(3_600))
            // What comes due while the command is still on its way may run already.
            let opened = Instant.now
            let restored = try await cluster.control("calendar", "restore", "closed", "--revision", "1")
            #expect(restored.output == "calendar/closed restored as revision 3\n", "\(restored)")
            try await eventually("it runs again") { try marks.all().contains { $0.due > opened } }
            #expect(try marks.all().filter { $0.due > since + .seconds(1) && $0.due < opened }.isEmpty)
            let told = try await cluster.control("calendar", "revisions", "closed", "-o", "name")
            #expect(told.lines == ["revision/1", "revision/2", "revision/3"], "\(told)")
            let differing = try await cluster.control("calendar", "diff", "closed")
            #expect(differing.status == 1 && differing.output.contains("2020-01-01"), "\(differing)")
            let same = try await cluster.control("calendar", "diff", "closed", "--from", "1", "--to", "3")
            #expect(same.status == 0 && same.output.isEmpty, "\(same)")
            let removed = try await cluster.control("delete", "-f", "-", input: exported.output)
            #expect(removed.output == "task/opener deleted\ncalendar/closed deleted\n", "\(removed)")
        }

        /// What is about fires and runs takes the labels of their tasks, too.
        private static func selects(_ cluster: LocalCluster) async throws {
            let planned = try await cluster.control("task", "skip", "-l", "team=upkeep", "--dry-run")
            #expect(planned.lines.count == 1 && planned.output.contains("would be skipped"), "\(planned)")
            let skipped = try await cluster.control("task", "skip", "grouped", "idle")
            #expect(skipped.status == 1 && skipped.output.contains("task/grouped"), "\(skipped)")
            #expect(skipped.errors.contains("1 of 2 failed"), "\(skipped)")
            let next = try await cluster.control("task", "next", "-l", "team=upkeep", "-n", "1")
            #expect(next.status == 0 && next.output.contains("grouped"), "\(next)")
            let told = try await cluster.control("task", "explain", "--group", "upkeep")
            #expect(told.output.contains("task/grouped") && told.output.contains("task/idle"), "\(told)")
            let history = try await cluster.control("task", "history", "-l", "team=upkeep", "-n", "1")
            #expect(history.output.contains("TASK") && history.lines.count == 2, "\(history)")
            let runs = try await cluster.control("run", "list", "--group", "upkeep", "--from", "1h")
            #expect(runs.output.contains("grouped") && runs.lines.count >= 2, "\(runs)")
            let none = try await cluster.control("run", "retry", "-l", "team=upkeep", "--state", "lost", "-y")
            #expect(none.status == 3 && none.errors.contains("there are no such runs"), "\(none)")
        }

        @Test("a paused group starts nothing, and labelled tasks change together; revisions come back")
        func maintenance() async throws {
            let cluster = try LocalCluster.shared()
            let marks = try Marks(in: cluster.folder, name: "grouped")
            let extra = "group: upkeep\nlabels: {team: upkeep}\n"
            try await cluster.apply(
                taskDocument("grouped", every: "1s", script: marks.script(), extra: extra),
                "kind: Task\nname: idle\ncommand: [\"true\"]\n\(extra)"
            )
            try await eventually("it runs") { try !marks.all().isEmpty }
            let paused = try await cluster.control("group", "pause", "upkeep", "--reason", "new disks")
            #expect(paused.output == "group/upkeep paused (2 tasks)\n", "\(paused)")
            let since = Instant.now
            let shown = try await cluster.control("task", "get", "grouped")
            #expect(shown.output.contains("group upkeep is paused since"), "\(shown.output)")
            let told = try await cluster.control("task", "explain", "grouped")
            #expect(told.output.contains("group upkeep was paused at"), "\(told.output)")
            #expect(told.output.contains(": new disks."), "\(told.output)")
            let listedPaused = try await cluster.control(
                "task",
                "list",
                "--disabled",
                "--group",
                "upkeep",
                "-o",
                "name"
            )
            #expect(listedPaused.lines == ["task/grouped", "task/idle"], "\(listedPaused)")
            try await Task.sleep(for: .seconds(3))
            #expect(try marks.all().filter { $0.due > since + .seconds(1) }.isEmpty)
            #expect(try await cluster.control("group", "resume", "upkeep").status == 0)
            let resumed = Instant.now
            try await eventually("it runs again") { try marks.all().contains { $0.due > resumed } }
            #expect(try marks.all().filter { $0.due > since + .seconds(1) && $0.due < resumed }.isEmpty)
            let unasked = try await cluster.control("task", "pause", "-l", "team=upkeep")
            #expect(unasked.status == 64 && unasked.errors.contains("add --yes"), "\(unasked)")
            try await Self.selects(cluster)
            let planned = try await cluster.control("group", "pause", "upkeep", "--until", "1h", "--dry-run")
            #expect(planned.output.hasPrefix("group/upkeep would be paused until "), "\(planned)")
            let listed = try await cluster.control("task", "pause", "-l", "team=upkeep", "--dry-run")
            #expect(listed.output == "task/grouped would be paused\ntask/idle would be paused\n", "\(listed)")
            let both = try await cluster.control(
                "task",
                "pause",
                "-l",
                "team=upkeep",
                "--yes",
                "-m",
                "quiet"
            )
            #expect(both.output == "task/grouped paused\ntask/idle paused\n", "\(both)")
            let revisions = try await cluster.control("task", "revisions", "idle")
            #expect(revisions.output.contains("quiet"), "\(revisions.output)")
            let changed = try await cluster.control("task", "diff", "idle")
            #expect(changed.status == 1 && changed.output.contains("+ enabled: false"), "\(changed)")
            let restored = try await cluster.control("task", "restore", "idle", "--revision", "1")
            #expect(restored.status == 0, "\(restored.errors)")
            #expect(try await cluster.task("idle")?.specification.isEnabled == true)
            #expect(try await cluster.control("task", "clone", "idle", "idle-2").status == 0)
            #expect(try await cluster.task("idle-2")?.specification.labels == ["team": "upkeep"])
            let brief = try await cluster.control(
                "task",
                "pause",
                "--group",
                "upkeep",
                "--until",
                "1h",
                "--reason",
                "brief",
                "--yes"
            )
            #expect(
                brief.lines.first == "task/grouped was paused already"
                    && brief.lines.count == 3 && brief.lines[1].hasPrefix("task/idle paused until "),
                "\(brief)"
            )
            #expect(try await cluster.task("idle")?.pause?.reason == "brief")
            #expect(try await cluster.task("grouped")?.pause?.reason == "quiet")
            #expect(try await cluster.control("task", "resume", "grouped", "-m", "done").status == 0)
            let history = try await cluster.control("task", "revisions", "grouped")
            #expect(history.output.contains("done"), "\(history.output)")
            let gone = try await cluster.control("task", "delete", "--group", "upkeep", "--yes")
            #expect(gone.lines.count == 3, "\(gone)")
        }
    }
}
