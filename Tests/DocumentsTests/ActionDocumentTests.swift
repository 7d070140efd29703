import Documents
import Domain
import Scheduling
import Testing

@Suite struct ActionDocumentTests {
    struct Row: Sendable, CustomTestStringConvertible {
        var name: String
        var text: String
        var action: TaskSpecification.Action
        var testDescription: String { name }
    }

    static let rows = [
        Row(
            name: "a script with an interpreter",
            text: "script: print(1)\ninterpreter: [python3, -u]\n",
            action: .script("print(1)", interpreter: ["python3", "-u"])
        ),
        Row(
            name: "phases",
            text: """
                setup: {script: "docker compose up -d\\n", timeout: 5m}
                run: {command: [pytest, "${{ due.date }}"], timeout: 1h}
                teardown: {script: "print 1", interpreter: [awk, -f]}

                """,
            action: .phases(
                Phases(
                    setup: Phase(.script("docker compose up -d\n"), timeout: .seconds(300)),
                    run: Phase(.command(["pytest", "${{ due.date }}"]), timeout: .seconds(3_600)),
                    teardown: Phase(.script("print 1", interpreter: ["awk", "-f"]))
                )
            )
        ),
        Row(
            name: "a request",
            text: "http: {url: \"https://example.com\"}\n",
            action: .http(HTTPCall(url: "https://example.com"))
        ),
        Row(
            name: "a request with a body",
            text: "http: {url: \"https://example.com\", body: x}\n",
            action: .http(HTTPCall(url: "https://example.com", method: "POST", body: .text("x")))
        ),
        Row(
            name: "a plugin",
            text: "plugin: {name: backup, config: {bucket: nightly, keep: 3, deep: {a: [\"1\"]}}}\n",
            action: .plugin(
                PluginCall(
                    name: "backup",
                    configuration: [
                        "bucket": .text("nightly"), "keep": .integer(3),
                        "deep": .object(["a": .list([.text("1")])]),
                    ]
                )
            )
        ),
        Row(
            name: "one phase",
            text: "run: {command: [date]}\n",
            action: .phases(Phases(run: Phase(.command(["date"]))))
        ),
    ]

    @Test("a request is read with all its keys")
    func request() throws {
        let text = """
            http:
              url: https://example.com/jobs/${{ due.date }}
              method: PUT
              headers: {Authorization: Bearer abc, X-Number: 012}
              json: {day: "${{ due.date }}", count: 3, rate: 1.5, on: true, code: "7", list: [1, null], odd: 0644}
              timeout: {connect: 2s, total: 5m}
              expect: {status: [200-299, 304], json: ['state == "done"', rows > 0]}
              follow: 3
              tls: {ca: /etc/ssl/inside.pem}
              privateAddresses: allow
              maxBody: 1000
              outputs: {id: job.id}

            """
        let task = try task(Self.head + text)
        guard case .http(let call) = task.action else {
            Issue.record("no request")
            return
        }
        #expect(call.url == "https://example.com/jobs/${{ due.date }}")
        #expect(call.method == "PUT")
        #expect(call.headers == ["Authorization": "Bearer abc", "X-Number": "012"])
        #expect(
            call.body
                == .json(
                    .object([
                        "day": .text("${{ due.date }}"), "count": .integer(3), "rate": .number(1.5),
                        "on": .boolean(true), "code": .text("7"), "list": .list([.integer(1), .null]),
                        "odd": .text("0644"),
                    ])
                )
        )
        #expect(call.connectTimeout == .seconds(2) && call.timeout == .seconds(300))
        #expect(call.statuses.map(\.text) == ["200-299", "304"])
        #expect(call.predicates.map(\.text) == ["state == \"done\"", "rows > 0"])
        #expect(call.redirectsMax == 3 && call.bodyBytesMax == 1_000 && call.allowsPrivateAddresses)
        #expect(call.authority == "/etc/ssl/inside.pem" && !call.isInsecure)
        #expect(call.outputs.mapValues(\.text) == ["id": "job.id"])
        let written = try DocumentWriter.yaml(task)
        #expect(try self.task(written) == task)
        #expect(try DocumentWriter.yaml(self.task(written)) == written)
    }

    @Test("an action is read, and written back as the same document", arguments: rows)
    func roundTrip(row: Row) throws {
        let task = try task("kind: Task\nname: t\n" + row.text)
        #expect(task.action == row.action)
        let written = try DocumentWriter.yaml(task)
        let again = try self.task(written)
        #expect(again == task)
        #expect(try DocumentWriter.yaml(again) == written)
        let json = try DocumentWriter.json(task)
        #expect(try self.task(json) == task)
    }

    @Test("a step of a workflow has the same kinds of actions", arguments: rows)
    func step(row: Row) throws {
        let lines = row.text.split(separator: "\n").map { "    \($0)\n" }.joined()
        let text = "kind: Workflow\nname: w\nsteps:\n  a:\n" + lines
        guard case .workflow(let read)? = try DocumentParser().parse(text, file: "a").first else {
            Issue.record("no workflow")
            return
        }
        #expect(read.workflow.steps.map(\.action) == [row.action])
        let written = try DocumentWriter.yaml(read.workflow)
        guard case .workflow(let again)? = try DocumentParser().parse(written, file: "b").first else {
            Issue.record("no workflow in what was written")
            return
        }
        #expect(again.workflow == read.workflow)
        #expect(try DocumentWriter.yaml(again.workflow) == written)
    }

    private func task(_ text: String) throws -> TaskSpecification {
        guard case .task(let task)? = try DocumentParser().parse(text, file: "a").first else {
            throw DocumentError(problems: [])
        }
        return task.specification
    }

    private static let head = "kind: Task\nname: t\n"

    static let mistakes: [BadDocument] = [
        .init(
            "two kinds",
            head + "command: [date]\nrun: {command: [date]}\n",
            "4:6: a task has one of command, script, run, http or plugin: remove command or run"
        ),
        .init(
            "no address",
            head + "http: {method: GET}\n",
            "3:7: the address must be like https://example.com/jobs"
        ),
        .init(
            "everything wrong in a request, at once",
            head + """
                http:
                  url: https://example.com
                  metod: GET
                  body: a
                  json: b
                  timeout: 5
                  expect: {status: 2xx, json: state = 1}
                  follow: 50
                  privateAddresses: yes
                  outputs: {id: a..b}

                """,
            "10:11: http.follow cannot be '50'",
            "11:21: http.privateAddresses cannot be 'yes': use allow or deny",
            "12:13: a '.' has no name behind it",
            "5:3: unknown key 'metod' in a request: did you mean 'method'?",
            "7:9: a request has a body or json, never both: remove one",
            "8:12: http.timeout has no unit",
            "9:20: '2xx' is no status",
            "9:31: '= 1' is no comparison"
        ),
        .init(
            "a plugin that is a path",
            head + "plugin: {name: ../x, config: [a]}\n",
            "3:30: plugin.config must be a mapping such as {bucket: backups}, not a list"
        ),
        .init(
            "the name of a plugin",
            head + "plugin: {name: ../x}\n",
            "3:16: '../x' is not a valid name of a plugin"
        ),
        .init(
            "an interpreter of nothing",
            head + "command: [date]\ninterpreter: [sh]\n",
            "4:14: interpreter stands beside script: add script, or remove interpreter"
        ),
        .init(
            "an empty interpreter",
            head + "script: date\ninterpreter: []\n",
            "4:14: the interpreter is empty; write one such as [python3, -u]"
        ),
        .init(
            "an interpreter that is a text",
            head + "script: date\ninterpreter: python3\n",
            "4:14: interpreter must be a list of words such as [python3], not the text 'python3'"
        ),
        .init(
            "setup of nothing",
            head + "script: date\nsetup: {command: [date]}\n",
            "4:8: setup stands beside run: add run, or remove setup"
        ),
        .init(
            "everything wrong in phases, at once",
            head + """
                setup: {command: [date], interpreter: [sh]}
                run: {comand: [date], timeout: 5}
                teardown: {script: "", timeout: 0}

                """,
            "3:39: setup.interpreter stands beside a script: remove it",
            "4:32: run.timeout has no unit: write 5s, 5m or 5h",
            "4:6: run has a command or a script, one of the two",
            "4:7: unknown key 'comand' in a phase: did you mean 'command'?"
        ),
        .init(
            "what is empty, and a time that is no time",
            head + "run: {script: ' ', timeout: 0s}\nteardown: {command: []}\n",
            "3:15: the script is empty; give at least one command",
            "3:29: the timeout of run must be between 1ms and 366d",
            "4:21: the command is empty; give a program and its arguments"
        ),
        .init(
            "a template in a phase",
            head + "run: {command: [echo, '${{ parameters.day }}']}\n",
            "3:16: '${{ parameters.day }}' names no parameter of the task"
        ),
    ]

    @Test("mistakes are told with their places, all at once", arguments: mistakes)
    func told(_ document: BadDocument) throws {
        let error = #expect(throws: DocumentError.self) {
            try DocumentParser().parse(document.text, file: "f")
        }
        let found = (error?.problems ?? []).map { problem in
            "\(problem.location.line):\(problem.location.column): \(problem.message)"
        }.sorted()
        #expect(found.count == document.problems.count, "\(found)")
        for (problem, expected) in zip(found, document.problems) {
            #expect(problem.hasPrefix(expected), "\(problem)")
        }
    }
}
