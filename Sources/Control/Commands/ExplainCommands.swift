public import ArgumentParser
import CenterClient
import Domain
import Foundation
import Scheduling

/// `cloudtask task explain`.
public struct TaskExplainCommand: ControlCommand {
    /// Name and help.
    public static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "Say why a task does (not) run, and why there.",
        usage: "cloudtask task explain <task> [<options>]",
        discussion: """
            Each line is a fact; below it stands where it is recorded and what can be done.
            With --at it is about one instant: whether the task was due then, by which
            schedule, what left it out, which run it became, and why late.

            Examples:
              cloudtask task explain nightly-report
              cloudtask task explain nightly-report --at 2026-03-29T02:00:00Z
            """
    )

    @OptionGroup var argument: TaskArgument
    @Option(parsing: .unconditional, help: ArgumentHelp("About this instant, not now.", valueName: "time"))
    var at: String?
    @OptionGroup(title: "Server") var server: ServerOptions
    @OptionGroup(title: "Output") var output: OutputOptions

    /// Creates the command; `ArgumentParser` fills it.
    public init() {}

    /// Explains the task.
    public func execute() async throws {
        let instant = try at.map { try Parse.instant($0, "--at", now: Instant(Date())) }
        let explanation = try await server.connection().explain(try argument.id(), at: instant)
        try ExplanationText.print(explanation, output)
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
        let names = explanation.findings.map { "\(explanation.subject)/\($0.cause.rawValue)" }
        try Printer(output).print(explanation, names: names) { _ in text(of: explanation) }
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
