public import ArgumentParser
import CenterClient
import Domain
import Payloads

/// `cloudtask task restart`.
public struct TaskRestartCommand: ControlCommand {
    /// Name and help.
    public static let configuration = CommandConfiguration(
        commandName: "restart",
        abstract: "Begin the process of a resident task anew.",
        usage: "cloudtask task restart <task> [<options>]",
        discussion: """
            The process is asked to end (SIGTERM, and SIGKILL after its kill grace); the
            next one begins at once. A task that waits to be restarted starts at once, too.

            Examples:
              cloudtask task restart gateway
              cloudtask task restart gateway --reason 'new certificate'
            """
    )

    @OptionGroup var argument: TaskArgument
    @Option(help: ArgumentHelp("Why, for others to read.", valueName: "text")) var reason: String?
    @OptionGroup(title: "Server") var server: ServerOptions

    /// Creates the command; `ArgumentParser` fills it.
    public init() {}

    /// Restarts the task.
    public func execute() async throws {
        let name = try argument.id()
        let note = PauseRequest(reason: reason, author: Author.name())
        _ = try await server.connection().restart(name, note)
        Terminal.writeLine("task/\(name) restarted")
    }
}
