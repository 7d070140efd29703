import Documents
import Domain
import Scheduling

/// The calendars among documents, for the schedules of the tasks among them.
struct DocumentCalendars {
    private var calendars: [CalendarID: DayCalendar] = [:]

    /// Collects them; refuses one whose days cannot be known.
    init(_ documents: [Document]) throws(ControlError) {
        for case .calendar(let document) in documents {
            let calendar = document.calendar
            if let problem = calendar.problems.first {
                throw ControlError("\(document.location): calendar \(calendar.name): \(problem.message)")
            }
            calendars[calendar.name] = calendar
        }
    }

    /// What a task's fires depend on; refuses a task that names a calendar which is not among the documents.
    func context(of document: TaskDocument) throws(ControlError) -> ScheduleContext {
        let task = document.specification
        do throws(UnknownCalendars) {
            let days = try CalendarDays(of: task.schedules, among: calendars)
            return ScheduleContext(task: task.name.text, calendars: days)
        } catch {
            throw ControlError(
                "\(document.location): task \(task.name): calendar '\(error.names[0])' is not in the files: add its document"
            )
        }
    }
}
