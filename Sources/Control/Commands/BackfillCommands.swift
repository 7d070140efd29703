public import ArgumentParser
import CenterClient
import Domain
import Payloads

/// `cloudtask backfill`.
public struct BackfillCommand: ParsableCommand {
    /// Name and help.
    public static let configuration = CommandConfiguration(
        commandName: "backfill",
        abstract: "See, pause and stop backfills of past fires.",
        discussion: """
            To begin one use 'cloudtask task backfill'.

            Example:
              cloudtask backfill list -w
            """,
        subcommands: [
            BackfillListCommand.self, BackfillGetCommand.self, BackfillPauseCommand.self,
            BackfillResumeCommand.self, BackfillStopCommand.self,
        ],
        aliases: ["backfills"]
    )

    /// Creates the command; `ArgumentParser` fills it.
    public init() {}
}

/// The identity of the backfill a command is about.
public struct BackfillArgument: ParsableArguments, Sendable {
    @Argument(help: "The backfill, as 'backfill list' shows it.") var backfill: String

    /// Creates the argument; `ArgumentParser` fills it.
    public init() {}

    /// The identity, checked.
    func id() throws -> BackfillID { try Parse.backfill(backfill) }
}

/// `cloudtask backfill list`.
public struct BackfillListCommand: ControlCommand {
    /// Name and help.
    public static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List backfills, latest first, and how far they are.",
        usage: "cloudtask backfill list [<options>]",
        discussion: """
            Examples:
              cloudtask backfill list
              cloudtask backfill list --task nightly-report -o json
            """,
        aliases: ["ls"]
    )

    @Option(help: ArgumentHelp("Only backfills of this task.", valueName: "name")) var task: String?
    @OptionGroup var watch: WatchOptions
    @OptionGroup(title: "Server") var server: ServerOptions
    @OptionGroup(title: "Output") var output: OutputOptions
    @OptionGroup(title: "Output") var time: TimeOptions

    /// Creates the command; `ArgumentParser` fills it.
    public init() {}

    /// Lists the backfills.
    public func execute() async throws {
        let connection = try server.connection()
        let name: TaskID? = try task.map { try Parse.name($0, "the name of a task") }
        let text = TimeText(zone: try time.zone())
        try await watch.perform {
            let backfills = try await connection.backfills(of: name)
            try Printer(output).print(
                backfills,
                empty: "there are no backfills",
                names: { "backfill/\($0.id)" }
            ) { _ in BackfillTable.table(backfills, text) }
        }
    }
}

/// `cloudtask backfill get`.
public struct BackfillGetCommand: ControlCommand {
    /// Name and help.
    public static let configuration = CommandConfiguration(
        commandName: "get",
        abstract: "Show one backfill: what runs, and what failed lately.",
        usage: "cloudtask backfill get <backfill> [<options>]",
        discussion: """
            Example:
              cloudtask backfill get 5e0f41c8a9d2b377 -w
            """
    )

    @OptionGroup var argument: BackfillArgument
    @OptionGroup var watch: WatchOptions
    @OptionGroup(title: "Server") var server: ServerOptions
    @OptionGroup(title: "Output") var output: OutputOptions
    @OptionGroup(title: "Output") var time: TimeOptions

    /// Creates the command; `ArgumentParser` fills it.
    public init() {}

    /// Shows the backfill.
    public func execute() async throws {
        let connection = try server.connection()
        let id = try argument.id()
        let text = TimeText(zone: try time.zone())
        try await watch.perform {
            let backfill = try await connection.backfill(id)
            let printer = Printer(output)
            try printer.print(backfill, names: ["backfill/\(id)"]) { _ in
                printer.details(BackfillTable.details(of: backfill, text))
            }
        }
    }
}

/// `cloudtask backfill pause`.
public struct BackfillPauseCommand: ControlCommand {
    /// Name and help.
    public static let configuration = CommandConfiguration(
        commandName: "pause",
        abstract: "Start no further run of a backfill until 'resume'.",
        usage: "cloudtask backfill pause <backfill> [<options>]",
        discussion: """
            What runs goes on.

            Example:
              cloudtask backfill pause 5e0f41c8a9d2b377 --reason 'office hours'
            """
    )

    @OptionGroup var argument: BackfillArgument
    @Option(help: ArgumentHelp("Why, for others to read.", valueName: "text")) var reason: String?
    @OptionGroup(title: "Server") var server: ServerOptions

    /// Creates the command; `ArgumentParser` fills it.
    public init() {}

    /// Pauses the backfill.
    public func execute() async throws {
        try await BackfillAnswer(server).perform(.pause, try argument.id(), reason: reason)
    }
}

/// `cloudtask backfill resume`.
public struct BackfillResumeCommand: ControlCommand {
    /// Name and help.
    public static let configuration = CommandConfiguration(
        commandName: "resume",
        abstract: "Go on with a backfill that is paused.",
        usage: "cloudtask backfill resume <backfill> [<options>]",
        discussion: """
            It goes on with the task as it is now, and with the times that its schedule had
            when the backfill began.

            Example:
              cloudtask backfill resume 5e0f41c8a9d2b377
            """
    )

    @OptionGroup var argument: BackfillArgument
    @OptionGroup(title: "Server") var server: ServerOptions

    /// Creates the command; `ArgumentParser` fills it.
    public init() {}

    /// Resumes the backfill.
    public func execute() async throws {
        try await BackfillAnswer(server).perform(.resume, try argument.id())
    }
}

/// `cloudtask backfill stop`.
public struct BackfillStopCommand: ControlCommand {
    /// Name and help.
    public static let configuration = CommandConfiguration(
        commandName: "stop",
        abstract: "Start no further run of a backfill, for good.",
        usage: "cloudtask backfill stop <backfill> [<options>]",
        discussion: """
            What runs ends by itself, or is killed with --kill.

            Example:
              cloudtask backfill stop 5e0f41c8a9d2b377 --kill --reason 'wrong days'
            """
    )

    @OptionGroup var argument: BackfillArgument
    @Flag(help: "Kill what runs.") var kill = false
    @Option(help: ArgumentHelp("Why, for others to read.", valueName: "text")) var reason: String?
    @OptionGroup(title: "Server") var server: ServerOptions

    /// Creates the command; `ArgumentParser` fills it.
    public init() {}

    /// Stops the backfill.
    public func execute() async throws {
        try await BackfillAnswer(server).perform(.stop, try argument.id(), kill: kill, reason: reason)
    }
}

/// Changes a backfill and says how it stands.
private struct BackfillAnswer {
    private let server: ServerOptions

    init(_ server: ServerOptions) { self.server = server }

    func perform(_ verb: BackfillVerb, _ id: BackfillID, kill: Bool = false, reason: String? = nil)
        async throws
    {
        let change = BackfillChange(kill: kill, reason: reason, author: Author.name())
        let backfill = try await server.connection().change(id, verb, change)
        Terminal.writeLine(
            "backfill/\(id) is \(backfill.state.rawValue): \(BackfillTable.counts(of: backfill))"
        )
    }
}
