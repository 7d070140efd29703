public import ArgumentParser

/// Flags that a center and an agent have in common; each wins over the environment and the configuration file.
public struct ProcessOptions: ParsableArguments, Sendable {
    /// The configuration file.
    @Option(help: ArgumentHelp("A configuration file; see conf/.", valueName: "file")) public var config:
        String?
    /// Whether nothing but the configuration is checked.
    @Flag(help: "Check the configuration, and do nothing else.") public var check = false
    @Option(help: ArgumentHelp("The process's name, unique among its kind.", valueName: "name")) var id:
        String?
    @Option(help: ArgumentHelp("The tenant (default: default).", valueName: "name")) var workspace: String?
    @Option(help: ArgumentHelp("The ZooKeeper servers.", valueName: "host:port,…")) var zookeeper: String?
    @Option(
        help: ArgumentHelp("How long a silent process is waited for (default: 10s).", valueName: "duration")
    )
    var sessionTimeout: String?
    @Option(help: ArgumentHelp("The data directory.", valueName: "directory")) var data: String?
    @Option(help: ArgumentHelp("The loopback address to listen on; port 0: any.", valueName: "host:port"))
    var listen: String?
    @Option(
        help: ArgumentHelp(
            "What others reach it at, if something stands in between (default: where it listens).",
            valueName: "url"
        )
    )
    var url: String?
    @Option(help: ArgumentHelp("The file with the API's token, mode 0600.", valueName: "file")) var tokenFile:
        String?
    @Option(help: ArgumentHelp("What is logged: trace to critical (default: info).", valueName: "level"))
    var logLevel: String?

    /// Creates the options; `ArgumentParser` fills them.
    public init() {}

    /// The flags by the dotted keys of the configuration file.
    public var flags: [String: String?] {
        [
            "id": id, "workspace": workspace, "zookeeper.hosts": zookeeper,
            "zookeeper.sessionTimeout": sessionTimeout, "data": data, "listen": listen, "url": url,
            "tokenFile": tokenFile,
            "log.level": logLevel,
        ]
    }
}
