import Domain
import Foundation
import Payloads
import Testing

/// What most tests ask of a cluster, each with its own requirement of success.
extension LocalCluster {
    /// Applies documents; all must be accepted.
    func apply(_ documents: String...) async throws {
        let applied = try await control("apply", "-f", "-", input: documents.joined(separator: "\n---\n"))
        try #require(applied.status == 0, "\(applied.errors)")
    }

    /// Creates a task without schedules that runs a script; further lines of the document may follow.
    func task(_ name: String, script: String, more: String = "") async throws {
        let indented = script.split(separator: "\n").map { "  " + $0 }.joined(separator: "\n")
        try await apply("kind: Task\nname: \(name)\nscript: |\n\(indented)\n\(more)\n")
    }

    /// Requests a run; its ID.
    func start(_ task: String, key: String? = nil) async throws -> String {
        let keyWords = key.map { ["--key", $0] } ?? []
        let words = ["task", "run", task, "-o", "json"] + keyWords
        let answer = try await run(Binary.path, words, environment: environment)
        try #require(answer.status == 0, "\(answer.errors)")
        return try answer.json(RunAccepted.self).run.text
    }

    /// Waits for the end of a run; the exit code of `run wait`, and the run.
    func wait(for run: String) async throws -> (status: Int32, run: RunPayload) {
        let answer = try await control("run", "wait", run, "--timeout", "30s", "-o", "json")
        try #require(answer.status == 0 || answer.status >= 20, "\(answer.errors)")
        return (answer.status, try answer.json(RunPayload.self))
    }

    /// A run as the history has it; `nil` while it has none.
    func record(of id: String) async throws -> RunPayload? {
        let answer = try await control("run", "get", id, "-o", "json")
        return answer.status == 0 ? try answer.json(RunPayload.self) : nil
    }

    /// A task; `nil` when there is none.
    func task(_ name: String) async throws -> TaskPayload? {
        let answer = try await control("task", "get", name, "-o", "json")
        if answer.status == 3 { return nil }
        try #require(answer.status == 0, "\(answer.errors)")
        return try answer.json(TaskPayload.self)
    }

    /// The state of the cluster.
    func status() async throws -> ClusterPayload {
        let answer = try await control("cluster", "status", "-o", "json")
        try #require(answer.status == 0, "\(answer.errors)")
        return try answer.json(ClusterPayload.self)
    }

    /// What a run wrote to its standard output.
    func output(of run: String) async throws -> String {
        try await control("run", "logs", "--stdout", run).output
    }

    /// The token of the cluster's API.
    func token() throws -> String {
        let file = folder.file("data").appending(path: "token")
        return try String(contentsOf: file, encoding: .utf8).trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// The first center's URL.
    func server() throws -> String { try ready().server ?? "" }

    /// The ensemble.
    func zookeeper() throws -> String { try ready().zookeeper ?? "" }

    /// All processes that run now.
    func processes() throws -> [String: Int32] {
        try ["zookeeper", "center", "agent"].reduce(into: [:]) { all, role in
            all.merge(try processes(role)) { $1 }
        }
    }

    private func ready() throws -> Event { try #require(try events().last { $0.event == "ready" }) }
}
