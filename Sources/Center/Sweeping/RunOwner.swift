public import Domain
public import Scheduling

/// Who is to end a run that has not ended; every such run has one, or is about to be recorded as lost.
public enum RunOwner: Hashable, Sendable {
    /// The living incarnation that has the attempt open.
    ///
    /// `deadline` is when the task's timeout has ended it at the latest; without a timeout there is none, and the end of the
    /// agent's session, after which the leader owns the run, is what keeps it from staying as it is.
    case agent(AgentID, Incarnation, deadline: Instant?)
    /// The leader: the incarnation is gone, and what it left open is decided once the runtime's rejoin grace is over.
    case leader
}

extension RunOwner {
    /// The owner of a run by who is registered: `nil` for one that has ended.
    static func of(_ run: Run, living incarnation: Incarnation?, task: TaskDefinition?) -> RunOwner? {
        guard !run.state.isFinal, let attempt = run.attempts.last else { return nil }
        guard attempt.incarnation == incarnation else { return .leader }
        return .agent(attempt.agent, attempt.incarnation, deadline: deadline(of: attempt, task))
    }

    private static func deadline(of attempt: RunAttempt, _ task: TaskDefinition?) -> Instant? {
        guard let specification = task?.specification, let timeout = specification.timeout,
            let startedAt = attempt.startedAt
        else { return nil }
        return startedAt + timeout + specification.killGrace
    }
}
