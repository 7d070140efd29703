public import ArgumentParser
import CenterClient
import Domain
import Payloads

/// `cloudtask group`.
public struct GroupCommand: ParsableCommand {
    /// Name and help.
    public static let configuration = CommandConfiguration(
        commandName: "group",
        abstract: "See and pause groups, the folders of tasks.",
        discussion: """
            Example:
              cloudtask group pause billing --reason 'database moves'
            """,
        subcommands: [GroupListCommand.self, GroupPauseCommand.self, GroupResumeCommand.self],
        aliases: ["groups"]
    )

    /// Creates the command; `ArgumentParser` fills it.
    public init() {}
}

/// `cloudtask group list`.
public struct GroupListCommand: ControlCommand {
    /// Name and help.
    public static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List groups with their tasks.",
        usage: "cloudtask group list [<options>]",
        discussion: """
            Example:
              cloudtask group list
            """,
        aliases: ["ls"]
    )

    @OptionGroup(title: "Server") var server: ServerOptions
    @OptionGroup(title: "Output") var output: OutputOptions
    @OptionGroup(title: "Output") var time: TimeOptions

    /// Creates the command; `ArgumentParser` fills it.
    public init() {}

    /// Lists the groups.
    public func execute() async throws {
        let groups = try await server.connection().groups()
        let text = TimeText(zone: try time.zone())
        try Printer(output).print(groups, empty: "there are no groups", names: { "group/\($0.name)" }) { _ in
            var table = Table([
                .init(title: "NAME"), .init(title: "TASKS", isNumber: true),
                .init(title: "OWN PAUSES", isNumber: true), .init(title: "PAUSED", isElastic: true),
            ])
            for group in groups {
                table.append([
                    .init(group.name.text), .init(String(group.tasks)), .init(String(group.paused)),
                    PauseText.cell(group.pause, text),
                ])
            }
            return table
        }
    }
}

/// Shows pauses.
enum PauseText {
    static func cell(_ pause: PauseRecord?, _ time: TimeText, verb: String = "") -> Table.Cell {
        guard let pause else { return "-" }
        let author = pause.author.map { " by \($0)" } ?? ""
        let reason = pause.reason.map { ": \($0)" } ?? ""
        return .init("\(verb)since \(time.absolute(pause.since))\(author)\(reason)", .warning)
    }

    /// What is said after a pause or its end.
    static func sentence(_ name: String, _ result: PauseResult, isPause: Bool) -> String {
        let what =
            isPause
            ? result.changed ? "paused" : "was paused already"
            : result.changed ? "resumed" : "was not paused"
        return "\(name) \(what) (\(result.tasks) task\(result.tasks == 1 ? "" : "s"))"
    }
}

/// `cloudtask group pause`.
public struct GroupPauseCommand: ControlCommand {
    /// Name and help.
    public static let configuration = CommandConfiguration(
        commandName: "pause",
        abstract: "Make the schedules of all tasks of a group not count, until 'resume'.",
        usage: "cloudtask group pause <group> [<options>]",
        discussion: """
            Each task stays enabled or paused by itself. Running attempts go on, 'task run'
            still works, and instants during the pause are not made up for.

            Example:
              cloudtask group pause billing --reason 'database moves'
            """
    )

    @Argument(help: "The group's name.") var group: String
    @Option(help: ArgumentHelp("What for.", valueName: "text")) var reason: String?
    @OptionGroup(title: "Server") var server: ServerOptions

    /// Creates the command; `ArgumentParser` fills it.
    public init() {}

    /// Pauses the group.
    public func execute() async throws {
        let name: GroupID = try Parse.name(group, "a group")
        let note = PauseRequest(reason: reason, author: Author.name())
        let result = try await server.connection(timeout: .seconds(120)).pause(group: name, note)
        Terminal.writeLine(PauseText.sentence("group/\(name)", result, isPause: true))
    }
}

/// `cloudtask group resume`.
public struct GroupResumeCommand: ControlCommand {
    /// Name and help.
    public static let configuration = CommandConfiguration(
        commandName: "resume",
        abstract: "Make the schedules of a group's tasks count again.",
        usage: "cloudtask group resume <group> [<options>]",
        discussion: """
            Example:
              cloudtask group resume billing
            """
    )

    @Argument(help: "The group's name.") var group: String
    @OptionGroup(title: "Server") var server: ServerOptions

    /// Creates the command; `ArgumentParser` fills it.
    public init() {}

    /// Resumes the group.
    public func execute() async throws {
        let name: GroupID = try Parse.name(group, "a group")
        let result = try await server.connection(timeout: .seconds(120)).resume(group: name)
        Terminal.writeLine(PauseText.sentence("group/\(name)", result, isPause: false))
    }
}

/// `cloudtask runtime pause`.
public struct RuntimePauseCommand: ControlCommand {
    /// Name and help.
    public static let configuration = CommandConfiguration(
        commandName: "pause",
        abstract: "Make the schedules of all tasks of a runtime not count, until 'resume'.",
        usage: "cloudtask runtime pause <runtime> [<options>]",
        discussion: """
            For maintenance. Each task stays enabled or paused by itself. Running attempts
            go on, 'task run' still works, and instants during the pause are not made up for.

            Example:
              cloudtask runtime pause gpu --reason 'new drivers'
            """
    )

    @Argument(help: "The runtime's name.") var runtime: String
    @Option(help: ArgumentHelp("What for.", valueName: "text")) var reason: String?
    @OptionGroup(title: "Server") var server: ServerOptions

    /// Creates the command; `ArgumentParser` fills it.
    public init() {}

    /// Pauses the runtime.
    public func execute() async throws {
        let name: RuntimeID = try Parse.name(runtime, "a runtime")
        let note = PauseRequest(reason: reason, author: Author.name())
        let result = try await server.connection(timeout: .seconds(120)).pause(runtime: name, note)
        Terminal.writeLine(PauseText.sentence("runtime/\(name)", result, isPause: true))
    }
}

/// `cloudtask runtime resume`.
public struct RuntimeResumeCommand: ControlCommand {
    /// Name and help.
    public static let configuration = CommandConfiguration(
        commandName: "resume",
        abstract: "Make the schedules of a runtime's tasks count again.",
        usage: "cloudtask runtime resume <runtime> [<options>]",
        discussion: """
            Example:
              cloudtask runtime resume gpu
            """
    )

    @Argument(help: "The runtime's name.") var runtime: String
    @OptionGroup(title: "Server") var server: ServerOptions

    /// Creates the command; `ArgumentParser` fills it.
    public init() {}

    /// Resumes the runtime.
    public func execute() async throws {
        let name: RuntimeID = try Parse.name(runtime, "a runtime")
        let result = try await server.connection(timeout: .seconds(120)).resume(runtime: name)
        Terminal.writeLine(PauseText.sentence("runtime/\(name)", result, isPause: false))
    }
}
