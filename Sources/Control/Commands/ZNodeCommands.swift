public import ArgumentParser
import Cluster
import Domain
import Foundation
import Scheduling
import ZooKeeper

/// `cloudtask znode`.
public struct ZNodeCommand: ParsableCommand {
    /// Name and help.
    public static let configuration = CommandConfiguration(
        commandName: "znode",
        abstract: "Look at ZooKeeper directly; needs no center.",
        discussion: """
            Paths that do not begin with / are below the workspace.

            Examples:
              cloudtask znode tree
              cloudtask znode get epoch
            """,
        subcommands: [
            ZNodeListCommand.self, ZNodeGetCommand.self, ZNodeStatCommand.self, ZNodeTreeCommand.self,
            ZNodeWatchCommand.self,
            ZNodeSetCommand.self, ZNodeRemoveCommand.self,
        ]
    )

    /// Creates the command; `ArgumentParser` fills it.
    public init() {}
}

extension ZooKeeperOptions {
    /// The path a user means; the workspace's root when nothing is said.
    func path(_ text: String?) throws -> ZNodePath {
        let root = try Tree(workspace: try workspaceID()).root
        guard let text, !text.isEmpty else { return root }
        do throws(ZooKeeperError) {
            return try ZNodePath(text.hasPrefix("/") ? text : root.text + "/" + text)
        } catch {
            throw ValidationError("'\(text)' is not a path: \(error.detail ?? error.description)")
        }
    }
}

/// `cloudtask znode ls`.
public struct ZNodeListCommand: ControlCommand {
    /// Name and help.
    public static let configuration = CommandConfiguration(
        commandName: "ls",
        abstract: "List the children of a node.",
        usage: "cloudtask znode ls [<path>] [<options>]",
        discussion: """
            Example:
              cloudtask znode ls /cloudtask/default/centers
            """
    )

    @Argument(help: "The node; the workspace's root unless given.") var path: String?
    @OptionGroup(title: "ZooKeeper") var zookeeper: ZooKeeperOptions
    @OptionGroup(title: "Output") var output: OutputOptions

    /// Creates the command; `ArgumentParser` fills it.
    public init() {}

    /// Lists the children.
    public func execute() async throws {
        let path = try zookeeper.path(path)
        try await zookeeper.withSession(about: path) { session in
            let names = try await session.children(path).names.sorted()
            try Printer(output).print(names, empty: "\(path) has no children", names: { $0 }) { _ in
                var table = Table([.init(title: "CHILDREN OF \(path)")])
                for name in names { table.append([.init(name)]) }
                return table
            }
        }
    }
}

/// `cloudtask znode get`.
public struct ZNodeGetCommand: ControlCommand {
    /// Name and help.
    public static let configuration = CommandConfiguration(
        commandName: "get",
        abstract: "Print the data of a node.",
        usage: "cloudtask znode get [<path>] [<options>]",
        discussion: """
            Example:
              cloudtask znode get epoch
            """,
        aliases: ["cat"]
    )

    @Argument(help: "The node; the workspace's root unless given.") var path: String?
    @OptionGroup(title: "ZooKeeper") var zookeeper: ZooKeeperOptions

    /// Creates the command; `ArgumentParser` fills it.
    public init() {}

    /// Prints the data as it is.
    public func execute() async throws {
        let path = try zookeeper.path(path)
        try await zookeeper.withSession(about: path) { session in
            let data = try await session.get(path).data
            try FileHandle.standardOutput.write(contentsOf: Data(data))
            if Terminal.isOutputTerminal || data.last != UInt8(ascii: "\n") { Terminal.write("\n") }
        }
    }
}

/// `cloudtask znode stat`.
public struct ZNodeStatCommand: ControlCommand {
    /// Name and help.
    public static let configuration = CommandConfiguration(
        commandName: "stat",
        abstract: "Show what ZooKeeper knows about a node.",
        usage: "cloudtask znode stat [<path>] [<options>]",
        discussion: """
            Example:
              cloudtask znode stat epoch -o json
            """
    )

    @Argument(help: "The node; the workspace's root unless given.") var path: String?
    @OptionGroup(title: "ZooKeeper") var zookeeper: ZooKeeperOptions
    @OptionGroup(title: "Output") var output: OutputOptions
    @OptionGroup(title: "Output") var time: TimeOptions

    /// Creates the command; `ArgumentParser` fills it.
    public init() {}

    /// Shows the stat.
    public func execute() async throws {
        let path = try zookeeper.path(path)
        let text = TimeText(zone: try time.zone())
        try await zookeeper.withSession(about: path) { session in
            guard let stat = try await session.exists(path) else {
                throw ControlError("there is no node \(path)", .notFound)
            }
            let printer = Printer(output)
            try printer.print(NodeStat(path: path, stat), names: [path.text]) { _ in
                printer.details(NodeStat(path: path, stat).pairs(text))
            }
        }
    }
}

/// `cloudtask znode tree`.
public struct ZNodeTreeCommand: ControlCommand {
    /// Name and help.
    public static let configuration = CommandConfiguration(
        commandName: "tree",
        abstract: "Show a node with everything below it.",
        usage: "cloudtask znode tree [<path>] [<options>]",
        discussion: """
            E marks ephemeral nodes; the numbers are version and size of the data.

            Example:
              cloudtask znode tree runtimes --depth 3
            """
    )

    @Argument(help: "The node; the workspace's root unless given.") var path: String?
    @Option(help: "How many levels.") var depth = 8
    @Option(help: "How many nodes.") var limit = 10_000
    @OptionGroup(title: "ZooKeeper") var zookeeper: ZooKeeperOptions

    /// Creates the command; `ArgumentParser` fills it.
    public init() {}

    /// Shows the tree, line by line as it is read.
    public func execute() async throws {
        let path = try zookeeper.path(path)
        try await zookeeper.withSession(about: path) { session in
            var left = limit
            Terminal.writeLine(path.text)
            try await show(path, session, level: 1, &left)
            if left <= 0 { Terminal.say("… there is more: give --limit") }
        }
    }

    private func show(_ path: ZNodePath, _ session: any ZooKeeperSession, level: Int, _ left: inout Int)
        async throws
    {
        guard level <= depth else { return }
        for name in try await session.children(path).names.sorted() {
            guard left > 0 else { return }
            left -= 1
            let child = try path.child(name)
            // A node may go while its siblings are shown.
            guard let stat = try await session.exists(child) else { continue }
            let mark = stat.ephemeralOwner == 0 ? "" : "  E"
            Terminal.writeLine(
                String(repeating: "  ", count: level) + name + "  v\(stat.version) \(stat.dataLengthBytes) B"
                    + mark
            )
            if stat.childCount > 0 { try await show(child, session, level: level + 1, &left) }
        }
    }
}

/// `cloudtask znode watch`.
public struct ZNodeWatchCommand: ControlCommand {
    /// Name and help.
    public static let configuration = CommandConfiguration(
        commandName: "watch",
        abstract: "Print the data of a node each time it changes.",
        usage: "cloudtask znode watch [<path>] [<options>]",
        discussion: """
            Changes that follow each other quickly may show as one.

            Example:
              cloudtask znode watch epoch
            """
    )

    @Argument(help: "The node; the workspace's root unless given.") var path: String?
    @OptionGroup(title: "ZooKeeper") var zookeeper: ZooKeeperOptions
    @OptionGroup(title: "Output") var time: TimeOptions

    /// Creates the command; `ArgumentParser` fills it.
    public init() {}

    /// Prints until Ctrl-C, or until the session ends.
    public func execute() async throws {
        let path = try zookeeper.path(path)
        let zone = try time.zone()
        try await zookeeper.withSession(about: path) { session in
            while true {
                let watched = try await session.watchExists(path)
                let now = Instant(Date()).formatted(in: zone)
                if watched.stat == nil {
                    Terminal.writeLine("\(now) there is no such node")
                } else {
                    // The node may go between the two reads; the watch then fires at once.
                    do throws(ZooKeeperError) {
                        let node = try await session.get(path)
                        Terminal.writeLine(
                            "\(now) v\(node.stat.version) " + String(decoding: node.data, as: UTF8.self)
                        )
                    } catch {
                        guard error.code == .noNode else { throw error }
                    }
                }
                if await watched.watch.event() == .ended {
                    throw ControlError("the ZooKeeper session has ended", .unreachable)
                }
            }
        }
    }
}

/// The flag without which nothing is written.
public struct UnsafeWriteOptions: ParsableArguments, Sendable {
    @Flag(help: "Really write. The cluster's rules are not checked.") var unsafeWrite = false

    /// Creates the options; `ArgumentParser` fills them.
    public init() {}

    /// Refuses to write by accident.
    public func validate() throws {
        guard unsafeWrite else {
            throw ValidationError("this can destroy the cluster's state: say --unsafe-write if you mean it")
        }
    }
}

/// `cloudtask znode set`.
public struct ZNodeSetCommand: ControlCommand {
    /// Name and help.
    public static let configuration = CommandConfiguration(
        commandName: "set",
        abstract: "Replace the data of a node (needs --unsafe-write).",
        usage: "cloudtask znode set <path> <value> --unsafe-write [<options>]",
        discussion: """
            Example:
              cloudtask znode set /cloudtask/default/x '{}' --unsafe-write
            """
    )

    @Argument(help: "The node.") var path: String
    @Argument(help: "The data.") var value: String
    @Option(help: ArgumentHelp("Only if the data has this version.", valueName: "number"))
    var ifVersion: Int32?
    @OptionGroup var permission: UnsafeWriteOptions
    @OptionGroup(title: "ZooKeeper") var zookeeper: ZooKeeperOptions

    /// Creates the command; `ArgumentParser` fills it.
    public init() {}

    /// Replaces the data.
    public func execute() async throws {
        let path = try zookeeper.path(path)
        try await zookeeper.withSession(about: path) { session in
            let stat = try await session.set(path, data: Array(value.utf8), version: ifVersion)
            Terminal.writeLine("\(path) has version \(stat.version)")
        }
    }
}

/// `cloudtask znode rm`.
public struct ZNodeRemoveCommand: ControlCommand {
    /// Name and help.
    public static let configuration = CommandConfiguration(
        commandName: "rm",
        abstract: "Delete a node (needs --unsafe-write).",
        usage: "cloudtask znode rm <path> --unsafe-write [<options>]",
        discussion: """
            Example:
              cloudtask znode rm /cloudtask/default/x --unsafe-write
            """
    )

    @Argument(help: "The node.") var path: String
    @Flag(name: .shortAndLong, help: "With everything below it.") var recursive = false
    @OptionGroup var permission: UnsafeWriteOptions
    @OptionGroup(title: "ZooKeeper") var zookeeper: ZooKeeperOptions

    /// Creates the command; `ArgumentParser` fills it.
    public init() {}

    /// Deletes the node.
    public func execute() async throws {
        let path = try zookeeper.path(path)
        try await zookeeper.withSession(about: path) { session in try await remove(path, session) }
        Terminal.writeLine("\(path) deleted")
    }

    private func remove(_ path: ZNodePath, _ session: any ZooKeeperSession) async throws {
        if recursive {
            for name in try await session.children(path).names.sorted() {
                try await remove(try path.child(name), session)
            }
        }
        try await session.delete(path, version: nil)
    }
}
