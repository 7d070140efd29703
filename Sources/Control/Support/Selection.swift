public import ArgumentParser
import CenterClient
import Domain
import Foundation
import Payloads

/// Which of the cluster's tasks a command is about.
public struct SelectionOptions: ParsableArguments, Sendable {
    @Option(
        name: [.customShort("l"), .customLong("labels")],
        help: ArgumentHelp("Only tasks with these labels, such as team=data,env!=prod.", valueName: "labels")
    )
    var labels: String?
    @Option(help: ArgumentHelp("Only tasks of this runtime.", valueName: "name")) var runtime: String?
    @Option(help: ArgumentHelp("Only tasks of this group.", valueName: "name")) var group: String?

    /// Creates the options; `ArgumentParser` fills them.
    public init() {}

    /// Whether anything is selected by what it is rather than by its name.
    var isGiven: Bool { labels != nil || runtime != nil || group != nil }

    /// The runtime, checked.
    func runtimeID() throws -> RuntimeID? { try runtime.map { try Parse.name($0, "a runtime") } }

    /// The group, checked.
    func groupID() throws -> GroupID? { try group.map { try Parse.name($0, "a group") } }

    /// The labels, checked.
    func selector() throws -> LabelSelector {
        guard let labels else { return .all }
        do throws(ValidationProblem) {
            return try LabelSelector(parsing: labels)
        } catch {
            throw ValidationError("--labels: \(error.message)")
        }
    }

    /// Refuses names and conditions together, and neither.
    func validate(with names: [String]) throws {
        _ = try (runtimeID(), groupID(), selector())
        if !names.isEmpty, isGiven {
            throw ValidationError("give names of tasks, or --labels, --runtime and --group, not both")
        }
        if names.isEmpty, !isGiven {
            throw ValidationError("give names of tasks, or select some with --labels, --runtime or --group")
        }
    }

    /// The names of all tasks that are selected, sorted.
    func names(_ connection: CenterConnection) async throws -> [TaskID] {
        try await tasks(connection).map(\.specification.name)
    }

    /// All tasks that are selected, sorted by name.
    func tasks(_ connection: CenterConnection) async throws -> [TaskPayload] {
        let (runtime, group, labels) = (try runtimeID(), try groupID(), try selector())
        return try await Paging.all(limit: .max) { page, size throws(CenterClientError) in
            try await connection.tasks(
                runtime: runtime,
                group: group,
                labels: labels,
                page: page,
                limit: size
            )
        }
    }
}

/// What is said along with a change.
public struct ChangeOptions: ParsableArguments, Sendable {
    @Option(
        help: ArgumentHelp(
            "Change so many tasks, or start so many missed runs, although they are many.",
            valueName: "number"
        )
    )
    var confirm: Int?
    @Option(
        name: [.customShort("m"), .customLong("message")],
        help: ArgumentHelp("What it is for; kept with the revisions.", valueName: "text")
    )
    var message: String?

    /// Creates the options; `ArgumentParser` fills them.
    public init() {}
}

/// What a change is for.
public struct MessageOptions: ParsableArguments, Sendable {
    @Option(
        name: [.customShort("m"), .customLong("message")],
        help: ArgumentHelp("What it is for; kept with the revisions.", valueName: "text")
    )
    var message: String?

    /// Creates the options; `ArgumentParser` fills them.
    public init() {}
}

/// How a change of several tasks is agreed on.
public struct AgreementOptions: ParsableArguments, Sendable {
    @Flag(help: "Only say what would change.") var dryRun = false
    @Flag(name: .shortAndLong, help: "Change several tasks without being asked.") var yes = false
    @OptionGroup var change: ChangeOptions

    /// The number that was confirmed beforehand.
    var confirm: Int? { change.confirm }
    /// What it is for.
    var message: String? { change.message }

    /// Creates the options; `ArgumentParser` fills them.
    public init() {}

    /// Whether a change of one task, too, has to be made as one of several.
    var isForSeveral: Bool { dryRun || confirm != nil }

    /// Asks at a terminal whether so many tasks are meant; elsewhere it has to be said beforehand.
    ///
    /// - Parameters:
    ///   - verb: What is done to them.
    ///   - names: The tasks.
    /// - Throws: When it is not agreed on.
    func agree(to verb: String, _ names: [TaskID]) throws {
        guard !yes, confirm != names.count else { return }
        try Self.agree(to: verb, names)
    }

    static func agree(to verb: String, _ names: [TaskID]) throws {
        try agree(to: verb, names.map { "task/\($0)" }, "tasks")
    }

    /// As above, for things of any kind, each called `kind/name`.
    static func agree(to verb: String, _ names: [String], _ things: String) throws {
        guard names.count > 1 else { return }
        guard isatty(STDIN_FILENO) == 1, Terminal.isErrorTerminal else {
            throw ControlError(
                "this would \(verb) \(names.count) \(things): add --yes if that is meant, or --dry-run to see them",
                .usage
            )
        }
        for name in names.prefix(Self.shownMax) { Terminal.say("  \(name)") }
        if names.count > Self.shownMax { Terminal.say("  … and \(names.count - Self.shownMax) more") }
        Terminal.say("Type \(names.count) to \(verb) these \(things):")
        guard readLine(strippingNewline: true)?.filter({ $0 != " " }) == String(names.count) else {
            throw ControlError("nothing was changed")
        }
    }

    /// More names than that nobody reads.
    private static let shownMax = 20
}
