public import ArgumentParser
import CenterClient
import Domain
import Foundation
import Scheduling

/// Which server to talk to.
public struct ServerOptions: ParsableArguments, Sendable {
    @Option(
        help: ArgumentHelp(
            "Base URL of a center; else CLOUDTASK_SERVER, else the last 'up' here.",
            valueName: "url"
        )
    )
    var server: String?

    @Option(
        help: ArgumentHelp(
            "File with the server's token; else the one stored for that server.",
            valueName: "file"
        )
    )
    var tokenFile: String?

    /// Creates the options; `ArgumentParser` fills them.
    public init() {}

    /// A connection to the server that is meant.
    func connection(timeout: Duration = .seconds(30)) throws -> CenterConnection {
        try Discovery().connection(server: server, tokenFile: tokenFile, timeout: timeout)
    }

    /// A connection to one center of the cluster that is meant, with that cluster's token.
    func connection(at url: String, timeout: Duration = .seconds(30)) throws -> CenterConnection {
        let discovery = Discovery()
        let file = discovery.tokenFile(tokenFile, for: try discovery.server(server))
        return try discovery.connection(server: url, tokenFile: file, timeout: timeout)
    }
}

/// Which ensemble and workspace to talk about.
public struct ZooKeeperOptions: ParsableArguments, Sendable {
    @Option(
        help: ArgumentHelp(
            "ZooKeeper servers; else CLOUDTASK_ZOOKEEPER_HOSTS, else those of the named server or the last 'up'.",
            valueName: "host:port,…"
        )
    )
    var zookeeper: String?

    @Option(
        help: ArgumentHelp(
            "The workspace; else CLOUDTASK_WORKSPACE, else that of the last 'up', else default.",
            valueName: "name"
        )
    )
    var workspace: String?

    /// Creates the options; `ArgumentParser` fills them.
    public init() {}

    /// The workspace's name, checked; `server` is the one whose it is, should that be named by an option.
    func workspaceID(behind server: String? = nil) throws -> WorkspaceID {
        let workspace = Discovery().workspace(workspace, behind: server)
        guard let name = WorkspaceID(workspace) else {
            throw ValidationError("'\(workspace)' is not a workspace: \(NameRule.text)")
        }
        return name
    }
}

/// The forms of output.
enum OutputFormat: String, CaseIterable, ExpressibleByArgument, Sendable {
    case table, wide, json, yaml, name
}

/// How to print.
public struct OutputOptions: ParsableArguments, Sendable {
    @Option(name: .shortAndLong, help: "Form of the output: table, wide, json, yaml or name.")
    var output: OutputFormat = .table

    @Flag(help: "Print without colours, as NO_COLOR does.")
    var noColor = false

    /// Creates the options; `ArgumentParser` fills them.
    public init() {}

    /// The style of standard output.
    func style(environment: [String: String] = ProcessInfo.processInfo.environment) -> Style {
        Style(
            isColoured: Terminal.allowsColour(
                isTerminal: Terminal.isOutputTerminal,
                noColor: noColor,
                environment
            )
        )
    }
}

/// In which time zone to print.
public struct TimeOptions: ParsableArguments, Sendable {
    @Flag(help: "Print times in UTC.")
    var utc = false

    @Option(help: ArgumentHelp("Print times in this zone, such as Europe/Berlin.", valueName: "zone"))
    var tz: String?

    /// Creates the options; `ArgumentParser` fills them.
    public init() {}

    /// The zone to print in: this machine's unless said otherwise.
    func zone() throws -> TimeZone {
        if utc { return .gmt }
        guard let tz else { return .current }
        do throws(ScheduleError) {
            return try TimeZoneID(tz).timeZone
        } catch {
            throw ValidationError(error.message)
        }
    }
}

/// Whether to print once or over and over.
public struct WatchOptions: ParsableArguments, Sendable {
    @Flag(name: .shortAndLong, help: "Print again every two seconds until Ctrl-C.")
    var watch = false

    /// Creates the options; `ArgumentParser` fills them.
    public init() {}

    /// Prints once, or over and over; a terminal is cleared in between.
    func perform(_ body: () async throws -> Void) async throws {
        guard watch else { return try await body() }
        var hasPrinted = false
        while true {
            if Terminal.isOutputTerminal { Terminal.write("\u{1B}[H\u{1B}[2J") }
            do {
                try await body()
                hasPrinted = true
            } catch {
                // A center that goes away is replaced soon; a mistake shows at the first time.
                let failure = ControlError(error)
                guard hasPrinted, failure.status == .unreachable else { throw error }
                Terminal.say("\(failure.message); looking again")
            }
            try await ContinuousClock().sleep(for: .seconds(2))
        }
    }
}
