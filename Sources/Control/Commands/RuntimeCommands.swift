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
            RuntimeResumeCommand.self, DefinitionRevisionsCommand<RevisedRuntime>.self,
            DefinitionDiffCommand<RevisedRuntime>.self, DefinitionRestoreCommand<RevisedRuntime>.self,
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
                ("catch-ups", .init("held from more than \(payload.settings.catchUpsMax) runs on")),
                (
                    "starts",
                    .init(payload.startsPerSecond.map { "\($0) a second at most" } ?? "without limit")
                ),
                ("shares", .init(Self.shares(payload.settings.shares))),
                ("drained", .init((payload.drained ?? []).map(\.text).joined(separator: ", "))),
                ("paused", PauseText.cell(payload.pause, TimeText(zone: .current))),
            ])
        }
    }
}

extension RuntimeGetCommand {
    private static func shares(_ shares: [GroupID: Int]) -> String {
        guard !shares.isEmpty else { return "all groups alike" }
        let named = shares.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
        return (named + ["the others together \(RuntimeSettings.weightOfRest)"]).joined(separator: ", ")
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
    @Option(
        help: ArgumentHelp(
            "What starts more missed runs of its tasks than that at once is held until confirmed.",
            valueName: "number"
        )
    )
    var catchUpsMax: Int?
    @Option(
        help: ArgumentHelp(
            "Attempts its agents start a second at most, together; 0 for no limit.",
            valueName: "number"
        )
    )
    var startsPerSecond: Int?
    @Option(
        help: ArgumentHelp(
            "The weight by which a group shares slots when there are too few; 0 takes it away; may repeat.",
            valueName: "group=weight"
        )
    )
    var share: [String] = []
    @OptionGroup var note: MessageOptions
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
        let catchUps = RuntimeSettings.catchUpsMaxRange
        if let catchUpsMax, !catchUps.contains(catchUpsMax) {
            throw ValidationError(
                "--catch-ups-max is a whole number from 0 to \(catchUps.upperBound), not \(catchUpsMax)"
            )
        }
        let range = RuntimeSettings.startsPerSecondRange
        if let startsPerSecond, startsPerSecond != 0, !range.contains(startsPerSecond) {
            throw ValidationError(
                "--starts-per-second is a whole number from 1 to \(range.upperBound), or 0 for no limit, "
                    + "not \(startsPerSecond)"
            )
        }
    }

    private func weights() throws -> [(group: GroupID, weight: Int)] {
        try share.map { text in
            let parts = text.split(separator: "=", omittingEmptySubsequences: false)
            guard parts.count == 2, let group = GroupID(String(parts[0])), let weight = Int(parts[1]),
                weight == 0 || RuntimeSettings.weightRange.contains(weight)
            else {
                throw ValidationError(
                    "--share is a group and its weight from 1 to \(RuntimeSettings.weightRange.upperBound), "
                        + "or 0 for none, such as reports=300, not \"\(text)\""
                )
            }
            return (group, weight)
        }
    }

    /// Changes the settings.
    public func execute() async throws {
        let name: RuntimeID = try Parse.name(runtime, "a runtime")
        let grace = try rejoinGrace.map { DurationText(try Parse.duration($0, "--rejoin-grace")) }
        let delay = try rejoinDelay.map { DurationText(try Parse.duration($0, "--rejoin-delay")) }
        let window = try flapWindow.map { DurationText(try Parse.duration($0, "--flap-window")) }
        let weights = try weights()
        let connection = try server.connection()
        var payload = try await connection.runtimes().first { $0.name == name } ?? RuntimePayload(name: name)
        payload.description = description ?? payload.description
        payload.rejoinGrace = grace ?? payload.rejoinGrace
        payload.rejoinDelay = delay ?? payload.rejoinDelay
        payload.flapWindow = window ?? payload.flapWindow
        payload.flapStarts = flapStarts ?? payload.flapStarts
        payload.massChangePercent = massChangePercent ?? payload.massChangePercent
        payload.catchUpsMax = catchUpsMax ?? payload.catchUpsMax
        payload.startsPerSecond = startsPerSecond ?? payload.startsPerSecond
        var shares = payload.shares ?? [:]
        for (group, weight) in weights { shares[group] = weight > 0 ? weight : nil }
        payload.shares = shares
        (payload.author, payload.message) = (Author.name(), note.message)
        try await connection.setRuntime(payload)
        Terminal.writeLine("runtime/\(name) set")
    }
}
