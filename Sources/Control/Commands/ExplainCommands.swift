public import ArgumentParser
import CenterClient
import Domain
import Foundation
import Payloads
import Scheduling

/// `cloudtask task explain`.
public struct TaskExplainCommand: ControlCommand {
    /// Name and help.
    public static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "Say why a task does (not) run, and why there.",
        usage: "cloudtask task explain <task> ... [<options>]",
        discussion: """
            Each line is a fact; below it stands where it is recorded and what can be done.
            With --at it is about one instant: whether the task was due then, by which
            schedule, what left it out, which run it became, and why late.

            Examples:
              cloudtask task explain nightly-report
              cloudtask task explain nightly-report --at 2026-03-29T02:00:00Z
              cloudtask task explain -l team=data
            """
    )

    @OptionGroup var choice: TaskChoice
    @Option(parsing: .unconditional, help: ArgumentHelp("About this instant, not now.", valueName: "time"))
    var at: String?
    @OptionGroup(title: "Server") var server: ServerOptions
    @OptionGroup(title: "Output") var output: OutputOptions

    /// Creates the command; `ArgumentParser` fills it.
    public init() {}

    /// Refuses names and conditions together, and neither.
    public func validate() throws { try choice.check() }

    /// Explains the tasks.
    public func execute() async throws {
        let instant = try at.map { try Parse.instant($0, "--at", now: Instant(Date())) }
        let connection = try server.connection()
        if let name = try choice.only() {
            return try ExplanationText.print(try await connection.explain(name, at: instant), output)
        }
        var explanations: [Explanation] = []
        let failure = try await Several.perform(
            try await choice.names(connection),
            name: { "task/\($0)" }
        ) { name in
            explanations.append(try await connection.explain(name, at: instant))
        }
        try ExplanationText.print(explanations, output)
        if let failure { throw failure }
    }
}

/// `cloudtask run explain`.
public struct RunExplainCommand: ControlCommand {
    /// Name and help.
    public static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "Say why a run is where it is.",
        usage: "cloudtask run explain <run> [<options>]",
        discussion: """
            What became of it, what it was for, why it started late, why on that agent:
            each fact with where it is recorded and what can be done.

            Example:
              cloudtask run explain 998346f8675039fe-0-1774746000000
            """
    )

    @OptionGroup var argument: RunArgument
    @OptionGroup(title: "Server") var server: ServerOptions
    @OptionGroup(title: "Output") var output: OutputOptions

    /// Creates the command; `ArgumentParser` fills it.
    public init() {}

    /// Explains the run.
    public func execute() async throws {
        try ExplanationText.print(try await server.connection().explain(try argument.id()), output)
    }
}

/// Shows explanations.
enum ExplanationText {
    static func print(_ explanation: Explanation, _ output: OutputOptions) throws {
        try Printer(output).print(explanation, names: names(in: explanation)) { _ in text(of: explanation) }
    }

    /// Several, one below the other.
    static func print(_ explanations: [Explanation], _ output: OutputOptions) throws {
        try Printer(output).print(
            ListPayload(items: explanations),
            names: explanations.flatMap { names(in: $0) }
        ) { _ in explanations.map { text(of: $0) }.joined(separator: "\n") }
    }

    private static func names(in explanation: Explanation) -> [String] {
        explanation.findings.map { "\(explanation.subject)/\($0.cause.rawValue)" }
    }

    /// Each fact in a paragraph.
    static func text(of explanation: Explanation) -> String {
        let head = explanation.subject + (explanation.at.map { " at \($0)" } ?? "") + "\n"
        return head
            + explanation.findings.map { finding in
                var lines = ["- \(finding.fact)", "    recorded in: \(finding.recordedIn)"]
                if let advice = finding.advice { lines.append("    what to do:  \(advice)") }
                return lines.joined(separator: "\n") + "\n"
            }.joined()
    }
}
