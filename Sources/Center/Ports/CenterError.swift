public import Domain
package import Scheduling

/// Why a request was refused or failed.
public enum CenterError: Error, Hashable, Sendable {
    /// There is no such thing: what, and its name.
    case notFound(kind: String, name: String)
    /// The thing exists already, or is not in the expected revision or state; a sentence for people.
    case conflict(String)
    /// What was said is wrong.
    case invalid([ValidationProblem])
    /// This center does not lead, or the cluster is not available now; a sentence for people.
    case unavailable(String)
}

extension CenterError {
    /// Why the process of a task cannot begin anew; `nil` when it can.
    package static func refusal(toRestart task: TaskDefinition, now: Instant) -> CenterError? {
        let name = task.name
        if task.specification.residency == nil {
            return .conflict("task \(name) is not resident: \"cloudtask task run \(name)\" runs it")
        }
        guard !task.counts(at: now) else { return nil }
        return .conflict(
            "task \(name) is paused, itself or with its group or runtime: resume it, which starts it"
        )
    }

    /// Why no run of a task can be asked for; `nil` when one can.
    package static func refusal(toRun task: TaskDefinition) -> CenterError? {
        guard task.specification.residency != nil else { return nil }
        return .conflict(
            "task \(task.name) is resident and runs all the time: \"cloudtask task restart \(task.name)\" begins its process anew"
        )
    }
}
