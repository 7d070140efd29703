public import ArgumentParser
import Documents
import Foundation
import Scheduling

/// `cloudtask schedule parse`.
public struct ScheduleParseCommand: ControlCommand {
    /// Name and help.
    public static let configuration = CommandConfiguration(
        commandName: "parse",
        abstract: "Turn an English phrase into the YAML of a schedule.",
        usage: "cloudtask schedule parse <phrase> ... [<options>]",
        discussion: """
            What 'schedule explain' says is such a phrase. Exits with 1 at a word that is
            not understood, pointing at it.

            Examples:
              cloudtask schedule parse 'weekdays at 09:30 Europe/Berlin'
              cloudtask schedule parse every 2 hours from 08:00 to 18:00
              cloudtask schedule parse 'last day of the month at 18:00 except on sundays'
            """
    )

    @Argument(help: "The phrase.") var phrase: [String]
    @Option(
        name: [.long, .customLong("tz")],
        help: ArgumentHelp("Zone the phrase is meant in when it names none.", valueName: "zone")
    ) var timeZone = "UTC"

    /// Creates the command; `ArgumentParser` fills it.
    public init() {}

    /// Prints what a task's document says.
    public func execute() async throws {
        let text = phrase.joined(separator: " ")
        let schedule: Schedule
        do throws(ScheduleError) {
            schedule = try Schedule(
                phrase: text,
                timeZone: try TimeZoneID(timeZone),
                now: Instant(Date())
            )
            try schedule.validate()
        } catch {
            throw ExpressionOptions.pointing(error, at: text)
        }
        Terminal.writeLine("# " + schedule.explained)
        Terminal.write(try DocumentWriter.yaml([schedule]))
    }
}
