import CenterClient
import Documents
import Domain
import Payloads
import Scheduling

/// The calendars that schedules name: those among documents, and those of the cluster.
struct DocumentCalendars {
    private(set) var calendars: [CalendarID: DayCalendar] = [:]

    /// Collects those among documents; refuses one whose days cannot be known.
    init(_ documents: [Document]) throws(ControlError) {
        for case .calendar(let document) in documents {
            let calendar = document.calendar
            if let problem = calendar.problems.first {
                throw ControlError("\(document.location): calendar \(calendar.name): \(problem.message)")
            }
            calendars[calendar.name] = calendar
        }
    }

    /// Uses these calendars.
    init(calendars: [DayCalendar]) {
        for calendar in calendars { self.calendars[calendar.name] = calendar }
    }

    /// Adds the calendars that schedules name and that are not here yet from the cluster, where there is one.
    mutating func complete(for schedules: [Schedule], from server: ServerOptions) async throws {
        let missing = Set(schedules.flatMap(\.calendarNames)).compactMap(CalendarID.init)
            .filter { calendars[$0] == nil }.sorted()
        guard !missing.isEmpty else { return }
        let connection: CenterConnection
        do {
            connection = try server.connection()
        } catch let error as ControlError where error.status == .unreachable {
            // No cluster is known: whoever needs the calendar says what is missing.
            return
        }
        for name in missing {
            do throws(CenterClientError) {
                calendars[name] = try await connection.calendar(name).calendar
            } catch {
                switch error {
                case .notFound: continue
                default:
                    throw ControlError(
                        "calendar '\(name)' is not in the files, and the cluster cannot be asked: \(error.message)",
                        ControlError(error).status
                    )
                }
            }
        }
    }

    /// Whether there is a calendar of that name.
    func isKnown(_ name: String) -> Bool { CalendarID(name).map { calendars[$0] != nil } ?? false }

    /// What a task's fires depend on; refuses a task that names a calendar which is not known.
    func context(of document: TaskDocument) throws(ControlError) -> ScheduleContext {
        let task = document.specification
        do throws(UnknownCalendars) {
            return try context(of: task)
        } catch {
            throw ControlError(
                "\(document.location): task \(task.name): calendar '\(error.names[0])' is not in the files: add its "
                    + "document, or save it in the cluster"
            )
        }
    }

    /// What a task's fires depend on.
    func context(of task: TaskSpecification) throws(UnknownCalendars) -> ScheduleContext {
        let days = try CalendarDays(of: task.schedules, among: calendars)
        return ScheduleContext(task: task.name.text, calendars: days)
    }

    /// What the fires of a schedule of a task depend on.
    func context(of schedule: Schedule, task: String) throws(UnknownCalendars) -> ScheduleContext {
        ScheduleContext(task: task, calendars: try CalendarDays(of: [schedule], among: calendars))
    }
}

extension Document {
    /// The tasks that a document describes: one, or those of a workflow, the one with its schedules first.
    var tasks: [TaskSpecification] {
        switch self {
        case .task(let task): [task.specification]
        case .workflow(let workflow): workflow.workflow.tasks
        case .calendar, .runtime, .pool: []
        }
    }

    /// The task whose schedules stand in the document.
    var scheduled: TaskDocument? {
        tasks.first.map { TaskDocument(specification: $0, location: location) }
    }

    /// The schedules that stand in the document.
    var schedules: [Schedule] { scheduled?.specification.schedules ?? [] }
}
