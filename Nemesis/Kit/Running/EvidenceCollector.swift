import Foundation
import Scheduling

/// Gathers what is known of a run, and has it checked by `cloudtask verify runs`, as any user would.
struct EvidenceCollector: Sendable {
    let cluster: TestCluster
    let window: ClosedRange<Instant>
    let title: String

    /// The most a fire may be late without a fault: the machine may be busy with other things, another run for instance.
    private static let lateness = "5s"
    /// Lines of the checker's summary that are repeated; everything is in the report.
    private static let linesMax = 60

    /// Whether all promises were kept.
    func check() async throws -> Bool {
        let workspace = cluster.workspace
        try await keep("definitions.json", ["task", "list", "--limit", "1000", "-o", "json"])
        try await keep(
            "runs.json",
            ["run", "list", "--since", window.lowerBound.formatted(), "--limit", "100000", "-o", "json"]
        )
        let answer = try await cluster.control(
            [
                "verify", "runs", "--starts", cluster.startsFile, "--faults",
                workspace.file("faults.ndjson"),
            ]
                + ["--agent-data"] + cluster.topology.agents.map(workspace.data)
                + ["--from", window.lowerBound.formatted(), "--to", window.upperBound.formatted()]
                + ["--lateness", Self.lateness, "--all-marked"]
                + ["--session-timeout", "\(cluster.topology.sessionTimeout.milliseconds)ms"]
                + ["--json", workspace.file("report.json"), "--html", workspace.file("report.html")]
                + ["--title", title]
        )
        let lines = answer.output.split(separator: "\n", omittingEmptySubsequences: false)
        for line in lines.prefix(Self.linesMax) { Console.say(String(line)) }
        if lines.count > Self.linesMax { Console.say("… \(lines.count - Self.linesMax) more lines") }
        Console.say("report: \(workspace.file("report.html"))")
        switch answer.status {
        case 0: return true
        case 1 where FileManager.default.fileExists(atPath: workspace.file("report.json")): return false
        default: throw NemesisError("the check failed with \(answer.status): \(answer.errors)")
        }
    }

    /// Keeps what the cluster answered, for who checks again later.
    private func keep(_ file: String, _ words: [String]) async throws {
        let answer = try await cluster.control(words)
        guard answer.status == 0 else {
            throw NemesisError("\(words.joined(separator: " ")) failed: \(answer.errors)")
        }
        try answer.output.write(toFile: cluster.workspace.file(file), atomically: true, encoding: .utf8)
    }
}
