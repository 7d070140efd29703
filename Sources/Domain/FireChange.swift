public import Scheduling

/// What somebody wants to be different about the coming fires of a task.
public struct FireChange: Hashable, Sendable {
    /// What is to happen to them.
    public enum Action: Hashable, Sendable {
        /// They are skipped, which is recorded.
        case skip
        /// The fire comes at another instant.
        case shift(to: Instant)
        /// Their runs are given these values.
        case adjust([String: String])
        /// They are as the schedules have them.
        case restore
    }

    /// What is to happen.
    public var action: Action
    /// The instant at which the fire is due now; `nil` for the next one.
    public var due: Instant?
    /// How many fires, beginning with the next one.
    public var count: Int
    /// Why.
    public var reason: String?
    /// Who wants it, in their own words.
    public var author: String?

    /// Creates a change of the next fire unless told otherwise.
    public init(
        _ action: Action,
        due: Instant? = nil,
        count: Int = 1,
        reason: String? = nil,
        author: String? = nil
    ) {
        self.action = action
        self.due = due
        self.count = count
        self.reason = reason
        self.author = author
    }
}

/// Everything that is wrong with what a user said.
public struct ValidationFailure: Error, Hashable, Sendable {
    /// The problems, at least one.
    public var problems: [ValidationProblem]

    /// Creates a failure.
    public init(_ problems: [ValidationProblem]) { self.problems = problems }

    /// Creates a failure for one reason.
    public init(_ field: String, _ message: String) {
        problems = [ValidationProblem(field: field, message: message)]
    }
}

extension TaskDefinition {
    /// The next revision with a change of single fires, and what is different about these now, by the instants the schedules have.
    public func changed(
        by change: FireChange,
        now: Instant
    ) throws(ValidationFailure) -> (definition: TaskDefinition, fires: [FireException]) {
        try checkWords(of: change)
        let earliest = now + FireException.Limit.notice
        let fires = try fires(of: change, earliest: earliest)
        if change.action == .restore {
            return (
                withoutExceptions(of: Set(fires.map(\.due)), now: now),
                fires.map { FireException(due: $0.due) }
            )
        }
        var changed: [FireException] = []
        for fire in fires { changed.append(try fire.changed(by: change, of: self, earliest: earliest)) }
        let next = excepting(changed, now: now)
        let ahead = next.exceptions(after: now)
        if ahead.count > FireException.Limit.countMax {
            throw ValidationFailure(
                "count",
                "\(ahead.count) coming fires of task \(name) would be changed, more than the \(FireException.Limit.countMax) allowed: "
                    + "pause it until a time, or change its schedules"
            )
        }
        let bytes = next.exceptions.reduce(0) {
            $0 + $1.parameters.reduce(0) { $0 + $1.key.utf8.count + $1.value.utf8.count }
        }
        if bytes > FireException.Limit.bytesMax {
            throw ValidationFailure(
                "parameters",
                "the values that single fires of task \(name) are given have \(bytes) bytes, more than the "
                    + "\(FireException.Limit.bytesMax) allowed: name files"
            )
        }
        return (next, changed)
    }

    private func checkWords(of change: FireChange) throws(ValidationFailure) {
        let problems = ValidationProblem.tooLong(["reason": change.reason, "author": change.author])
        guard problems.isEmpty else { throw ValidationFailure(problems) }
        guard (1...FireException.Limit.countMax).contains(change.count) else {
            throw ValidationFailure(
                "count",
                "the count must be from 1 to \(FireException.Limit.countMax), not \(change.count)"
            )
        }
        if change.count > 1, change.due != nil {
            throw ValidationFailure("count", "give an instant or a count, not both")
        }
        if change.count > 1, case .shift = change.action {
            throw ValidationFailure("count", "fires are shifted one at a time: leave the count out")
        }
    }

    /// The fires that are meant, with what is different about them already.
    private func fires(of change: FireChange, earliest: Instant) throws(ValidationFailure) -> [FireException]
    {
        if let due = change.due { return [try fire(dueAt: due, earliest: earliest)] }
        if change.action == .restore {
            let changed = exceptions.filter { $0.decidedAt >= earliest }.sorted {
                $0.decidedAt < $1.decidedAt
            }
            guard changed.isEmpty else { return Array(changed.prefix(change.count)) }
            throw ValidationFailure("due", "nothing is different about the coming fires of task \(name)")
        }
        var fires: [FireException] = []
        var last = earliest - .milliseconds(1)
        while fires.count < change.count, let due = nextDue(after: last) {
            last = due
            fires.append(exception(decidedAt: due) ?? FireException(due: due))
        }
        guard !fires.isEmpty else {
            if !isSuspended, let schedule = specification.eventSchedule(at: earliest) {
                let sentence = schedule.explained.dropLast()
                throw ValidationFailure(
                    "due",
                    "nobody knows beforehand when task \(name) is due (\(sentence)), so there is no fire to change: pause it instead"
                )
            }
            throw ValidationFailure("due", "task \(name) is not due again: there is no fire to change")
        }
        return fires
    }

    private func fire(dueAt due: Instant, earliest: Instant) throws(ValidationFailure) -> FireException {
        guard nextDue(after: due - .milliseconds(1)) == due else {
            // What was shifted away is known by the instant it had, too.
            if let shifted = exceptions.first(where: { $0.due == due && $0.shiftedTo != nil }) {
                return shifted
            }
            let next = nextDue(after: due).map { "; after that it is due at \($0)" } ?? ""
            throw ValidationFailure("due", "task \(name) is not due at \(due)\(next)")
        }
        guard due >= earliest else {
            throw ValidationFailure(
                "due",
                "the fire of \(due) is over or too near: a change needs \(FireException.Limit.notice.components.seconds) seconds' notice"
            )
        }
        return exception(decidedAt: due) ?? FireException(due: due)
    }
}

extension FireException {
    /// What is different about the fire after a change.
    fileprivate func changed(
        by change: FireChange,
        of task: TaskDefinition,
        earliest: Instant
    ) throws(ValidationFailure) -> FireException {
        var fire = self
        fire.reason = change.reason
        fire.author = change.author
        switch change.action {
        case .skip:
            fire = FireException(
                due: due,
                isSkipped: true,
                shiftedTo: shiftedTo,
                reason: change.reason,
                author: change.author
            )
        case .shift(let instant):
            guard instant >= earliest else {
                throw ValidationFailure(
                    "to",
                    "\(instant) is over or too near: shift the fire to a later time"
                )
            }
            guard task.isPlannedDue(due) else {
                throw ValidationFailure(
                    "due",
                    "the fire of \(due) begins a chain of runs that follow one another: pause the task until the time instead"
                )
            }
            if instant != decidedAt, task.nextDue(after: instant - .milliseconds(1)) == instant {
                throw ValidationFailure(
                    "to",
                    "task \(task.name) is due at \(instant) anyway: skip the fire of \(decidedAt) instead"
                )
            }
            fire.shiftedTo = instant == due ? nil : instant
            fire.isSkipped = false
        case .adjust(let values):
            if values.isEmpty {
                throw ValidationFailure(
                    "parameters",
                    "no value is given: name at least one parameter of task \(task.name)"
                )
            }
            fire.parameters.merge(values) { $1 }
            let problems = task.specification.problems(withValues: fire.parameters, isComplete: false)
            guard problems.isEmpty else { throw ValidationFailure(problems) }
            fire.isSkipped = false
        case .restore: break
        }
        return fire
    }
}
