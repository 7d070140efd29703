import Agent
import AgentAPI
import AgentStore
import ArgumentParser
import CenterClient
import Cluster
import Control
import Domain
import Executor
import Foundation
import Logging
import ServiceLifecycle
import ZooKeeperClient

/// `cloudtask agent`: composes an agent and runs it until SIGTERM or SIGINT.
struct AgentCommand: ControlCommand {
    static let configuration = CommandConfiguration(
        commandName: "agent",
        abstract: "Run an agent.",
        discussion: """
            Flags win over CLOUDTASK_* variables, those over the file given by --config.
            SIGTERM ends it: its tasks are handed over at once, running attempts are
            asked to end, and their results are kept.

            Examples:
              cloudtask agent --config conf/agent.yaml
              cloudtask agent --id agent-1 --zookeeper 127.0.0.1:2181 --data /tmp/agent-1
            """
    )

    @OptionGroup var options: ProcessOptions
    @Option(help: ArgumentHelp("The pool of agents it belongs to (default: default).", valueName: "name"))
    var runtime: String?
    @Option(help: ArgumentHelp("Attempts that may run at a time (default: 64).", valueName: "number"))
    var slots: String?
    @Option(
        help: ArgumentHelp(
            "Attempts that may be started a second (default: 0, no limit).",
            valueName: "number"
        )
    )
    var startsPerSecond: String?
    @Option(help: ArgumentHelp("A label for placements; may repeat.", valueName: "key=value")) var label:
        [String] = []
    @Option(help: ArgumentHelp("Where the machine is.", valueName: "name")) var region: String?
    @Option(help: ArgumentHelp("Where in the region it is.", valueName: "name")) var zone: String?
    @Option(
        help: ArgumentHelp(
            "What this machine lets tasks do: kinds, users, directories.",
            valueName: "file"
        )
    )
    var policy: String?

    func execute() async throws {
        var flags = options.flags
        flags["runtime"] = runtime
        flags["slots"] = slots
        flags["startsPerSecond"] = startsPerSecond
        flags["labels"] = label.isEmpty ? nil : label.joined(separator: ",")
        flags["region"] = region
        flags["zone"] = zone
        flags["policy"] = policy
        let settings = try AgentSettings(.load(flags: flags, path: options.config, keys: AgentSettings.keys))
        if options.check { return }
        try await serve(settings)
    }

    private func serve(_ settings: AgentSettings) async throws {
        let common = settings.common
        var logger = ProcessSetup.logger("cloudtask.agent", level: common.logLevel)
        logger[metadataKey: "agent.id"] = "\(settings.id)"
        let token = try ProcessSetup.token(file: common.tokenFile)
        let port = try await ProcessSetup.port(common.port)
        let store = try SQLiteAgentStore(directory: common.data, log: logger)
        let time = TimeSource.system
        let attempts = RunnerConfiguration(
            dataDirectory: common.data,
            node: settings.id,
            environment: RunnerConfiguration.environment(from: ProcessInfo.processInfo.environment),
            policy: settings.policy,
            adoptsOrphans: true
        )
        let runner = try ProcessRunner(attempts, time: time, log: logger)
        let service = AgentService(
            try configuration(settings, url: common.url ?? ProcessSetup.url(host: common.host, port: port)),
            connector: ClientConnector(
                ZooKeeperConfiguration(hosts: common.zookeeper, sessionTimeout: common.sessionTimeout),
                logger: logger
            ),
            store: store,
            runner: runner,
            delivery: HTTPReportDelivery(token: token),
            prober: HealthProbers(commands: CommandProber(attempts), pages: HTTPProber()),
            time: time,
            random: .system,
            logger: logger
        )
        let server = AgentServer(
            host: common.host,
            port: port,
            token: token,
            logs: AttemptLogs(of: runner),
            status: service,
            logger: logger,
            onListening: { [logger] url in logger.info("Serving logs", metadata: ["http.url": "\(url)"]) }
        )
        let retention = LogRetention(
            files: runner.logFiles,
            age: settings.logAge,
            time: time,
            logger: logger
        )
        // Stopped in the reverse order: tasks are handed over while logs can still be read.
        do {
            try await ServiceGroup.run([server, retention, service], logger: logger)
        } catch {
            await runner.shutDown(grace: .zero)
            throw error
        }
        await runner.shutDown(grace: .zero)
    }

    private func configuration(_ settings: AgentSettings, url: String) throws -> AgentConfiguration {
        var configuration = AgentConfiguration(
            tree: try Tree(workspace: settings.common.workspace),
            seat: Seat(runtime: settings.runtime, agent: settings.id),
            slots: settings.slots,
            version: ProcessSetup.version,
            host: ProcessSetup.host,
            processID: ProcessSetup.processID
        )
        configuration.labels = settings.labels
        configuration.startsPerSecond = settings.startsPerSecond
        configuration.region = settings.region
        configuration.zone = settings.zone
        configuration.url = url
        return configuration
    }
}
