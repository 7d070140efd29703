public import ArgumentParser
import CenterClient
import Documents
import Domain
import Foundation
import Payloads
import Scheduling

/// `cloudtask task`.
public struct TaskCommand: ParsableCommand {
    /// Name and help.
    public static let configuration = CommandConfiguration(
        commandName: "task",
        abstract: "See and change tasks.",
        discussion: """
            Examples:
              cloudtask task list
              cloudtask task run nightly-report
            """,
        subcommands: [
            TaskListCommand.self, TaskGetCommand.self, TaskCreateCommand.self, TaskDeleteCommand.self,
            TaskPauseCommand.self, TaskResumeCommand.self, TaskRestartCommand.self, TaskRunCommand.self,
            TaskNextCommand.self,
            TaskSkipCommand.self, TaskShiftCommand.self, TaskAdjustCommand.self, TaskHistoryCommand.self,
            TaskRevisionsCommand.self, TaskDiffCommand.self, TaskRestoreCommand.self, TaskCloneCommand.self,
            TaskExplainCommand.self, TaskBackfillCommand.self,
        ],
        aliases: ["tasks"]
    )

    /// Creates the command; `ArgumentParser` fills it.
    public init() {}
}

/// The name of the task a command is about.
public struct TaskArgument: ParsableArguments, Sendable {
    @Argument(help: "The task's name.", completion: .default) var task: String

    /// Creates the argument; `ArgumentParser` fills it.
    public init() {}

    /// The name, checked.
    func id() throws -> TaskID { try Parse.name(task, "the name of a task") }
}

/// `cloudtask task list`.
public struct TaskListCommand: ControlCommand {
    /// Name and help.
    public static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List tasks with their next due instant, owner and last result.",
        usage: "cloudtask task list [<options>]",
        discussion: """
            Examples:
              cloudtask task list --runtime default -o wide
              cloudtask task list --disabled -o name
              cloudtask task list -l team=data,env!=prod
            """,
        aliases: ["ls"]
    )

    @OptionGroup var selection: SelectionOptions
    @Flag(help: "Only tasks whose schedules count.") var enabled = false
    @Flag(help: "Only tasks that are paused, or their group or runtime is.") var disabled = false
    @Option(help: "Show at most so many.") var limit = 1_000
    @OptionGroup var watch: WatchOptions
    @OptionGroup(title: "Server") var server: ServerOptions
    @OptionGroup(title: "Output") var output: OutputOptions
    @OptionGroup(title: "Output") var time: TimeOptions

    /// Creates the command; `ArgumentParser` fills it.
    public init() {}

    /// Refuses what contradicts itself.
    public func validate() throws {
        try Parse.count(limit, "--limit")
        if enabled, disabled { throw ValidationError("give --enabled or --disabled, not both") }
        _ = try selection.selector()
    }

    /// Lists the tasks.
    public func execute() async throws {
        let connection = try server.connection()
        let (runtime, group) = (try selection.runtimeID(), try selection.groupID())
        let labels = try selection.selector()
        let isEnabled: Bool? = enabled ? true : disabled ? false : nil
        try await watch.perform {
            let tasks = try await Paging.all(limit: limit) { page, size throws(CenterClientError) in
                try await connection.tasks(
                    runtime: runtime,
                    group: group,
                    isEnabled: isEnabled,
                    labels: labels,
                    page: page,
                    limit: size
                )
            }
            try Printer(output).print(
                tasks,
                empty: "there are no such tasks",
                names: { "task/\($0.specification.name)" }
            ) { isWide in
                try TaskTable.table(tasks, isWide: isWide, TimeText(zone: time.zone()))
            }
        }
    }
}

/// `cloudtask task get`.
public struct TaskGetCommand: ControlCommand {
    /// Name and help.
    public static let configuration = CommandConfiguration(
        commandName: "get",
        abstract: "Show one task.",
        usage: "cloudtask task get <task> [<options>]",
        discussion: """
            With -o yaml it prints the task's document, ready for 'apply'.

            Examples:
              cloudtask task get nightly-report
              cloudtask task get nightly-report -o yaml > task.yaml
            """
    )

    @OptionGroup var argument: TaskArgument
    @OptionGroup(title: "Server") var server: ServerOptions
    @OptionGroup(title: "Output") var output: OutputOptions
    @OptionGroup(title: "Output") var time: TimeOptions

    /// Creates the command; `ArgumentParser` fills it.
    public init() {}

    /// Shows the task.
    public func execute() async throws {
        let task = try await server.connection().task(try argument.id())
        if output.output == .yaml { return Terminal.write(try DocumentWriter.yaml(task.specification)) }
        let printer = Printer(output)
        let text = TimeText(zone: try time.zone())
        try printer.print(task, names: ["task/\(task.specification.name)"]) { _ in
            printer.details(TaskTable.details(of: task, text))
        }
    }
}
