public import ArgumentParser
import CenterClient
import Documents
import Domain
import Payloads
import Scheduling

/// `cloudtask task revisions`.
public struct TaskRevisionsCommand: ControlCommand {
    /// Name and help.
    public static let configuration = CommandConfiguration(
        commandName: "revisions",
        abstract: "Show who changed a task lately, when, and what for.",
        usage: "cloudtask task revisions <task> [<options>]",
        discussion: """
            The latest 20 are kept. Numbers in between are revisions that calendars and
            pauses of groups and runtimes made; they say the same as the one before.

            Examples:
              cloudtask task revisions nightly-report
              cloudtask task diff nightly-report --from 3
            """
    )

    @OptionGroup var argument: TaskArgument
    @OptionGroup(title: "Server") var server: ServerOptions
    @OptionGroup(title: "Output") var output: OutputOptions
    @OptionGroup(title: "Output") var time: TimeOptions

    /// Creates the command; `ArgumentParser` fills it.
    public init() {}

    /// Shows the revisions.
    public func execute() async throws {
        let revisions = try await server.connection().revisions(of: try argument.id())
        try RevisionTable.show(revisions, output, time)
    }
}

/// Finds revisions of a task, or of another definition.
struct RevisionSearch: Sendable {
    /// What they are of, such as "task nightly-report".
    let subject: String
    /// Their numbers, in their order.
    let numbers: [Int]

    /// Where the revision is that is in force as number `revision`; those that calendars and pauses made say what the one before says.
    ///
    /// It gives the place and not the revision, whether it throws a type or any error: the optimizer makes the return of
    /// a large element of an array a jump to `memcpy`, without clearing the register that says whether an error was thrown.
    /// The caller then takes a revision that was found for an error, and its bytes for the error's text.
    func index(of number: Int) throws(ControlError) -> Int {
        guard let index = numbers.lastIndex(where: { $0 <= number }),
            number <= last || numbers[index] == number
        else {
            let known = numbers.map(String.init).joined(separator: ", ")
            throw ControlError("\(subject) has no revision \(number): use one of \(known)", .notFound)
        }
        return index
    }

    /// The places of two revisions to compare: the present one unless `to` is given, and the one before it unless `from` is.
    func indices(from: Int?, to: Int?) throws(ControlError) -> (before: Int, after: Int) {
        let after = try index(of: to ?? last)
        if let from { return (try index(of: from), after) }
        guard let before = numbers.lastIndex(where: { $0 < numbers[after] }) else {
            throw ControlError("no revision of \(subject) before \(numbers[after]) is kept")
        }
        return (before, after)
    }

    /// The present one's number.
    var last: Int { numbers.last ?? 0 }
}

/// Shows who saved what, one revision a line.
enum RevisionTable {
    /// Prints revisions, the latest first; JSON and YAML output has them as they came.
    static func show(_ revisions: [some SavedRevision], _ output: OutputOptions, _ time: TimeOptions) throws {
        let text = TimeText(zone: try time.zone())
        try Printer(output).print(
            revisions,
            empty: "there are no revisions",
            names: { "revision/\($0.revision)" }
        ) { _ in
            var table = Table([
                .init(title: "REVISION", isNumber: true), .init(title: "SAVED"),
                .init(title: "BY", isElastic: true), .init(title: "MESSAGE", isElastic: true),
            ])
            for revision in revisions.reversed() {
                table.append([
                    .init(String(revision.revision)), .init(text.absolute(revision.savedAt)),
                    .init(revision.author ?? "-"), .init(revision.message ?? "-"),
                ])
            }
            return table
        }
    }
}

/// What is told of a revision, whatever it is a revision of.
protocol SavedRevision: Codable, Sendable {
    var revision: Int { get }
    var savedAt: Instant { get }
    var author: String? { get }
    var message: String? { get }
}

extension RevisionPayload: SavedRevision {}
extension DefinitionRevisionPayload: SavedRevision {}

/// The documents of two revisions, to be compared.
struct RevisionDifference: Sendable {
    /// What they are of, such as "task/nightly-report".
    let subject: String
    let from: (number: Int, yaml: String)
    let to: (number: Int, yaml: String)

    /// Prints how they differ and exits with 1; nothing happens when they do not.
    func show(noColor: Bool) throws {
        let lines = LineDifference.lines(from: from.yaml, to: to.yaml)
        guard lines.contains(where: { !$0.hasPrefix(" ") }) else { return }
        let isColoured = Terminal.allowsColour(
            isTerminal: Terminal.isOutputTerminal,
            noColor: noColor,
            [:]
        )
        let style = Style(isColoured: isColoured)
        Terminal.writeLine(style.paint("\(subject) from revision \(from.number) to \(to.number)", .strong))
        for line in lines {
            let tone: Style.Tone? = line.hasPrefix("+") ? .good : line.hasPrefix("-") ? .bad : nil
            Terminal.writeLine(style.paint(line, tone))
        }
        throw ExitCode(CommandStatus.failed.rawValue)
    }
}

/// `cloudtask task diff`.
public struct TaskDiffCommand: ControlCommand {
    /// Name and help.
    public static let configuration = CommandConfiguration(
        commandName: "diff",
        abstract: "Show what changed between two revisions of a task.",
        usage: "cloudtask task diff <task> [<options>]",
        discussion: """
            Without numbers it compares the present revision with the one before. Exits
            with 0 when nothing differs, 1 when something does, 2 when it cannot be told.

            Examples:
              cloudtask task diff nightly-report
              cloudtask task diff nightly-report --from 3 --to 5
            """
    )

    /// A failure is told apart from a difference.
    public static var failureStatus: CommandStatus { .notCompared }

    @OptionGroup var argument: TaskArgument
    @Option(help: ArgumentHelp("The earlier revision.", valueName: "number")) var from: Int?
    @Option(help: ArgumentHelp("The later one; the present one unless given.", valueName: "number"))
    var to: Int?
    @OptionGroup(title: "Server") var server: ServerOptions
    @Flag(help: "Print without colours, as NO_COLOR does.") var noColor = false

    /// Creates the command; `ArgumentParser` fills it.
    public init() {}

    /// Compares the revisions.
    public func execute() async throws {
        let name = try argument.id()
        let revisions = try await server.connection().revisions(of: name)
        let search = RevisionSearch(subject: "task \(name)", numbers: revisions.map(\.revision))
        let (before, after) = try search.indices(from: from, to: to)
        let difference = RevisionDifference(
            subject: "task/\(name)",
            from: (revisions[before].revision, try DocumentWriter.yaml(revisions[before].task)),
            to: (revisions[after].revision, try DocumentWriter.yaml(revisions[after].task))
        )
        try difference.show(noColor: noColor)
    }
}

/// `cloudtask task restore`.
public struct TaskRestoreCommand: ControlCommand {
    /// Name and help.
    public static let configuration = CommandConfiguration(
        commandName: "restore",
        abstract: "Save what a task said before as its next revision.",
        usage: "cloudtask task restore <task> --revision <number> [<options>]",
        discussion: """
            Example:
              cloudtask task restore nightly-report --revision 3
            """
    )

    @OptionGroup var argument: TaskArgument
    @Option(help: ArgumentHelp("Which of its revisions.", valueName: "number")) var revision: Int
    @OptionGroup var change: ChangeOptions
    @OptionGroup(title: "Server") var server: ServerOptions

    /// Creates the command; `ArgumentParser` fills it.
    public init() {}

    /// Restores the revision.
    public func execute() async throws {
        let name = try argument.id()
        let connection = try server.connection()
        let revisions = try await connection.revisions(of: name)
        let search = RevisionSearch(subject: "task \(name)", numbers: revisions.map(\.revision))
        let found = revisions[try search.index(of: revision)]
        // Whoever edits it in between is not overwritten.
        let present = try await connection.task(name).revision
        let request = ApplyRequest(
            tasks: [found.task],
            condition: .revision(present),
            confirm: change.confirm,
            author: Author.name(),
            message: change.message ?? "restored revision \(revision)"
        )
        guard let result = try await connection.apply(request).results.first else { return }
        let done =
            result.change == .unchanged ? "says that already" : "restored as revision \(result.revision)"
        Terminal.writeLine("task/\(name) \(done)")
    }
}

/// `cloudtask task clone`.
public struct TaskCloneCommand: ControlCommand {
    /// Name and help.
    public static let configuration = CommandConfiguration(
        commandName: "clone",
        abstract: "Create a task that says what another says.",
        usage: "cloudtask task clone <task> <new-name> [<options>]",
        discussion: """
            With --disabled its schedules do not count until it is resumed.

            Example:
              cloudtask task clone nightly-report nightly-report-test --disabled
            """
    )

    @OptionGroup var argument: TaskArgument
    @Argument(help: "The new task's name.") var newName: String
    @Flag(help: "Create it paused.") var disabled = false
    @OptionGroup(title: "Server") var server: ServerOptions

    /// Creates the command; `ArgumentParser` fills it.
    public init() {}

    /// Clones the task.
    public func execute() async throws {
        let (name, clone) = (
            try argument.id(), try Parse.name(newName, "the name of a task", of: TaskKind.self)
        )
        let connection = try server.connection()
        var specification = try await connection.task(name).specification
        specification.name = clone
        if let place = specification.workflow {
            throw ControlError(
                "task \(name) belongs to workflow \(place.workflow): copy the workflow's document (cloudtask workflow export)",
                .conflict
            )
        }
        if disabled { specification.isEnabled = false }
        let request = ApplyRequest(
            tasks: [specification],
            condition: .absent,
            author: Author.name(),
            message: "cloned from \(name)"
        )
        _ = try await connection.apply(request)
        Terminal.writeLine("task/\(clone) created")
    }
}
