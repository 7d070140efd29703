import Documents
import Domain
import Scheduling
import Testing

@Suite struct DocumentWriterTests {
    static let texts = [
        "plain", "", " ", "true", "null", "yes", "42", "1e3", "a: b", "- a", "* * * * *", "&a", "!t", "%a",
        "@a", "`a",
        "\"quoted\"", "it's", "back\\slash", "tab\there", "line\nbreak", "line\n", "\nline",
        "  indented\nblock\n",
        "block\n\n\n", "a\r\nb", "\u{0}".replacing("\u{0}", with: "\u{1}"), "日本語 😀", "nb\u{A0}sp",
        "ls\u{2028}sep", "#comment", "a #b",
        "set -e\nif true; then\n\techo hi\nfi\n", "a\n\nb\n", "trailing space \nx\n", "a\u{FEFF}b", "{a: b}",
        "[a]", "---\nx", "a\n---\nb\n",
        "very long text that goes on and on beyond any width a line of a terminal could possibly have, and then some more",
    ]

    @Test("what is written reads back as the same value", arguments: texts)
    func roundTrip(text: String) throws {
        var task = try task()
        task.description = text
        task.action = text.allSatisfy(\.isWhitespace) ? .command(["echo", text]) : .script(text)
        task.environment = ["A": text, "B": "1", "C": "true"]
        try check(task)
        task.action = .command(["echo", text, "x"])
        try check(task)
    }

    @Test("every field survives")
    func everything() throws {
        var task = try task()
        let zone = try TimeZoneID("Europe/Berlin")
        let options = CronOptions(timeZone: zone, days: .both, gap: .skip, overlap: .both, dialect: .quartz)
        let start = try #require(Instant(rfc3339: "2026-01-01T00:00:00.250Z"))
        task.schedules = [
            .cron(CronSchedule(try CronExpression("0 0 12 ? * 2-6", options: options), start: start)),
            .every(
                try IntervalSchedule(
                    every: .milliseconds(90_500),
                    start: start,
                    end: start + .seconds(86_400)
                )
            ),
            .once(start),
        ]
        task.timeout = .milliseconds(1_500)
        task.killGrace = .seconds(3)
        task.delivery = .atLeastOnce
        task.isEnabled = false
        task.placement = Placement(
            agents: [try #require(AgentID("a"))],
            labels: ["gpu": "true"],
            regions: ["eu"],
            zones: ["eu-1", "eu-2"]
        )
        try check(task)
    }

    @Test("the layout is the guide's")
    func layout() throws {
        var task = try task()
        task.action = .script("set -x\ndate\n")
        task.schedules = [.cron(CronSchedule(try CronExpression("0 2 * * 1-5")))]
        let yaml = try DocumentWriter.yaml(task)
        #expect(
            yaml == """
                kind: Task
                name: t
                runtime: default
                group: default
                script: |
                  set -x
                  date
                environment: {}
                schedules:
                  - cron: "0 2 * * 1-5"
                killGrace: 10s
                delivery: at-most-once
                enabled: true

                """
        )
    }

    @Test("a runtime survives")
    func runtime() throws {
        let settings = RuntimeSettings(
            name: .standard,
            description: "x: y",
            rejoinGrace: .seconds(5),
            drained: [try #require(AgentID("a"))]
        )
        let documents = try DocumentParser().parse(try DocumentWriter.yaml(settings), file: "f")
        guard case .runtime(let read)? = documents.first else { throw Unexpected() }
        #expect(read.settings == settings)
    }

    @Test("any JSON becomes YAML in the order of its keys")
    func json() throws {
        let yaml = try DocumentWriter.yaml(json: #"{"b":[1,{"c":null,"a":[]}],"a":{},"d":[["x"]]}"#)
        #expect(yaml == "b:\n  - 1\n  - c: null\n    a: []\na: {}\nd:\n  - [x]\n")
    }

    private func task() throws -> TaskSpecification {
        TaskSpecification(name: try #require(TaskID("t")), action: .command(["date"]))
    }

    private func check(_ task: TaskSpecification) throws {
        for text in [try DocumentWriter.yaml(task), try DocumentWriter.json(task)] {
            let documents = try DocumentParser().parse(text, file: "f")
            guard documents.count == 1, case .task(let read) = documents[0] else { throw Unexpected() }
            #expect(read.specification == task, "\(text)")
        }
    }

    private struct Unexpected: Error {}
}
