import Scheduling

extension TaskSpecification {
    /// What could never come to bear because another key keeps it from happening.
    var futileProblems: [ValidationProblem] {
        var problems: [ValidationProblem] = []
        // Imports name all causes, whatever else they found.
        let isChosen = retry.attempts > 1 && retry.on != Retry.Cause.allCases && retry.problems.isEmpty
        if isChosen, retry.on.contains(.timedOut), timeout == nil {
            let message =
                "without a timeout no attempt ends as timed-out so that another could follow: add a timeout, "
                + "or remove timed-out"
            problems.append(ValidationProblem(field: "retry.on", message: message))
        }
        if let startDeadline, misfire.grace != Misfire.graceDefault, startDeadline < misfire.grace {
            let message =
                "the grace \(DurationText(misfire.grace)) is longer than the start deadline "
                + "\(DurationText(startDeadline)), after which nothing starts: shorten it, or lengthen startDeadline"
            problems.append(ValidationProblem(field: "misfire.grace", message: message))
        }
        return problems
    }
}
