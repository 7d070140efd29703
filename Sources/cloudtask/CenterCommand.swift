import ArgumentParser
import Center
import CenterAPI
import CenterStore
import Cluster
import Control
import Domain
import Foundation
import Logging
import Scheduling
import ServiceLifecycle
import ZooKeeperClient

/// `cloudtask center`: composes a center and runs it until SIGTERM or SIGINT.
struct CenterCommand: ControlCommand {
    static let configuration = CommandConfiguration(
        commandName: "center",
        abstract: "Run a center.",
        discussion: """
            Flags win over CLOUDTASK_* variables, those over the file given by --config.
            SIGTERM ends it: it gives up leadership first.

            Examples:
              cloudtask center --config conf/center.yaml
              cloudtask center --id center-1 --zookeeper 127.0.0.1:2181 --data /tmp/center-1
            """
    )

    @OptionGroup var options: ProcessOptions

    func execute() async throws {
        let settings = try CenterSettings(
            .load(flags: options.flags, path: options.config, keys: CenterSettings.keys)
        )
        if options.check { return }
        try await serve(settings)
    }

    private func serve(_ settings: CenterSettings) async throws {
        let common = settings.common
        var logger = ProcessSetup.logger("cloudtask.center", level: common.logLevel)
        logger[metadataKey: "center.id"] = "\(settings.id)"
        let token = try ProcessSetup.token(file: common.tokenFile)
        let port = try await ProcessSetup.port(common.port)
        let history = try SQLiteRunHistory(directory: common.data, log: logger)
        let time = TimeSource.system
        let service = CenterService(
            configuration: CenterConfiguration(
                center: settings.id,
                url: common.url ?? ProcessSetup.url(host: common.host, port: port),
                tree: try Tree(workspace: common.workspace),
                version: ProcessSetup.version,
                host: ProcessSetup.host,
                processID: ProcessSetup.processID,
                retention: HistoryRetention(
                    age: settings.historyAge,
                    countMax: settings.historyRuns,
                    countPerTaskMax: settings.historyRunsPerTask
                )
            ),
            connector: ClientConnector(
                ZooKeeperConfiguration(hosts: common.zookeeper, sessionTimeout: common.sessionTimeout),
                logger: logger
            ),
            history: history,
            memory: ClusterMemoryFile(directory: common.data),
            peers: HTTPPeerReports(token: token),
            time: time,
            random: .system,
            logger: logger
        )
        let server = CenterServer(
            configuration: .init(center: settings.id, host: common.host, port: port, token: token),
            operations: service.operations,
            now: { time.now },
            logger: logger,
            onListening: { [logger] url in logger.info("Serving the API", metadata: ["http.url": "\(url)"]) }
        )
        // Stopped in the reverse order: leadership is given up while the API still answers.
        try await ServiceGroup.run([server, service], logger: logger)
    }
}
