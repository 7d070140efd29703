public import Scheduling

/// What an agent (or, for lost fires, the leader) tells the centers about one attempt.
///
/// Reports are idempotent and cumulative: a later phase of the same attempt replaces an earlier one, never the reverse,
/// and a true result replaces `lost`.
public struct RunReport: Hashable, Sendable, Codable {
    /// How far the attempt is.
    public enum Phase: Hashable, Sendable, Codable {
        /// The fire is to be launched, its time has come, and it waits at the agent for a slot, for units or for its turn.
        case waiting(since: Instant)
        /// The process runs since then.
        case started(at: Instant)
        /// The attempt is over.
        case ended(AttemptResult)
        /// The fire was decided not to be launched: the fire's decision says why.
        case decided(at: Instant)
    }

    /// The fire and its decision.
    public var fire: JournaledFire
    /// The agent that decided it.
    public var agent: AgentID
    /// The agent's incarnation.
    public var incarnation: Incarnation
    /// The agent's runtime.
    public var runtime: RuntimeID
    /// How far it is.
    public var phase: Phase
    /// What the attempt told, with its end; `nil` for nothing.
    public var account: AttemptAccount?

    /// Creates a report.
    public init(
        fire: JournaledFire,
        agent: AgentID,
        incarnation: Incarnation,
        runtime: RuntimeID,
        phase: Phase,
        account: AttemptAccount? = nil
    ) {
        self.fire = fire
        self.agent = agent
        self.incarnation = incarnation
        self.runtime = runtime
        self.phase = phase
        self.account = account
    }
}

extension RunReport {
    /// Whether another attempt has to follow before the report may be called taken care of.
    public var demandsAnotherAttempt: Bool {
        guard case .ended(let result) = phase else { return false }
        return fire.demandsAnotherAttempt(after: result)
    }
}
