public import ArgumentParser
import CenterClient
import Documents
import Domain
import Foundation
import Payloads
import Scheduling

/// `cloudtask cluster`.
public struct ClusterCommand: ParsableCommand {
    /// Name and help.
    public static let configuration = CommandConfiguration(
        commandName: "cluster",
        abstract: "See the cluster as a whole.",
        discussion: """
            Example:
              cloudtask cluster status
            """,
        subcommands: [
            ClusterStatusCommand.self, ClusterVerifyCommand.self, ClusterPlanCommand.self,
            ClusterBumpEpochCommand.self,
        ]
    )

    /// Creates the command; `ArgumentParser` fills it.
    public init() {}
}

/// `cloudtask cluster status`.
public struct ClusterStatusCommand: ControlCommand {
    /// Name and help.
    public static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Show leader, centers, agents and tasks at a glance.",
        usage: "cloudtask cluster status [<options>]",
        discussion: """
            Example:
              cloudtask cluster status -w
            """
    )

    @OptionGroup var watch: WatchOptions
    @OptionGroup(title: "Server") var server: ServerOptions
    @OptionGroup(title: "Output") var output: OutputOptions
    @OptionGroup(title: "Output") var time: TimeOptions

    /// Creates the command; `ArgumentParser` fills it.
    public init() {}

    /// Shows the cluster.
    public func execute() async throws {
        let connection = try server.connection()
        let printer = Printer(output)
        try await watch.perform {
            let cluster = try await connection.cluster()
            let text = TimeText(zone: try time.zone())
            try printer.print(
                cluster,
                names: cluster.centers.map { "center/\($0.center)" }
                    + cluster.nodes.map { "node/\($0.agent)" }
            ) { isWide in
                let width = isWide ? Int.max : Terminal.columns
                return printer.details(NodeTable.summary(of: cluster)) + "\n"
                    + NodeTable.centers(cluster, text).text(width: width, style: printer.style) + "\n"
                    + NodeTable.table(cluster.nodes, isWide: isWide, text).text(
                        width: width,
                        style: printer.style
                    )
            }
        }
    }
}
