public import ArgumentParser
import CenterClient
import Domain
import Foundation
import Payloads
import Scheduling

/// `cloudtask task create`.
public struct TaskCreateCommand: ControlCommand {
    /// Name and help.
    public static let configuration = CommandConfiguration(
        commandName: "create",
        abstract: "Create a task from the command line.",
        usage: "cloudtask task create <task> [<options>] -- <command> ...",
        discussion: """
            The command follows after --. For everything else write a document and use
            'apply'.

            Examples:
              cloudtask task create tick --every 90s -- date -u
              cloudtask task create report --cron '0 2 * * 1-5' --time-zone \\
                Europe/Berlin -- /usr/local/bin/report --day today
            """
    )

    @Argument(help: "The task's name.") var task: String
    @Argument(help: "The program and its arguments.") var command: [String]
    @Option(help: ArgumentHelp("When it is due, as a cron expression; may repeat.", valueName: "expression"))
    var cron: [String] = []
    @Option(help: ArgumentHelp("How often it is due, such as 90s; may repeat.", valueName: "duration"))
    var every: [String] = []
    @Option(help: ArgumentHelp("When it is due once, such as 2026-03-29T01:00:00Z.", valueName: "time"))
    var at: [String] = []
    @Option(help: ArgumentHelp("Zone of the cron expressions.", valueName: "zone")) var timeZone = "UTC"
    @Option(help: ArgumentHelp("The runtime.", valueName: "name")) var runtime = "default"
    @Option(help: ArgumentHelp("The group.", valueName: "name")) var group = "default"
    @Option(
        name: [.customShort("l"), .customLong("label")],
        help: ArgumentHelp("A label; may repeat.", valueName: "name=value")
    )
    var labels: [String] = []
    @Option(
        name: [.customShort("e"), .customLong("env")],
        help: ArgumentHelp("A variable; may repeat.", valueName: "name=value")
    )
    var environment: [String] = []
    @Option(help: ArgumentHelp("How long an attempt may run.", valueName: "duration")) var timeout: String?
    @Option(help: "at-most-once or at-least-once.") var delivery = Delivery.atMostOnce
    @OptionGroup(title: "Server") var server: ServerOptions

    /// Creates the command; `ArgumentParser` fills it.
    public init() {}

    /// Refuses what is no task.
    public func validate() throws { _ = try specification() }

    /// Creates the task; one of that name must not exist.
    public func execute() async throws {
        let specification = try specification()
        let request = ApplyRequest(tasks: [specification], condition: .absent, author: Author.name())
        for result in try await server.connection().apply(request).results {
            Terminal.writeLine("task/\(result.task) \(result.change.rawValue)")
        }
        OverSchedules.lines(of: specification).forEach(Terminal.say)
    }

    func specification() throws -> TaskSpecification {
        var specification = TaskSpecification(
            name: try Parse.name(task, "the name of a task"),
            runtime: try Parse.name(runtime, "a runtime"),
            group: try Parse.name(group, "a group"),
            action: .command(command),
            schedules: try schedules(),
            timeout: try timeout.map { try Parse.duration($0, "--timeout") },
            delivery: delivery
        )
        for pair in environment {
            guard let equals = pair.firstIndex(of: "=") else {
                throw ValidationError("-e: '\(pair)' is not name=value")
            }
            specification.environment[String(pair[..<equals])] = String(pair[pair.index(after: equals)...])
        }
        for pair in labels {
            guard let equals = pair.firstIndex(of: "=") else {
                throw ValidationError("-l: '\(pair)' is not name=value")
            }
            specification.labels[String(pair[..<equals])] = String(pair[pair.index(after: equals)...])
        }
        if let problem = specification.problems.first {
            throw ValidationError("\(problem.field): \(problem.message)")
        }
        return specification
    }

    private func schedules() throws -> [Schedule] {
        do {
            let options = CronOptions(timeZone: try TimeZoneID(timeZone))
            return try cron.map { .cron(CronSchedule(try CronExpression($0, options: options))) }
                + every.map { .every(try IntervalSchedule(every: try DurationText(parsing: $0).duration)) }
                + at.map { .once(try Parse.instant($0, "--at", now: .epoch)) }
        } catch let error as ScheduleError {
            throw ValidationError(error.description)
        }
    }
}

extension Delivery: ExpressibleByArgument {}

/// `cloudtask task delete`.
public struct TaskDeleteCommand: ControlCommand {
    /// Name and help.
    public static let configuration = CommandConfiguration(
        commandName: "delete",
        abstract: "Delete tasks; running attempts go on.",
        usage: "cloudtask task delete <task> ... [<options>]",
        discussion: """
            Resident tasks are stopped.

            Examples:
              cloudtask task delete nightly-report
              cloudtask task delete -l team=data --dry-run
            """,
        aliases: ["rm"]
    )

    @Argument(help: "Names of tasks.") var tasks: [String] = []
    @OptionGroup var selection: SelectionOptions
    @OptionGroup var agreement: AgreementOptions
    @OptionGroup(title: "Server") var server: ServerOptions

    /// Creates the command; `ArgumentParser` fills it.
    public init() {}

    /// Refuses names and conditions together, and neither.
    public func validate() throws { try selection.validate(with: tasks) }

    /// Deletes the tasks.
    public func execute() async throws {
        let names: [TaskID] = try tasks.map { try Parse.name($0, "the name of a task") }
        let change = try BulkChange(action: .delete, agreement: agreement, server: server)
        guard let name = try await change.only(names, selection) else { return }
        try await change.connection.deleteTask(name)
        change.say(name, isChanged: true)
    }
}

/// `cloudtask task pause`.
public struct TaskPauseCommand: ControlCommand {
    /// Name and help.
    public static let configuration = CommandConfiguration(
        commandName: "pause",
        abstract: "Make schedules count no more, until a time or 'resume'.",
        usage: "cloudtask task pause <task> ... [<options>]",
        discussion: """
            Running attempts go on, and 'task run' still works; a resident task is stopped,
            and starts again when it is resumed. A pause with --until ends by itself: a
            fire that is due at that time takes place. 'task list' and 'task get' say why,
            since when and until when. Several tasks at once are paused at least so long:
            one that is paused longer already stays so.

            Examples:
              cloudtask task pause nightly-report
              cloudtask task pause nightly-report --until 2h --reason 'new disks'
              cloudtask task pause nightly-report --until 2026-03-30T06:00:00Z
              cloudtask task pause -l team=data --until 2h --reason 'data moves' --yes
            """
    )

    @Argument(help: "Names of tasks.") var tasks: [String] = []
    @Option(help: ArgumentHelp("Why, for others to read; as --message.", valueName: "text"))
    var reason: String?
    @Option(help: ArgumentHelp("When it ends, or how long it lasts: 2h.", valueName: "time")) var until:
        String?
    @OptionGroup var selection: SelectionOptions
    @OptionGroup var agreement: AgreementOptions
    @OptionGroup(title: "Server") var server: ServerOptions

    /// Creates the command; `ArgumentParser` fills it.
    public init() {}

    /// Refuses names and conditions together, and neither.
    public func validate() throws {
        try selection.validate(with: tasks)
        if reason != nil, agreement.message != nil {
            throw ValidationError("--reason and --message say the same of a pause: give one of them")
        }
    }

    /// Pauses the tasks.
    public func execute() async throws {
        let names: [TaskID] = try tasks.map { try Parse.name($0, "the name of a task") }
        let end = try until.map { try Parse.later($0, "--until", now: Instant(Date())) }
        var agreement = agreement
        agreement.change.message = agreement.message ?? reason
        let change = try BulkChange(action: .pause, until: end, agreement: agreement, server: server)
        guard let name = try await change.only(names, selection) else { return }
        let wish = PauseRequest(until: end, reason: agreement.message, author: Author.name())
        let result = try await change.connection.pause(name, wish)
        change.say(name, isChanged: result.change != .unchanged)
    }
}

/// `cloudtask task resume`.
public struct TaskResumeCommand: ControlCommand {
    /// Name and help.
    public static let configuration = CommandConfiguration(
        commandName: "resume",
        abstract: "Make schedules count again.",
        usage: "cloudtask task resume <task> ... [<options>]",
        discussion: """
            Instants that came due while the task was paused are not made up for.

            Examples:
              cloudtask task resume nightly-report
              cloudtask task resume -l team=data --yes
            """
    )

    @Argument(help: "Names of tasks.") var tasks: [String] = []
    @OptionGroup var selection: SelectionOptions
    @OptionGroup var agreement: AgreementOptions
    @OptionGroup(title: "Server") var server: ServerOptions

    /// Creates the command; `ArgumentParser` fills it.
    public init() {}

    /// Refuses names and conditions together, and neither.
    public func validate() throws { try selection.validate(with: tasks) }

    /// Resumes the tasks.
    public func execute() async throws {
        let names: [TaskID] = try tasks.map { try Parse.name($0, "the name of a task") }
        let change = try BulkChange(action: .resume, agreement: agreement, server: server)
        guard let name = try await change.only(names, selection) else { return }
        let note = PauseRequest(reason: agreement.message, author: Author.name())
        let result = try await change.connection.resume(name, note)
        change.say(name, isChanged: result.change != .unchanged)
    }
}

/// `cloudtask task run`.
public struct TaskRunCommand: ControlCommand {
    /// Name and help.
    public static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Run a task now, or at a time to come.",
        usage: "cloudtask task run <task> [<options>]",
        discussion: """
            Prints the run. With --wait it exits as 'run wait' does. The same --key gives
            the same run, however often it is asked. While another run of the task lives, its
            'concurrency' says what happens: it starts beside it, waits, is skipped, or
            replaces it. Of a task with shards all are run unless --shard names one, of a
            broadcast every agent that may run it does. With --at it is kept until then, also when
            its agent goes away; 'run stop' takes it back.

            Examples:
              cloudtask task run nightly-report --wait
              cloudtask task run nightly-report --param day=2026-03-29 --note 'again'
              cloudtask task run nightly-report --due 2026-03-29T02:00:00Z
              cloudtask task run nightly-report --at 2026-03-29T22:00:00Z
              cloudtask task run -l team=data --yes
              cloudtask task run import --shard eu
            """
    )

    @Argument(help: "The task's name.", completion: .default) var task: String?
    @OptionGroup var selection: SelectionOptions
    @OptionGroup var values: ParameterOptions
    @Flag(help: "Only say what would run.") var dryRun = false
    @Flag(name: .shortAndLong, help: "Run several tasks without being asked.") var yes = false
    @Option(help: ArgumentHelp("Makes the request idempotent.", valueName: "text")) var key: String?
    @Option(help: ArgumentHelp("Why, kept with the run.", valueName: "text")) var note: String?
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("What CLOUDTASK_DUE says; it says nothing about the start.", valueName: "time")
    )
    var due: String?
    @Option(help: ArgumentHelp("Start at this time, or in so long: 2h.", valueName: "time"))
    var at: String?
    @Option(help: ArgumentHelp("Run only this shard.", valueName: "name or number")) var shard: String?
    @Flag(help: "Wait for the end of the run.") var wait = false
    @OptionGroup(title: "Server") var server: ServerOptions
    @OptionGroup(title: "Output") var output: OutputOptions
    @OptionGroup(title: "Output") var time: TimeOptions

    /// Creates the command; `ArgumentParser` fills it.
    public init() {}

    /// Refuses what contradicts itself.
    public func validate() throws {
        _ = try values.parameters()
        try selection.validate(with: task.map { [$0] } ?? [])
        if task == nil, shard != nil { throw ValidationError("--shard goes with the name of one task") }
        if task == nil, wait { throw ValidationError("--wait waits for the run of one task: give its name") }
        if task != nil, dryRun { throw ValidationError("--dry-run goes with --labels, --runtime or --group") }
    }

    /// Requests the run.
    public func execute() async throws {
        let request = RunRequest(
            key: key,
            parameters: try values.parameters(),
            due: try due.map { try Parse.instant($0, "--due", now: Instant(Date())) },
            at: try at.map { try Parse.later($0, "--at", now: Instant(Date())) },
            note: note,
            by: Author.name(),
            shard: shard
        )
        let connection = try server.connection()
        guard let task else { return try await runSelected(connection, request) }
        let name: TaskID = try Parse.name(task, "the name of a task")
        let runs = try await connection.requestRuns(of: name, request)
        if wait { return try await finish(runs, connection) }
        let accepted = RunAccepted(run: runs[0], runs: runs.count > 1 ? runs : nil)
        try Printer(output).print(accepted, names: runs.map { "run/\($0)" }) { _ in
            runs.map { "run/\($0) requested\n" }.joined()
        }
    }

    /// Waits for the ends of all; exits as for the first that did not succeed.
    private func finish(_ runs: [RunID], _ connection: CenterConnection) async throws {
        var failure: (any Error)?
        for run in runs {
            do {
                let waiting = RunWaiting(connection: connection, run: run)
                try await waiting.finish(Printer(output), TimeText(zone: time.zone()))
            } catch let error where error is ExitCode {
                failure = failure ?? error
            }
        }
        if let failure { throw failure }
    }

    /// Requests a run of every selected task; one that cannot run does not keep the others from it.
    private func runSelected(_ connection: CenterConnection, _ request: RunRequest) async throws {
        let names = try await selection.names(connection)
        guard !names.isEmpty else { throw ControlError("there are no such tasks", .notFound) }
        if dryRun {
            for name in names { Terminal.writeLine("task/\(name) would run") }
            return
        }
        if !yes { try AgreementOptions.agree(to: "run", names) }
        var failure: CenterClientError?
        for name in names {
            do throws(CenterClientError) {
                let run = try await connection.requestRun(of: name, request)
                Terminal.writeLine("run/\(run) requested of task/\(name)")
            } catch {
                Terminal.say("task/\(name): \(error.message)")
                failure = error
            }
        }
        if let failure { throw ControlError("not every task was run: \(failure.message)") }
    }
}
