import Documents
import Domain
import Scheduling
import Testing

@Suite struct DocumentParserTests {
    @Test("the document of the guide reads as it says")
    func guide() throws {
        let text = """
            # A comment before everything.
            kind: Task
            name: nightly-report
            runtime: default
            group: finance
            command: [/usr/local/bin/report, --day, today]   # never both
            environment: {LANG: C.UTF-8, PORT: 8080, VERSION: 1.10}
            schedules:
              - cron: "0 2 * * 1-5"
                timeZone: Europe/Berlin
              - every: 90s
            timeout: 10m
            delivery: at-most-once
            enabled: true
            """
        let task = try #require(try tasks(text).first)
        let group = try #require(GroupID("finance"))
        #expect(task.name.text == "nightly-report")
        #expect(task.group == group)
        #expect(task.action == .command(["/usr/local/bin/report", "--day", "today"]))
        #expect(task.environment == ["LANG": "C.UTF-8", "PORT": "8080", "VERSION": "1.10"])
        #expect(task.timeout == .seconds(600))
        #expect(task.schedules.count == 2)
        let every = try IntervalSchedule(every: .seconds(90))
        #expect(task.schedules[1] == .every(every))
        guard case .cron(let cron) = task.schedules[0].timing else { throw Unexpected() }
        #expect(cron.expression.options.timeZone.identifier == "Europe/Berlin")
    }

    @Test("policies read as they say, and are written so that they read the same again")
    func policies() throws {
        let text = """
            kind: Task
            name: t
            command: [date]
            retry:
              attempts: 5
              delay: 30s
              backoff: linear
              maxDelay: 1h
              jitter: 0.25
              on: [failed, timed-out]
              exitCodes: [75, 1]
              agent: other
            timeout: 1h
            totalTimeout: 3h
            misfire: {policy: all, grace: 2m, window: 1d, cap: 50}
            startDeadline: 15m
            """
        let task = try #require(try tasks(text).first)
        #expect(
            task.retry
                == Retry(
                    attempts: 5,
                    delay: .seconds(30),
                    backoff: .linear,
                    maxDelay: .seconds(3_600),
                    jitter: 0.25,
                    on: [.failed, .timedOut],
                    exitCodes: [75, 1],
                    agent: .other
                )
        )
        #expect(task.totalTimeout == .seconds(10_800))
        #expect(task.misfire == Misfire(.all, grace: .seconds(120), window: .seconds(86_400), cap: 50))
        #expect(task.startDeadline == .seconds(900))
        #expect(try tasks(try DocumentWriter.yaml(task)) == [task])
        let short = try tasks("kind: Task\nname: t\ncommand: [date]\nmisfire: skip\nretry: {attempts: 3}\n")[
            0
        ]
        #expect(short.misfire == Misfire(.skip))
        #expect(short.retry == Retry(attempts: 3))
        #expect(try tasks(try DocumentWriter.yaml(short)) == [short])
        #expect(try DocumentWriter.yaml(short).contains("misfire: skip"))
    }

    @Test(
        "what happens to runs that would overlap reads as it says",
        arguments: [
            ("allow", Concurrency()), ("forbid", Concurrency(.forbid)), ("queue-one", Concurrency(.queueOne)),
            ("queue-all", Concurrency(.queueAll)), ("replace", Concurrency(.replace)),
            ("{policy: queue-all, cap: 5}", Concurrency(.queueAll, cap: 5)),
            ("{policy: allow, max: 3}", Concurrency(.allow, max: 3)),
            ("{max: 1000}", Concurrency(.allow, max: 1_000)),
            ("{policy: forbid}", Concurrency(.forbid)),
        ]
    )
    func concurrency(_ text: String, _ expected: Concurrency) throws {
        let task = try tasks("kind: Task\nname: t\ncommand: [date]\nconcurrency: \(text)\n")[0]
        #expect(task.concurrency == expected)
        #expect(try tasks(try DocumentWriter.yaml(task)) == [task])
        #expect(try tasks(try DocumentWriter.json(task)) == [task])
    }

    @Test("numbers in a command keep the text they were written with")
    func numbers() throws {
        let task = try tasks("kind: Task\nname: 42\ncommand: [sleep, 5, 0644, 1.50, 1e3, yes]\n")[0]
        #expect(task.action == .command(["sleep", "5", "0644", "1.50", "1e3", "yes"]))
        #expect(task.name.text == "42")
    }

    @Test(
        "several documents, in YAML and in JSON, are read in their order with their places",
        arguments: [
            "---\nkind: Task\nname: a\nscript: |\n  ---x\n  date\n---\n# nothing\n---\nkind: Task\nname: b\ncommand: [date]\n...\n",
            "kind: Task\nname: a\nscript: date\n---\n\nkind: Task\nname: b\ncommand: [date]",
            "%YAML 1.1\n---\nkind: Task\r\nname: a\r\nscript: date\r\n---\r\nkind: Task\r\nname: b\r\ncommand: [date]\r\n",
            "\u{FEFF}- kind: Task\n  name: a\n  script: date\n- {kind: Task, name: b, command: [date]}\n",
            #"{"kind":"Task","name":"a","script":"date"} {"kind":"Task","name":"b","command":["date"]}"#,
            #"[{"kind":"Task","name":"a","script":"date"},{"kind":"Task","name":"b","command":["date"]}]"#,
            "{kind: Task, name: a, script: date}\n---\n{kind: Task, name: b, command: [date]}\n",
        ]
    )
    func several(text: String) throws {
        let documents = try DocumentParser().parse(text, file: "f")
        #expect(documents.map(\.name) == ["a", "b"])
        #expect(documents.map(\.location) == documents.map(\.location).sorted())
    }

    @Test("JSON texts may have every escape, beyond the basic plane too")
    func escapes() throws {
        let text = #"{"kind":"Task","name":"a","command":["\ud83d\ude00\n\t\"\\\/\u00e9"]}"#
        #expect(try tasks(text)[0].action == .command(["😀\n\t\"\\/é"]))
    }

    @Test("a runtime says whether it states who is drained")
    func runtime() throws {
        let text =
            "kind: Runtime\nname: gpu\nrejoinGrace: 5s\n---\nkind: Runtime\nname: cpu\ndrained: [b, a]\n"
        let documents = try DocumentParser().parse(text, file: "f")
        guard documents.count == 2, case .runtime(let gpu) = documents[0],
            case .runtime(let cpu) = documents[1]
        else {
            throw Unexpected()
        }
        #expect(gpu.settings.rejoinGrace == .seconds(5))
        #expect(!gpu.statesDrained)
        #expect(cpu.settings.drained.map(\.text) == ["a", "b"])
        #expect(cpu.statesDrained)
    }

    @Test("aliases stand for what they name")
    func aliases() throws {
        let text = "kind: Task\nname: a\ncommand: [date]\nenvironment: {A: &x text, B: *x}\n"
        #expect(try tasks(text)[0].environment == ["A": "text", "B": "text"])
    }

    @Test(
        "an empty text has no documents",
        arguments: ["", "\n\n", "# only a comment\n", "---\n---\n", "[]"]
    )
    func empty(text: String) throws {
        #expect(try DocumentParser().parse(text, file: "f").isEmpty)
    }

    @Test("ten thousand tasks are read from one file", arguments: [false, true])
    func many(asJSON: Bool) throws {
        var text = ""
        for index in 0..<10_000 {
            text +=
                asJSON
                ? #"{"kind":"Task","name":"t-\#(index)","command":["sleep",5],"schedules":[{"every":"90s"}]}"#
                    + "\n"
                : "---\nkind: Task\nname: t-\(index)\ncommand: [sleep, 5]\nschedules:\n  - every: 90s\n  - cron: \"0 2 * * 1-5\"\n"
        }
        let documents = try DocumentParser().parse(text, file: "f")
        #expect(documents.count == 10_000)
        #expect(documents.last?.name == "t-9999")
    }

    private func tasks(_ text: String) throws -> [TaskSpecification] {
        try DocumentParser().parse(text, file: "f").compactMap { document in
            if case .task(let task) = document { task.specification } else { nil }
        }
    }

    private struct Unexpected: Error {}
}
