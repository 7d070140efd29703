public import ArgumentParser
import CenterClient
import Domain
import Foundation
import Payloads
import Scheduling

/// `cloudtask run`.
public struct RunCommand: ParsableCommand {
    /// Name and help.
    public static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "See, stop and wait for runs.",
        discussion: """
            To run a task now use 'cloudtask task run'.

            Examples:
              cloudtask run list --state failed
              cloudtask run logs -f 998346f8675039fe-0-1774746000000
            """,
        subcommands: [
            RunListCommand.self, RunGetCommand.self, RunLogsCommand.self, RunStopCommand.self,
            RunKillCommand.self,
            RunWaitCommand.self, RunRetryCommand.self, RunExplainCommand.self,
        ],
        aliases: ["runs"]
    )

    /// Creates the command; `ArgumentParser` fills it.
    public init() {}
}

/// The identity of the run a command is about.
public struct RunArgument: ParsableArguments, Sendable {
    @Argument(help: "The run, as 'run list' shows it.") var run: String

    /// Creates the argument; `ArgumentParser` fills it.
    public init() {}

    /// The identity, checked.
    func id() throws -> RunID { try Parse.run(run) }
}

/// `cloudtask run list`.
public struct RunListCommand: ControlCommand {
    /// Name and help.
    public static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List runs, latest due first.",
        usage: "cloudtask run list [<options>]",
        discussion: """
            Examples:
              cloudtask run list --task nightly-report --since 2h
              cloudtask run list --state failed --state lost -o json
              cloudtask run list -l team=data --from 2026-03-29T00:00:00Z
            """,
        aliases: ["ls"]
    )

    @OptionGroup var selected: RunSelectionOptions
    @Option(name: [.customShort("n"), .customLong("limit")], help: "Show at most so many.") var limit = 50
    @OptionGroup var watch: WatchOptions
    @OptionGroup(title: "Server") var server: ServerOptions
    @OptionGroup(title: "Output") var output: OutputOptions
    @OptionGroup(title: "Output") var time: TimeOptions

    /// Creates the command; `ArgumentParser` fills it.
    public init() {}

    /// Refuses limits that make no sense, and what contradicts itself.
    public func validate() throws {
        try Parse.count(limit, "--limit")
        try selected.check()
    }

    /// Lists the runs.
    public func execute() async throws {
        let connection = try server.connection()
        try await watch.perform {
            let runs = try await selected.runs(connection, limit: limit)
            try Printer(output).print(runs, empty: "there are no such runs", names: { "run/\($0.id)" }) {
                isWide in
                try RunTable.table(runs, isWide: isWide, showsTask: true, TimeText(zone: time.zone()))
            }
        }
    }
}

extension RunState: ExpressibleByArgument {}

/// `cloudtask run get`.
public struct RunGetCommand: ControlCommand {
    /// Name and help.
    public static let configuration = CommandConfiguration(
        commandName: "get",
        abstract: "Show one run and its attempts.",
        usage: "cloudtask run get <run> [<options>]",
        discussion: """
            Example:
              cloudtask run get 998346f8675039fe-0-1774746000000
            """
    )

    @OptionGroup var argument: RunArgument
    @OptionGroup(title: "Server") var server: ServerOptions
    @OptionGroup(title: "Output") var output: OutputOptions
    @OptionGroup(title: "Output") var time: TimeOptions

    /// Creates the command; `ArgumentParser` fills it.
    public init() {}

    /// Shows the run.
    public func execute() async throws {
        let run = try await server.connection().run(try argument.id())
        let printer = Printer(output)
        let text = TimeText(zone: try time.zone())
        try printer.print(run, names: ["run/\(run.id)"]) { _ in
            printer.details(RunTable.details(of: run, text))
        }
    }
}

/// `cloudtask run logs`.
public struct RunLogsCommand: ControlCommand {
    /// Name and help.
    public static let configuration = CommandConfiguration(
        commandName: "logs",
        abstract: "Print what a run wrote.",
        usage: "cloudtask run logs <run> [<options>]",
        discussion: """
            Standard output of the run goes to standard output, its standard error to
            standard error. With -f it follows until the run has ended.

            Examples:
              cloudtask run logs 998346f8675039fe-0-1774746000000
              cloudtask run logs -f --stderr 998346f8675039fe-0-1774746000000
            """,
        aliases: ["log"]
    )

    @OptionGroup var argument: RunArgument
    @Flag(name: .shortAndLong, help: "Go on until the attempt has ended.") var follow = false
    @Option(help: ArgumentHelp("Which attempt, from 1; the last one unless given.", valueName: "number"))
    var attempt: Int?
    @Flag(help: "Only its standard output.") var stdout = false
    @Flag(help: "Only its standard error.") var stderr = false
    @OptionGroup(title: "Server") var server: ServerOptions

    /// Creates the command; `ArgumentParser` fills it.
    public init() {}

    /// Refuses attempts that cannot be.
    public func validate() throws {
        if let attempt { try Parse.count(attempt, "--attempt") }
    }

    /// Prints the output.
    public func execute() async throws {
        let run = try argument.id()
        let connection = try server.connection()
        var readings: [LogReading] = []
        if stdout || !stderr {
            readings.append(LogReading(connection: connection, run: run, attempt: attempt, stream: .out))
        }
        if stderr || !stdout {
            readings.append(LogReading(connection: connection, run: run, attempt: attempt, stream: .err))
        }
        var tolerance = OutageTolerance()
        while true {
            var isComplete = true
            var hasRead = false
            do {
                for index in readings.indices where !readings[index].isComplete {
                    hasRead = try await readings[index].advance() || hasRead
                    isComplete = isComplete && readings[index].isComplete
                }
                tolerance.answered()
            } catch  where follow {
                try tolerance.bear(error)
                isComplete = false
            }
            if isComplete || (!follow && !hasRead) { return }
            if !hasRead { try await ContinuousClock().sleep(for: .milliseconds(500)) }
        }
    }
}

/// `cloudtask run stop`.
public struct RunStopCommand: ControlCommand {
    /// Name and help.
    public static let configuration = CommandConfiguration(
        commandName: "stop",
        abstract: "Ask runs to end: SIGTERM, then SIGKILL.",
        usage: "cloudtask run stop <run> ... [<options>]",
        discussion: """
            SIGKILL follows after the task's kill grace. Without runs it is about all that
            live and are selected.

            Examples:
              cloudtask run stop 998346f8675039fe-0-1774746000000
              cloudtask run stop -l team=data --state running --dry-run
            """
    )

    @OptionGroup var choice: RunChoice
    @OptionGroup(title: "Server") var server: ServerOptions

    /// Creates the command; `ArgumentParser` fills it.
    public init() {}

    /// Refuses runs and conditions together, and neither.
    public func validate() throws { try choice.check(isOver: false) }

    /// Asks the runs to end.
    public func execute() async throws {
        let connection = try server.connection()
        try await choice.perform("stop", would: "stopped", connection) { id in
            try await connection.stop(id)
            Terminal.writeLine("run/\(id) stopping")
        }
    }
}

/// `cloudtask run kill`.
public struct RunKillCommand: ControlCommand {
    /// Name and help.
    public static let configuration = CommandConfiguration(
        commandName: "kill",
        abstract: "End runs at once with SIGKILL.",
        usage: "cloudtask run kill <run> ... [<options>]",
        discussion: """
            Examples:
              cloudtask run kill 998346f8675039fe-0-1774746000000
              cloudtask run kill --group billing --yes
            """
    )

    @OptionGroup var choice: RunChoice
    @OptionGroup(title: "Server") var server: ServerOptions

    /// Creates the command; `ArgumentParser` fills it.
    public init() {}

    /// Refuses runs and conditions together, and neither.
    public func validate() throws { try choice.check(isOver: false) }

    /// Kills the runs.
    public func execute() async throws {
        let connection = try server.connection()
        try await choice.perform("kill", would: "killed", connection) { id in
            try await connection.kill(id)
            Terminal.writeLine("run/\(id) being killed")
        }
    }
}

/// `cloudtask run wait`.
public struct RunWaitCommand: ControlCommand {
    /// Name and help.
    public static let configuration = CommandConfiguration(
        commandName: "wait",
        abstract: "Wait for the end of a run.",
        usage: "cloudtask run wait <run> [<options>]",
        discussion: """
            Exits with 0 when it succeeded, 20 when it failed (or never ran), 21 when its
            timeout passed, 22 when it was stopped, 23 when it is lost, 6 when --timeout
            passed first.

            Example:
              cloudtask run wait 998346f8675039fe-0-1774746000000 --timeout 10m
            """
    )

    @OptionGroup var argument: RunArgument
    @Option(help: ArgumentHelp("How long to wait at most.", valueName: "duration")) var timeout: String?
    @OptionGroup(title: "Server") var server: ServerOptions
    @OptionGroup(title: "Output") var output: OutputOptions
    @OptionGroup(title: "Output") var time: TimeOptions

    /// Creates the command; `ArgumentParser` fills it.
    public init() {}

    /// Waits.
    public func execute() async throws {
        let limit = try timeout.map { try Parse.duration($0, "--timeout") }
        let waiting = RunWaiting(connection: try server.connection(), run: try argument.id(), limit: limit)
        try await waiting.finish(Printer(output), TimeText(zone: time.zone()))
    }
}
