import Foundation
import Testing

/// What users do wrong: the right exit code, one clear sentence, the place of the mistake. Needs no cluster.
@Suite struct BadInputTests {
    struct Misuse: CustomTestStringConvertible, Sendable {
        var arguments: [String]
        var status: Int32
        var says: String
        var testDescription: String { arguments.joined(separator: " ") }
    }

    static let misuses: [Misuse] = [
        Misuse(arguments: ["frobnicate"], status: 64, says: "frobnicate"),
        Misuse(arguments: ["tsak", "list"], status: 64, says: "did you mean 'task'?"),
        Misuse(arguments: ["center"], status: 64, says: "id is missing: give --id NAME"),
        Misuse(
            arguments: ["center", "--id", "Not A Name", "--zookeeper", "127.0.0.1:1"],
            status: 64,
            says: "'Not A Name' is not a valid name"
        ),
        Misuse(arguments: ["agent", "--id", "a"], status: 64, says: "give --zookeeper HOST:PORT"),
        Misuse(
            arguments: ["agent", "--id", "a", "--zookeeper", "127.0.0.1:1", "--slots", "0"],
            status: 64,
            says: "slots must be a number between 1 and"
        ),
        Misuse(
            arguments: ["agent", "--id", "a", "--zookeeper", "127.0.0.1:1", "--session-timeout", "1h"],
            status: 64,
            says: "must be between 1s and 2m"
        ),
        Misuse(
            arguments: ["center", "--id", "c", "--zookeeper", "127.0.0.1:1", "--listen", "0.0.0.0:80"],
            status: 64,
            says: "'0.0.0.0' is not a loopback address"
        ),
        Misuse(arguments: ["agent", "--config", "/nonexistent.yaml"], status: 64, says: "/nonexistent.yaml"),
        Misuse(arguments: ["up", "--centers", "0"], status: 64, says: "--centers must be 1 to 16"),
        Misuse(arguments: ["task", "list"], status: 6, says: "no server is known: give --server URL"),
        Misuse(
            arguments: ["task", "list", "--server", "http://127.0.0.1:1"],
            status: 6,
            says: "127.0.0.1:1"
        ),
        Misuse(
            arguments: ["task", "get", "No Name", "--server", "http://127.0.0.1:1"],
            status: 64,
            says: "'No Name'"
        ),
        Misuse(arguments: ["diff", "-f", "/nonexistent"], status: 2, says: "there is no file /nonexistent"),
        Misuse(arguments: ["apply", "-f", "/nonexistent"], status: 3, says: "there is no file /nonexistent"),
        Misuse(
            arguments: ["task", "create", "a", "--cron", "0 25 * * *", "--", "true"],
            status: 64,
            says: "25 is not an hour"
        ),
        Misuse(
            arguments: ["schedule", "next", "61 * * * *"],
            status: 1,
            says: "61 is not a minute: write 0 to 59"
        ),
        Misuse(arguments: ["schedule", "explain", "0 0 31 2 *"], status: 1, says: "no date matches"),
        Misuse(
            arguments: ["schedule", "next", "* * * * *", "--time-zone", "Europe/Atlantis"],
            status: 64,
            says: "unknown time zone 'Europe/Atlantis'"
        ),
        Misuse(
            arguments: ["znode", "ls", "/", "--zookeeper", "127.0.0.1:1"],
            status: 6,
            says: "no ZooKeeper server answers at 127.0.0.1:1"
        ),
        Misuse(
            arguments: ["doctor", "--server", "http://127.0.0.1:1", "--zookeeper", "127.0.0.1:1"],
            status: 1,
            says: "0 of 1 ZooKeeper servers serve, none leads"
        ),
        Misuse(arguments: ["completion", "tcsh"], status: 64, says: "use bash, zsh or fish"),
    ]

    @Test("each misuse has its exit code and a sentence that names it", arguments: misuses)
    func misuse(_ misuse: Misuse) async throws {
        let result = try await alone(misuse.arguments)
        #expect(result.status == misuse.status, "\(result.output)\(result.errors)")
        #expect((result.errors + result.output).contains(misuse.says), "\(result.errors)")
        #expect(!result.errors.contains("Fatal error"))
    }

    struct Mistake: CustomTestStringConvertible, Sendable {
        var line: String
        var says: String
        var testDescription: String { line }
    }

    /// The line is the fourth of a document that is valid without it; the column is that of the mistake.
    static let mistakes: [Mistake] = [
        Mistake(line: "comand: [ls]", says: "-:4:1: unknown key 'comand' in a task: did you mean 'command'?"),
        Mistake(line: "schedules: [{cron: '0 25 * * *'}]", says: "-:4:23: 25 is not an hour: write 0 to 23"),
        Mistake(line: "schedules: [{cron: '0 0 31 2 *'}]", says: "-:4:25: no date matches"),
        Mistake(line: "schedules: [{every: 90}]", says: "-:4:21: schedules[0].every has no unit: write 90s"),
        Mistake(line: "schedules: [{every: 90q}]", says: "-:4:23: unknown unit 'q'"),
        Mistake(
            line: "schedules: [{every: 1m, zone: UTC}]",
            says: "-:4:25: unknown key 'zone' in a schedule"
        ),
        Mistake(
            line: "schedules: [{cron: '0 2 * * *', timeZone: Europe/Atlantis}]",
            says: "-:4:43: unknown time zone 'Europe/Atlantis'"
        ),
        Mistake(line: "schedules: [{at: tomorrow}]", says: "-:4:18: 'tomorrow' is not a time"),
        Mistake(line: "enabled: maybe", says: "-:4:10: enabled must be true or false"),
        Mistake(line: "timeout: [1s]", says: "-:4:10: timeout must be a duration such as 90s or 1h30m"),
        Mistake(line: "timeout: 400d", says: "-:4:10: the timeout must be between 1ms and 366d"),
        Mistake(line: "runtime: My Runtime", says: "-:4:10: 'My Runtime' is not a valid name"),
        Mistake(line: "script: ls", says: "-:4:9: a task has a command or a script, never both"),
        Mistake(line: "delivery: exactly-once", says: "-:4:11: delivery cannot be 'exactly-once'"),
        Mistake(line: "environment: {A-B: x}", says: "-:4:15: \"A-B\" is not a variable name"),
        Mistake(line: "environment: {CLOUDTASK_RUN: x}", says: "-:4:15: names starting with CLOUDTASK_"),
        Mistake(
            line: "command: [ls, -l]",
            says: "'command' is given more than once in one mapping: keep one"
        ),
        Mistake(line: "group: [", says: "this is not YAML"),
    ]

    @Test("each mistake in a document is told with file, line and column", arguments: mistakes)
    func mistake(_ mistake: Mistake) async throws {
        let document = "kind: Task\nname: a\ncommand: [ls]\n\(mistake.line)\n"
        let result = try await alone(["apply", "-f", "-", "--validate-only"], input: document)
        #expect(result.status == 1)
        #expect(result.errors.hasPrefix("-:"), "\(result.errors)")
        #expect(result.errors.contains(mistake.says), "\(result.errors)")
        #expect(result.output.isEmpty)
    }

    @Test("mistakes of several files are told together, each with its file")
    func severalFiles() async throws {
        try await withFolder { folder in
            let (good, bad, json) = (folder.file("a.yaml"), folder.file("b.yaml"), folder.file("c.json"))
            try Data("kind: Task\nname: a\ncommand: [ls]\n".utf8).write(to: good)
            try Data("kind: Task\nname: B\ncommand: [ls]\n---\nkind: Tsak\nname: c\n".utf8).write(to: bad)
            try Data(#"{"kind":"Task","name":"d","command":"ls"}"#.utf8).write(to: json)
            let result = try await alone(["apply", "-f", folder.path, "--validate-only"])
            #expect(result.status == 1)
            let places = result.errors.split(separator: "\n").map { $0.prefix { $0 != " " } }
            #expect(
                places.map(String.init) == ["\(bad.path):2:7:", "\(bad.path):5:7:", "\(json.path):1:37:"]
            )
        }
    }

    /// Runs a command that finds no cluster of anybody's.
    private func alone(_ arguments: [String], input: String = "") async throws -> CommandResult {
        try await withFolder { folder in
            let environment = ["XDG_STATE_HOME": folder.file("state").path, "HOME": folder.path]
            return try await run(Binary.path, arguments, environment: environment, input: input)
        }
    }
}
