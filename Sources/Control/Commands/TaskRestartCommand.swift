public import ArgumentParser
import CenterClient
import Domain
import Payloads

/// `cloudtask task restart`.
public struct TaskRestartCommand: ControlCommand {
    /// Name and help.
    public static let configuration = CommandConfiguration(
        commandName: "restart",
        abstract: "Begin the processes of resident tasks anew.",
        usage: "cloudtask task restart <task> ... [<options>]",
        discussion: """
            The process is asked to end (SIGTERM, and SIGKILL after its kill grace); the
            next one begins at once. A task that waits to be restarted starts at once, too.
            Of the tasks that are selected by --labels, --runtime or --group only the
            resident ones are restarted.

            Examples:
              cloudtask task restart gateway
              cloudtask task restart gateway --reason 'new certificate'
              cloudtask task restart -l team=data --dry-run
            """
    )

    @Argument(help: "Names of tasks.", completion: .default) var tasks: [String] = []
    @OptionGroup var selection: SelectionOptions
    @Flag(help: "Only say what would be restarted.") var dryRun = false
    @Flag(name: .shortAndLong, help: "Restart several tasks without being asked.") var yes = false
    @Option(help: ArgumentHelp("Why, for others to read.", valueName: "text")) var reason: String?
    @OptionGroup(title: "Server") var server: ServerOptions

    /// Creates the command; `ArgumentParser` fills it.
    public init() {}

    /// Refuses names and conditions together, and neither.
    public func validate() throws { try selection.validate(with: tasks) }

    /// Restarts the tasks.
    public func execute() async throws {
        var names: [TaskID] = try tasks.map { try Parse.name($0, "the name of a task") }
        let connection = try server.connection(timeout: .seconds(120))
        if names.isEmpty {
            names = try await selection.tasks(connection).map(\.specification)
                .filter { $0.residency != nil }.map(\.name)
            guard !names.isEmpty else { throw ControlError("there are no such resident tasks", .notFound) }
            if !dryRun, !yes { try AgreementOptions.agree(to: "restart", names) }
        }
        let note = PauseRequest(reason: reason, author: Author.name())
        if dryRun {
            for name in names { Terminal.writeLine("task/\(name) would be restarted") }
            return
        }
        let failure = try await Several.perform(names, name: { "task/\($0)" }) { name in
            _ = try await connection.restart(name, note)
            Terminal.writeLine("task/\(name) restarted")
        }
        if let failure { throw failure }
    }
}
