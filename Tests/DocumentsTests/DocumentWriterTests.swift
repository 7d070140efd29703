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

    @Test("parameters are written as they were read")
    func parameters() throws {
        var task = try task()
        task.parameters = [
            Parameter(name: "day", kind: .date, least: "2020-01-01", description: "which"),
            Parameter(name: "n", kind: .number, defaultValue: "5", least: "-1", greatest: "1e3"),
            Parameter(name: "f", kind: .boolean, defaultValue: "true"),
            Parameter(name: "c", kind: .choice, defaultValue: "no", choices: ["no", "1"]),
            Parameter(name: "s", isRequired: true, pattern: #"[a-z]+\d{2,}"#),
        ]
        task.schedules = []
        try check(task)
    }

    @Test("a task with schedules of every kind is written as it was read")
    func schedules() throws {
        let text = """
            kind: Task
            name: t
            runtime: default
            group: default
            command: [date]
            environment: {}
            schedules:
              - calendar:
                  weekly: [mon, fri]
                  weeks: 2
                  at: ["09:30", "17:00"]
                timeZone: Europe/Berlin
                start: "2026-01-05T00:00:00.000Z"
                jitter: 5m
                exclude:
                  dates: ["2026-12-24..2026-12-26"]
                  weekdays: [sat, sun]
                  yearly: ["05-01", "4th thu nov"]
                  calendars: [holidays-de]
                maxRuns: 10
              - calendar:
                  monthly: ["1", last, "2nd tue"]
                  months: [jan]
                  windows:
                    - from: "22:00"
                      to: "06:00"
                      every: 15m
              - every: 1h
                timeZone: Europe/Berlin
                include:
                  dates: ["2026-12-19"]
              - afterCompletion: 5m
              - onAgentStart: true
            killGrace: 10s
            delivery: at-most-once
            enabled: true

            """
        let documents = try DocumentParser().parse(text, file: "f")
        guard case .task(let document)? = documents.first else { throw Unexpected() }
        let yaml = try DocumentWriter.yaml(document.specification)
        #expect(yaml == text, "\(yaml)")
    }

    @Test(
        "policies are written as they were read, and left out where they are the default",
        arguments: [
            "misfire: skip\nconcurrency: forbid\n", "concurrency: queue-one\n", "concurrency: queue-all\n",
            "concurrency: replace\n", "concurrency:\n  policy: queue-all\n  cap: 5\n",
            "misfire:\n  policy: all\n  grace: 2m\n  window: 1d\n  cap: 50\nstartDeadline: 15m\n"
                + "concurrency:\n  policy: allow\n  max: 3\n", "",
        ]
    )
    func policies(text: String) throws {
        let head = """
            kind: Task
            name: t
            runtime: default
            group: default
            command: [date]
            environment: {}
            schedules: []
            killGrace: 10s
            delivery: at-most-once

            """
        let whole = head + text + "enabled: true\n"
        guard case .task(let document)? = try DocumentParser().parse(whole, file: "f").first else {
            throw Unexpected()
        }
        #expect(try DocumentWriter.yaml(document.specification) == whole)
    }

    @Test("a calendar is written as it was read")
    func calendar() throws {
        let text = """
            kind: Calendar
            name: holidays-de
            description: "what nobody works on"
            dates: ["2026-12-24", "2026-12-27..2026-12-31"]
            weekdays: [sat, sun]
            yearly: ["12-25", "last mon may"]
            ical: |
              BEGIN:VCALENDAR
              BEGIN:VEVENT
              DTSTART;VALUE=DATE:20260501
              RRULE:FREQ=YEARLY
              END:VEVENT
              END:VCALENDAR

            """
        let documents = try DocumentParser().parse(text, file: "f")
        guard case .calendar(let document)? = documents.first else { throw Unexpected() }
        #expect(documents[0].kind == "Calendar" && documents[0].name == "holidays-de")
        #expect(try document.calendar.resolved().yearly.map(\.description).contains("05-01 from 2026"))
        let yaml = try DocumentWriter.yaml(document.calendar)
        #expect(yaml == text, "\(yaml)")
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
