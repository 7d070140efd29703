public import ArgumentParser
import CenterClient
import Documents
import Domain
import Payloads

/// Which documents a command reads.
public struct FileOptions: ParsableArguments, Sendable {
    @Option(
        name: [.customShort("f"), .customLong("file")],
        parsing: .singleValue,
        help: ArgumentHelp(
            "YAML or JSON file, a directory of them, or - for standard input; may repeat.",
            valueName: "file"
        )
    )
    var files: [String]

    /// Creates the options; `ArgumentParser` fills them.
    public init() {}
}

/// `cloudtask apply`.
public struct ApplyCommand: ControlCommand {
    /// Name and help.
    public static let configuration = CommandConfiguration(
        commandName: "apply",
        abstract: "Create or update tasks, workflows, runtimes, calendars and pools.",
        usage: "cloudtask apply -f <file> ... [<options>]",
        discussion: """
            All documents are checked before any is saved. Applying the same documents
            again changes nothing. What would change a large share of a runtime's tasks is
            held until it is repeated with --confirm and the number of tasks.

            Examples:
              cloudtask apply -f tasks.yaml
              cloudtask apply -f tasks/ --dry-run
              cloudtask apply -f tasks.yaml --validate-only
              cloudtask apply -f tasks.yaml -m 'new mail server' --confirm 120
              generate-tasks | cloudtask apply -f -
            """
    )

    @OptionGroup var files: FileOptions
    @Flag(help: "Only say what would change.") var dryRun = false
    @Flag(help: "Only check the documents; needs no server.") var validateOnly = false
    @OptionGroup var change: ChangeOptions
    @OptionGroup(title: "Server") var server: ServerOptions
    @OptionGroup(title: "Output") var output: OutputOptions

    /// Creates the command; `ArgumentParser` fills it.
    public init() {}

    /// Refuses what contradicts itself.
    public func validate() throws {
        if dryRun, validateOnly { throw ValidationError("give --dry-run or --validate-only, not both") }
    }

    /// Applies the documents.
    public func execute() async throws {
        let documents = try DocumentSource.read(files.files)
        guard !documents.isEmpty else {
            throw ControlError("there is no document in \(files.files.joined(separator: ", "))")
        }
        if validateOnly {
            try report(documents.map(AppliedDocument.init(valid:)), Printer(output))
            return sayOver(documents)
        }
        let applying = try Applying(
            connection: server.connection(timeout: .seconds(120)),
            confirmed: change.confirm,
            message: change.message
        )
        let results = try await (dryRun ? applying.changes(of: documents) : applying.apply(documents))
        try report(results, Printer(output))
        if dryRun, let objection = try await applying.objection(to: documents, results) {
            Terminal.say("it would be held: \(objection)")
        }
        let changed = Set(results.filter { $0.change != "unchanged" }.map(\.identity))
        sayOver(documents.filter { changed.contains($0.kind.lowercased() + "/" + $0.name) })
    }

    private func sayOver(_ documents: [Document]) {
        for document in documents.compactMap(\.scheduled) {
            OverSchedules.lines(of: document.specification, place: "\(document.location)")
                .forEach(Terminal.say)
        }
    }

    private func report(_ results: [AppliedDocument], _ printer: Printer) throws {
        try printer.print(ListPayload(items: results), names: results.map(\.identity)) { _ in
            let lines = results.prefix(Self.linesMax).map { result in
                result.identity + " "
                    + printer.style.paint(result.change + (dryRun ? " (dry run)" : ""), result.tone) + "\n"
            }
            return lines.joined() + summary(results)
        }
    }

    private func summary(_ results: [AppliedDocument]) -> String {
        guard results.count > 1 else { return "" }
        let counts = ["created", "updated", "unchanged", "valid"].compactMap { change in
            let count = results.count { $0.change == change }
            return count == 0 ? nil : "\(count) \(change)"
        }
        let hidden = results.count > Self.linesMax ? "… " : ""
        return hidden + counts.joined(separator: ", ") + "\n"
    }

    /// More lines than that are only counted.
    private static let linesMax = 100
}

/// `cloudtask diff`.
public struct DiffCommand: ControlCommand {
    /// Name and help.
    public static let configuration = CommandConfiguration(
        commandName: "diff",
        abstract: "Show what applying documents would change.",
        usage: "cloudtask diff -f <file> ... [<options>]",
        discussion: """
            Exits with 0 when nothing differs, 1 when something does, 2 when it cannot
            be told.

            Example:
              cloudtask diff -f tasks.yaml
            """
    )

    /// A failure is told apart from a difference.
    public static var failureStatus: CommandStatus { .notCompared }

    @OptionGroup var files: FileOptions
    @OptionGroup(title: "Server") var server: ServerOptions
    @OptionGroup(title: "Output") var output: OutputOptions

    /// Creates the command; `ArgumentParser` fills it.
    public init() {}

    /// Compares the documents with what the cluster has.
    public func execute() async throws {
        let documents = try DocumentSource.read(files.files)
        let changes = try await Applying(connection: server.connection()).changes(of: documents)
        let differing = changes.filter { $0.change != "unchanged" }
        let printer = Printer(output)
        try printer.print(ListPayload(items: differing), names: differing.map(\.identity)) { _ in
            differing.map { text(of: $0, printer.style) }.joined()
        }
        if !differing.isEmpty { throw ExitCode(CommandStatus.failed.rawValue) }
    }

    private func text(of change: AppliedDocument, _ style: Style) -> String {
        var text = style.paint("\(change.identity) would be \(change.change)", .strong) + "\n"
        for line in LineDifference.lines(from: change.before ?? "", to: change.after ?? "") {
            let tone: Style.Tone? = line.hasPrefix("+") ? .good : line.hasPrefix("-") ? .bad : nil
            text += style.paint(line, tone) + "\n"
        }
        return text
    }
}

/// `cloudtask delete`.
public struct DeleteCommand: ControlCommand {
    /// Name and help.
    public static let configuration = CommandConfiguration(
        commandName: "delete",
        abstract: "Delete the tasks, workflows, calendars and pools of documents.",
        usage: "cloudtask delete -f <file> ... [<options>]",
        discussion: """
            Running attempts go on. What does not exist is reported and skipped. Workflows
            go after tasks, calendars and pools last; one that other tasks name is kept.

            Examples:
              cloudtask delete -f tasks.yaml
              cloudtask delete -f tasks.yaml --dry-run
            """
    )

    @OptionGroup var files: FileOptions
    @OptionGroup var agreement: AgreementOptions
    @OptionGroup(title: "Server") var server: ServerOptions

    /// Creates the command; `ArgumentParser` fills it.
    public init() {}

    /// Deletes what the documents name.
    public func execute() async throws {
        let documents = try DocumentSource.read(files.files, isValidating: false)
        let connection = try server.connection(timeout: .seconds(120))
        var tasks: [TaskID] = []
        var (workflows, calendars): ([WorkflowID], [CalendarID]) = ([], [])
        var pools: [PoolID] = []
        for document in documents {
            switch document {
            case .task(let task): tasks.append(task.specification.name)
            case .calendar(let calendar): calendars.append(calendar.calendar.name)
            case .workflow(let workflow): workflows.append(workflow.workflow.name)
            case .pool(let pool): pools.append(pool.pool.name)
            case .runtime:
                Terminal.say("runtime/\(document.name) is kept: runtimes are not deleted by their documents")
            }
        }
        if !tasks.isEmpty {
            try await BulkChange(action: .delete, agreement: agreement, server: server)
                .perform(on: tasks, isStrict: false)
        }
        for name in workflows {
            try await WorkflowRemoval(connection: connection, agreement: agreement).perform(
                on: name,
                isStrict: false
            )
        }
        // One that others still name is kept; the rest goes.
        let deletions: [(name: String, perform: () async throws -> Void)] =
            calendars.map { name in ("calendar/\(name)", { try await delete(name, connection) }) }
            + pools.map { name in ("pool/\(name)", { try await delete(name, connection) }) }
        if let failure = try await Several.perform(deletions, name: \.name, { try await $0.perform() }) {
            throw failure
        }
    }

    private func delete(_ pool: PoolID, _ connection: CenterConnection) async throws {
        do throws(CenterClientError) {
            if agreement.dryRun {
                _ = try await connection.pool(.pool(pool))
                return Terminal.writeLine("pool/\(pool) would be deleted")
            }
            try await connection.deletePool(pool)
            Terminal.writeLine("pool/\(pool) deleted")
        } catch {
            guard case .notFound = error else { throw error }
            Terminal.say("pool/\(pool) does not exist")
        }
    }

    private func delete(_ calendar: CalendarID, _ connection: CenterConnection) async throws {
        do throws(CenterClientError) {
            if agreement.dryRun {
                _ = try await connection.calendar(calendar)
                return Terminal.writeLine("calendar/\(calendar) would be deleted")
            }
            try await connection.deleteCalendar(calendar)
            Terminal.writeLine("calendar/\(calendar) deleted")
        } catch {
            guard case .notFound = error else { throw error }
            Terminal.say("calendar/\(calendar) does not exist")
        }
    }
}
