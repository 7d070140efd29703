public import ArgumentParser
import CenterClient
import Documents
import Domain
import Foundation
import Payloads
import Scheduling

/// `cloudtask schedule lint`.
public struct ScheduleLintCommand: ControlCommand {
    /// Name and help.
    public static let configuration = CommandConfiguration(
        commandName: "lint",
        abstract: "Find schedules that are allowed and probably not meant.",
        usage: "cloudtask schedule lint [-f <file> ...] [<options>]",
        discussion: """
            Looks at the tasks of documents, or at those of the cluster: seconds of the
            next 24 hours in which too many tasks start, with a spread for each of them
            (-o json lists it); steps that do not divide their field; times that clocks
            skip or show twice within a year; times that never come; days that some
            months lack; both day fields restricted. Calendars that schedules name are
            those in the files, else those of the cluster.

            Examples:
              cloudtask schedule lint -f tasks.yaml -f holidays.yaml
              cloudtask schedule lint --limit 50 --strict
              cloudtask schedule lint -l team=data
              cloudtask schedule lint -o json
            """
    )

    @Option(
        name: [.customShort("f"), .customLong("file")],
        parsing: .singleValue,
        help: ArgumentHelp(
            "YAML or JSON file, a directory of them, or -; else the cluster's tasks.",
            valueName: "file"
        )
    ) var files: [String] = []
    @OptionGroup var selection: SelectionOptions
    @Option(help: ArgumentHelp("Starts within one second that are not too many.", valueName: "count"))
    var limit = ScheduleLint.startsPerSecondDefault
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Count the day and the year from then; now unless given.", valueName: "time")
    ) var from: String?
    @Flag(help: "Exit with 1 when something is found.") var strict = false
    @OptionGroup(title: "Server") var server: ServerOptions
    @OptionGroup(title: "Output") var output: OutputOptions

    /// Creates the command; `ArgumentParser` fills it.
    public init() {}

    /// Refuses limits that make no sense, and conditions on what is in files.
    public func validate() throws {
        try Parse.count(limit, "--limit")
        guard files.isEmpty || !selection.isGiven else {
            throw ValidationError("--labels, --runtime and --group select tasks of the cluster: leave out -f")
        }
    }

    /// Looks at the schedules.
    public func execute() async throws {
        let now = Instant(Date())
        let start = try from.map { try Parse.instant($0, "--from", now: now) } ?? now
        let (tasks, calendars) = try await subjects()
        let subjects = tasks.map {
            LintSubject(
                name: $0.specification.name.text,
                schedules: $0.specification.schedules,
                isEnabled: $0.specification.isEnabled,
                starts: $0.specification.shards?.total ?? 1
            )
        }
        let lint = ScheduleLint(from: start, startsPerSecondMax: limit, calendars: calendars)
        let report = lint.report(on: subjects)
        let places = Dictionary(
            tasks.map { ($0.specification.name.text, $0.place) },
            uniquingKeysWith: { first, _ in first }
        )
        try Printer(output).print(report, names: report.findings.map { "task/\($0.task)" }) { _ in
            report.findings.map { Self.line($0, place: places[$0.task] ?? nil) }.joined()
        }
        Terminal.say(summary(report, count: subjects.count))
        if strict, !report.findings.isEmpty { throw ExitCode(CommandStatus.failed.rawValue) }
    }

    private static func line(_ finding: LintFinding, place: String?) -> String {
        let schedule = finding.schedule.map { ", schedules[\($0)]" } ?? ""
        return (place.map { $0 + ": " } ?? "") + "task \(finding.task)\(schedule): \(finding.message)\n"
    }

    private func summary(_ report: LintReport, count: Int) -> String {
        let found = report.findings.count == 1 ? "1 finding" : "\(report.findings.count) findings"
        let cut =
            report.isCut
            ? "; after \(report.fires) due instants the search for herds ended, so look at fewer tasks at a time"
            : ""
        return "\(found) in \(count) task\(count == 1 ? "" : "s")\(cut)"
    }

    private struct LintedTask {
        var specification: TaskSpecification
        /// Where its document begins.
        var place: String?
    }

    /// What is looked at: the tasks, and the days of the calendars that their schedules name.
    private func subjects() async throws -> ([LintedTask], [String: DaySet]) {
        guard files.isEmpty else { return try await subjectsOfFiles() }
        let connection = try server.connection(timeout: .seconds(120))
        let tasks = try await selection.tasks(connection)
        let schedules = tasks.flatMap(\.specification.schedules)
        var calendars = DocumentCalendars(calendars: [])
        try await calendars.complete(for: schedules, from: server)
        // A calendar that was deleted meanwhile has no days.
        let days = try? CalendarDays(of: schedules, among: calendars.calendars)
        return (
            tasks.map { LintedTask(specification: $0.specification) },
            days.map { ScheduleContext(task: "", calendars: $0).calendars } ?? [:]
        )
    }

    private func subjectsOfFiles() async throws -> ([LintedTask], [String: DaySet]) {
        // Documents that could not be saved are looked at too: that a time never comes is one of the findings.
        let documents = try DocumentSource.read(files, isValidating: false)
        var calendars = try DocumentCalendars(documents)
        try await calendars.complete(for: documents.flatMap(\.schedules), from: server)
        var tasks: [LintedTask] = []
        var days: [String: DaySet] = [:]
        for task in documents.compactMap(\.scheduled) {
            tasks.append(
                LintedTask(specification: task.specification, place: task.location.description)
            )
            days.merge(try calendars.context(of: task).calendars) { first, _ in first }
        }
        return (tasks, days)
    }
}
