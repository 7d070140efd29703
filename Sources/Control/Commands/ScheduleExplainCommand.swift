public import ArgumentParser
import Documents
import Domain
import Foundation
import Scheduling

/// `cloudtask schedule explain`.
public struct ScheduleExplainCommand: ControlCommand {
    /// Name and help.
    public static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "Say in words when a schedule is due.",
        usage: "cloudtask schedule explain (<schedule> | -f <file> ...) [<options>]",
        discussion: """
            The schedule is a cron expression, an interval, a time, a phrase or a document.
            With -f, every schedule of the tasks in the files is explained. Calendars that
            schedules name are those in the files, else those of the cluster. Exits with 1 when a schedule is wrong or impossible, pointing
            at the mistake.

            Examples:
              cloudtask schedule explain '0 9 * * 1#1' --time-zone Europe/Berlin
              cloudtask schedule explain '{every: 1h, exclude: {weekdays: [sun]}}'
              cloudtask schedule explain -f tasks.yaml -f holidays.yaml
            """
    )

    @Argument(help: "The schedule.") var schedule: String?
    @Option(
        name: [.customShort("f"), .customLong("file")],
        help: ArgumentHelp("Documents, a folder of them, or - for standard input.", valueName: "file")
    ) var files: [String] = []
    @Option(name: [.customShort("n"), .customLong("count")], help: "How many instants.") var count = 3
    @OptionGroup(title: "Reading") var reading: ExpressionOptions
    @OptionGroup(title: "Server") var server: ServerOptions

    /// Creates the command; `ArgumentParser` fills it.
    public init() {}

    /// Refuses what contradicts itself.
    public func validate() throws {
        guard (schedule == nil) != files.isEmpty else {
            throw ValidationError("give a schedule such as '0 2 * * 1-5', or files with -f")
        }
        guard (0...ScheduleQuery.countMax).contains(count) else {
            throw ValidationError("--count must be 0 to \(ScheduleQuery.countMax)")
        }
    }

    /// Explains the schedule, or those of the files.
    public func execute() async throws {
        guard let schedule else { return try await explainFiles() }
        let meant = try reading.pointedSchedule(schedule)
        try meant.validate(in: ScheduleContext(task: reading.task ?? ""))
        Terminal.writeLine(meant.explained)
        guard reading.task != nil || !meant.dependsOnTask else {
            return Terminal.writeLine("  give --task NAME to see when")
        }
        var calendars = DocumentCalendars(calendars: [])
        try await calendars.complete(for: [meant], from: server)
        guard meant.calendarNames.allSatisfy(calendars.isKnown) else {
            return Terminal.writeLine(
                "  save its calendars in the cluster, or give their documents with -f, to see when"
            )
        }
        try write(try reading.boundSchedule(schedule, among: calendars))
    }

    private func explainFiles() async throws {
        let documents = try DocumentSource.read(files)
        var calendars = try DocumentCalendars(documents)
        try await calendars.complete(for: documents.flatMap(\.schedules), from: server)
        for document in documents.compactMap(\.scheduled) {
            let task = document.specification
            let context = try calendars.context(of: document)
            Terminal.writeLine("\(task.name):")
            if task.schedules.isEmpty { Terminal.writeLine("  On request only.") }
            for schedule in task.schedules {
                Terminal.writeLine("  " + schedule.explained)
                try write(schedule.bound(to: context), margin: "    ")
            }
        }
    }

    private func write(_ schedule: Schedule, margin: String = "  ") throws {
        let zone = schedule.dayZone == .utc ? try reading.timeZoneID() : schedule.dayZone
        let now = Instant(Date())
        for fire in ScheduleNextCommand.fires(of: schedule, from: now, inclusive: false, count: count) {
            Terminal.writeLine(margin + fire.formatted(in: zone))
        }
    }
}
