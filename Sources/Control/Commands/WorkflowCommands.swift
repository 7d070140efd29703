public import ArgumentParser
import CenterClient
import Domain
import Payloads
import Scheduling

/// `cloudtask workflow`.
public struct WorkflowCommand: ParsableCommand {
    /// Name and help.
    public static let configuration = CommandConfiguration(
        commandName: "workflow",
        abstract: "See, save, run, cancel and repeat several tasks as one.",
        discussion: """
            A workflow is one document with several steps (kind: Workflow). Its runs, as
            those of any tasks that come after one another (after:), belong together when
            one due time, or one request, has led to them: 'cancel', 'retry' and 'get' take
            any of them for all.

            Examples:
              cloudtask workflow apply nightly.yaml
              cloudtask workflow get nightly
              cloudtask workflow get 998346f8675039fe-0-1774746000000
            """,
        subcommands: [
            WorkflowListCommand.self, WorkflowGetCommand.self, WorkflowRunsCommand.self,
            WorkflowApplyCommand.self, WorkflowRunCommand.self, WorkflowPauseCommand.self,
            WorkflowResumeCommand.self, WorkflowDeleteCommand.self, WorkflowExportCommand.self,
            WorkflowCancelCommand.self, WorkflowRetryCommand.self,
            DefinitionRevisionsCommand<RevisedWorkflow>.self, DefinitionDiffCommand<RevisedWorkflow>.self,
            DefinitionRestoreCommand<RevisedWorkflow>.self,
        ],
        aliases: ["workflows"]
    )

    /// Creates the command; `ArgumentParser` fills it.
    public init() {}
}

/// The name of the workflow a command is about.
public struct WorkflowArgument: ParsableArguments, Sendable {
    @Argument(help: "The workflow's name.") var workflow: String

    /// Creates the argument; `ArgumentParser` fills it.
    public init() {}

    /// The name, checked.
    func id() throws -> WorkflowID { try Self.id(workflow) }

    static func id(_ text: String) throws -> WorkflowID {
        let name = text.hasPrefix("workflow/") ? String(text.dropFirst(9)) : text
        return try Parse.name(name, "the name of a workflow")
    }
}

/// `cloudtask workflow list`.
public struct WorkflowListCommand: ControlCommand {
    /// Name and help.
    public static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List workflows with their next due instant.",
        usage: "cloudtask workflow list [<options>]",
        discussion: """
            Labels, runtime and group are those that the document says for all its steps.

            Examples:
              cloudtask workflow list
              cloudtask workflow list -l team=data
            """,
        aliases: ["ls"]
    )

    @OptionGroup var selection: SelectionOptions
    @Option(help: "Show at most so many.") var limit = 1_000
    @OptionGroup var watch: WatchOptions
    @OptionGroup(title: "Server") var server: ServerOptions
    @OptionGroup(title: "Output") var output: OutputOptions
    @OptionGroup(title: "Output") var time: TimeOptions

    /// Creates the command; `ArgumentParser` fills it.
    public init() {}

    /// Refuses a number that counts nothing, and conditions that say nothing.
    public func validate() throws {
        try Parse.count(limit, "--limit")
        _ = try (selection.runtimeID(), selection.groupID(), selection.selector())
    }

    /// Lists the workflows.
    public func execute() async throws {
        let connection = try server.connection()
        try await watch.perform {
            var workflows = try await Paging.all(limit: selection.isGiven ? .max : limit) {
                page,
                size throws(CenterClientError) in
                try await connection.workflows(page: page, limit: size)
            }
            if selection.isGiven {
                let selected = Set(try await selection.workflows(connection))
                workflows = Array(workflows.filter { selected.contains($0.name) }.prefix(limit))
            }
            let text = TimeText(zone: try time.zone())
            try Printer(output).print(
                workflows,
                empty: selection.isGiven ? "there are no such workflows" : "there are no workflows",
                names: { "workflow/\($0.name)" }
            ) { _ in WorkflowTable.list(workflows, text) }
        }
    }
}

/// `cloudtask workflow get`.
public struct WorkflowGetCommand: ControlCommand {
    /// Name and help.
    public static let configuration = CommandConfiguration(
        commandName: "get",
        abstract: "Show a workflow, or the runs that belong together.",
        usage: "cloudtask workflow get <workflow or run> [<options>]",
        discussion: """
            Of a workflow: its steps, and the states of its last occasions. Of a run: every
            task of its occasion. Each stands behind those it comes after.

            Examples:
              cloudtask workflow get nightly
              cloudtask workflow get 998346f8675039fe-0-1774746000000 -w
            """
    )

    @Argument(help: "The name of a workflow, or a run.") var subject: String
    @OptionGroup var watch: WatchOptions
    @OptionGroup(title: "Server") var server: ServerOptions
    @OptionGroup(title: "Output") var output: OutputOptions
    @OptionGroup(title: "Output") var time: TimeOptions

    /// Creates the command; `ArgumentParser` fills it.
    public init() {}

    /// Shows the workflow or the runs.
    public func execute() async throws {
        let connection = try server.connection()
        if let run = RunID(subject.hasPrefix("run/") ? String(subject.dropFirst(4)) : subject) {
            return try await watch.perform { try await show(run, connection) }
        }
        let name = try WorkflowArgument.id(subject)
        try await watch.perform {
            let workflow = try await connection.workflow(name, occasions: Self.occasions)
            let text = TimeText(zone: try time.zone())
            let printer = Printer(output)
            try printer.print(workflow, names: ["workflow/\(name)"]) { isWide in
                let width = isWide ? Int.max : Terminal.columns
                return printer.details(WorkflowTable.details(of: workflow, text)) + "\n"
                    + WorkflowTable.steps(of: workflow, text).text(width: width, style: printer.style)
            }
        }
    }

    /// As many columns of states fit beside each other.
    private static let occasions = 5

    private func show(_ run: RunID, _ connection: CenterConnection) async throws {
        let occasion = try await connection.occasion(of: run)
        let names = occasion.steps.compactMap(\.run).map { "run/\($0)" }
        try Printer(output).print(occasion, names: names) { isWide in
            let width = isWide ? Int.max : Terminal.columns
            return OccasionTable.table(of: occasion).text(width: width, style: output.style())
        }
        if let reason = occasion.cancelled { Terminal.say("the rest is not run: \(reason)") }
    }
}

/// `cloudtask workflow runs`.
public struct WorkflowRunsCommand: ControlCommand {
    /// Name and help.
    public static let configuration = CommandConfiguration(
        commandName: "runs",
        abstract: "List the occasions on which a workflow began, latest first.",
        usage: "cloudtask workflow runs <workflow> [<options>]",
        discussion: """
            The run names all that belong to the occasion, for 'get', 'cancel' and 'retry'.

            Example:
              cloudtask workflow runs nightly -n 20
            """
    )

    @OptionGroup var argument: WorkflowArgument
    @Option(name: [.customShort("n"), .long], help: "Show at most so many, up to 100.") var limit = 20
    @OptionGroup var watch: WatchOptions
    @OptionGroup(title: "Server") var server: ServerOptions
    @OptionGroup(title: "Output") var output: OutputOptions
    @OptionGroup(title: "Output") var time: TimeOptions

    /// Creates the command; `ArgumentParser` fills it.
    public init() {}

    /// Refuses a number that is out of range.
    public func validate() throws { try Parse.count(limit, "--limit", max: 100) }

    /// Lists the occasions.
    public func execute() async throws {
        let name = try argument.id()
        let connection = try server.connection()
        try await watch.perform {
            let occasions = try await connection.workflow(name, occasions: limit).occasions ?? []
            let text = TimeText(zone: try time.zone())
            try Printer(output).print(
                occasions,
                empty: "workflow \(name) has not begun yet",
                names: { "run/\($0.run)" }
            ) { _ in WorkflowTable.occasions(occasions, text) }
        }
    }
}
