import Domain
import Foundation
import Scheduling

/// Says which schedules are over before they are saved: that is allowed, so that a document can be applied again at any time.
enum OverSchedules {
    /// One line for each such schedule of a task.
    ///
    /// - Parameters:
    ///   - task: The task.
    ///   - place: Where its document begins.
    ///   - now: The instant from which on nothing is due.
    /// - Returns: The lines; empty when something is due from every schedule.
    static func lines(
        of task: TaskSpecification,
        place: String? = nil,
        now: Instant = Instant(Date())
    ) -> [String] {
        task.schedulesOver(at: now).map {
            (place.map { $0 + ": " } ?? "") + "task \(task.name), \($0.field): \($0.message)"
        }
    }
}
