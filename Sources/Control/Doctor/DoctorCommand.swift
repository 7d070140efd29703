public import ArgumentParser
import Foundation

/// `cloudtask doctor`.
public struct DoctorCommand: ControlCommand {
    /// Name and help.
    public static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Check ZooKeeper, centers, agents and this machine.",
        usage: "cloudtask doctor [<options>]",
        discussion: """
            Says of everything that is not well why it matters and how to mend it. Changes
            nothing. Exits with 1 when something does not work.

            Examples:
              cloudtask doctor
              cloudtask doctor --zookeeper zk1:2181,zk2:2181,zk3:2181 -o json
            """
    )

    @Option(help: ArgumentHelp("Data directory whose disk is checked.", valueName: "dir")) var data: String?
    @OptionGroup(title: "Server") var server: ServerOptions
    @OptionGroup(title: "ZooKeeper") var zookeeper: ZooKeeperOptions
    @OptionGroup(title: "Output") var output: OutputOptions

    /// Creates the command; `ArgumentParser` fills it.
    public init() {}

    /// Checks everything, then says what was found.
    public func execute() async throws {
        let workspace = try zookeeper.workspaceID(behind: server.server)
        let state = StateDirectory(environment: ProcessInfo.processInfo.environment)
        let progress = Progress()
        let checks = try await progress.during("checking") {
            async let local = LocalChecks(
                state: state,
                servers: Discovery().knownServers(server.server),
                dataDirectory: data ?? state.path
            ).all()
            async let ensemble = EnsembleChecks(
                hosts: zookeeper.zookeeper,
                server: server.server,
                workspace: workspace
            ).all()
            async let cluster = ClusterChecks(server: server).all()
            return await ensemble + cluster + local
        }
        let printer = Printer(output)
        try printer.print(Report(checks: checks), names: checks.map { "\($0.id) \($0.state.rawValue)" }) {
            _ in
            checks.map { $0.text(printer.style) }.joined() + Self.summary(checks)
        }
        if checks.contains(where: { $0.state == .failed }) { throw ExitCode(CommandStatus.failed.rawValue) }
    }

    private struct Report: Encodable {
        var checks: [Check]
    }

    private static func summary(_ checks: [Check]) -> String {
        let failed = checks.count { $0.state == .failed }
        let warnings = checks.count { $0.state == .warning }
        return "\n\(checks.count) checks, \(failed) failed, \(warnings) with warnings\n"
    }
}
