public import ArgumentParser
import CenterClient
import Domain
import Foundation
import Orchestration
import Payloads
import Scheduling

/// `cloudtask cluster plan`.
public struct ClusterPlanCommand: ControlCommand {
    /// Name and help.
    public static let configuration = CommandConfiguration(
        commandName: "plan",
        abstract: "Show which tasks would move if agents came or went.",
        usage: "cloudtask cluster plan [<options>]",
        discussion: """
            Nothing is changed. Without --without and --with it shows what is still to
            move. Which tasks a new agent gets depends on its name, how many does not;
            new ones are assumed to have as many slots as most have, and no labels.

            Examples:
              cloudtask cluster plan --without agent-2
              cloudtask cluster plan --without agent-1 agent-2 --with 3 -o json
            """
    )

    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp("Agents that would be stopped or drained.", valueName: "agent")
    )
    var without: [String] = []
    @Option(help: ArgumentHelp("How many agents would be added.", valueName: "number")) var with = 0
    @Option(help: ArgumentHelp("The pool of agents.", valueName: "name")) var runtime = "default"
    @Option(name: [.customShort("n"), .customLong("limit")], help: "Show at most so many tasks.")
    var limit = 50
    @OptionGroup(title: "Server") var server: ServerOptions
    @OptionGroup(title: "Output") var output: OutputOptions

    /// Creates the command; `ArgumentParser` fills it.
    public init() {}

    /// More agents than a cluster is made for.
    private static let newcomersMax = 10_000

    /// Refuses numbers that make no sense.
    public func validate() throws {
        try Parse.count(limit, "--limit")
        guard (0...Self.newcomersMax).contains(with) else {
            throw ValidationError("--with must be 0 to \(Self.newcomersMax)")
        }
    }

    /// Plans and shows.
    public func execute() async throws {
        let name: RuntimeID = try Parse.name(runtime, "a runtime")
        let leaving: [AgentID] = try without.map { try Parse.name($0, "the name of an agent") }
        let connection = try server.connection()
        _ = try await connection.runtime(name)
        let nodes = try await connection.nodes()
        for agent in leaving where !nodes.contains(where: { $0.agent == agent && $0.runtime == name }) {
            throw ControlError(
                "runtime \(name) has no agent '\(agent)': see 'cloudtask node list'",
                .notFound
            )
        }
        let tasks = try await Paging.all(limit: .max) { page, size throws(CenterClientError) in
            try await connection.tasks(runtime: name, page: page, limit: size)
        }
        let situation = PlanSituation(runtime: name, tasks: tasks, nodes: nodes)
        let change = AllocationPreview.Change(leaving: Set(leaving), joining: situation.newcomers(with))
        let report = PlanReport(situation, change, now: Instant(Date()))
        let printer = Printer(output)
        try printer.print(report, names: report.moves.map { "task/\($0.task)" }) { isWide in
            report.text(printer, isWide: isWide, limit: limit)
        }
    }
}
