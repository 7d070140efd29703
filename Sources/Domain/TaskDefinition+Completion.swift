public import Scheduling

/// Runs that follow the end of the one before, or the start of an agent.
extension TaskDefinition {
    /// When the first run of the present chain is due; the others follow the ends of those before them.
    public var firstCompletionDue: Instant? {
        guard let completionSince else { return nil }
        if activeResidency != nil { return completionSince + .milliseconds(1) }
        guard let schedule = activeCompletion else { return nil }
        // What is due at an edit itself belongs to the revision before.
        return schedule.due(afterCompletion: nil, effectiveFrom: completionSince, in: scheduleContext)
            .map { max($0, completionSince + .milliseconds(1)) }
    }

    /// When the run after one of the present chain is due; `nil` when none follows.
    public func next(after life: RunLife) -> NextLife? {
        if let residency = activeResidency { return residency.restart.next(after: life) }
        return activeCompletion?.due(
            afterCompletion: life.ended,
            effectiveFrom: completionSince ?? effectiveFrom,
            in: scheduleContext
        ).map { NextLife(due: $0) }
    }

    /// Whether a fire stands in the present chain: as its first, or as one that followed another.
    public func isInChain(_ fire: JournaledFire) -> Bool {
        guard let completionSince, fire.uid == uid else { return false }
        switch fire.trigger {
        case .completion: return fire.origin?.chain == completionSince
        case .schedule: return fire.due == firstCompletionDue
        case .request, .dependency, .start, .backfill: return false
        }
    }

    /// The schedule that follows the ends of runs, if it counts now.
    var activeCompletion: Schedule? { isSuspended ? nil : specification.activeCompletion }

    /// How it is kept running, if that counts now.
    public var activeResidency: Residency? {
        specification.isEnabled && !isSuspended ? specification.residency : nil
    }

    /// What makes its runs follow one another, if that counts now.
    var activeChain: RunChain? { isSuspended ? nil : specification.activeChain }

    /// When the run is due that follows a start of an agent's process at `instant`; `nil` when none does.
    public func nextStartDue(after instant: Instant) -> Instant? {
        guard counts(at: instant) else { return nil }
        return specification.activeStart?.due(afterAgentStart: instant, in: scheduleContext)
    }

    private var scheduleContext: ScheduleContext {
        ScheduleContext(task: name.text, calendars: calendars)
    }
}

/// What makes runs of a task follow one another.
enum RunChain: Hashable {
    /// An `afterCompletion` schedule.
    case completion(Schedule)
    /// That it is resident: what its process is made of.
    case resident(TaskSpecification)
}

extension TaskSpecification {
    /// What makes its runs follow one another, if that counts now.
    var activeChain: RunChain? {
        guard isEnabled else { return nil }
        return residency == nil ? activeCompletion.map { .completion($0) } : .resident(runImage)
    }

    /// Without what makes no difference to a process that runs: an edit of that restarts nothing.
    private var runImage: TaskSpecification {
        var task = self
        task.group = .standard
        task.labels = [:]
        task.description = nil
        task.priority = 0
        task.placement = Placement()
        task.residency?.restart = Restart()
        return task
    }

    /// The schedule by which runs follow the ends of others or starts of agents, whose instants nobody knows beforehand;
    /// `nil` when there is none, or it is over.
    public func eventSchedule(at now: Instant) -> Schedule? {
        if let schedule = activeCompletion, case .afterCompletion(let completion) = schedule.timing,
            completion.end.map({ now <= $0 }) ?? true
        {
            return schedule
        }
        return activeStart
    }

    /// The schedule that follows the ends of runs, if it counts now.
    var activeCompletion: Schedule? {
        guard isEnabled else { return nil }
        return schedules.first { if case .afterCompletion = $0.timing { true } else { false } }
    }

    /// The schedule that follows the starts of agents, if it counts now.
    var activeStart: Schedule? {
        guard isEnabled else { return nil }
        return schedules.first { if case .onAgentStart = $0.timing { true } else { false } }
    }
}
