public import ArgumentParser
import CenterClient
import Domain
import Foundation
import Payloads
import Scheduling

/// `cloudtask task backfill`.
public struct TaskBackfillCommand: ControlCommand {
    /// Name and help.
    public static let configuration = CommandConfiguration(
        commandName: "backfill",
        abstract: "Run the fires of a past span of a task's schedule.",
        usage: "cloudtask task backfill <task> --from <time> --to <time> [<options>]",
        discussion: """
            Runs the task once for every time its schedule, as it is now, would have been
            due in the span, both ends included, in order. CLOUDTASK_DUE says the time that
            is meant. What ran already is left alone, unless --again. The schedule itself
            goes on undisturbed. 'backfill list' and 'get' show how far it is. Of a task
            with shards each fire is all of them, unless --shard names one.

            Examples:
              cloudtask task backfill nightly-report --from 2026-03-01T00:00:00Z \\
                --to 2026-03-28T00:00:00Z --dry-run
              cloudtask task backfill nightly-report --from -72h --to -1h \\
                --parallel 3 --param mode=full --note 'the source was down'
            """
    )

    @OptionGroup var argument: TaskArgument
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Where the span begins, or how long ago: -72h.", valueName: "time")
    )
    var from: String
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Where the span ends, or how long ago: -1h.", valueName: "time")
    )
    var to: String
    @Option(help: ArgumentHelp("How many fires may run at a time.", valueName: "number")) var parallel = 1
    @Option(help: ArgumentHelp("Run only this shard.", valueName: "name or number")) var shard: String?
    @Flag(help: "Run also what ran already.") var again = false
    @OptionGroup var values: ParameterOptions
    @Option(help: ArgumentHelp("Why, kept with the runs.", valueName: "text")) var note: String?
    @Option(help: ArgumentHelp("Makes the request idempotent.", valueName: "text")) var key: String?
    @Flag(help: "Only show what would be run.") var dryRun = false
    @Flag(help: "Begin also more than 10,000 runs.") var yes = false
    @OptionGroup(title: "Server") var server: ServerOptions
    @OptionGroup(title: "Output") var output: OutputOptions
    @OptionGroup(title: "Output") var time: TimeOptions

    /// Creates the command; `ArgumentParser` fills it.
    public init() {}

    /// Refuses what cannot be read.
    public func validate() throws {
        try Parse.count(parallel, "--parallel", max: Backfill.Limit.parallelMax)
        _ = try values.parameters()
    }

    /// Begins the backfill.
    public func execute() async throws {
        let now = Instant(Date())
        let body = BackfillBody(
            from: try Parse.instant(from, "--from", now: now),
            to: try Parse.instant(to, "--to", now: now),
            key: key,
            parallel: parallel,
            shard: shard,
            isRepeating: again,
            parameters: try values.parameters(),
            note: note,
            by: Author.name(),
            isConfirmed: yes
        )
        let connection = try server.connection(timeout: .seconds(120))
        let text = TimeText(zone: try time.zone())
        if dryRun {
            let plan = try await connection.planBackfill(try argument.id(), body)
            return try Printer(output).print(plan, names: ["task/\(plan.task)"]) { _ in
                Self.sentence(plan, isRepeating: again, text)
            }
        }
        let begun = try await connection.backfill(try argument.id(), body)
        try Printer(output).print(begun, names: ["backfill/\(begun.id)"]) { _ in
            "backfill/\(begun.id) of task/\(begun.task) begun: \(BackfillTable.counts(of: begun))\n"
        }
    }

    /// What is said of a plan.
    static func sentence(_ plan: BackfillPlanPayload, isRepeating: Bool, _ time: TimeText) -> String {
        let unit = plan.runs == nil ? "" : " of the runs"
        let existing =
            switch plan.runs == nil ? plan.existing : plan.existingRuns {
            case nil: "; too many to look which of them ran"
            case 0?: ""
            case let count?:
                "; \(count)\(unit) ran already and would be \(isRepeating ? "run again" : "left alone")"
            }
        let span = "from \(time.absolute(plan.first)) to \(time.absolute(plan.last))"
        let fires = "\(plan.fires) fire\(plan.fires == 1 ? "" : "s")"
        let runs = plan.runs.map { ", \($0) runs," } ?? ""
        return "task/\(plan.task) would be run for \(fires)\(runs) \(span)\(existing)\n"
    }
}
