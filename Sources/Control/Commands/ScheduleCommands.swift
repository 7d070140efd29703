public import ArgumentParser
import Documents
import Domain
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
              cloudtask schedule parse 'weekdays at 09:30 Europe/Berlin'
              cloudtask schedule lint -f tasks.yaml
            """,
        subcommands: [
            ScheduleNextCommand.self, ScheduleExplainCommand.self, ScheduleParseCommand.self,
            ScheduleLintCommand.self,
        ]
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
        help: ArgumentHelp("The task it is for; H and jitter depend on its name.", valueName: "name")
    ) var task: String?

    /// Creates the options; `ArgumentParser` fills them.
    public init() {}

    /// The schedule a text stands for: a document such as `{calendar: …}`, a time, a duration, a phrase, or else a cron
    /// expression.
    func schedule(_ text: String) throws -> Schedule {
        if text.drop(while: \.isWhitespace).first == "{" { return try document(text) }
        if let due = Instant(rfc3339: text) { return .once(due) }
        let words = text.hasPrefix("every ") ? String(text.dropFirst(6)) : text
        // What is no duration is a phrase or a cron expression; that error is the one to report.
        if let every = try? DurationText(parsing: words) {
            return .every(try IntervalSchedule(every: every.duration))
        }
        if Self.isPhrase(text) {
            return try Schedule(phrase: text, timeZone: try TimeZoneID(timeZone), now: Instant(Date()))
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

    private func document(_ text: String) throws -> Schedule {
        let schedules = try DocumentParser().schedules(text, file: "schedule")
        guard schedules.count == 1, let schedule = schedules.first else {
            throw ValidationError("give one schedule such as '{calendar: {daily: 1, at: \"09:30\"}}'")
        }
        return schedule
    }

    /// Whether a text is words rather than fields: no field of a cron expression begins with a word but `H` or a name.
    private static func isPhrase(_ text: String) -> Bool {
        let words = text.split(whereSeparator: \.isWhitespace)
        guard let first = words.first?.lowercased() else { return false }
        return first.first?.isLetter == true && !first.hasPrefix("h(") && !first.hasPrefix("h/")
            && first != "h"
            || words.contains { ["after", "at", "of", "on"].contains($0.lowercased()) }
    }

    /// The schedule, or an error that points at the mistake.
    func pointedSchedule(_ text: String) throws -> Schedule {
        // An option that is wrong is misuse, whatever the schedule says.
        _ = try timeZoneID()
        do {
            return try schedule(text)
        } catch let error as ScheduleError {
            throw Self.pointing(error, at: text)
        }
    }

    /// An error that shows where in a text the mistake is.
    static func pointing(_ error: ScheduleError, at text: String) -> any Error {
        guard let position = error.position else { return error }
        let before = String(decoding: text.utf8.prefix(position), as: UTF8.self)
        let pointer = String(repeating: " ", count: TextWidth.columns(of: before)) + "^"
        return ControlError("\(error.message)\n  \(text)\n  \(pointer)")
    }

    /// The schedule bound to the task it is for and to the days of its calendars, where that matters.
    func boundSchedule(
        _ text: String,
        among calendars: DocumentCalendars = DocumentCalendars(calendars: [])
    ) throws -> Schedule {
        let schedule = try pointedSchedule(text)
        guard task != nil || !schedule.dependsOnTask else {
            throw ValidationError(
                "H and jitter depend on the task's name: give it with --task, as in --task nightly-report"
            )
        }
        do throws(UnknownCalendars) {
            return schedule.bound(to: try calendars.context(of: schedule, task: task ?? ""))
        } catch {
            throw ValidationError(
                "calendar '\(error.names[0])' is not known here: save it in the cluster, or give the file with its "
                    + "document to explain -f"
            )
        }
    }

    /// As `boundSchedule`, with the calendars of the cluster where the schedule names some.
    func boundSchedule(_ text: String, server: ServerOptions) async throws -> Schedule {
        var calendars = DocumentCalendars(calendars: [])
        try await calendars.complete(for: [try pointedSchedule(text)], from: server)
        return try boundSchedule(text, among: calendars)
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
            The schedule is a cron expression, an interval such as 90s, a time, a phrase
            such as 'weekdays at 09:30', or a document such as '{calendar: {…}}'. Calendars
            that it names are those of the cluster. With --batch, questions are read from
            standard input and answered in their order, one JSON object a line.

            Examples:
              cloudtask schedule next '0 2 * * 1-5' -n 5 --time-zone Europe/Berlin
              cloudtask schedule next 'H H(0-5) * * *' --task nightly-report
              cloudtask schedule next 'every 15 minutes from 22:00 to 06:00'
              cloudtask schedule next '{calendar: {monthly: [last fri], at: "18:00"}}'
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
    @OptionGroup(title: "Server") var server: ServerOptions
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
        let meant = try await reading.boundSchedule(schedule, server: server)
        guard !meant.timing.followsEvents else {
            throw ControlError("no time is known beforehand: \(meant.explained)")
        }
        let zone = meant.dayZone == .utc ? try reading.timeZoneID() : meant.dayZone
        let fires = Self.fires(of: meant, from: start, inclusive: inclusive, count: count)
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
