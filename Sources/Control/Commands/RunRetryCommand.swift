public import ArgumentParser
import CenterClient
import Domain
import Payloads

/// `cloudtask run retry`.
public struct RunRetryCommand: ControlCommand {
    /// Name and help.
    public static let configuration = CommandConfiguration(
        commandName: "retry",
        abstract: "Repeat runs that are over.",
        usage: "cloudtask run retry <run> ... [<options>]",
        discussion: """
            A new run of the task as it is now, with the parameters and the CLOUDTASK_DUE
            of the old one. 'run get' of each names the other. Of several runs each is
            repeated once by the same --key, also by none, however often it is asked.

            Examples:
              cloudtask run retry 998346f8675039fe-0-1774746000000
              cloudtask run retry -l team=data --state failed --from 2h --dry-run
              cloudtask run retry 998346f8675039fe-0-1774746000000 \\
                --param mode=full --wait
            """
    )

    @OptionGroup var choice: RunChoice
    @OptionGroup var values: ParameterOptions
    @Option(help: ArgumentHelp("Makes the request idempotent.", valueName: "text")) var key: String?
    @Option(help: ArgumentHelp("Why, kept with the run.", valueName: "text")) var note: String?
    @Flag(help: "Wait for the end of the new run.") var wait = false
    @OptionGroup(title: "Server") var server: ServerOptions
    @OptionGroup(title: "Output") var output: OutputOptions
    @OptionGroup(title: "Output") var time: TimeOptions

    /// Creates the command; `ArgumentParser` fills it.
    public init() {}

    /// Refuses values that have no name, and what contradicts itself.
    public func validate() throws {
        _ = try values.parameters()
        try choice.check(isOver: true)
        if choice.runs.count != 1, wait {
            throw ValidationError("--wait waits for the repetition of one run: give that run only")
        }
    }

    /// Requests the new runs.
    public func execute() async throws {
        let request = RunRequest(key: key, parameters: try values.parameters(), note: note, by: Author.name())
        let connection = try server.connection()
        if choice.runs.count == 1, !choice.consent.dryRun {
            return try await repeatOnly(try Parse.run(choice.runs[0]), request, connection)
        }
        try await choice.perform("retry", would: "repeated", connection) { former in
            var again = request
            again.key = Self.key(key, of: former)
            let run = try await connection.retry(former, again)
            Terminal.writeLine("run/\(run) requested, a retry of run/\(former)")
        }
    }

    /// The key by which one of several runs is repeated: once, whoever asks again.
    static func key(_ given: String?, of run: RunID) -> String { "\(given ?? "retry")/\(run)" }

    private func repeatOnly(_ former: RunID, _ request: RunRequest, _ connection: CenterConnection)
        async throws
    {
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
