import Agent
import Domain
import Foundation
import Testing

@Suite("Interpreters of scripts", .timeLimit(.minutes(2)))
struct InterpreterTests {
    @Test("a script is given to its interpreter as a file of which the path is the last argument")
    func interpreter() async throws {
        try await withRunner { world in
            let order = try world.order(
                1,
                .script("BEGIN { print ARGC, \"kept: $HOME\" }", interpreter: ["awk", "-f"])
            )
            #expect(try await world.run(order).outcome == .succeeded)
            #expect(try world.log(order) == "1 kept: $HOME\n")
        }
    }

    @Test("the file is its owner's alone and can be executed, and is gone afterwards")
    func file() async throws {
        try await withRunner { world in
            let text = "stat -c '%a' \"$0\"; echo \"$0\"; exec \"$0.none\""
            let order = try world.order(1, .script(text, interpreter: ["/bin/sh", "-u"]))
            #expect(try await world.run(order).exitCode == 127)
            let lines = try world.log(order).split(separator: "\n").map(String.init)
            try #require(lines.count == 2)
            #expect(lines[0] == "700")
            #expect(lines[1].hasPrefix(world.directory + "/scripts/"))
            #expect(!FileManager.default.fileExists(atPath: lines[1]))
        }
    }

    struct Row: Sendable, CustomTestStringConvertible {
        var name: String
        var interpreter: [String]
        var exitCode: Int32
        var says: String
        var testDescription: String { name }
    }

    static let rows = [
        Row(name: "not there", interpreter: ["python9"], exitCode: 127, says: "python9 was not found"),
        Row(name: "a folder", interpreter: ["/etc"], exitCode: 126, says: "permission denied"),
        Row(name: "no program", interpreter: ["/etc/passwd"], exitCode: 126, says: "permission denied"),
        Row(
            name: "below a file",
            interpreter: ["/etc/passwd/python3"],
            exitCode: 127,
            says: "/etc/passwd/python3 was not found"
        ),
    ]

    @Test("F89: an interpreter that cannot be executed is told from a script that fails", arguments: rows)
    func unusable(row: Row) async throws {
        try await withRunner { world in
            let order = try world.order(1, .script("exit 3", interpreter: row.interpreter))
            let result = try await world.run(order)
            #expect(result.outcome == .notStarted)
            #expect(result.exitCode == row.exitCode)
            #expect(result.message?.contains(row.says) == true, "\(result.message ?? "nothing")")
        }
    }
}
