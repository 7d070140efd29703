public import ArgumentParser
import CenterClient
import Domain
import Payloads

/// The workflows a command is about: their names, or what selects them.
public struct WorkflowChoice: ParsableArguments, Sendable {
    @Argument(help: "Names of workflows.") var workflows: [String] = []
    @OptionGroup var selection: SelectionOptions

    /// Creates the arguments; `ArgumentParser` fills them.
    public init() {}

    /// Refuses names and conditions together, and neither.
    func check() throws {
        _ = try (selection.runtimeID(), selection.groupID(), selection.selector())
        if !workflows.isEmpty, selection.isGiven {
            throw ValidationError("give names of workflows, or --labels, --runtime and --group, not both")
        }
        if workflows.isEmpty, !selection.isGiven {
            throw ValidationError(
                "give names of workflows, or select some with --labels, --runtime or --group"
            )
        }
    }

    /// Does it to each of the workflows, once it is agreed on that these are meant, or only says so.
    ///
    /// - Parameters:
    ///   - verb: What is done to them.
    ///   - would: What follows `would be` when nothing is done.
    ///   - consent: How it is agreed on.
    ///   - connection: Where they are.
    ///   - body: What is done to one.
    /// - Throws: When not all of it could be done.
    func perform(
        _ verb: String,
        would: String,
        _ consent: ConsentOptions,
        _ connection: CenterConnection,
        _ body: (WorkflowID) async throws -> Void
    ) async throws {
        var names = try workflows.map { try WorkflowArgument.id($0) }
        if names.isEmpty {
            names = try await selection.workflows(connection)
            guard !names.isEmpty else { throw ControlError("there are no such workflows", .notFound) }
            try consent.agree(to: verb, names.map { "workflow/\($0)" }, "workflows")
        }
        if consent.dryRun {
            for name in names { Terminal.writeLine("workflow/\(name) would be \(would)") }
            return
        }
        let failure = try await Several.perform(names, name: { "workflow/\($0)" }, body)
        if let failure { throw failure }
    }
}

extension SelectionOptions {
    /// The workflows that are selected, sorted by name: by what their documents say for all steps, which the task that begins each says, too.
    func workflows(_ connection: CenterConnection) async throws -> [WorkflowID] {
        try await tasks(connection).compactMap { Self.workflow(begunBy: $0.specification) }
    }

    /// The workflow that a task begins; `nil` for other tasks.
    static func workflow(begunBy task: TaskSpecification) -> WorkflowID? {
        guard let place = task.workflow, place.step == nil else { return nil }
        return place.workflow
    }
}
