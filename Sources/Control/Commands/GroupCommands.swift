public import ArgumentParser
import CenterClient
import Domain
import Foundation
import Payloads
import Scheduling

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
        let end = pause.until.map { " until \(time.absolute($0))" } ?? ""
        return .init("\(verb)since \(time.absolute(pause.since))\(end)\(author)\(reason)", .warning)
    }

    /// What is said after a pause or its end, or of what it would be.
    static func sentence(
        _ name: String,
        _ result: PauseResult,
        isPause: Bool,
        until end: Instant? = nil,
        isDryRun: Bool = false
    ) -> String {
        let done = isPause ? "paused" + (end.map { " until \($0)" } ?? "") : "resumed"
        let same = isPause ? "was paused already" : "was not paused"
        let what = result.changed ? (isDryRun ? "would be \(done)" : done) : same
        return "\(name) \(what) (\(result.tasks) task\(result.tasks == 1 ? "" : "s"))"
    }
}

/// Why and until when a group or a runtime is paused.
public struct ScopePauseOptions: ParsableArguments, Sendable {
    @Option(help: ArgumentHelp("What for.", valueName: "text")) var reason: String?
    @Option(help: ArgumentHelp("When it ends, or how long it lasts: 2h.", valueName: "time")) var until:
        String?
    @Option(
        help: ArgumentHelp(
            "Pause so many tasks although they are a large share of their runtime.",
            valueName: "number"
        )
    )
    var confirm: Int?
    @Flag(help: "Only say what would be paused.") var dryRun = false

    /// Creates the options; `ArgumentParser` fills them.
    public init() {}

    func request() throws -> PauseRequest {
        PauseRequest(
            until: try until.map { try Parse.later($0, "--until", now: Instant(Date())) },
            reason: reason,
            author: Author.name(),
            dryRun: dryRun ? true : nil,
            confirm: confirm
        )
    }

    /// Says what came of it.
    func say(_ name: String, _ result: PauseResult, _ wish: PauseRequest) {
        Terminal.writeLine(
            PauseText.sentence(name, result, isPause: true, until: wish.until, isDryRun: dryRun)
        )
        if dryRun, let objection = ChangedShare.objection(to: result.shares ?? [], confirmed: confirm) {
            Terminal.say("it would be held: \(objection)")
        }
    }
}

/// `cloudtask group pause`.
public struct GroupPauseCommand: ControlCommand {
    /// Name and help.
    public static let configuration = CommandConfiguration(
        commandName: "pause",
        abstract: "Make a group's schedules not count, until a time or 'resume'.",
        usage: "cloudtask group pause <group> [<options>]",
        discussion: """
            Each task stays enabled or paused by itself. Running attempts go on, 'task run'
            still works, and instants during the pause are not made up for. With --until it
            ends by itself: a fire that is due at that time takes place. A pause of a large
            share of a runtime is held until --confirm says of how many tasks.

            Examples:
              cloudtask group pause billing --reason 'database moves'
              cloudtask group pause billing --until 2h --dry-run
            """
    )

    @Argument(help: "The group's name.") var group: String
    @OptionGroup var terms: ScopePauseOptions
    @OptionGroup(title: "Server") var server: ServerOptions

    /// Creates the command; `ArgumentParser` fills it.
    public init() {}

    /// Pauses the group.
    public func execute() async throws {
        let name: GroupID = try Parse.name(group, "a group")
        let wish = try terms.request()
        let result = try await server.connection(timeout: .seconds(120)).pause(group: name, wish)
        terms.say("group/\(name)", result, wish)
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
        abstract: "Make a runtime's schedules not count, until a time or 'resume'.",
        usage: "cloudtask runtime pause <runtime> [<options>]",
        discussion: """
            For maintenance. Each task stays enabled or paused by itself. Running attempts
            go on, 'task run' still works, and instants during the pause are not made up for.
            With --until it ends by itself: a fire that is due at that time takes place.
            One of 10 tasks or more is held until --confirm says of how many.

            Examples:
              cloudtask runtime pause gpu --reason 'new drivers'
              cloudtask runtime pause gpu --until 2026-03-30T06:00:00Z --confirm 120
            """
    )

    @Argument(help: "The runtime's name.") var runtime: String
    @OptionGroup var terms: ScopePauseOptions
    @OptionGroup(title: "Server") var server: ServerOptions

    /// Creates the command; `ArgumentParser` fills it.
    public init() {}

    /// Pauses the runtime.
    public func execute() async throws {
        let name: RuntimeID = try Parse.name(runtime, "a runtime")
        let wish = try terms.request()
        let result = try await server.connection(timeout: .seconds(120)).pause(runtime: name, wish)
        terms.say("runtime/\(name)", result, wish)
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
