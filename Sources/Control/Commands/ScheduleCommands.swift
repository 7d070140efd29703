public import ArgumentParser
import Foundation
import Payloads
import Scheduling

/// `cloudtask schedule`.
public struct ScheduleCommand: ParsableCommand {
    /// Name and help.
    public static let configuration = CommandConfiguration(
        commandName: "schedule",
        abstract: "Calculate, explain and check schedules.",
        discussion: """
            Examples:
              cloudtask schedule next '0 2 * * 1-5' --time-zone Europe/Berlin
              cloudtask schedule explain '*/7 9-17 * * mon-fri'
              cloudtask schedule lint -f tasks.yaml
            """,
        subcommands: [ScheduleNextCommand.self, ScheduleExplainCommand.self, ScheduleLintCommand.self]
    )

    /// Creates the command; `ArgumentParser` fills it.
    public init() {}
}

/// How an expression is read.
public struct ExpressionOptions: ParsableArguments, Sendable {
    @Option(
        name: [.long, .customLong("tz")],
        help: ArgumentHelp("Zone the expression is meant in.", valueName: "zone")
    )
    var timeZone = "UTC"
    @Option(help: "How the day fields combine: cron, either or both.") var days: DaysRule?
    @Option(help: "Times that do not exist: run or skip.") var gap: GapRule?
    @Option(help: "Times that exist twice: auto, first or both.") var overlap: OverlapRule?
    @Option(help: "Whose reading applies: unix, quartz or ocps.") var dialect: Dialect = .unix
    @Option(
        help: ArgumentHelp("The task it is for; H in a field depends on its name.", valueName: "name")
    ) var task: String?

    /// Creates the options; `ArgumentParser` fills them.
    public init() {}

    /// The schedule a text stands for: a cron expression, a duration, or a time.
    func schedule(_ text: String) throws(ScheduleError) -> Schedule {
        if let due = Instant(rfc3339: text) { return .once(due) }
        let words = text.hasPrefix("every ") ? String(text.dropFirst(6)) : text
        // What is no duration is a cron expression; that error is the one to report.
        if let every = try? DurationText(parsing: words) {
            return .every(try IntervalSchedule(every: every.duration))
        }
        let options = CronOptions(
            timeZone: try TimeZoneID(timeZone),
            days: days,
            gap: gap,
            overlap: overlap,
            dialect: dialect
        )
        return .cron(CronSchedule(try CronExpression(text, options: options)))
    }

    /// The schedule bound to the task it is for, where that matters.
    func boundSchedule(_ text: String) throws -> Schedule {
        let schedule = try pointedSchedule(text)
        if let task { return schedule.bound(to: ScheduleContext(task: task)) }
        guard !schedule.dependsOnTask else {
            throw ValidationError(
                "H depends on the task's name: give it with --task, as in --task nightly-report"
            )
        }
        return schedule
    }

    /// The schedule, or an error that points at the mistake.
    func pointedSchedule(_ text: String) throws -> Schedule {
        do throws(ScheduleError) {
            return try schedule(text)
        } catch {
            guard let position = error.position else { throw error }
            let before = String(decoding: text.utf8.prefix(position), as: UTF8.self)
            let pointer = String(repeating: " ", count: TextWidth.columns(of: before)) + "^"
            throw ControlError("\(error.message)\n  \(text)\n  \(pointer)")
        }
    }
}

extension DaysRule: ExpressibleByArgument {}
extension GapRule: ExpressibleByArgument {}
extension OverlapRule: ExpressibleByArgument {}
extension Dialect: ExpressibleByArgument {}

/// `cloudtask schedule next`.
public struct ScheduleNextCommand: ControlCommand {
    /// Name and help.
    public static let configuration = CommandConfiguration(
        commandName: "next",
        abstract: "Show when a schedule is due next.",
        usage: "cloudtask schedule next (<schedule> | --batch) [<options>]",
        discussion: """
            The schedule is a cron expression, an interval such as 90s, or a time. With
            --batch, questions are read from standard input and answered in their order,
            one JSON object a line.

            Examples:
              cloudtask schedule next '0 2 * * 1-5' -n 5 --time-zone Europe/Berlin
              cloudtask schedule next 'H H(0-5) * * *' --task nightly-report
              echo '{"expr":"@daily","count":3}' | cloudtask schedule next --batch
            """
    )

    @Argument(help: "The schedule.") var schedule: String?
    @Flag(help: "Read and write NDJSON.") var batch = false
    @Option(name: [.customShort("n"), .customLong("count")], help: "How many instants.") var count = 5
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Instants after this one; now unless given.", valueName: "time")
    ) var from: String?
    @Flag(help: "Also the instant given by --from itself.") var inclusive = false
    @OptionGroup(title: "Reading") var reading: ExpressionOptions
    @OptionGroup(title: "Output") var output: OutputOptions

    /// Creates the command; `ArgumentParser` fills it.
    public init() {}

    /// Refuses what contradicts itself.
    public func validate() throws {
        if batch, schedule != nil {
            throw ValidationError("with --batch the schedules are read from standard input")
        }
        if !batch, schedule == nil {
            throw ValidationError("give a schedule such as '0 2 * * 1-5', or --batch")
        }
        guard (1...ScheduleQuery.countMax).contains(count) else {
            throw ValidationError("--count must be 1 to \(ScheduleQuery.countMax)")
        }
    }

    /// Answers one question or many.
    public func execute() async throws {
        guard let schedule else { return try ScheduleBatch.answerAll(now: Instant(Date())) }
        let now = Instant(Date())
        let start = try from.map { try Parse.instant($0, "--from", now: now) } ?? now
        let zone = try reading.timeZoneID()
        let fires = Self.fires(
            of: try reading.boundSchedule(schedule),
            from: start,
            inclusive: inclusive,
            count: count
        )
        let time = TimeText(zone: zone.timeZone, now: now)
        try Printer(output).print(
            fires.map { $0.formatted(in: zone) },
            empty: "the schedule is never due again",
            names: { $0 }
        ) { _ in
            var table = Table([.init(title: "DUE"), .init(title: "DAY"), .init(title: "IN")])
            for fire in fires {
                table.append([
                    .init(fire.formatted(in: zone)), .init(Self.weekday(of: fire, in: zone)),
                    .init(time.relative(fire)),
                ])
            }
            return table
        }
    }

    static func fires(of schedule: Schedule, from start: Instant, inclusive: Bool, count: Int) -> [Instant] {
        var fires: [Instant] = []
        var next = inclusive ? schedule.next(atOrAfter: start) : schedule.next(after: start)
        while let fire = next, fires.count < count {
            fires.append(fire)
            next = schedule.next(after: fire)
        }
        return fires
    }

    private static func weekday(of instant: Instant, in zone: TimeZoneID) -> String {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = zone.timeZone
        return ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"][
            calendar.component(.weekday, from: instant.date) - 1
        ]
    }
}

extension ExpressionOptions {
    /// The zone, checked.
    func timeZoneID() throws -> TimeZoneID {
        do throws(ScheduleError) {
            return try TimeZoneID(timeZone)
        } catch {
            throw ValidationError("--time-zone: \(error.message)")
        }
    }
}

/// `cloudtask schedule explain`.
public struct ScheduleExplainCommand: ControlCommand {
    /// Name and help.
    public static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "Say in words when a schedule is due.",
        usage: "cloudtask schedule explain <schedule> [<options>]",
        discussion: """
            Exits with 1 when the schedule is wrong or impossible, pointing at the mistake.

            Example:
              cloudtask schedule explain '0 9 * * 1#1' --time-zone Europe/Berlin
            """
    )

    @Argument(help: "A cron expression, an interval such as 90s, or a time.") var schedule: String
    @Option(name: [.customShort("n"), .customLong("count")], help: "How many instants.") var count = 3
    @OptionGroup(title: "Reading") var reading: ExpressionOptions

    /// Creates the command; `ArgumentParser` fills it.
    public init() {}

    /// Explains the schedule.
    public func execute() async throws {
        let zone = try reading.timeZoneID()
        let meant = try reading.pointedSchedule(schedule)
        try meant.validate()
        Terminal.writeLine(meant.explained)
        guard reading.task != nil || !meant.dependsOnTask else {
            return Terminal.writeLine("  give --task NAME to see when")
        }
        for fire in ScheduleNextCommand.fires(
            of: try reading.boundSchedule(schedule),
            from: Instant(Date()),
            inclusive: false,
            count: count
        ) {
            Terminal.writeLine("  " + fire.formatted(in: zone))
        }
    }
}

/// Answers questions line by line.
enum ScheduleBatch {
    /// Answers are written in pieces of this size: a write per line would dominate the time.
    private static let bytesPerWrite = 64 * 1_024

    /// Answers every line of standard input until its end.
    static func answerAll(now: Instant) throws {
        var pending = ""
        while let line = readLine() {
            guard !line.allSatisfy(\.isWhitespace) else { continue }
            pending += ScheduleAnswer.answer(line: line, now: now) + "\n"
            if pending.utf8.count > bytesPerWrite {
                Terminal.write(pending)
                pending = ""
            }
        }
        Terminal.write(pending)
    }
}
