public import ArgumentParser
import CenterClient
import DataDirectory
import Documents
import Domain
import Foundation
import Payloads

/// `cloudtask up`.
public struct UpCommand: ControlCommand {
    /// Name and help.
    public static let configuration = CommandConfiguration(
        commandName: "up",
        abstract: "Start a whole cluster on this machine.",
        usage: "cloudtask up [<options>]",
        discussion: """
            Starts a ZooKeeper server, centers and agents on loopback, starts them again
            when they end, and prints their logs on standard error. Ctrl-C stops all of
            them and leaves nothing behind but the data. Other commands find the server by
            themselves.

            Examples:
              cloudtask up
              cloudtask up --centers 2 --agents 3 --sample-tasks
              cloudtask up --data ./data --zookeeper 127.0.0.1:2181 -o json
            """
    )

    @Option(help: "Number of centers.") var centers = 2
    @Option(help: "Number of agents.") var agents = 3
    @Option(help: ArgumentHelp("Where everything is kept.", valueName: "dir")) var data: String?
    @Option(help: ArgumentHelp("How long a silent process keeps its place.", valueName: "duration"))
    var sessionTimeout = "4s"
    @Option(help: ArgumentHelp("Port of the first center; any free one unless given.", valueName: "port"))
    var port: Int?
    @Option(help: ArgumentHelp("Use this ensemble instead of starting a server.", valueName: "host:port,…"))
    var zookeeper: String?
    @Option(help: ArgumentHelp("The workspace, a subtree of /cloudtask.", valueName: "name")) var workspace =
        "default"
    @Option(help: "Slots of each agent: attempts it runs at a time.") var slots: Int?
    @Option(help: "Least severe log lines of centers and agents.") var logLevel = "info"
    @Flag(name: .customLong("no-restart"), help: "Leave ended processes ended.") var noRestart = false
    @Flag(help: "Apply a few sample tasks.") var sampleTasks = false
    @Option(name: .shortAndLong, help: "Form of the output: table, or json for one event a line.") var output:
        OutputFormat = .table

    /// Creates the command; `ArgumentParser` fills it.
    public init() {}

    /// Refuses what cannot be started.
    public func validate() throws {
        guard (1...16).contains(centers) else { throw ValidationError("--centers must be 1 to 16") }
        guard (0...64).contains(agents) else { throw ValidationError("--agents must be 0 to 64") }
        if let port, !(1...65_535 - centers).contains(port) {
            throw ValidationError("--port must be 1 to \(65_535 - centers)")
        }
        if let slots, !AgentSettings.slotsRange.contains(slots) {
            throw ValidationError("--slots must be 1 to \(AgentSettings.slotsRange.upperBound)")
        }
        let timeout = try Parse.duration(sessionTimeout, "--session-timeout")
        guard CommonSettings.sessionTimeoutRange.contains(timeout) else {
            throw ValidationError("--session-timeout must be 1s to 2m")
        }
        guard CommonSettings.logLevels.contains(logLevel) else {
            throw ValidationError(
                "--log-level must be one of \(CommonSettings.logLevels.joined(separator: ", "))"
            )
        }
        let _: WorkspaceID = try Parse.name(workspace, "a workspace")
        if let zookeeper, HostPort.list(zookeeper).isEmpty {
            throw ValidationError("--zookeeper: '\(zookeeper)' is not host:port")
        }
        guard output == .table || output == .json else { throw ValidationError("-o must be table or json") }
    }

    /// Runs the cluster until it is stopped.
    public func execute() async throws {
        StopSignals.trap()
        let state = StateDirectory(environment: ProcessInfo.processInfo.environment)
        let directory = absolute(data ?? state.path + "/up")
        try StateDirectory.refuseShared(directory, mark: Self.lockName)
        try StateDirectory.makePrivateDirectory(directory)
        let lock = try DirectoryLock(directory: directory, name: Self.lockName)
        defer { try? lock.release() }  // The kernel releases it at the end of the process anyway.
        let turn = try await StartTurn(in: state)
        let plan = try await UpPlan(request(directory))
        let cluster = LocalCluster(
            plan: plan,
            workspace: workspace,
            agentCount: agents,
            restarts: !noRestart,
            isJSON: output == .json
        )
        try await cluster.run(state: state, sampleTasks: sampleTasks, turn)
    }

    private static let lockName = "up.lock"

    private func request(_ directory: String) -> UpPlan.Request {
        UpPlan.Request(
            centers: centers,
            agents: agents,
            dataDirectory: directory,
            sessionTimeout: sessionTimeout,
            workspace: workspace,
            zookeeper: zookeeper,
            port: port,
            slots: slots,
            logLevel: logLevel
        )
    }

    private func absolute(_ path: String) -> String {
        path.hasPrefix("/") ? path : FileManager.default.currentDirectoryPath + "/" + path
    }
}
