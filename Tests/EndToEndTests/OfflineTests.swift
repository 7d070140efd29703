import Foundation
import Testing

/// What the program does by itself: help, completion scripts, the schedule calculator, configuration. Needs no cluster.
@Suite struct OfflineTests {
    /// The tree of commands, as the program tells it.
    struct Tree: Decodable {
        struct Command: Decodable {
            var commandName: String
            var subcommands: [Command]?

            /// The words that lead to this command and to all below it.
            func paths(_ before: [String]) -> [[String]] {
                let path = before + [commandName]
                return [path] + (subcommands ?? []).flatMap { $0.paths(path) }
            }
        }
        var command: Command
    }

    private func commands() async throws -> [[String]] {
        let dump = try await cloudtask("--experimental-dump-help")
        let paths = try dump.json(Tree.self).command.paths([]).map { Array($0.dropFirst()) }
        try #require(paths.count > 40, "\(paths)")
        return paths.filter { $0.first != "help" }
    }

    @Test("every command has help with an example, and refuses an option it does not know with 64")
    func helpOfAll() async throws {
        for path in try await commands() {
            let help = try await run(Binary.path, path + ["--help"])
            #expect(help.status == 0, "\(path)")
            #expect(help.output.contains("USAGE: cloudtask"), "\(path)")
            #expect(help.output.contains("Example"), "\(path)")
            #expect(help.errors.isEmpty, "\(path)")
            let unknown = try await run(Binary.path, path + ["--no-such-option"])
            #expect(unknown.status == 64, "\(path)")
            #expect(unknown.errors.contains("Error: "), "\(path): \(unknown.errors)")
        }
    }

    @Test("completion scripts are valid in their shells", arguments: ["bash", "zsh", "fish"])
    func completion(shell: String) async throws {
        let script = try await cloudtask("completion", shell)
        #expect(script.status == 0)
        #expect(script.output.contains("undrain"))
        try await withFolder { folder in
            let file = folder.file("completion")
            try Data(script.output.utf8).write(to: file)
            // A shell that is not installed cannot be asked; bash always is.
            let found = try await run("/usr/bin/env", ["sh", "-c", "command -v \(shell)"])
            try #require(shell != "bash" || found.status == 0)
            guard found.status == 0 else { return }
            let checked = try await run("/usr/bin/env", [shell, "-n", file.path])
            #expect(checked.status == 0, "\(checked.errors)")
        }
    }

    @Test("the batch calculator answers all cases of the dozen public suites, in order")
    func batch() async throws {
        struct Answer: Decodable {
            var id: String
            var next: [String]?
        }
        let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "SchedulingTests/Cases/cron_next.ndjson")
        let cases = try String(contentsOf: file, encoding: .utf8).split(separator: "\n").map(Self.question)
        try #require(cases.count > 700)
        let input = cases.map(\.line).joined(separator: "\n")
        let result = try await cloudtask("schedule", "next", "--batch", input: input)
        #expect(result.status == 0)
        try #require(result.lines.count == cases.count)
        for (line, asked) in zip(result.lines, cases) {
            let answer = try JSONDecoder().decode(Answer.self, from: Data(line.utf8))
            #expect(answer.id == asked.id)
            #expect(answer.next == asked.next, "\(asked.id)")
        }
    }

    /// A case as a question: the cases have answers of several instants, a question asks for one unless it says more.
    private static func question(_ line: Substring) throws -> (id: String, next: [String], line: String) {
        let object = try JSONSerialization.jsonObject(with: Data(line.utf8))
        var fields = try #require(object as? [String: Any])
        let next = try #require(fields["next"] as? [String])
        fields["count"] = max(1, next.count)
        let data = try JSONSerialization.data(withJSONObject: fields)
        return (fields["id"] as? String ?? "", next, String(decoding: data, as: UTF8.self))
    }

    @Test("one bad line of a batch does not stop the rest")
    func badLine() async throws {
        let lines = [
            #"{"id":"a","expr":"0 25 * * *"}"#, "nonsense",
            #"{"id":"b","expr":"0 2 * * *","from":"2026-01-01T00:00:00Z","timeZone":"Europe/Berlin"}"#,
        ]
        let result = try await cloudtask("schedule", "next", "--batch", input: lines.joined(separator: "\n"))
        #expect(result.status == 0)
        try #require(result.lines.count == 3)
        #expect(result.lines[0].contains(#""position":2"#), "\(result.lines[0])")
        #expect(result.lines[1].contains("error"))
        #expect(result.lines[2].contains("2026-01-01T02:00:00+01:00"))
    }

    @Test("a schedule is explained in words and by its next instants")
    func explained() async throws {
        let explained = try await cloudtask("schedule", "explain", "*/7 9-17 * * mon-fri", "-n", "4")
        #expect(explained.status == 0)
        #expect(explained.lines.first?.contains("every 7th minute") == true, "\(explained.output)")
        #expect(explained.lines.count == 5)
        let wrong = try await cloudtask("schedule", "explain", "0 25 * * *")
        #expect(wrong.status == 1)
        #expect(wrong.errors.contains("  0 25 * * *\n    ^"), "\(wrong.errors)")
    }

    @Test("the compose file, the example configuration and the sample tasks are valid")
    func examples() async throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let checked = try await run(
            "/usr/bin/python3",
            [root.appending(path: "scripts/check-conf").path, Binary.path]
        )
        #expect(checked.status == 0, "\(checked.output)\(checked.errors)")
    }
}
