public import ArgumentParser
import CenterClient
import Domain
import Payloads

/// `cloudtask run retry`.
public struct RunRetryCommand: ControlCommand {
    /// Name and help.
    public static let configuration = CommandConfiguration(
        commandName: "retry",
        abstract: "Repeat a run that is over.",
        usage: "cloudtask run retry <run> [<options>]",
        discussion: """
            A new run of the task as it is now, with the parameters and the CLOUDTASK_DUE
            of the old one. 'run get' of each names the other.

            Examples:
              cloudtask run retry 998346f8675039fe-0-1774746000000
              cloudtask run retry 998346f8675039fe-0-1774746000000 \\
                --param mode=full --wait
            """
    )

    @OptionGroup var argument: RunArgument
    @OptionGroup var values: ParameterOptions
    @Option(help: ArgumentHelp("Makes the request idempotent.", valueName: "text")) var key: String?
    @Option(help: ArgumentHelp("Why, kept with the run.", valueName: "text")) var note: String?
    @Flag(help: "Wait for the end of the new run.") var wait = false
    @OptionGroup(title: "Server") var server: ServerOptions
    @OptionGroup(title: "Output") var output: OutputOptions
    @OptionGroup(title: "Output") var time: TimeOptions

    /// Creates the command; `ArgumentParser` fills it.
    public init() {}

    /// Refuses values that have no name.
    public func validate() throws { _ = try values.parameters() }

    /// Requests the new run.
    public func execute() async throws {
        let request = RunRequest(key: key, parameters: try values.parameters(), note: note, by: Author.name())
        let connection = try server.connection()
        let former = try argument.id()
        let run = try await connection.retry(former, request)
        if wait {
            return try await RunWaiting(connection: connection, run: run).finish(
                Printer(output),
                TimeText(zone: time.zone())
            )
        }
        try Printer(output).print(RunAccepted(run: run), names: ["run/\(run)"]) { _ in
            "run/\(run) requested, a retry of run/\(former)\n"
        }
    }
}
