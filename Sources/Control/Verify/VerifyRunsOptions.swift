public import ArgumentParser
import Domain
import Foundation
import Orchestration
import Scheduling

/// What `verify runs` is told.
public struct VerifyRunsOptions: ParsableArguments, Sendable {
    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp("Files of the starts that tasks marked themselves.", valueName: "file")
    )
    var starts: [String] = []
    @Option(help: ArgumentHelp("Fault log: one fault period as JSON a line.", valueName: "file"))
    var faults: String?
    @Option(
        help: ArgumentHelp(
            "Tasks as 'task list -o json' prints them; else those of the server.",
            valueName: "file"
        )
    )
    var definitions: String?
    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp(
            "Runs as 'run list -o json' prints them; else those of all centers.",
            valueName: "file"
        )
    )
    var runs: [String] = []
    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp(
            "Data directories of agents, which may be running.",
            valueName: "directory"
        )
    )
    var agentData: [String] = []

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("First instant to check; else that of the earliest run.", valueName: "time")
    )
    var from: String?
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Last instant to check; else the last that must be settled.", valueName: "time")
    )
    var to: String?
    @Option(help: ArgumentHelp("How late a first start may be.", valueName: "duration"))
    var lateness = "5s"
    @Option(help: ArgumentHelp("How far clocks may be apart.", valueName: "duration"))
    var skew = "50ms"
    @Option(help: ArgumentHelp("The agents' session timeout.", valueName: "duration"))
    var sessionTimeout = "10s"
    @Option(
        help: ArgumentHelp(
            "How soon after a fault all must be steady; else 2 session timeouts + 5s.",
            valueName: "duration"
        )
    )
    var settle: String?
    @Option(
        help: ArgumentHelp("Another task whose attempts must not overlap; may repeat.", valueName: "name")
    )
    var exclusive: [String] = []
    @Flag(help: "Every task marks its starts: one that never does is not believed.")
    var allMarked = false

    @Option(help: ArgumentHelp("Write the report as JSON.", valueName: "file")) var json: String?
    @Option(help: ArgumentHelp("Write the report as a page for browsers.", valueName: "file"))
    var html: String?
    @Option(help: ArgumentHelp("Heading of the page.", valueName: "text")) var title: String?

    @OptionGroup(title: "Server") var server: ServerOptions
    @OptionGroup(title: "Output") var output: OutputOptions
    @OptionGroup(title: "Output") var time: TimeOptions

    /// Creates the options; `ArgumentParser` fills them.
    public init() {}

    /// Refuses what cannot be read as durations, times and names.
    public func validate() throws {
        _ = try policy()
        _ = try bounds(now: .epoch)
        for name in exclusive { let _: TaskID = try Parse.name(name, "the name of a task") }
    }

    /// What the history is held to; the exclusive tasks are known by name only.
    func policy() throws -> RunCheckPolicy {
        let timeout = try Parse.duration(sessionTimeout, "--session-timeout")
        var policy = RunCheckPolicy(
            latenessBound: try Parse.duration(lateness, "--lateness"),
            clockSkew: try Parse.duration(skew, "--skew"),
            sessionTimeout: timeout,
            settling: try settle.map { try Parse.duration($0, "--settle") }
                ?? RunCheckPolicy.settling(sessionTimeout: timeout)
        )
        policy.expectsMarks = allMarked
        policy.knowsAllTasks = false
        return policy
    }

    /// The first and the last instant, if they are given.
    func bounds(now: Instant) throws -> (from: Instant?, to: Instant?) {
        let from = try from.map { try Parse.instant($0, "--from", now: now) }
        let to = try to.map { try Parse.instant($0, "--to", now: now) }
        if let from, let to, from > to { throw ValidationError("--from must not be after --to") }
        return (from, to)
    }
}
