public import ArgumentParser
import CenterClient
import Domain
import Payloads

/// The tasks a command is about: their names, or what selects them.
public struct TaskChoice: ParsableArguments, Sendable {
    @Argument(help: "Names of tasks.", completion: .default) var tasks: [String] = []
    @OptionGroup var selection: SelectionOptions

    /// Creates the arguments; `ArgumentParser` fills them.
    public init() {}

    /// Refuses names and conditions together, and neither.
    func check() throws { try selection.validate(with: tasks) }

    /// The task, when one name is all that was given.
    func only() throws -> TaskID? {
        let names = try given()
        return names.count == 1 ? names[0] : nil
    }

    /// The names of all that are meant; fails when none is selected.
    func names(_ connection: CenterConnection) async throws -> [TaskID] {
        let names = try given()
        return try await names.isEmpty ? selected(connection).map(\.specification.name) : names
    }

    /// All tasks that are meant; fails when none is selected, or one does not exist.
    func payloads(_ connection: CenterConnection) async throws -> [TaskPayload] {
        let names = try given()
        guard !names.isEmpty else { return try await selected(connection) }
        var payloads: [TaskPayload] = []
        for name in names { payloads.append(try await connection.task(name)) }
        return payloads
    }

    private func given() throws -> [TaskID] { try tasks.map { try Parse.name($0, "the name of a task") } }

    private func selected(_ connection: CenterConnection) async throws -> [TaskPayload] {
        let payloads = try await selection.tasks(connection)
        guard !payloads.isEmpty else { throw ControlError("there are no such tasks", .notFound) }
        return payloads
    }
}

/// How it is agreed that a command is meant for several things.
public struct ConsentOptions: ParsableArguments, Sendable {
    @Flag(help: "Only say what would be done.") var dryRun = false
    @Flag(name: .shortAndLong, help: "Do it to several without being asked.") var yes = false

    /// Creates the options; `ArgumentParser` fills them.
    public init() {}

    /// Asks at a terminal whether so many things are meant; elsewhere it has to be said beforehand.
    ///
    /// - Parameters:
    ///   - verb: What is done to them.
    ///   - names: How each is called: `kind/name`.
    ///   - things: What they are: `tasks`.
    /// - Throws: When it is not agreed on.
    func agree(to verb: String, _ names: [String], _ things: String) throws {
        guard !yes, !dryRun else { return }
        try AgreementOptions.agree(to: verb, names, things)
    }
}
