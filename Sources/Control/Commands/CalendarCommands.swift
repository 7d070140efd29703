public import ArgumentParser
import CenterClient
import Documents
import Domain
import Foundation
import Payloads
import Scheduling

/// `cloudtask calendar`.
public struct CalendarCommand: ParsableCommand {
    /// Name and help.
    public static let configuration = CommandConfiguration(
        commandName: "calendar",
        abstract: "See and change calendars, the days that schedules leave out or put in.",
        discussion: """
            Examples:
              cloudtask calendar list
              cloudtask calendar days holidays-de --count 5
            """,
        subcommands: [
            CalendarListCommand.self, CalendarGetCommand.self, CalendarSetCommand.self,
            CalendarDeleteCommand.self, CalendarDaysCommand.self,
            DefinitionRevisionsCommand<RevisedCalendar>.self, DefinitionDiffCommand<RevisedCalendar>.self,
            DefinitionRestoreCommand<RevisedCalendar>.self,
        ],
        aliases: ["calendars"]
    )

    /// Creates the command; `ArgumentParser` fills it.
    public init() {}
}

/// The name of the calendar a command is about.
public struct CalendarArgument: ParsableArguments, Sendable {
    @Argument(help: "The calendar's name.") var calendar: String

    /// Creates the argument; `ArgumentParser` fills it.
    public init() {}

    /// The name, checked.
    func id() throws -> CalendarID { try Parse.name(calendar, "the name of a calendar") }
}

/// `cloudtask calendar list`.
public struct CalendarListCommand: ControlCommand {
    /// Name and help.
    public static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List calendars, and how many tasks name each.",
        usage: "cloudtask calendar list [<options>]",
        discussion: """
            Example:
              cloudtask calendar list -o json
            """,
        aliases: ["ls"]
    )

    @OptionGroup(title: "Server") var server: ServerOptions
    @OptionGroup(title: "Output") var output: OutputOptions

    /// Creates the command; `ArgumentParser` fills it.
    public init() {}

    /// Lists the calendars.
    public func execute() async throws {
        let connection = try server.connection()
        let calendars = try await Paging.all(limit: .max) { page, size throws(CenterClientError) in
            try await connection.calendars(page: page, limit: size)
        }
        try Printer(output).print(
            calendars,
            empty: "there are no calendars",
            names: { "calendar/\($0.calendar.name)" }
        ) { _ in
            CalendarTable.table(calendars)
        }
    }
}

/// `cloudtask calendar get`.
public struct CalendarGetCommand: ControlCommand {
    /// Name and help.
    public static let configuration = CommandConfiguration(
        commandName: "get",
        abstract: "Show one calendar.",
        usage: "cloudtask calendar get <calendar> [<options>]",
        discussion: """
            With -o yaml it prints the calendar's document, ready for 'apply'.

            Example:
              cloudtask calendar get holidays-de -o yaml > holidays.yaml
            """
    )

    @OptionGroup var argument: CalendarArgument
    @OptionGroup(title: "Server") var server: ServerOptions
    @OptionGroup(title: "Output") var output: OutputOptions

    /// Creates the command; `ArgumentParser` fills it.
    public init() {}

    /// Shows the calendar.
    public func execute() async throws {
        let payload = try await server.connection().calendar(try argument.id())
        if output.output == .yaml { return Terminal.write(try DocumentWriter.yaml(payload.calendar)) }
        let printer = Printer(output)
        try printer.print(payload, names: ["calendar/\(payload.calendar.name)"]) { _ in
            printer.details(CalendarTable.details(of: payload))
        }
    }
}

/// `cloudtask calendar set`.
public struct CalendarSetCommand: ControlCommand {
    /// Name and help.
    public static let configuration = CommandConfiguration(
        commandName: "set",
        abstract: "Create a calendar, or change its days.",
        usage: "cloudtask calendar set <calendar> [<options>]",
        discussion: """
            Every task that names it gets its days, effective at once. What is not given
            stays as it is; an empty text takes something out, as in --weekday ''. Several
            calendars are best kept as documents, for 'apply'.

            Examples:
              cloudtask calendar set holidays-de --yearly 12-25 --yearly 'last mon may'
              cloudtask calendar set freeze --date 2026-12-18..2027-01-06
              cloudtask calendar set holidays-fr --ical jours-feries.ics
              cloudtask calendar set holidays-de -f holidays.yaml
            """
    )

    @OptionGroup var argument: CalendarArgument
    @Option(help: "Free text for people.") var description: String?
    @Option(
        name: .customLong("date"),
        help: ArgumentHelp("A date or a range, such as 2026-12-24..2026-12-26; may repeat.", valueName: "day")
    )
    var dates: [String] = []
    @Option(
        name: .customLong("weekday"),
        help: ArgumentHelp("A day of the week, or mon-fri; may repeat.", valueName: "day")
    )
    var weekdays: [String] = []
    @Option(help: ArgumentHelp("A day of every year, such as 12-25; may repeat.", valueName: "day"))
    var yearly: [String] = []
    @Option(help: ArgumentHelp("An .ics file whose events' days count, or -.", valueName: "file"))
    var ical: String?
    @Option(
        name: [.customShort("f"), .customLong("file")],
        help: ArgumentHelp("The calendar's document, or -; it says everything.", valueName: "file")
    )
    var file: String?
    @OptionGroup var note: MessageOptions
    @OptionGroup(title: "Server") var server: ServerOptions

    /// Creates the command; `ArgumentParser` fills it.
    public init() {}

    /// Refuses days that are none.
    public func validate() throws {
        var calendar = DayCalendar(name: try argument.id())
        try change(&calendar)
        let hasDays = !dates.isEmpty || !weekdays.isEmpty || !yearly.isEmpty
        if file != nil, hasDays || description != nil || ical != nil {
            throw ValidationError("give a document with -f, or what is to change, not both")
        }
    }

    /// Saves the calendar.
    public func execute() async throws {
        let name = try argument.id()
        let connection = try server.connection()
        var calendar: DayCalendar
        if let file {
            calendar = try document(file)
        } else {
            calendar = try await present(name, connection)
        }
        try change(&calendar)
        if let ical { calendar.ical = ical.isEmpty ? nil : try DocumentSource.text(of: ical) }
        if let problem = calendar.problems.first {
            throw ControlError("calendar \(name): \(problem.message)", .usage)
        }
        let result = try await connection.put(calendar, author: Author.name(), message: note.message)
        let count = result.tasks
        let tasks = count == 0 ? "" : ", \(count) task\(count == 1 ? "" : "s") changed"
        Terminal.writeLine("calendar/\(name) \(result.change.rawValue)\(tasks)")
    }

    private func present(_ name: CalendarID, _ connection: CenterConnection) async throws -> DayCalendar {
        do throws(CenterClientError) {
            return try await connection.calendar(name).calendar
        } catch {
            guard case .notFound = error else { throw error }
            return DayCalendar(name: name)
        }
    }

    /// The calendar of a document, which must be the one that is meant.
    private func document(_ file: String) throws -> DayCalendar {
        let documents = try DocumentSource.read([file])
        for case .calendar(let document) in documents where document.calendar.name.text == argument.calendar {
            return document.calendar
        }
        throw ControlError("\(file) has no document of a calendar named \(argument.calendar)", .notFound)
    }

    private func change(_ calendar: inout DayCalendar) throws {
        calendar.description = description.map { $0.isEmpty ? nil : $0 } ?? calendar.description
        do {
            if !dates.isEmpty { calendar.days.dates = try given(dates).map { try DayRange(parsing: $0) } }
            if !weekdays.isEmpty { calendar.days.weekdays = try Weekday.list(given(weekdays)) }
            if !yearly.isEmpty { calendar.days.yearly = try given(yearly).map { try YearlyDay(parsing: $0) } }
        } catch let error as ScheduleError {
            throw ValidationError(error.message)
        }
    }

    private func given(_ texts: [String]) -> [String] { texts.filter { !$0.isEmpty } }
}

/// `cloudtask calendar delete`.
public struct CalendarDeleteCommand: ControlCommand {
    /// Name and help.
    public static let configuration = CommandConfiguration(
        commandName: "delete",
        abstract: "Delete calendars that no task names.",
        usage: "cloudtask calendar delete <calendar> ... [<options>]",
        discussion: """
            Example:
              cloudtask calendar delete freeze
            """,
        aliases: ["rm"]
    )

    @Argument(help: "Names of calendars.") var calendars: [String]
    @OptionGroup(title: "Server") var server: ServerOptions

    /// Creates the command; `ArgumentParser` fills it.
    public init() {}

    /// Deletes the calendars.
    public func execute() async throws {
        let names: [CalendarID] = try calendars.map { try Parse.name($0, "the name of a calendar") }
        let connection = try server.connection()
        for name in names {
            try await connection.deleteCalendar(name)
            Terminal.writeLine("calendar/\(name) deleted")
        }
    }
}

/// `cloudtask calendar days`.
public struct CalendarDaysCommand: ControlCommand {
    /// Name and help.
    public static let configuration = CommandConfiguration(
        commandName: "days",
        abstract: "Show the coming days of a calendar.",
        usage: "cloudtask calendar days <calendar> [<options>]",
        discussion: """
            Examples:
              cloudtask calendar days holidays-de
              cloudtask calendar days holidays-de --from 2027-01-01 --count 20
            """
    )

    @OptionGroup var argument: CalendarArgument
    @Option(help: ArgumentHelp("From this day on; today unless given.", valueName: "date")) var from: String?
    @Option(name: [.customShort("n"), .customLong("count")], help: "How many days.") var count = 10
    @OptionGroup(title: "Server") var server: ServerOptions
    @OptionGroup(title: "Output") var output: OutputOptions
    @OptionGroup(title: "Output") var time: TimeOptions

    /// Creates the command; `ArgumentParser` fills it.
    public init() {}

    /// Refuses what is no day and no number.
    public func validate() throws {
        try Parse.count(count, "--count", max: 1_000)
        _ = try start()
    }

    /// Shows the days.
    public func execute() async throws {
        let calendar = try await server.connection().calendar(try argument.id()).calendar
        let days = DaySet(try calendar.resolved()).days(from: try start(), count: count)
        try Printer(output).print(
            days.map(\.description),
            empty: "the calendar has no days from then on",
            names: { $0 }
        ) { _ in
            var table = Table([.init(title: "DATE"), .init(title: "DAY")])
            for day in days {
                table.append([.init(day.description), .init(String(day.firstWeekday.name.prefix(3)))])
            }
            return table
        }
    }

    private func start() throws -> DayRange {
        let text = try from ?? String(TimeText(zone: time.zone()).absolute(Instant(Date())).prefix(10))
        do throws(ScheduleError) {
            return try DayRange(parsing: text)
        } catch {
            throw ValidationError("--from: \(error.message)")
        }
    }
}
