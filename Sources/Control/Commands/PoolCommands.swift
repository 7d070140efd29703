public import ArgumentParser
import CenterClient
import Domain
import Payloads

/// `cloudtask pool`.
public struct PoolCommand: ParsableCommand {
    /// Name and help.
    public static let configuration = CommandConfiguration(
        commandName: "pool",
        abstract: "See and change pools, the units that runs of several tasks share.",
        discussion: """
            A task says in its document which units its runs hold: pools: {license: 2}. An
            exclusive key (exclusive: [db-main]) is a pool of one unit that needs no 'set'.

            Examples:
              cloudtask pool set license --units 5
              cloudtask pool get license
            """,
        subcommands: [
            PoolListCommand.self, PoolGetCommand.self, PoolSetCommand.self, PoolDeleteCommand.self,
            DefinitionRevisionsCommand<RevisedPool>.self, DefinitionDiffCommand<RevisedPool>.self,
            DefinitionRestoreCommand<RevisedPool>.self,
        ],
        aliases: ["pools"]
    )

    /// Creates the command; `ArgumentParser` fills it.
    public init() {}
}

/// `cloudtask pool list`.
public struct PoolListCommand: ControlCommand {
    /// Name and help.
    public static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List pools and exclusive keys, and how many units of each are held.",
        usage: "cloudtask pool list [<options>]",
        discussion: """
            Example:
              cloudtask pool list -w
            """,
        aliases: ["ls"]
    )

    @OptionGroup var watch: WatchOptions
    @OptionGroup(title: "Server") var server: ServerOptions
    @OptionGroup(title: "Output") var output: OutputOptions

    /// Creates the command; `ArgumentParser` fills it.
    public init() {}

    /// Lists the pools.
    public func execute() async throws {
        let connection = try server.connection()
        try await watch.perform {
            let pools = try await connection.pools()
            try Printer(output).print(
                pools,
                empty: "there are no pools, and no task names an exclusive key",
                names: { "pool/\($0.name)" }
            ) { _ in
                PoolTable.table(pools)
            }
        }
    }
}

/// `cloudtask pool get`.
public struct PoolGetCommand: ControlCommand {
    /// Name and help.
    public static let configuration = CommandConfiguration(
        commandName: "get",
        abstract: "Show one pool: who holds units of it, and who waits, in the order of the line.",
        usage: "cloudtask pool get <pool> [<options>]",
        discussion: """
            Examples:
              cloudtask pool get license
              cloudtask pool get db-main
            """
    )

    @Argument(help: "The name of the pool or key.") var pool: String
    @Flag(help: "The exclusive key of that name, also when there is a pool of that name.")
    var exclusive = false
    @OptionGroup var watch: WatchOptions
    @OptionGroup(title: "Server") var server: ServerOptions
    @OptionGroup(title: "Output") var output: OutputOptions
    @OptionGroup(title: "Output") var time: TimeOptions

    /// Creates the command; `ArgumentParser` fills it.
    public init() {}

    /// Shows the pool.
    public func execute() async throws {
        let name: PoolID = try Parse.name(pool, "the name of a pool")
        let connection = try server.connection()
        let text = TimeText(zone: try time.zone())
        try await watch.perform {
            let payload = try await found(name, connection)
            let printer = Printer(output)
            try printer.print(payload, names: ["pool/\(payload.name)"]) { _ in
                printer.details(PoolTable.details(of: payload, text))
            }
        }
    }

    private func found(_ name: PoolID, _ connection: CenterConnection) async throws -> PoolPayload {
        if exclusive { return try await connection.pool(.key(name)) }
        let absence: CenterClientError
        do throws(CenterClientError) {
            return try await connection.pool(.pool(name))
        } catch {
            guard case .notFound = error else { throw error }
            absence = error
        }
        do throws(CenterClientError) {
            return try await connection.pool(.key(name))
        } catch {
            if case .notFound = error { throw absence }
            throw error
        }
    }
}

/// `cloudtask pool set`.
public struct PoolSetCommand: ControlCommand {
    /// Name and help.
    public static let configuration = CommandConfiguration(
        commandName: "set",
        abstract: "Create a pool, or change how many units it has.",
        usage: "cloudtask pool set <pool> --units <number> [<options>]",
        discussion: """
            What is held stays held: a pool that is made smaller grants nothing until enough has
            come back. It cannot have fewer units than a run of one of its tasks takes.

            Example:
              cloudtask pool set license --units 5 --description 'seats of the solver'
            """
    )

    @Argument(help: "The pool's name.") var pool: String
    @Option(help: ArgumentHelp("How many units there are.", valueName: "number")) var units: Int
    @Option(help: ArgumentHelp("Free text for people; what is there stays unless given.", valueName: "text"))
    var description: String?
    @OptionGroup var note: MessageOptions
    @OptionGroup(title: "Server") var server: ServerOptions

    /// Creates the command; `ArgumentParser` fills it.
    public init() {}

    /// Refuses numbers that mean nothing.
    public func validate() throws {
        try Parse.count(units, "--units", max: UnitDemand.Limit.unitsMax)
    }

    /// Sets the pool.
    public func execute() async throws {
        let name: PoolID = try Parse.name(pool, "the name of a pool")
        let connection = try server.connection()
        let kept = description == nil ? try await present(name, connection)?.description : nil
        let text = description.flatMap { $0.isEmpty ? nil : $0 } ?? kept
        let request = PoolRequest(
            units: units,
            description: text,
            author: Author.name(),
            message: note.message
        )
        let result = try await connection.set(name, request)
        Terminal.writeLine("pool/\(name) \(result.change.rawValue)")
    }

    private func present(_ name: PoolID, _ connection: CenterConnection) async throws -> PoolPayload? {
        do throws(CenterClientError) {
            return try await connection.pool(.pool(name))
        } catch {
            guard case .notFound = error else { throw error }
            return nil
        }
    }
}

/// `cloudtask pool delete`.
public struct PoolDeleteCommand: ControlCommand {
    /// Name and help.
    public static let configuration = CommandConfiguration(
        commandName: "delete",
        abstract: "Delete pools that no task names.",
        usage: "cloudtask pool delete <pool> ... [<options>]",
        discussion: """
            Example:
              cloudtask pool delete license
            """,
        aliases: ["rm"]
    )

    @Argument(help: "Names of pools.") var pools: [String]
    @OptionGroup(title: "Server") var server: ServerOptions

    /// Creates the command; `ArgumentParser` fills it.
    public init() {}

    /// Deletes the pools.
    public func execute() async throws {
        let names: [PoolID] = try pools.map { try Parse.name($0, "the name of a pool") }
        let connection = try server.connection()
        for name in names {
            try await connection.deletePool(name)
            Terminal.writeLine("pool/\(name) deleted")
        }
    }
}
