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
        abstract: "Skip the next fires of tasks, or one.",
        usage: "cloudtask task skip <task> ... [<options>]",
        discussion: """
            The fires are recorded as skipped when they are due, with the reason. Says
            which fires are meant; they must be five seconds ahead. With --undo what was
            changed about them, also by 'shift' and 'adjust', is forgotten. Of several
            tasks it is the next fire of each; of those that are selected the ones without
            schedules are left out.

            Examples:
              cloudtask task skip nightly-report --reason 'public holiday'
              cloudtask task skip nightly-report --count 3
              cloudtask task skip nightly-report --due 2026-03-29T02:00:00Z --undo
              cloudtask task skip -l team=data --reason 'public holiday' --dry-run
            """
    )

    @OptionGroup var choice: TaskChoice
    @OptionGroup var consent: ConsentOptions
    @OptionGroup var fire: FireOptions
    @Option(name: [.customShort("n"), .customLong("count")], help: "How many fires.") var count = 1
    @Flag(help: "Let the fires come as the schedules have them.") var undo = false
    @OptionGroup(title: "Server") var server: ServerOptions
    @OptionGroup(title: "Output") var output: OutputOptions
    @OptionGroup(title: "Output") var time: TimeOptions

    /// Creates the command; `ArgumentParser` fills it.
    public init() {}

    /// Refuses counts that make no sense, names and conditions together, and neither.
    public func validate() throws {
        try Parse.count(count, "--count", max: FireException.Limit.countMax)
        try choice.check()
    }

    /// Skips the fires.
    public func execute() async throws {
        let change = try fire.change(undo ? .restore : .skip, count: count)
        try await FireAnswer(server, output, time).perform(change, of: choice, consent)
    }
}

/// `cloudtask task shift`.
public struct TaskShiftCommand: ControlCommand {
    /// Name and help.
    public static let configuration = CommandConfiguration(
        commandName: "shift",
        abstract: "Let one fire of each task come at another time.",
        usage: "cloudtask task shift <task> ... --to <time> [<options>]",
        discussion: """
            The fire is due at the new time, earlier or later, and its run is named after
            it; nothing happens at the old time. 'task skip --undo' takes it back.

            Examples:
              cloudtask task shift nightly-report --to 2026-03-29T05:00:00Z
              cloudtask task shift nightly-report --to 2h --due 2026-03-29T02:00:00Z
              cloudtask task shift --group billing --to 2026-03-29T05:00:00Z --yes
            """
    )

    @OptionGroup var choice: TaskChoice
    @OptionGroup var consent: ConsentOptions
    @Option(help: ArgumentHelp("The new time, or how long from now: 2h.", valueName: "time")) var to: String
    @OptionGroup var fire: FireOptions
    @OptionGroup(title: "Server") var server: ServerOptions
    @OptionGroup(title: "Output") var output: OutputOptions
    @OptionGroup(title: "Output") var time: TimeOptions

    /// Creates the command; `ArgumentParser` fills it.
    public init() {}

    /// Refuses names and conditions together, and neither.
    public func validate() throws { try choice.check() }

    /// Shifts the fire.
    public func execute() async throws {
        let instant = try Parse.later(to, "--to", now: Instant(Date()))
        let change = try fire.change(.shift(to: instant))
        try await FireAnswer(server, output, time).perform(change, of: choice, consent)
    }
}

/// `cloudtask task adjust`.
public struct TaskAdjustCommand: ControlCommand {
    /// Name and help.
    public static let configuration = CommandConfiguration(
        commandName: "adjust",
        abstract: "Give the run of one fire of each task other parameters.",
        usage: "cloudtask task adjust <task> ... --param <name=value> [<options>]",
        discussion: """
            Once: the fires after it have the task's defaults again. 'task skip --undo'
            takes it back.

            Examples:
              cloudtask task adjust nightly-report --param mode=full
              cloudtask task adjust nightly-report -p mode=full --due 2026-03-29T02:00:00Z
              cloudtask task adjust -l team=data --param mode=full --yes
            """
    )

    @OptionGroup var choice: TaskChoice
    @OptionGroup var consent: ConsentOptions
    @OptionGroup var values: ParameterOptions
    @OptionGroup var fire: FireOptions
    @OptionGroup(title: "Server") var server: ServerOptions
    @OptionGroup(title: "Output") var output: OutputOptions
    @OptionGroup(title: "Output") var time: TimeOptions

    /// Creates the command; `ArgumentParser` fills it.
    public init() {}

    /// Refuses values that have no name, names and conditions together, and neither.
    public func validate() throws {
        try choice.check()
        if try values.parameters().isEmpty { throw ValidationError("give at least one --param name=value") }
    }

    /// Adjusts the fire.
    public func execute() async throws {
        let change = try fire.change(.adjust(try values.parameters()))
        try await FireAnswer(server, output, time).perform(change, of: choice, consent)
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

    func perform(_ change: FireChange, of choice: TaskChoice, _ consent: ConsentOptions) async throws {
        let connection = try server.connection(timeout: .seconds(120))
        let text = TimeText(zone: try time.zone())
        if !consent.dryRun, let task = try choice.only() {
            let fires = try await connection.changeFires(of: task, change)
            let names = fires.map { $0.due.formatted() }
            return try Printer(output).print(ListPayload(items: fires), names: names) { _ in
                Self.lines(fires, of: task, text)
            }
        }
        let tasks = try await tasks(choice, connection)
        if choice.selection.isGiven {
            let names = tasks.map { "task/\($0.specification.name)" }
            try consent.agree(to: "\(Self.verb(change.action)) a fire of", names, "tasks")
        }
        if consent.dryRun {
            return Terminal.write(tasks.map { Self.plan(change, of: $0, text) + "\n" }.joined())
        }
        var changed: [ChangedFires] = []
        // Whatever happens in between, what was changed until then is told.
        var failure: (any Error)?
        do {
            failure = try await Several.perform(
                tasks.map(\.specification.name),
                name: { "task/\($0)" }
            ) { task in
                let fires = try await connection.changeFires(of: task, change)
                changed.append(ChangedFires(task: task, fires: fires))
            }
        } catch {
            failure = error
        }
        let instants = changed.flatMap { item in item.fires.map { "task/\(item.task) \($0.due.formatted())" }
        }
        try Printer(output).print(ListPayload(items: changed), names: instants) { _ in
            changed.map { Self.lines($0.fires, of: $0.task, text) }.joined()
        }
        if let failure { throw failure }
    }

    /// The tasks that are meant: of those that are selected the ones that have schedules.
    private func tasks(_ choice: TaskChoice, _ connection: CenterConnection) async throws -> [TaskPayload] {
        let tasks = try await choice.payloads(connection)
        guard choice.selection.isGiven else { return tasks }
        let scheduled = tasks.filter { !$0.specification.schedules.isEmpty }
        guard !scheduled.isEmpty else { throw ControlError("none of these tasks has a schedule", .notFound) }
        return scheduled
    }

    private static func lines(_ fires: [FireException], of task: TaskID, _ text: TimeText) -> String {
        fires.map { "task/\(task) \(text.absolute($0.due)) \(words($0, text))\n" }.joined()
    }

    private static func verb(_ action: FireChange.Action) -> String {
        switch action {
        case .skip: "skip"
        case .shift: "shift"
        case .adjust: "adjust"
        case .restore: "restore"
        }
    }

    /// What a change would do to one of several tasks.
    static func plan(_ change: FireChange, of task: TaskPayload, _ text: TimeText) -> String {
        let name = "task/\(task.specification.name)"
        let would =
            switch change.action {
            case .skip: "would be skipped"
            case .shift(let instant): "would come at \(text.absolute(instant))"
            case .adjust(let values):
                "would have "
                    + values.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
                    .joined(separator: ", ")
            case .restore: "would be as the schedules have it"
            }
        if let due = change.due { return "\(name) \(text.absolute(due)) \(would)" }
        guard let next = task.next else { return "\(name) is not due again" }
        let more = change.count > 1 ? " and the \(change.count - 1) after it" : ""
        return "\(name) \(text.absolute(next))\(more) \(would)"
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

/// What is different about fires of one of several tasks.
private struct ChangedFires: Codable, Sendable {
    /// The task.
    var task: TaskID
    /// Its fires.
    var fires: [FireException]
}
