import Domain
import Foundation
import Payloads
import Scheduling
import Testing

@testable import Control

@Suite struct OutputTests {
    private var table: Table {
        var table = Table([
            .init(title: "NAME", isElastic: true), .init(title: "COUNT", isNumber: true),
            .init(title: "STATE"), .init(title: "WHY", isElastic: true),
        ])
        table.append(["short", "7", .init("failed", .bad), "because"])
        table.append([
            .init(String(repeating: "long-", count: 12)), "1234", .init("ok", .good),
            .init(String(repeating: "word ", count: 14)),
        ])
        table.append(["日本語", "1", "ok", .init("escape \u{1B}[31m and\nbreak")])
        return table
    }

    @Test("a table is cut to the columns there are", arguments: [60, 80, 120, 200])
    func width(columns: Int) {
        let lines = table.text(width: columns, style: Style(isColoured: false)).split(separator: "\n")
        #expect(lines.count == 4)
        for line in lines { #expect(TextWidth.columns(of: String(line)) <= columns) }
        #expect(lines.contains { $0.contains("…") } == (columns < 200))
    }

    @Test("columns are aligned, wide characters too")
    func alignment() {
        let text = table.text(width: .max, style: Style(isColoured: false))
        let lines = text.split(separator: "\n").map(String.init)
        let ends = lines.map { line in
            ["COUNT", "7  failed", "1234", "1  ok"].compactMap { mark in
                line.range(of: mark).map {
                    mark == "COUNT" || mark == "1234" ? $0.upperBound : line.index(after: $0.lowerBound)
                }
            }
            .first.map { TextWidth.columns(of: String(line[..<$0])) }
        }
        #expect(Set(ends) == [ends[0]])
        #expect(!text.contains("…"))
    }

    @Test("data cannot disturb the terminal")
    func escapes() {
        let text = table.text(width: .max, style: Style(isColoured: false))
        #expect(!text.contains("\u{1B}"))
        #expect(text.contains("escape �[31m and break"))
    }

    @Test("a script is shown line by line, as it was written")
    func script() throws {
        let task = TaskPayload(
            specification: TaskSpecification(
                name: try #require(TaskID("t")),
                action: .script("set -e\nif true; then\n\n  date\nfi\n")
            ),
            uid: TaskUID(bits: 1),
            revision: 1,
            createdAt: .epoch,
            effectiveFrom: .epoch
        )
        let pairs = TaskTable.details(of: task, TimeText(zone: .gmt, now: .epoch))
        let first = try #require(pairs.firstIndex { $0.name == "script" })
        let lines = ["set -e", "if true; then", "", "  date", "fi"]
        #expect(pairs[first...].prefix(5).map { $0.value.text } == lines)
        #expect(pairs[(first + 1)...].prefix(4).allSatisfy { $0.name.isEmpty })
        #expect(!pairs[first + 5].name.isEmpty)
    }

    @Test("phases are shown under their names, with interpreters and timeouts")
    func phases() {
        let phases = Phases(
            setup: Phase(.script("a\nb", interpreter: ["awk", "-f"]), timeout: .seconds(5)),
            run: Phase(.command(["date", "-u"]))
        )
        let pairs = ActionText.pairs(of: .phases(phases))
        #expect(
            pairs.map { $0.name } == ["setup interpreter", "setup script", "", "setup timeout", "run"]
        )
        #expect(pairs.map { $0.text } == ["awk -f", "a", "b", "5s", "date -u"])
    }

    @Test("a table of two sizes looks like this")
    func golden() {
        var table = Table([
            .init(title: "NAME", isElastic: true), .init(title: "N", isNumber: true), .init(title: "STATE"),
        ])
        table.append(["a-rather-long-name", "5", "ok"])
        table.append(["b", "12", "failed"])
        #expect(
            table.text(width: 80, style: Style(isColoured: false)) == """
                NAME                 N  STATE
                a-rather-long-name   5  ok
                b                   12  failed

                """
        )
        #expect(
            table.text(width: 20, style: Style(isColoured: false)) == """
                NAME       N  STATE
                a-rathe…   5  ok
                b         12  failed

                """
        )
    }

    @Test(
        "colours are for terminals whose user wants them",
        arguments: [
            (true, false, [:], true), (false, false, [:], false), (true, true, [:], false),
            (true, false, ["NO_COLOR": "1"], false),
            (true, false, ["NO_COLOR": ""], true), (true, false, ["TERM": "dumb"], false),
            (true, false, ["TERM": "xterm"], true),
        ]
    )
    func colour(isTerminal: Bool, noColor: Bool, environment: [String: String], isColoured: Bool) {
        #expect(Terminal.allowsColour(isTerminal: isTerminal, noColor: noColor, environment) == isColoured)
        let painted = Style(isColoured: isColoured).paint("x", .bad)
        #expect(painted.contains("\u{1B}") == isColoured)
    }

    @Test(
        "text is cut by columns, not characters",
        arguments: [
            ("abc", 3, "abc"), ("abcd", 3, "ab…"), ("日本語", 6, "日本語"), ("日本語", 5, "日本…"), ("日本語", 4, "日…"),
            ("abc", 0, ""), ("", 3, ""),
        ]
    )
    func cut(text: String, columns: Int, expected: String) {
        #expect(TextWidth.cut(text, to: columns) == expected)
    }

    @Test(
        "durations are short",
        arguments: [
            (0, "0s"), (250, "250ms"), (1_540, "1.5s"), (59_900, "59s"), (3_599_000, "59m59s"),
            (5_400_000, "1h30m"), (90_061_000, "1d1h"),
        ]
    )
    func durations(milliseconds: Int, text: String) {
        #expect(TimeText.short(.milliseconds(milliseconds)) == text)
    }

    @Test("times say how far they are")
    func relative() {
        let now = Instant(millisecondsSinceEpoch: 1_000_000_000)
        let time = TimeText(zone: .gmt, now: now)
        #expect(time.relative(now + .seconds(90)) == "in 1m30s")
        #expect(time.relative(now - .seconds(12)) == "12s ago")
        #expect(time.relative(nil) == "-")
        #expect(time.absolute(now) == "1970-01-12T13:46:40+00:00")
    }

    @Test("what is wrong in ZooKeeper is part of the cluster's summary")
    func defects() {
        let cluster = ClusterPayload(
            id: nil,
            timeline: nil,
            leadership: LeadershipPayload(state: .unknown),
            centers: [],
            nodes: [],
            tasks: 0,
            unplaced: 0,
            defects: ["/a: no JSON", "/b: no JSON"]
        )
        let summary = NodeTable.summary(of: cluster)
        #expect(summary.filter { $0.name == "defect" }.map(\.value.text) == cluster.defects)
    }

    @Test("an agent that gets no tasks for now says so, and until when")
    func heldBack() throws {
        let now = Instant(millisecondsSinceEpoch: 1_000_000_000)
        let registration = AgentRegistration(
            agent: try #require(AgentID("a")),
            incarnation: Incarnation(high: 1, low: 2),
            slots: 4,
            version: "1",
            host: "h",
            processID: 1,
            startedAt: now
        )
        let node = NodePayload(
            agent: registration.agent,
            runtime: .standard,
            registration: registration,
            isDrained: false,
            taskCount: 0,
            heldUntil: now + .seconds(50)
        )
        let details = NodeTable.details(of: node, TimeText(zone: .gmt, now: now))
        #expect(details.first { $0.name == "state" }?.value.text == "held back")
        #expect(details.last?.value.text == "it started too often lately; takes tasks again in 50s")
    }

    @Test("an agent that has ended is listed with since when, and how many tasks others have now")
    func gone() throws {
        let now = Instant(millisecondsSinceEpoch: 1_000_000_000)
        let time = TimeText(zone: .gmt, now: now)
        func node(tasks: Int) throws -> NodePayload {
            NodePayload(
                agent: try #require(AgentID("a")),
                runtime: .standard,
                registration: nil,
                isDrained: false,
                taskCount: tasks,
                goneSince: now - .seconds(300),
                tasksThen: 3
            )
        }
        func state(tasks: Int) throws -> String? {
            NodeTable.details(of: try node(tasks: tasks), time).first { $0.name == "state" }?.value.text
        }
        #expect(try state(tasks: 0) == "gone for 5m, 3 tasks moved")
        #expect(try state(tasks: 2) == "gone for 5m, 1 task moved")
        #expect(try state(tasks: 3) == "gone for 5m")
        let details = NodeTable.details(of: try node(tasks: 0), time)
        #expect(details.first { $0.name == "gone since" }?.value.text == "1970-01-12T13:41:40+00:00 (5m ago)")
    }

    @Test("the difference of two texts keeps what both have")
    func difference() {
        #expect(
            LineDifference.lines(from: "a\nb\nc\n", to: "a\nx\nc\nd\n") == [
                "  a", "- b", "+ x", "  c", "+ d",
            ]
        )
        #expect(LineDifference.lines(from: "", to: "a\n") == ["+ a"])
        #expect(LineDifference.lines(from: "a\n", to: "a\n") == ["  a"])
    }

    private static let due = Instant(millisecondsSinceEpoch: 1_774_746_000_000)

    private func range(_ state: RunState, _ reason: String, count: Int = 3) throws -> RunPayload {
        let uid = try #require(TaskUID(String(repeating: "a", count: 32)))
        let run = Run(
            id: RunID(FireKey(uid: uid, due: Self.due)),
            task: try #require(TaskID("nightly-report")),
            uid: uid,
            part: 0,
            runtime: .standard,
            due: Self.due,
            trigger: .schedule,
            state: state,
            reason: reason,
            count: count,
            since: Self.due - .seconds(7_200)
        )
        return RunPayload(run)
    }

    @Test(
        "a record of several due instants says so wherever it is shown",
        arguments: [RunState.missed, .skipped]
    )
    func runs(_ state: RunState) throws {
        let run = try range(state, "nobody was there")
        let time = TimeText(zone: .gmt, now: Self.due)
        let text = RunTable.table([run], isWide: false, showsTask: true, time)
            .text(width: 120, style: Style(isColoured: false))
        #expect(text.contains("\(state.rawValue) ×3"))
        #expect(text.contains("2026-03-29T01:00:00+00:00"))
        let details = RunTable.details(of: run, time)
        #expect(
            details.first { $0.name == "due instants" }?.value.text
                == "3, from 2026-03-28T23:00:00+00:00 to 2026-03-29T01:00:00+00:00"
        )
        var ticker = RunTicker()
        #expect(
            ticker.lines(for: [run])
                == ["[run] nightly-report of 01:00:00 \(state.rawValue) ×3: nobody was there"]
        )
    }

    @Test("whoever waits for a run that was skipped is told why")
    func skipped() throws {
        let run = try range(.skipped, "run x had not ended (concurrency)", count: 1)
        #expect(RunWaiting.line(run) == "run/\(run.id) skipped: run x had not ended (concurrency)")
        let details = RunTable.details(of: run, TimeText(zone: .gmt, now: Self.due))
        #expect(!details.contains { $0.name == "due instants" })
    }

    @Test(
        "what happens to runs that would overlap is said with its limit",
        arguments: [
            (Concurrency(), "allow"), (Concurrency(.allow, max: 3), "allow, at most 3 at a time"),
            (Concurrency(.forbid), "forbid"), (Concurrency(.queueOne), "queue-one"),
            (Concurrency(.queueAll), "queue-all, at most 10 wait"), (Concurrency(.replace), "replace"),
        ]
    )
    func concurrency(_ concurrency: Concurrency, _ text: String) {
        #expect(TaskTable.concurrency(concurrency) == text)
    }
}
