public import ArgumentParser
import CenterClient
import Documents
import Domain
import Foundation
import Payloads
import Scheduling

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
            NodeListCommand.self, NodeGetCommand.self, NodeQueueCommand.self, NodeDrainCommand.self,
            NodeUndrainCommand.self, NodeForgetCommand.self,
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
            An agent that ended without having been drained is listed as gone for 24 hours,
            unless it comes back, or 'node forget' takes it out.

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

/// `cloudtask node queue`.
public struct NodeQueueCommand: ControlCommand {
    /// Name and help.
    public static let configuration = CommandConfiguration(
        commandName: "queue",
        abstract: "Show what waits at an agent, in the order in which it starts, and why.",
        usage: "cloudtask node queue <agent> [<options>]",
        discussion: """
            When slots are short, groups share them by the runtime's --share, the higher priority
            goes first within a group's share, and what waits moves up by one point every 3 s.

            Example:
              cloudtask node queue agent-1 -w
            """
    )

    @OptionGroup var argument: NodeArgument
    @Option(help: ArgumentHelp("Entries at most (default: 100).", valueName: "number")) var limit: Int?
    @OptionGroup var watch: WatchOptions
    @OptionGroup(title: "Server") var server: ServerOptions
    @OptionGroup(title: "Output") var output: OutputOptions
    @OptionGroup(title: "Output") var time: TimeOptions

    /// Creates the command; `ArgumentParser` fills it.
    public init() {}

    /// Refuses numbers that mean nothing.
    public func validate() throws {
        if let limit, !(1...QueuePayload.limitMax).contains(limit) {
            throw ValidationError(
                "--limit is a whole number from 1 to \(QueuePayload.limitMax), not \(limit)"
            )
        }
    }

    /// Shows the queue.
    public func execute() async throws {
        let connection = try server.connection()
        let (agent, runtime, text) = (
            try argument.id(), try argument.runtimeID(), TimeText(zone: try time.zone())
        )
        try await watch.perform {
            let queue = try await connection.queue(of: agent, in: runtime, limit: limit)
            let printer = Printer(output)
            try printer.print(queue, names: queue.entries.map { "run/\($0.run)" }) { isWide in
                let width = isWide ? Int.max : Terminal.columns
                let table = QueueTable.table(queue, text)
                return QueueTable.summary(of: queue, at: agent) + "\n"
                    + (queue.entries.isEmpty ? "" : table.text(width: width, style: printer.style))
            }
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

/// `cloudtask node forget`.
public struct NodeForgetCommand: ControlCommand {
    /// Name and help.
    public static let configuration = CommandConfiguration(
        commandName: "forget",
        abstract: "List an agent no more that has ended.",
        usage: "cloudtask node forget <agent> [<options>]",
        discussion: """
            An agent that ended without having been drained is listed as gone until it is
            back, for 24 hours at most. One that is there cannot be forgotten.

            Example:
              cloudtask node forget agent-2
            """
    )

    @OptionGroup var argument: NodeArgument
    @OptionGroup(title: "Server") var server: ServerOptions

    /// Creates the command; `ArgumentParser` fills it.
    public init() {}

    /// Forgets the agent.
    public func execute() async throws {
        try await server.connection().forgetAgent(try argument.id(), in: try argument.runtimeID())
        Terminal.writeLine("node/\(argument.agent) forgotten")
    }
}
