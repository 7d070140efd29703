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

/// `cloudtask task next`.
public struct TaskNextCommand: ControlCommand {
    /// Name and help.
    public static let configuration = CommandConfiguration(
        commandName: "next",
        abstract: "Show when a task is due next.",
        usage: "cloudtask task next <task> [<options>]",
        discussion: """
            Example:
              cloudtask task next nightly-report -n 10 --tz Europe/Berlin
            """
    )

    @OptionGroup var argument: TaskArgument
    @Option(name: [.customShort("n"), .customLong("count")], help: "How many instants.") var count = 5
    @OptionGroup(title: "Server") var server: ServerOptions
    @OptionGroup(title: "Output") var output: OutputOptions
    @OptionGroup(title: "Output") var time: TimeOptions

    /// Creates the command; `ArgumentParser` fills it.
    public init() {}

    /// Refuses counts that make no sense.
    public func validate() throws { try Parse.count(count, "--count", max: 1_000) }

    /// Shows the instants.
    public func execute() async throws {
        let connection = try server.connection()
        let instants = try await connection.next(of: try argument.id(), count: count)
        let task = try await connection.task(try argument.id())
        let text = TimeText(zone: try time.zone())
        let pause = task.pause.map { "the task is not due again: \(TaskTable.words($0, text))" }
        let empty = pause ?? Self.emptiness(of: task)
        if let pause = task.pause, !instants.isEmpty { Terminal.say(TaskTable.words(pause, text)) }
        try Printer(output).print(
            instants,
            empty: empty,
            names: { $0.formatted() }
        ) { _ in Self.table(instants, task.exceptions ?? [], text) }
    }

    /// Why no instant is known, of a task that is not paused.
    private static func emptiness(of task: TaskPayload) -> String {
        guard let schedule = task.specification.eventSchedule(at: Instant(Date())) else {
            return "the task is not due again"
        }
        let sentence = schedule.explained.dropLast()
        return "no instant is known beforehand; the task runs by this schedule: \(sentence)"
    }

    /// The instants, with what is different about some of them.
    static func table(_ instants: [Instant], _ exceptions: [FireException], _ text: TimeText) -> Table {
        let noted = instants.contains { instant in exceptions.contains { $0.decidedAt == instant } }
        var table = Table(
            [.init(title: "DUE"), .init(title: "IN")] + (noted ? [.init(title: "NOTE", isElastic: true)] : [])
        )
        for instant in instants {
            var row: [Table.Cell] = [.init(text.absolute(instant)), .init(text.relative(instant))]
            if noted {
                let fire = exceptions.first { $0.decidedAt == instant }
                row.append(.init(fire.map { note($0, text) } ?? ""))
            }
            table.append(row)
        }
        return table
    }

    private static func note(_ fire: FireException, _ text: TimeText) -> String {
        if fire.isSkipped || fire.shiftedTo == nil { return FireAnswer.words(fire, text) }
        var unshifted = fire
        unshifted.shiftedTo = nil
        let rest = fire.parameters.isEmpty ? "" : " and " + FireAnswer.words(unshifted, text)
        return "shifted from \(text.absolute(fire.due))"
            + (rest.isEmpty ? fire.reason.map { " (\($0))" } ?? "" : rest)
    }
}

/// `cloudtask task history`.
public struct TaskHistoryCommand: ControlCommand {
    /// Name and help.
    public static let configuration = CommandConfiguration(
        commandName: "history",
        abstract: "Show a task's latest runs.",
        usage: "cloudtask task history <task> [<options>]",
        discussion: """
            Example:
              cloudtask task history nightly-report -n 50
            """
    )

    @OptionGroup var argument: TaskArgument
    @Option(name: [.customShort("n"), .customLong("limit")], help: "Show at most so many.") var limit = 20
    @OptionGroup var watch: WatchOptions
    @OptionGroup(title: "Server") var server: ServerOptions
    @OptionGroup(title: "Output") var output: OutputOptions
    @OptionGroup(title: "Output") var time: TimeOptions

    /// Creates the command; `ArgumentParser` fills it.
    public init() {}

    /// Refuses limits that make no sense.
    public func validate() throws { try Parse.count(limit, "--limit") }

    /// Shows the runs.
    public func execute() async throws {
        let name = try argument.id()
        let connection = try server.connection()
        try await watch.perform {
            let runs = try await Paging.all(limit: limit) { page, size throws(CenterClientError) in
                try await connection.runs(RunFilter(task: name), page: page, limit: size)
            }
            // A task without runs and a name without a task look alike in the history.
            if runs.isEmpty { _ = try await connection.task(name) }
            try Printer(output).print(runs, empty: "task \(name) has not run yet", names: { "run/\($0.id)" })
            { isWide in
                try RunTable.table(runs, isWide: isWide, showsTask: false, TimeText(zone: time.zone()))
            }
        }
    }
}
