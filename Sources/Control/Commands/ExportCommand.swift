public import ArgumentParser
import CenterClient
import Domain
import Payloads
import Scheduling

/// `cloudtask export`.
public struct ExportCommand: ControlCommand {
    /// Name and help.
    public static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Print the documents of tasks, workflows, calendars and pools.",
        usage: "cloudtask export [<task> ...] [<options>]",
        discussion: """
            Applying the documents to the same cluster changes nothing, and exporting
            again gives the same bytes. Pools come first, then calendars, workflows and
            tasks, each sorted by name; of some tasks only the pools and calendars they
            name are printed. Tasks of a workflow are printed as the whole workflow.

            Examples:
              cloudtask export > tasks.yaml
              cloudtask export nightly-report cleanup -o json
              cloudtask export -l team=data,env!=prod
              cloudtask export --runtimes | cloudtask apply -f - --server http://other:8080
            """
    )

    @Argument(help: "Names of tasks; all unless given.", completion: .default) var tasks: [String] = []
    @OptionGroup var selection: SelectionOptions
    @Flag(help: "Also the documents of the runtimes, before the tasks.") var runtimes = false
    @Option(name: .shortAndLong, help: "Form of the documents: yaml or json.") var output = DocumentForm.yaml
    @OptionGroup(title: "Server") var server: ServerOptions

    /// Creates the command; `ArgumentParser` fills it.
    public init() {}

    /// Refuses what contradicts itself.
    public func validate() throws {
        if !tasks.isEmpty || selection.isGiven { try selection.validate(with: tasks) }
    }

    /// Prints the documents.
    public func execute() async throws {
        let connection = try server.connection(timeout: .seconds(120))
        let selected = try await specifications(connection)
        let specifications = selected.filter { $0.workflow == nil }
        let workflows = try await workflows(of: selected, connection)
        var text = DocumentText(output)
        if runtimes {
            let all = try await connection.runtimes().map(\.settings)
            for settings in all.sorted(by: { $0.name < $1.name }) { try text.write(settings) }
        }
        let all = workflows.flatMap(\.tasks) + specifications
        for pool in try await pools(of: all, connection) { try text.write(pool) }
        let scheduled = workflows.map(\.head) + specifications
        for calendar in try await calendars(of: scheduled, connection) { try text.write(calendar) }
        for workflow in workflows { try text.write(workflow) }
        for specification in specifications { try text.write(specification) }
        if selected.isEmpty { Terminal.say("there are no such tasks") }
    }

    /// The workflows that tasks belong to, sorted by name.
    private func workflows(
        of tasks: [TaskSpecification],
        _ connection: CenterConnection
    ) async throws -> [Workflow] {
        var found: [Workflow] = []
        for name in Set(tasks.compactMap(\.workflow?.workflow)).sorted() {
            if let workflow = try await connection.workflow(name).definition, !workflow.isIncomplete {
                found.append(workflow)
            } else {
                Terminal.say("workflow/\(name) is half saved and left out: apply its document again")
            }
        }
        return found
    }

    private func specifications(_ connection: CenterConnection) async throws -> [TaskSpecification] {
        guard tasks.isEmpty else {
            // Everything is read before anything is printed: a name that does not exist leaves no half of a file.
            let names: [TaskID] = try tasks.map { try Parse.name($0, "the name of a task") }
            var found: [TaskSpecification] = []
            for name in Set(names).sorted() { found.append(try await connection.task(name).specification) }
            return found
        }
        return try await selection.tasks(connection).map(\.specification)
    }

    /// All pools; of some tasks only those they name.
    private func pools(
        of tasks: [TaskSpecification],
        _ connection: CenterConnection
    ) async throws -> [Pool] {
        let all = try await connection.pools().filter { $0.exclusive != true }
            .map { Pool(name: $0.name, units: $0.units, description: $0.description) }
            .sorted { $0.name < $1.name }
        guard !self.tasks.isEmpty || selection.isGiven else { return all }
        let named = Set(tasks.flatMap(\.demand.pools.keys))
        return all.filter { named.contains($0.name) }
    }

    /// All calendars; of some tasks only those they name.
    private func calendars(
        of tasks: [TaskSpecification],
        _ connection: CenterConnection
    ) async throws -> [DayCalendar] {
        let all = try await Paging.all(limit: .max) { page, size throws(CenterClientError) in
            try await connection.calendars(page: page, limit: size)
        }.map(\.calendar)
        guard !self.tasks.isEmpty || selection.isGiven else { return all }
        let named = Set(tasks.flatMap(\.schedules).flatMap(\.calendarNames))
        return all.filter { named.contains($0.name.text) }
    }
}
