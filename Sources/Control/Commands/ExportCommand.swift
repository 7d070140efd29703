public import ArgumentParser
import CenterClient
import Domain
import Payloads

/// `cloudtask export`.
public struct ExportCommand: ControlCommand {
    /// Name and help.
    public static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Print the documents of the cluster's tasks.",
        usage: "cloudtask export [<task> ...] [<options>]",
        discussion: """
            Applying the documents to the same cluster changes nothing, and exporting
            again gives the same bytes. Tasks are sorted by name.

            Examples:
              cloudtask export > tasks.yaml
              cloudtask export nightly-report cleanup -o json
              cloudtask export --runtimes | cloudtask apply -f - --server http://other:8080
            """
    )

    @Argument(help: "Names of tasks; all unless given.", completion: .default) var tasks: [String] = []
    @Option(help: ArgumentHelp("Only tasks of this runtime.", valueName: "name")) var runtime: String?
    @Option(help: ArgumentHelp("Only tasks of this group.", valueName: "name")) var group: String?
    @Flag(help: "Also the documents of the runtimes, before the tasks.") var runtimes = false
    @Option(name: .shortAndLong, help: "Form of the documents: yaml or json.") var output = DocumentForm.yaml
    @OptionGroup(title: "Server") var server: ServerOptions

    /// Creates the command; `ArgumentParser` fills it.
    public init() {}

    /// Refuses what contradicts itself.
    public func validate() throws {
        if !tasks.isEmpty, runtime != nil || group != nil {
            throw ValidationError("give names of tasks, or --runtime and --group, not both")
        }
    }

    /// Prints the documents.
    public func execute() async throws {
        let connection = try server.connection(timeout: .seconds(120))
        let specifications = try await specifications(connection)
        var text = DocumentText(output)
        if runtimes {
            let all = try await connection.runtimes().map(\.settings)
            for settings in all.sorted(by: { $0.name < $1.name }) { try text.write(settings) }
        }
        for specification in specifications { try text.write(specification) }
        if specifications.isEmpty { Terminal.say("there are no such tasks") }
    }

    private func specifications(_ connection: CenterConnection) async throws -> [TaskSpecification] {
        guard tasks.isEmpty else {
            // Everything is read before anything is printed: a name that does not exist leaves no half of a file.
            let names: [TaskID] = try tasks.map { try Parse.name($0, "the name of a task") }
            var found: [TaskSpecification] = []
            for name in Set(names).sorted() { found.append(try await connection.task(name).specification) }
            return found
        }
        let runtime: RuntimeID? = try runtime.map { try Parse.name($0, "a runtime") }
        let group: GroupID? = try group.map { try Parse.name($0, "a group") }
        return try await Paging.all(limit: .max) { page, size throws(CenterClientError) in
            try await connection.tasks(runtime: runtime, group: group, page: page, limit: size)
        }.map(\.specification)
    }
}
