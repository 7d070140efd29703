public import ArgumentParser
import CenterClient
import Documents
import Domain
import Foundation
import Payloads
import Scheduling

/// `cloudtask runtime`.
public struct RuntimeCommand: ParsableCommand {
    /// Name and help.
    public static let configuration = CommandConfiguration(
        commandName: "runtime",
        abstract: "See and change runtimes, the pools of agents.",
        discussion: """
            Example:
              cloudtask runtime list
            """,
        subcommands: [
            RuntimeListCommand.self, RuntimeGetCommand.self, RuntimeSetCommand.self, RuntimePauseCommand.self,
            RuntimeResumeCommand.self,
        ],
        aliases: ["runtimes"]
    )

    /// Creates the command; `ArgumentParser` fills it.
    public init() {}
}

/// `cloudtask runtime list`.
public struct RuntimeListCommand: ControlCommand {
    /// Name and help.
    public static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List runtimes.",
        usage: "cloudtask runtime list [<options>]",
        discussion: """
            Example:
              cloudtask runtime list -o json
            """,
        aliases: ["ls"]
    )

    @OptionGroup(title: "Server") var server: ServerOptions
    @OptionGroup(title: "Output") var output: OutputOptions

    /// Creates the command; `ArgumentParser` fills it.
    public init() {}

    /// Lists the runtimes.
    public func execute() async throws {
        let runtimes = try await server.connection().runtimes()
        try Printer(output).print(runtimes, empty: "there are no runtimes", names: { "runtime/\($0.name)" }) {
            _ in
            var table = Table([
                .init(title: "NAME"), .init(title: "REJOIN GRACE", isNumber: true),
                .init(title: "DRAINED", isElastic: true), .init(title: "PAUSED", isElastic: true),
                .init(title: "DESCRIPTION", isElastic: true),
            ])
            for runtime in runtimes {
                let drained = (runtime.drained ?? []).map(\.text).joined(separator: ", ")
                table.append([
                    .init(runtime.name.text), .init(runtime.rejoinGrace?.text ?? "0s"),
                    .init(drained.isEmpty ? "-" : drained),
                    PauseText.cell(runtime.pause, TimeText(zone: .current)),
                    .init(runtime.description ?? "-"),
                ])
            }
            return table
        }
    }
}

/// `cloudtask runtime get`.
public struct RuntimeGetCommand: ControlCommand {
    /// Name and help.
    public static let configuration = CommandConfiguration(
        commandName: "get",
        abstract: "Show one runtime.",
        usage: "cloudtask runtime get <runtime> [<options>]",
        discussion: """
            With -o yaml it prints the runtime's document, ready for 'apply'.

            Example:
              cloudtask runtime get default
            """
    )

    @Argument(help: "The runtime's name.") var runtime: String
    @OptionGroup(title: "Server") var server: ServerOptions
    @OptionGroup(title: "Output") var output: OutputOptions

    /// Creates the command; `ArgumentParser` fills it.
    public init() {}

    /// Shows the runtime.
    public func execute() async throws {
        let name: RuntimeID = try Parse.name(runtime, "a runtime")
        let payload = try await server.connection().runtime(name)
        if output.output == .yaml { return Terminal.write(try DocumentWriter.yaml(payload.settings)) }
        let printer = Printer(output)
        try printer.print(payload, names: ["runtime/\(name)"]) { _ in
            printer.details([
                ("name", .init(payload.name.text, .strong)),
                ("description", .init(payload.description ?? "-")),
                ("rejoin grace", .init(payload.rejoinGrace?.text ?? "0s")),
                (
                    "flapping",
                    .init(
                        "from \(payload.settings.flapStarts + 1) starts within "
                            + "\(DurationText(payload.settings.flapWindow).text) on"
                    )
                ),
                ("rejoin delay", .init(DurationText(payload.settings.rejoinDelay).text)),
                ("mass change", .init("held from more than \(payload.settings.massChangePercent) % on")),
                ("drained", .init((payload.drained ?? []).map(\.text).joined(separator: ", "))),
                ("paused", PauseText.cell(payload.pause, TimeText(zone: .current))),
            ])
        }
    }
}

/// `cloudtask runtime set`.
public struct RuntimeSetCommand: ControlCommand {
    /// Name and help.
    public static let configuration = CommandConfiguration(
        commandName: "set",
        abstract: "Create a runtime, or change its settings.",
        usage: "cloudtask runtime set <runtime> [<options>]",
        discussion: """
            What is not given stays as it is.

            Example:
              cloudtask runtime set gpu --description 'machines with cards'
            """
    )

    @Argument(help: "The runtime's name.") var runtime: String
    @Option(help: "Free text for people.") var description: String?
    @Option(
        help: ArgumentHelp("How long open fires of a lost agent wait for the truth.", valueName: "duration")
    )
    var rejoinGrace: String?
    @Option(
        help: ArgumentHelp(
            "How long an agent that starts too often has to stay up before it is given tasks; 0s turns that off.",
            valueName: "duration"
        )
    )
    var rejoinDelay: String?
    @Option(help: ArgumentHelp("Starts of an agent that are not too often.", valueName: "number"))
    var flapStarts: Int?
    @Option(help: ArgumentHelp("How long a start counts.", valueName: "duration")) var flapWindow: String?
    @Option(
        help: ArgumentHelp(
            "Changes of more hundredths of its tasks than that are held until confirmed; 100 for none.",
            valueName: "number"
        )
    )
    var massChangePercent: Int?
    @OptionGroup(title: "Server") var server: ServerOptions

    /// Creates the command; `ArgumentParser` fills it.
    public init() {}

    /// Refuses numbers that mean nothing.
    public func validate() throws {
        if let flapStarts, !(1...1_000).contains(flapStarts) {
            throw ValidationError("--flap-starts is a whole number from 1 to 1000, not \(flapStarts)")
        }
        if let massChangePercent, !(1...100).contains(massChangePercent) {
            throw ValidationError(
                "--mass-change-percent is a whole number from 1 to 100, not \(massChangePercent)"
            )
        }
    }

    /// Changes the settings.
    public func execute() async throws {
        let name: RuntimeID = try Parse.name(runtime, "a runtime")
        let grace = try rejoinGrace.map { DurationText(try Parse.duration($0, "--rejoin-grace")) }
        let delay = try rejoinDelay.map { DurationText(try Parse.duration($0, "--rejoin-delay")) }
        let window = try flapWindow.map { DurationText(try Parse.duration($0, "--flap-window")) }
        let connection = try server.connection()
        var payload = try await connection.runtimes().first { $0.name == name } ?? RuntimePayload(name: name)
        payload.description = description ?? payload.description
        payload.rejoinGrace = grace ?? payload.rejoinGrace
        payload.rejoinDelay = delay ?? payload.rejoinDelay
        payload.flapWindow = window ?? payload.flapWindow
        payload.flapStarts = flapStarts ?? payload.flapStarts
        payload.massChangePercent = massChangePercent ?? payload.massChangePercent
        try await connection.setRuntime(payload)
        Terminal.writeLine("runtime/\(name) set")
    }
}

/// `cloudtask node`.
public struct NodeCommand: ParsableCommand {
    /// Name and help.
    public static let configuration = CommandConfiguration(
        commandName: "node",
        abstract: "See and drain the machines that run tasks.",
        discussion: """
            Example:
              cloudtask node drain agent-2
            """,
        subcommands: [
            NodeListCommand.self, NodeGetCommand.self, NodeDrainCommand.self, NodeUndrainCommand.self,
        ],
        aliases: ["nodes"]
    )

    /// Creates the command; `ArgumentParser` fills it.
    public init() {}
}

/// `cloudtask node list`.
public struct NodeListCommand: ControlCommand {
    /// Name and help.
    public static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List agents.",
        usage: "cloudtask node list [<options>]",
        discussion: """
            Example:
              cloudtask node list -w
            """,
        aliases: ["ls"]
    )

    @OptionGroup var watch: WatchOptions
    @OptionGroup(title: "Server") var server: ServerOptions
    @OptionGroup(title: "Output") var output: OutputOptions
    @OptionGroup(title: "Output") var time: TimeOptions

    /// Creates the command; `ArgumentParser` fills it.
    public init() {}

    /// Lists the agents.
    public func execute() async throws {
        let connection = try server.connection()
        try await watch.perform {
            let nodes = try await connection.nodes()
            try Printer(output).print(nodes, empty: "there are no agents", names: { "node/\($0.agent)" }) {
                isWide in
                try NodeTable.table(nodes, isWide: isWide, TimeText(zone: time.zone()))
            }
        }
    }
}

/// The name of the agent a command is about.
public struct NodeArgument: ParsableArguments, Sendable {
    @Argument(help: "The agent's name.") var agent: String
    @Option(help: ArgumentHelp("Its runtime, should several have an agent of that name.", valueName: "name"))
    var runtime: String?

    /// Creates the argument; `ArgumentParser` fills it.
    public init() {}

    /// The agent's name, checked.
    func id() throws -> AgentID { try Parse.name(agent, "the name of an agent") }

    /// The runtime's name, checked.
    func runtimeID() throws -> RuntimeID? { try runtime.map { try Parse.name($0, "a runtime") } }
}

/// `cloudtask node get`.
public struct NodeGetCommand: ControlCommand {
    /// Name and help.
    public static let configuration = CommandConfiguration(
        commandName: "get",
        abstract: "Show one agent.",
        usage: "cloudtask node get <agent> [<options>]",
        discussion: """
            Example:
              cloudtask node get agent-1
            """
    )

    @OptionGroup var argument: NodeArgument
    @OptionGroup(title: "Server") var server: ServerOptions
    @OptionGroup(title: "Output") var output: OutputOptions
    @OptionGroup(title: "Output") var time: TimeOptions

    /// Creates the command; `ArgumentParser` fills it.
    public init() {}

    /// Shows the agent.
    public func execute() async throws {
        let node = try await server.connection().node(try argument.id(), in: try argument.runtimeID())
        let printer = Printer(output)
        let text = TimeText(zone: try time.zone())
        try printer.print(node, names: ["node/\(node.agent)"]) { _ in
            printer.details(NodeTable.details(of: node, text))
        }
    }
}

/// `cloudtask node drain`.
public struct NodeDrainCommand: ControlCommand {
    /// Name and help.
    public static let configuration = CommandConfiguration(
        commandName: "drain",
        abstract: "Let an agent finish what runs and take nothing new.",
        usage: "cloudtask node drain <agent> [<options>]",
        discussion: """
            Its tasks move to other agents at once.

            Example:
              cloudtask node drain agent-2
            """
    )

    @OptionGroup var argument: NodeArgument
    @OptionGroup(title: "Server") var server: ServerOptions

    /// Creates the command; `ArgumentParser` fills it.
    public init() {}

    /// Drains the agent.
    public func execute() async throws {
        try await server.connection().drain(try argument.id(), in: try argument.runtimeID())
        Terminal.writeLine("node/\(argument.agent) drained")
    }
}

/// `cloudtask node undrain`.
public struct NodeUndrainCommand: ControlCommand {
    /// Name and help.
    public static let configuration = CommandConfiguration(
        commandName: "undrain",
        abstract: "Let an agent take work again.",
        usage: "cloudtask node undrain <agent> [<options>]",
        discussion: """
            Example:
              cloudtask node undrain agent-2
            """
    )

    @OptionGroup var argument: NodeArgument
    @OptionGroup(title: "Server") var server: ServerOptions

    /// Creates the command; `ArgumentParser` fills it.
    public init() {}

    /// Ends the drain.
    public func execute() async throws {
        try await server.connection().undrain(try argument.id(), in: try argument.runtimeID())
        Terminal.writeLine("node/\(argument.agent) takes work again")
    }
}

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
