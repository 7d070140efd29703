public import ArgumentParser
import CenterClient
import Domain
import Payloads

/// `cloudtask workflow cancel`.
public struct WorkflowCancelCommand: ControlCommand {
    /// Name and help.
    public static let configuration = CommandConfiguration(
        commandName: "cancel",
        abstract: "Stop the runs that belong together with one, skip the rest.",
        usage: "cloudtask workflow cancel <run> [<options>]",
        discussion: """
            What runs gets SIGTERM, after its kill grace SIGKILL. What is to come is recorded
            as skipped, with the reason.

            Example:
              cloudtask workflow cancel 998346f8675039fe-0-1774746000000 \\
                --reason 'wrong input'
            """
    )

    @OptionGroup var argument: RunArgument
    @Option(help: ArgumentHelp("Why, kept with the runs.", valueName: "text")) var reason: String?
    @OptionGroup(title: "Server") var server: ServerOptions

    /// Creates the command; `ArgumentParser` fills it.
    public init() {}

    /// Cancels the runs.
    public func execute() async throws {
        let run = try argument.id()
        let request = OccasionRequest(note: reason, by: Author.name())
        let occasion = try await server.connection().cancelOccasion(of: run, request)
        Terminal.writeLine("what belongs to run/\(run) is \(occasion.cancelled ?? "cancelled")")
    }
}

/// `cloudtask workflow retry`.
public struct WorkflowRetryCommand: ControlCommand {
    /// Name and help.
    public static let configuration = CommandConfiguration(
        commandName: "retry",
        abstract: "Repeat what failed, and what comes after it.",
        usage: "cloudtask workflow retry <run> [<options>]",
        discussion: """
            Of the runs that belong together with this one those that failed, were stopped,
            lost, missed or skipped are repeated, and everything that comes after them; what
            succeeded before them is not, and its outputs are given again. CLOUDTASK_DUE
            stays as it was. Nothing of them may be running.

            Example:
              cloudtask workflow retry 998346f8675039fe-0-1774746000000 \\
                --note 'disk is back'
            """
    )

    @OptionGroup var argument: RunArgument
    @Option(help: ArgumentHelp("Makes the request idempotent.", valueName: "text")) var key: String?
    @Option(help: ArgumentHelp("Why, kept with the runs.", valueName: "text")) var note: String?
    @OptionGroup(title: "Server") var server: ServerOptions
    @OptionGroup(title: "Output") var output: OutputOptions

    /// Creates the command; `ArgumentParser` fills it.
    public init() {}

    /// Repeats the runs.
    public func execute() async throws {
        let run = try argument.id()
        let request = OccasionRequest(key: key, note: note, by: Author.name())
        let begun = try await server.connection().repeatOccasion(of: run, request)
        try Printer(output).print(begun, names: begun.runs.map { "run/\($0)" }) { _ in
            begun.runs.map { "run/\($0) requested\n" }.joined()
                + "run again: \(begun.tasks.map(\.text).joined(separator: ", "))\n"
        }
    }
}

/// Shows runs that belong together.
enum OccasionTable {
    static func table(of occasion: OccasionPayload) -> Table {
        var table = Table([
            .init(title: "TASK", isElastic: true), .init(title: "STATE"), .init(title: "RUN"),
            .init(title: "REASON", isElastic: true),
        ])
        for step in occasion.steps {
            let tone = RunState(rawValue: step.state).flatMap(RunTable.tone)
            table.append([
                .init(step.task.text), .init(step.state, tone), .init(step.run?.text ?? "-"),
                .init(step.reason ?? "-"),
            ])
        }
        return table
    }
}
