import Domain
import Foundation
import Scheduling
import Testing

@Suite struct TaskActionTests {
    private func specification(_ action: TaskSpecification.Action) throws -> TaskSpecification {
        TaskSpecification(name: try #require(TaskID("t")), action: action)
    }

    private static let call: HTTPCall = {
        var call = HTTPCall(url: "https://example.com", body: .json(.object(["a": .number(0.5)])))
        call.headers = ["X": "1"]
        (call.connectTimeout, call.timeout) = (.seconds(1), .seconds(2))
        call.statuses = [.successful, StatusRange(304...304)]
        // A path and a predicate that are written wrongly would be missing in what is compared.
        call.predicates = [try? JSONPredicate("a >= 1")].compactMap(\.self)
        call.outputs["id"] = try? JSONPath("a[0]")
        (call.redirectsMax, call.authority, call.bodyBytesMax) = (3, "/ca.pem", 10)
        call.allowsPrivateAddresses = true
        return call
    }()

    static let actions: [TaskSpecification.Action] = [
        .http(HTTPCall(url: "https://example.com")), .http(call), .plugin(PluginCall(name: "p")),
        .plugin(PluginCall(name: "p", configuration: ["list": .list([.null, .boolean(true), .text("x")])])),
        .command(["date", "-u"]), .script("date"), .script("print(1)", interpreter: ["python3", "-u"]),
        .phases(Phases(run: Phase(.command(["date"])))),
        .phases(
            Phases(
                setup: Phase(.script("a"), timeout: .seconds(5)),
                run: Phase(.script("b", interpreter: ["awk"])),
                teardown: Phase(.command(["c"]))
            )
        ),
    ]

    @Test("an action survives JSON unchanged", arguments: actions)
    func codable(action: TaskSpecification.Action) throws {
        let task = try specification(action)
        let data = try JSONEncoder().encode(task)
        #expect(try JSONDecoder().decode(TaskSpecification.self, from: data) == task)
        #expect(task.problems.isEmpty)
    }

    @Test("what was stored before there were other kinds reads as before, and is written as before")
    func older() throws {
        for text in [#""command":["date","-u"]"#, #""script":"date""#] {
            let data = Data("{\"name\":\"t\",\(text)}".utf8)
            let task = try JSONDecoder().decode(TaskSpecification.self, from: data)
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            let written = String(decoding: try encoder.encode(task), as: UTF8.self)
            #expect(written.contains(text))
            for key in ["interpreter", "setup", "run", "teardown", "http", "plugin"] {
                #expect(!written.contains("\"\(key)\""))
            }
        }
    }

    @Test(
        "an object with two actions, or none, is none",
        arguments: ["{}", #"{"command":["a"],"script":"b"}"#, #"{"run":{"timeout":"1s"}}"#, #"{"setup":{}}"#]
    )
    func ambiguous(text: String) {
        #expect(throws: DecodingError.self) {
            try JSONDecoder().decode(TaskSpecification.Action.self, from: Data(text.utf8))
        }
    }

    @Test("each mistake is named with its field")
    func mistakes() throws {
        func problems(_ action: TaskSpecification.Action) throws -> [String] {
            try specification(action).problems.map(\.field)
        }
        #expect(try problems(.script("x", interpreter: [""])) == ["interpreter"])
        #expect(try problems(.script("x", interpreter: ["a\u{0}"])) == ["interpreter"])
        #expect(
            try problems(.script("x", interpreter: [String(repeating: "x", count: 5_000)])) == ["interpreter"]
        )
        let phases = Phases(
            setup: Phase(.script(" ")),
            run: Phase(.command([]), timeout: .zero),
            teardown: Phase(.command(["${{ nothing }}"]), timeout: .seconds(400 * 86_400))
        )
        #expect(
            try problems(.phases(phases)) == [
                "setup.script", "run.command", "run.timeout", "teardown.timeout", "teardown.command[0]",
            ]
        )
        let half = String(repeating: "x", count: 60_000)
        let large = Phases(setup: Phase(.script(half)), run: Phase(.script(half)))
        #expect(try problems(.phases(large)) == ["run"])
    }

    @Test("limits are for processes, of which a request has none")
    func limits() throws {
        for (action, fields) in [(Self.httpAction, ["process.limits"]), (.command(["date"]), [])] {
            var task = try specification(action)
            task.process.limits.openFiles = 10
            #expect(task.problems.map(\.field) == fields)
        }
    }

    private static let httpAction = TaskSpecification.Action.http(HTTPCall(url: "https://example.com"))

    @Test("templates in scripts that a shell reads are refused, in phases, too")
    func scriptTemplates() throws {
        let text = "echo ${{ due.date }}"
        let phases = Phases(
            setup: Phase(.script(text, interpreter: ["python3"])),
            run: Phase(.script(text)),
            teardown: Phase(.script("echo '${{ due.date }}'"))
        )
        #expect(try specification(.phases(phases)).problems.map(\.field) == ["run.script"])
        let bash = try specification(.script(text, interpreter: ["/bin/bash", "-e"]))
        #expect(bash.problems.map(\.field) == ["script"])
        #expect(try specification(.script(text, interpreter: ["perl"])).problems.isEmpty)
    }

    @Test(
        "what does not go together is refused by the API, too, and not dropped",
        arguments: [
            (#"{"command":["x"],"teardown":{"script":"y"}}"#, "teardown does not go with command"),
            (#"{"script":"x","setup":{"script":"y"}}"#, "setup does not go with script"),
            (#"{"command":["x"],"interpreter":["sh"]}"#, "interpreter does not go with command"),
            (#"{"run":{"command":["x"],"interpreter":["sh"]}}"#, "or a script and perhaps its interpreter"),
            (#"{"http":{"url":"https://a.example","body":"x","json":{}}}"#, "body or json, one of the two"),
        ]
    )
    func contradictions(text: String, message: String) {
        let error = #expect(throws: DecodingError.self) {
            try JSONDecoder().decode(TaskSpecification.Action.self, from: Data(text.utf8))
        }
        guard case .dataCorrupted(let context)? = error else {
            Issue.record("another error: \(String(describing: error))")
            return
        }
        #expect(context.debugDescription.contains(message))
    }

    @Test("an address has a port that there can be")
    func ports() throws {
        for (port, isGood) in [("0", false), ("1", true), ("65535", true), ("65536", false)] {
            let task = try specification(.http(HTTPCall(url: "https://example.com:\(port)/")))
            #expect(task.problems.isEmpty == isGood, "\(port)")
        }
    }

    @Test("policies know every kind, and phases by what they are made of")
    func kinds() throws {
        let used = Self.actions.flatMap(\.kindsUsed)
        #expect(Set(used).isSubset(of: TaskSpecification.Action.kinds))
        let phases = Phases(setup: Phase(.script("a")), run: Phase(.command(["b"])))
        #expect(TaskSpecification.Action.phases(phases).kindsUsed == ["script", "command"])
    }
}
