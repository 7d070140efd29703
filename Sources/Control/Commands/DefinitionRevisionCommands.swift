public import ArgumentParser
import CenterClient
import Documents
public import Domain
import Payloads

/// A kind of definition besides tasks, for the commands about its revisions.
public protocol RevisedKind: Sendable {
    /// The kind.
    static var kind: Definition.Kind { get }
    /// A name for examples.
    static var example: String { get }
}

/// Revisions of calendars.
public enum RevisedCalendar: RevisedKind {
    /// The kind.
    public static let kind = Definition.Kind.calendar
    /// A name for examples.
    public static let example = "holidays-de"
}

/// Revisions of workflows.
public enum RevisedWorkflow: RevisedKind {
    /// The kind.
    public static let kind = Definition.Kind.workflow
    /// A name for examples.
    public static let example = "nightly"
}

/// Revisions of pools.
public enum RevisedPool: RevisedKind {
    /// The kind.
    public static let kind = Definition.Kind.pool
    /// A name for examples.
    public static let example = "license"
}

/// Revisions of runtimes.
public enum RevisedRuntime: RevisedKind {
    /// The kind.
    public static let kind = Definition.Kind.runtime
    /// A name for examples.
    public static let example = "default"
}

extension RevisedKind {
    /// How people call the kind.
    fileprivate static var word: String { kind.rawValue }

    /// The name, checked; `kind/name` is understood, too.
    fileprivate static func name(_ text: String) throws -> String {
        let prefix = word + "/"
        let name = text.hasPrefix(prefix) ? String(text.dropFirst(prefix.count)) : text
        // Names of all kinds follow one rule.
        return try Parse.name(name, "the name of a \(word)", of: TaskKind.self).text
    }
}

/// `revisions` of calendars, workflows, pools and runtimes.
public struct DefinitionRevisionsCommand<Subject: RevisedKind>: ControlCommand {
    /// Name and help.
    public static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "revisions",
            abstract: "Show who changed a \(Subject.word) lately, when, and what for.",
            usage: "cloudtask \(Subject.word) revisions <name> [<options>]",
            discussion: """
                The latest 20 are kept, until it is deleted.

                Example:
                  cloudtask \(Subject.word) revisions \(Subject.example)
                """
        )
    }

    @Argument(help: "Its name.") var name: String
    @OptionGroup(title: "Server") var server: ServerOptions
    @OptionGroup(title: "Output") var output: OutputOptions
    @OptionGroup(title: "Output") var time: TimeOptions

    /// Creates the command; `ArgumentParser` fills it.
    public init() {}

    /// Shows the revisions.
    public func execute() async throws {
        let name = try Subject.name(name)
        let revisions = try await server.connection().revisions(of: Subject.kind, named: name)
        try RevisionTable.show(revisions, output, time)
    }
}

/// `diff` of calendars, workflows, pools and runtimes.
public struct DefinitionDiffCommand<Subject: RevisedKind>: ControlCommand {
    /// Name and help.
    public static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "diff",
            abstract: "Show what changed between two revisions of a \(Subject.word).",
            usage: "cloudtask \(Subject.word) diff <name> [<options>]",
            discussion: """
                Without numbers it compares the present revision with the one before. Exits
                with 0 when nothing differs, 1 when something does, 2 when it cannot be told.

                Examples:
                  cloudtask \(Subject.word) diff \(Subject.example)
                  cloudtask \(Subject.word) diff \(Subject.example) --from 3 --to 5
                """
        )
    }

    /// A failure is told apart from a difference.
    public static var failureStatus: CommandStatus { .notCompared }

    @Argument(help: "Its name.") var name: String
    @Option(help: ArgumentHelp("The earlier revision.", valueName: "number")) var from: Int?
    @Option(help: ArgumentHelp("The later one; the present one unless given.", valueName: "number"))
    var to: Int?
    @OptionGroup(title: "Server") var server: ServerOptions
    @Flag(help: "Print without colours, as NO_COLOR does.") var noColor = false

    /// Creates the command; `ArgumentParser` fills it.
    public init() {}

    /// Compares the revisions.
    public func execute() async throws {
        let name = try Subject.name(name)
        let revisions = try await server.connection().revisions(of: Subject.kind, named: name)
        let search = RevisionSearch(
            subject: "\(Subject.word) \(name)",
            numbers: revisions.map(\.revision)
        )
        let (before, after) = try search.indices(from: from, to: to)
        let difference = RevisionDifference(
            subject: "\(Subject.word)/\(name)",
            from: (revisions[before].revision, try revisions[before].yaml(of: search.subject)),
            to: (revisions[after].revision, try revisions[after].yaml(of: search.subject))
        )
        try difference.show(noColor: noColor)
    }
}

/// `restore` of calendars, workflows, pools and runtimes.
public struct DefinitionRestoreCommand<Subject: RevisedKind>: ControlCommand {
    /// Name and help.
    public static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "restore",
            abstract: "Save what a \(Subject.word) said before as its next revision.",
            usage: "cloudtask \(Subject.word) restore <name> --revision <number> [<options>]",
            discussion: """
                Example:
                  cloudtask \(Subject.word) restore \(Subject.example) --revision 3
                """
        )
    }

    @Argument(help: "Its name.") var name: String
    @Option(help: ArgumentHelp("Which of its revisions.", valueName: "number")) var revision: Int
    @OptionGroup var change: ChangeOptions
    @OptionGroup(title: "Server") var server: ServerOptions

    /// Creates the command; `ArgumentParser` fills it.
    public init() {}

    /// Restores the revision.
    public func execute() async throws {
        let name = try Subject.name(name)
        let connection = try server.connection(timeout: .seconds(120))
        let revisions = try await connection.revisions(of: Subject.kind, named: name)
        let search = RevisionSearch(
            subject: "\(Subject.word) \(name)",
            numbers: revisions.map(\.revision)
        )
        let found = revisions[try search.index(of: revision)]
        guard let definition = found.definition else { throw found.absence(of: search.subject) }
        let isChanged = try await DefinitionRestoring(
            connection: connection,
            confirmed: change.confirm,
            message: change.message ?? "restored revision \(revision)"
        ).restore(definition)
        guard isChanged else { return Terminal.writeLine("\(Subject.word)/\(name) says that already") }
        let number = try await connection.revisions(of: Subject.kind, named: name).last?.revision
        Terminal.writeLine(
            "\(Subject.word)/\(name) restored" + (number.map { " as revision \($0)" } ?? "")
        )
    }
}

/// Saves what definitions said before.
struct DefinitionRestoring: Sendable {
    let connection: CenterConnection
    let confirmed: Int?
    let message: String

    /// Saves a definition; whether that changed anything.
    func restore(_ definition: Definition) async throws -> Bool {
        var request = ApplyRequest(
            tasks: [],
            confirm: confirmed,
            author: Author.name(),
            message: message
        )
        switch definition {
        case .calendar(let calendar): request.calendars = [calendar]
        case .workflow(let workflow): request.workflows = [workflow]
        case .pool(let pool): request.pools = [pool]
        case .runtime(let settings): return try await restore(settings)
        }
        let response = try await connection.apply(request)
        let change =
            response.calendars?.first?.change ?? response.workflows?.first?.change
            ?? response.pools?.first?.change
        return change != .unchanged
    }

    /// Who is drained stays so.
    private func restore(_ settings: RuntimeSettings) async throws -> Bool {
        let present = try await connection.runtime(settings.name).settings
        var wanted = settings
        (wanted.drained, wanted.pause) = (present.drained, present.pause)
        guard wanted != present else { return false }
        var payload = RuntimePayload(wanted)
        (payload.author, payload.message) = (Author.name(), message)
        try await connection.setRuntime(payload)
        return true
    }
}

extension DefinitionRevisionPayload {
    /// Its document; refuses one of which only the note was kept.
    func yaml(of subject: String) throws -> String {
        guard let definition else { throw absence(of: subject) }
        return try DocumentWriter.yaml(definition)
    }

    /// What is said of a revision of which only the note was kept.
    func absence(of subject: String) -> ControlError {
        ControlError(
            "what revision \(revision) of \(subject) says is not kept: it is too large, or half saved"
        )
    }
}
