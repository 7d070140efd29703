import Documents
public import Domain
import Foundation

/// What a center and an agent have in common.
public struct CommonSettings: Sendable, Hashable {
    /// The tenant.
    public var workspace: WorkspaceID
    /// ZooKeeper's connect string.
    public var zookeeper: String
    /// The session timeout to ask for.
    public var sessionTimeout: Duration
    /// The data directory.
    public var data: String
    /// The address to listen on.
    public var host: String
    /// The port to listen on; 0 for any free one.
    public var port: Int
    /// What others reach it at; `nil` for where it listens.
    public var url: String?
    /// The file with the API's token.
    public var tokenFile: String
    /// The least severe level that is logged.
    public var logLevel: String

    /// Session timeouts that can be asked for: shorter ones end at every hiccup, longer ones delay every takeover.
    static let sessionTimeoutRange = Duration.seconds(1) ... .seconds(120)
    /// swift-log's names, the least severe first.
    static let logLevels = ["trace", "debug", "info", "notice", "warning", "error", "critical"]

    /// The dotted keys of a configuration file that every process has.
    static let keys = [
        "id", "workspace", "zookeeper.hosts", "zookeeper.sessionTimeout", "data", "listen", "url",
        "tokenFile",
        "log.level",
    ]

    init(_ settings: Settings, id: String, port: Int) throws(SettingsError) {
        workspace = try settings.name("workspace", default: .standard, hint: "give --workspace NAME")
        zookeeper = try settings.text("zookeeper.hosts", hint: "give --zookeeper HOST:PORT")
        sessionTimeout = try settings.duration(
            "zookeeper.sessionTimeout",
            default: .seconds(10),
            in: Self.sessionTimeoutRange
        )
        // Attempts run in other directories.
        data = Self.absolute(settings.text("data", default: "/var/lib/cloudtask/\(id)"))
        (host, self.port) = try settings.listen("listen", default: "127.0.0.1:\(port)")
        url = try settings.url("url")
        tokenFile = settings.text("tokenFile", default: "/var/lib/cloudtask/token")
        logLevel = settings.text("log.level", default: "info")
        guard Self.logLevels.contains(logLevel) else {
            let levels = Self.logLevels.joined(separator: ", ")
            throw SettingsError(description: "log.level cannot be '\(logLevel)': use one of \(levels)")
        }
    }

    private static func absolute(_ path: String) -> String {
        URL(filePath: path, directoryHint: .notDirectory).absoluteURL.path(percentEncoded: false)
    }
}

/// Everything a center is told at its start.
public struct CenterSettings: Sendable, Hashable {
    /// The center's name.
    public var id: CenterID
    /// What every process has.
    public var common: CommonSettings
    /// Age of the oldest run kept.
    public var historyAge: Duration
    /// Runs kept in all.
    public var historyRuns: Int
    /// Runs kept of one task.
    public var historyRunsPerTask: Int

    /// The dotted keys of a center's configuration file.
    public static let keys = CommonSettings.keys + ["history.age", "history.runs", "history.runsPerTask"]

    /// Checks the settings of a center.
    ///
    /// - Parameter settings: Where they come from.
    /// - Throws: `SettingsError` for the first that is wrong or missing.
    public init(_ settings: Settings) throws(SettingsError) {
        id = try settings.name("id", default: nil, hint: "give --id NAME")
        common = try CommonSettings(settings, id: id.text, port: 7_400)
        let days = 86_400
        historyAge = try settings.duration(
            "history.age",
            default: .seconds(30 * days),
            in: .seconds(60) ... .seconds(3_650 * days)
        )
        historyRuns = try settings.integer("history.runs", default: 5_000_000, in: 1_000...1_000_000_000)
        historyRunsPerTask = try settings.integer(
            "history.runsPerTask",
            default: 100_000,
            in: 10...1_000_000_000
        )
    }
}

/// Everything an agent is told at its start.
public struct AgentSettings: Sendable, Hashable {
    /// The agent's name.
    public var id: AgentID
    /// The pool it belongs to.
    public var runtime: RuntimeID
    /// What every process has.
    public var common: CommonSettings
    /// How many attempts may run at a time.
    public var slots: Int
    /// How many attempts may be started a second; `nil` for no limit.
    public var startsPerSecond: Int?
    /// Labels that placements refer to.
    public var labels: [String: String]
    /// How long the logs of attempts are kept.
    public var logAge: Duration
    /// Where the machine is.
    public var region: String?
    /// Where in the region the machine is.
    public var zone: String?
    /// What the machine lets tasks do.
    public var policy: AgentPolicy

    /// Attempts that may run at a time: more processes than that no machine starts.
    static let slotsRange = 1...100_000

    /// The dotted keys of an agent's configuration file.
    public static let keys =
        CommonSettings.keys + [
            "runtime", "slots", "startsPerSecond", "labels.*", "region", "zone", "logs.age", "policy",
        ]

    /// Checks the settings of an agent.
    ///
    /// - Parameter settings: Where they come from.
    /// - Throws: `SettingsError` for the first that is wrong or missing.
    public init(_ settings: Settings) throws(SettingsError) {
        id = try settings.name("id", default: nil, hint: "give --id NAME")
        runtime = try settings.name("runtime", default: .standard, hint: "give --runtime NAME")
        common = try CommonSettings(settings, id: id.text, port: 7_500)
        slots = try settings.integer("slots", default: 64, in: Self.slotsRange)
        let starts = RuntimeSettings.startsPerSecondRange
        let limit = try settings.integer("startsPerSecond", default: 0, in: 0...starts.upperBound)
        startsPerSecond = limit == 0 ? nil : limit
        labels = try settings.pairs("labels")
        let day = Duration.seconds(86_400)
        logAge = try settings.duration("logs.age", default: day * 30, in: day...day * 3_650)
        region = settings.optionalText("region")
        zone = settings.optionalText("zone")
        policy = try settings.optionalText("policy").map(Self.policy) ?? AgentPolicy()
    }
}

extension AgentSettings {
    private static func policy(_ path: String) throws(SettingsError) -> AgentPolicy {
        guard let text = try? String(contentsOfFile: path, encoding: .utf8) else {
            // Whatever the reason, the user must look at the path.
            throw SettingsError(
                description: "the policy \(path) cannot be read: check the path and its permissions"
            )
        }
        do throws(DocumentError) {
            return try PolicyReader.read(text, file: path)
        } catch {
            throw SettingsError(description: error.description)
        }
    }
}

extension Settings {
    /// Combines flags, the process's environment and the file named by `path`.
    ///
    /// - Parameters:
    ///   - flags: Given flags by dotted key.
    ///   - path: The configuration file; `nil` for none.
    ///   - keys: The dotted keys the file may have.
    /// - Returns: The combined settings.
    /// - Throws: `SettingsError` when the file cannot be read or something in it is wrong.
    public static func load(
        flags: [String: String?],
        path: String?,
        keys: [String]
    ) throws(SettingsError) -> Settings {
        var file: ConfigurationFile?
        if let path {
            guard let text = try? String(contentsOfFile: path, encoding: .utf8) else {
                // Whatever the reason, the user must look at the path.
                throw SettingsError(description: "\(path) cannot be read: check the path and its permissions")
            }
            do throws(DocumentError) {
                file = try ConfigurationFile(parsing: text, file: path, keys: keys)
            } catch {
                throw SettingsError(description: error.description)
            }
        }
        return Settings(flags: flags, environment: ProcessInfo.processInfo.environment, file: file)
    }
}
