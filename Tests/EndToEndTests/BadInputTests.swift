import Foundation
import Testing

/// What users do wrong, and what the environment does to them: one clear sentence, the right exit code, nothing half done.
@Suite struct BadInputTests {
    struct Misuse: CustomTestStringConvertible, Sendable {
        var arguments: [String]
        var status: Int32
        var says: String
        var input = ""
        var testDescription: String { arguments.joined(separator: " ") }
    }

    static let misuses: [Misuse] = [
        Misuse(arguments: ["frobnicate"], status: 64, says: "frobnicate"),
        Misuse(arguments: ["center"], status: 64, says: "id is missing"),
        Misuse(
            arguments: ["center", "--id", "Not A Name", "--zookeeper", "127.0.0.1:1"],
            status: 64,
            says: "not a valid name"
        ),
        Misuse(
            arguments: ["agent", "--id", "a", "--zookeeper", "127.0.0.1:1", "--slots", "0"],
            status: 64,
            says: "slots"
        ),
        Misuse(
            arguments: ["center", "--id", "c", "--zookeeper", "127.0.0.1:1", "--listen", "0.0.0.0:80"],
            status: 64,
            says: "loopback"
        ),
        Misuse(arguments: ["agent", "--config", "/nonexistent.yaml"], status: 64, says: "/nonexistent.yaml"),
        Misuse(
            arguments: ["task", "list", "--server", "http://127.0.0.1:1"],
            status: 6,
            says: "127.0.0.1:1"
        ),
        Misuse(arguments: ["schedule", "next", "61 * * * *"], status: 64, says: "61"),
        Misuse(
            arguments: ["schedule", "next", "* * * * *", "--tz", "Europe/Atlantis"],
            status: 64,
            says: "Atlantis"
        ),
        Misuse(
            arguments: ["znode", "ls", "/", "--zookeeper", "127.0.0.1:1", "--timeout", "1s"],
            status: 6,
            says: "127.0.0.1:1"
        ),
        Misuse(
            arguments: ["apply", "-f", "-", "--validate-only"],
            status: 1,
            says: "unknown key 'comand'",
            input: "kind: Task\nname: a\ncomand: [ls]\n"
        ),
    ]

    @Test("each misuse has its exit code and one sentence that names it", arguments: misuses)
    func misuse(_ misuse: Misuse) async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let result = try await run(
            Binary.path,
            misuse.arguments,
            environment: ["XDG_STATE_HOME": folder.path, "HOME": folder.path],
            input: misuse.input
        )
        #expect(result.status == misuse.status, "\(result.output)\(result.errors)")
        #expect(result.errors.contains(misuse.says), "\(result.errors)")
        #expect(!result.errors.contains("Fatal error"))
    }
}
