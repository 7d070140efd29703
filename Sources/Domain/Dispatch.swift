public import Scheduling

/// An entry of an agent's inbox.
public enum Dispatch: Hashable, Sendable, Codable {
    /// Run this attempt of a run that no schedule of the agent produces.
    case launch(DispatchedRun)
    /// Stop the attempt: SIGTERM, the task's kill grace, SIGKILL.
    case stop(AttemptID)
    /// Kill the attempt at once.
    case kill(AttemptID)
}

extension Dispatch {
    /// The attempt that is to end; `nil` for a launch.
    public var stopped: AttemptID? {
        switch self {
        case .launch: nil
        case .stop(let attempt), .kill(let attempt): attempt
        }
    }
}

/// A requested run, or the next attempt of a lost one.
public struct DispatchedRun: Hashable, Sendable, Codable {
    /// The run and the attempt.
    public var attempt: AttemptID
    /// The task's name.
    public var task: TaskID
    /// The task's uid.
    public var uid: TaskUID
    /// Shard or broadcast part, else 0.
    public var part: Int
    /// The revision to run.
    public var revision: Int
    /// The due instant; for a request, when it was requested.
    public var due: Instant
    /// Why the run exists.
    public var trigger: Trigger
    /// It may not be started before; `nil` for at once.
    public var notBefore: Instant?
    /// The pause that `notBefore` comes from; absent without one, and in entries of an older version.
    public var pause: DurationText?

    /// Creates a dispatched run.
    public init(
        attempt: AttemptID,
        task: TaskID,
        uid: TaskUID,
        part: Int = 0,
        revision: Int,
        due: Instant,
        trigger: Trigger,
        notBefore: Instant? = nil,
        pause: DurationText? = nil
    ) {
        self.attempt = attempt
        self.task = task
        self.uid = uid
        self.part = part
        self.revision = revision
        self.due = due
        self.trigger = trigger
        self.notBefore = notBefore
        self.pause = pause
    }
}

extension DispatchedRun {
    /// Puts the attempt off as the result of the one before it says.
    public mutating func postpone(after result: AttemptResult) {
        notBefore = result.retryAt
        pause = result.retryAt.map { DurationText(max(result.endedAt.duration(to: $0), .zero)) }
    }

    /// How long an agent waits that sees it at `now` for the first time; `nil` when it does not wait.
    ///
    /// Never longer than the pause: the instant may come from a clock that was wrong.
    public func wait(at now: Instant) -> Duration? {
        guard let notBefore, notBefore > now else { return nil }
        return min(now.duration(to: notBefore), pause?.duration ?? Retry.delayMax)
    }
}

/// The marker that makes a dispatch idempotent: the latest attempt of a run that was put into an inbox.
public struct DispatchMarker: Hashable, Sendable, Codable {
    /// The attempt's number.
    public var attempt: Int
    /// Whose inbox.
    public var agent: AgentID
    /// Which incarnation's inbox.
    public var incarnation: Incarnation
    /// When, by the leader's clock; markers are deleted some time after the result.
    public var dispatchedAt: Instant

    /// Creates a marker.
    public init(attempt: Int, agent: AgentID, incarnation: Incarnation, dispatchedAt: Instant) {
        self.attempt = attempt
        self.agent = agent
        self.incarnation = incarnation
        self.dispatchedAt = dispatchedAt
    }
}
