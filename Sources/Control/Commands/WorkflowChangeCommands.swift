public import ArgumentParser
import CenterClient
import Documents
import Domain
import Foundation
import Payloads
import Scheduling

/// `cloudtask workflow apply`.
public struct WorkflowApplyCommand: ControlCommand {
    /// Name and help.
    public static let configuration = CommandConfiguration(
        commandName: "apply",
        abstract: "Create or update workflows from documents.",
        usage: "cloudtask workflow apply <file> ... [<options>]",
        discussion: """
            A workflow is saved as a whole or not at all: steps that its document has no
            more are deleted. 'cloudtask apply -f' takes these documents, too, beside
            others.

            Examples:
              cloudtask workflow apply nightly.yaml
              cloudtask workflow apply nightly.yaml --dry-run
            """
    )

    @Argument(help: "YAML or JSON files, directories of them, or - for standard input.") var files: [String]
    @Flag(help: "Only say what would change.") var dryRun = false
    @OptionGroup var change: ChangeOptions
    @OptionGroup(title: "Server") var server: ServerOptions

    /// Creates the command; `ArgumentParser` fills it.
    public init() {}

    /// Applies the workflows.
    public func execute() async throws {
        let documents = try DocumentSource.read(files)
        let problems = documents.compactMap { document -> DocumentProblem? in
            if case .workflow = document { return nil }
            let message =
                "this is a \(document.kind.lowercased()), not a workflow: use cloudtask apply -f for files with several kinds"
            return DocumentProblem(location: document.location, field: "kind", message: message)
        }
        guard problems.isEmpty else { throw DocumentError(problems: problems) }
        guard !documents.isEmpty else {
            throw ControlError("there is no document in \(files.joined(separator: ", "))")
        }
        let applying = Applying(
            connection: try server.connection(timeout: .seconds(120)),
            confirmed: change.confirm,
            message: change.message
        )
        let results = try await (dryRun ? applying.changes(of: documents) : applying.apply(documents))
        for result in results {
            Terminal.writeLine("\(result.identity) \(result.change)\(dryRun ? " (dry run)" : "")")
        }
    }
}

/// `cloudtask workflow run`.
public struct WorkflowRunCommand: ControlCommand {
    /// Name and help.
    public static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Begin a workflow now.",
        usage: "cloudtask workflow run <workflow> [<options>]",
        discussion: """
            Prints the run that begins it, which names all that belong together. Every step
            is given the parameters. The same --key begins it once.

            Examples:
              cloudtask workflow run nightly
              cloudtask workflow run nightly --param day=2026-03-29 --note 'again'
            """
    )

    @OptionGroup var argument: WorkflowArgument
    @OptionGroup var values: ParameterOptions
    @Option(help: ArgumentHelp("Makes the request idempotent.", valueName: "text")) var key: String?
    @Option(help: ArgumentHelp("Why, kept with the run.", valueName: "text")) var note: String?
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("What CLOUDTASK_DUE says; it runs now all the same.", valueName: "time")
    )
    var due: String?
    @OptionGroup(title: "Server") var server: ServerOptions
    @OptionGroup(title: "Output") var output: OutputOptions

    /// Creates the command; `ArgumentParser` fills it.
    public init() {}

    /// Refuses parameters that are none.
    public func validate() throws { _ = try values.parameters() }

    /// Begins the workflow.
    public func execute() async throws {
        let request = RunRequest(
            key: key,
            parameters: try values.parameters(),
            due: try due.map { try Parse.instant($0, "--due", now: Instant(Date())) },
            note: note,
            by: Author.name()
        )
        let run = try await server.connection().requestRun(of: try argument.id(), request)
        try Printer(output).print(RunAccepted(run: run), names: ["run/\(run)"]) { _ in
            "run/\(run) requested\n"
        }
    }
}

/// `cloudtask workflow pause`.
public struct WorkflowPauseCommand: ControlCommand {
    /// Name and help.
    public static let configuration = CommandConfiguration(
        commandName: "pause",
        abstract: "Make schedules of workflows count no more, until 'resume'.",
        usage: "cloudtask workflow pause <workflow> ... [<options>]",
        discussion: """
            What has begun goes on, and 'workflow run' still works.

            Examples:
              cloudtask workflow pause nightly --until 2h --reason 'new disks'
              cloudtask workflow pause -l team=data --dry-run
            """
    )

    @OptionGroup var choice: WorkflowChoice
    @OptionGroup var consent: ConsentOptions
    @Option(help: ArgumentHelp("Why, for others to read.", valueName: "text")) var reason: String?
    @Option(help: ArgumentHelp("When it ends, or how long it lasts: 2h.", valueName: "time")) var until:
        String?
    @OptionGroup(title: "Server") var server: ServerOptions

    /// Creates the command; `ArgumentParser` fills it.
    public init() {}

    /// Refuses names and conditions together, and neither.
    public func validate() throws { try choice.check() }

    /// Pauses the workflows.
    public func execute() async throws {
        let end = try until.map { try Parse.later($0, "--until", now: Instant(Date())) }
        let wish = PauseRequest(until: end, reason: reason, author: Author.name())
        let connection = try server.connection()
        let done = "paused" + (end.map { " until \($0)" } ?? "")
        try await choice.perform("pause", would: done, consent, connection) { name in
            let result = try await connection.pause(name, wish)
            Terminal.writeLine(
                "workflow/\(name) \(result.change == .unchanged ? "was paused already" : done)"
            )
        }
    }
}

/// `cloudtask workflow resume`.
public struct WorkflowResumeCommand: ControlCommand {
    /// Name and help.
    public static let configuration = CommandConfiguration(
        commandName: "resume",
        abstract: "Make schedules of workflows count again.",
        usage: "cloudtask workflow resume <workflow> ... [<options>]",
        discussion: """
            Instants that came due while it was paused are not made up for.

            Examples:
              cloudtask workflow resume nightly
              cloudtask workflow resume -l team=data --yes
            """
    )

    @OptionGroup var choice: WorkflowChoice
    @OptionGroup var consent: ConsentOptions
    @Option(
        help: ArgumentHelp("Start so many missed runs of each although they are many.", valueName: "number")
    )
    var confirm: Int?
    @OptionGroup(title: "Server") var server: ServerOptions

    /// Creates the command; `ArgumentParser` fills it.
    public init() {}

    /// Refuses names and conditions together, and neither.
    public func validate() throws { try choice.check() }

    /// Resumes the workflows.
    public func execute() async throws {
        let connection = try server.connection()
        let note = PauseRequest(author: Author.name(), confirm: confirm)
        try await choice.perform("resume", would: "resumed", consent, connection) { name in
            let result = try await connection.resume(name, note)
            Terminal.writeLine(
                "workflow/\(name) \(result.change == .unchanged ? "was not paused" : "resumed")"
            )
        }
    }
}

/// `cloudtask workflow delete`.
public struct WorkflowDeleteCommand: ControlCommand {
    /// Name and help.
    public static let configuration = CommandConfiguration(
        commandName: "delete",
        abstract: "Delete a workflow with all its steps.",
        usage: "cloudtask workflow delete <workflow> [<options>]",
        discussion: """
            Running attempts go on; nothing follows their ends.

            Examples:
              cloudtask workflow delete nightly --dry-run
              cloudtask workflow delete nightly
            """
    )

    @OptionGroup var argument: WorkflowArgument
    @OptionGroup var agreement: AgreementOptions
    @OptionGroup(title: "Server") var server: ServerOptions

    /// Creates the command; `ArgumentParser` fills it.
    public init() {}

    /// Deletes the workflow.
    public func execute() async throws {
        let connection = try server.connection(timeout: .seconds(120))
        try await WorkflowRemoval(connection: connection, agreement: agreement)
            .perform(on: try argument.id(), isStrict: true)
    }
}

/// `cloudtask workflow export`.
public struct WorkflowExportCommand: ControlCommand {
    /// Name and help.
    public static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Print the document of a workflow.",
        usage: "cloudtask workflow export <workflow> [<options>]",
        discussion: """
            Applying it changes nothing, and exporting again gives the same bytes. Steps
            stand behind those they come after; what all have stands in 'defaults'.

            Example:
              cloudtask workflow export nightly > nightly.yaml
            """
    )

    @OptionGroup var argument: WorkflowArgument
    @Option(name: .shortAndLong, help: "Form of the document: yaml or json.") var output = DocumentForm.yaml
    @OptionGroup(title: "Server") var server: ServerOptions

    /// Creates the command; `ArgumentParser` fills it.
    public init() {}

    /// Prints the document.
    public func execute() async throws {
        let name = try argument.id()
        guard let workflow = try await server.connection().workflow(name).definition, !workflow.isIncomplete
        else {
            throw ControlError("workflow \(name) is half saved: apply its document again", .conflict)
        }
        var text = DocumentText(output)
        try text.write(workflow)
    }
}

/// Deletes workflows, each as a whole.
struct WorkflowRemoval: Sendable {
    let connection: CenterConnection
    let agreement: AgreementOptions

    /// Deletes a workflow, or says what would go; when `isStrict` it has to exist.
    func perform(on name: WorkflowID, isStrict: Bool) async throws {
        let request = WorkflowDeletionRequest(
            dryRun: agreement.dryRun ? true : nil,
            confirm: agreement.confirm,
            author: Author.name(),
            message: agreement.message
        )
        do throws(CenterClientError) {
            let tasks = try await connection.deleteWorkflow(name, request).tasks
            let count = "\(tasks.count) task\(tasks.count == 1 ? "" : "s")"
            Terminal.writeLine("workflow/\(name) \(agreement.dryRun ? "would be " : "")deleted (\(count))")
        } catch {
            guard !isStrict, case .notFound = error else { throw error }
            Terminal.say("workflow/\(name) does not exist")
        }
    }
}
