public import ArgumentParser
import CenterClient
import Domain
import Foundation
import Payloads
import Scheduling

/// Which fire of a task a command is about, and why.
public struct FireOptions: ParsableArguments, Sendable {
    @Option(help: ArgumentHelp("The fire of that time; else the next one.", valueName: "time")) var due:
        String?
    @Option(help: ArgumentHelp("Why, for others to read.", valueName: "text")) var reason: String?

    /// Creates the options; `ArgumentParser` fills them.
    public init() {}

    func change(_ action: FireChange.Action, count: Int = 1) throws -> FireChange {
        FireChange(
            action,
            due: try due.map { try Parse.instant($0, "--due", now: Instant(Date())) },
            count: count,
            reason: reason,
            author: Author.name()
        )
    }
}

/// `cloudtask task skip`.
public struct TaskSkipCommand: ControlCommand {
    /// Name and help.
    public static let configuration = CommandConfiguration(
        commandName: "skip",
        abstract: "Skip the next fires of a task, or one.",
        usage: "cloudtask task skip <task> [<options>]",
        discussion: """
            The fires are recorded as skipped when they are due, with the reason. Says
            which fires are meant; they must be five seconds ahead. With --undo what was
            changed about them, also by 'shift' and 'adjust', is forgotten.

            Examples:
              cloudtask task skip nightly-report --reason 'public holiday'
              cloudtask task skip nightly-report --count 3
              cloudtask task skip nightly-report --due 2026-03-29T02:00:00Z --undo
            """
    )

    @OptionGroup var argument: TaskArgument
    @OptionGroup var fire: FireOptions
    @Option(name: [.customShort("n"), .customLong("count")], help: "How many fires.") var count = 1
    @Flag(help: "Let the fires come as the schedules have them.") var undo = false
    @OptionGroup(title: "Server") var server: ServerOptions
    @OptionGroup(title: "Output") var output: OutputOptions
    @OptionGroup(title: "Output") var time: TimeOptions

    /// Creates the command; `ArgumentParser` fills it.
    public init() {}

    /// Refuses counts that make no sense.
    public func validate() throws { try Parse.count(count, "--count", max: FireException.Limit.countMax) }

    /// Skips the fires.
    public func execute() async throws {
        let change = try fire.change(undo ? .restore : .skip, count: count)
        try await FireAnswer(server, output, time).perform(change, of: try argument.id())
    }
}

/// `cloudtask task shift`.
public struct TaskShiftCommand: ControlCommand {
    /// Name and help.
    public static let configuration = CommandConfiguration(
        commandName: "shift",
        abstract: "Let one fire of a task come at another time.",
        usage: "cloudtask task shift <task> --to <time> [<options>]",
        discussion: """
            The fire is due at the new time, earlier or later, and its run is named after
            it; nothing happens at the old time. 'task skip --undo' takes it back.

            Examples:
              cloudtask task shift nightly-report --to 2026-03-29T05:00:00Z
              cloudtask task shift nightly-report --to 2h --due 2026-03-29T02:00:00Z
            """
    )

    @OptionGroup var argument: TaskArgument
    @Option(help: ArgumentHelp("The new time, or how long from now: 2h.", valueName: "time")) var to: String
    @OptionGroup var fire: FireOptions
    @OptionGroup(title: "Server") var server: ServerOptions
    @OptionGroup(title: "Output") var output: OutputOptions
    @OptionGroup(title: "Output") var time: TimeOptions

    /// Creates the command; `ArgumentParser` fills it.
    public init() {}

    /// Shifts the fire.
    public func execute() async throws {
        let instant = try Parse.later(to, "--to", now: Instant(Date()))
        let change = try fire.change(.shift(to: instant))
        try await FireAnswer(server, output, time).perform(change, of: try argument.id())
    }
}

/// `cloudtask task adjust`.
public struct TaskAdjustCommand: ControlCommand {
    /// Name and help.
    public static let configuration = CommandConfiguration(
        commandName: "adjust",
        abstract: "Give the run of one fire other parameters.",
        usage: "cloudtask task adjust <task> --param <name=value> ... [<options>]",
        discussion: """
            Once: the fires after it have the task's defaults again. 'task skip --undo'
            takes it back.

            Examples:
              cloudtask task adjust nightly-report --param mode=full
              cloudtask task adjust nightly-report -p mode=full --due 2026-03-29T02:00:00Z
            """
    )

    @OptionGroup var argument: TaskArgument
    @OptionGroup var values: ParameterOptions
    @OptionGroup var fire: FireOptions
    @OptionGroup(title: "Server") var server: ServerOptions
    @OptionGroup(title: "Output") var output: OutputOptions
    @OptionGroup(title: "Output") var time: TimeOptions

    /// Creates the command; `ArgumentParser` fills it.
    public init() {}

    /// Refuses values that have no name.
    public func validate() throws {
        if try values.parameters().isEmpty { throw ValidationError("give at least one --param name=value") }
    }

    /// Adjusts the fire.
    public func execute() async throws {
        let change = try fire.change(.adjust(try values.parameters()))
        try await FireAnswer(server, output, time).perform(change, of: try argument.id())
    }
}

/// Asks for a change of fires and says what is different about them now.
struct FireAnswer {
    private let server: ServerOptions
    private let output: OutputOptions
    private let time: TimeOptions

    init(_ server: ServerOptions, _ output: OutputOptions, _ time: TimeOptions) {
        self.server = server
        self.output = output
        self.time = time
    }

    func perform(_ change: FireChange, of task: TaskID) async throws {
        let fires = try await server.connection().changeFires(of: task, change)
        let text = TimeText(zone: try time.zone())
        try Printer(output).print(ListPayload(items: fires), names: fires.map { $0.due.formatted() }) { _ in
            fires.map { "task/\(task) \(text.absolute($0.due)) \(Self.words($0, text))\n" }.joined()
        }
    }

    /// What is different about a fire, to follow its instant.
    static func words(_ fire: FireException, _ time: TimeText) -> String {
        var words: [String] = []
        if fire.isSkipped { words.append("is skipped") }
        if let instant = fire.shiftedTo, !fire.isSkipped {
            words.append("comes at \(time.absolute(instant))")
        }
        if !fire.parameters.isEmpty, !fire.isSkipped {
            let values = fire.parameters.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
            words.append("has \(values.joined(separator: ", "))")
        }
        let reason = fire.reason.map { " (\($0))" } ?? ""
        return (words.isEmpty ? "is as the schedules have it" : words.joined(separator: " and ")) + reason
    }
}
