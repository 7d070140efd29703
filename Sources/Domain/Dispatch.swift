public import Scheduling

/// An entry of an agent's inbox.
public enum Dispatch: Hashable, Sendable, Codable {
    /// Run this attempt of a run that no schedule of the agent produces.
    case launch(DispatchedRun)
    /// Stop the attempt: SIGTERM, the task's kill grace, SIGKILL.
    case stop(AttemptID)
    /// Kill the attempt at once.
    case kill(AttemptID)
    /// Let the attempt begin that waits for units: it holds them now.
    case grant(AttemptID)
}

extension Dispatch {
    /// The attempt that is to be launched; `nil` for anything else.
    public var launched: AttemptID? {
        if case .launch(let run) = self { run.attempt } else { nil }
    }

    /// The attempt that is to end; `nil` for anything else.
    public var stopped: AttemptID? {
        switch self {
        case .launch, .grant: nil
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
    /// The due instant; for a request, when it was requested, or the later instant at which it is to start.
    public var due: Instant
    /// Why the run exists.
    public var trigger: Trigger
    /// How long it waits in the inbox, from when its agent first reads it; `nil` for not at all.
    public var pauseMilliseconds: Int64?
    /// What it belongs to, as far as that is not its own request.
    public var origin: RunOrigin?
    /// What the run was given beyond its task.
    public var terms: RunTerms?

    /// Creates a dispatched run.
    public init(
        attempt: AttemptID,
        task: TaskID,
        uid: TaskUID,
        part: Int = 0,
        revision: Int,
        due: Instant,
        trigger: Trigger,
        pause: Duration = .zero,
        origin: RunOrigin? = nil,
        terms: RunTerms? = nil
    ) {
        self.attempt = attempt
        self.task = task
        self.uid = uid
        self.part = part
        self.revision = revision
        self.due = due
        self.trigger = trigger
        pauseMilliseconds = pause > .zero ? pause.wholeMilliseconds : nil
        self.origin = origin
        self.terms = terms
    }
}

extension DispatchedRun {
    /// The instant at which its fire is split as the task said: of a request that was put off, when it was asked for.
    public var splitAt: Instant { terms?.askedAt ?? due }

    /// How long it waits in the inbox.
    public var pause: Duration { .milliseconds(pauseMilliseconds ?? 0) }

    /// Puts it off until an instant that another machine's clock has named: never longer than its task's policy says, and no clock
    /// but that of whoever waits has a say from here on.
    public mutating func putOff(until instant: Instant?, now: Instant, _ retry: Retry) {
        guard let instant, now < instant else { return }
        let former = AttemptID(run: attempt.run, number: max(1, attempt.number - 1))
        pauseMilliseconds = min(now.duration(to: instant), retry.pause(after: former)).wholeMilliseconds
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
    /// What the run was given beyond its task: its further attempts get the same.
    public var terms: RunTerms?

    /// Creates a marker.
    public init(
        attempt: Int,
        agent: AgentID,
        incarnation: Incarnation,
        dispatchedAt: Instant,
        terms: RunTerms? = nil
    ) {
        self.attempt = attempt
        self.agent = agent
        self.incarnation = incarnation
        self.dispatchedAt = dispatchedAt
        self.terms = terms
    }
}

extension DispatchMarker {
    /// From when on its age counts: a request that was put off is of use until its run has started.
    public var countsFrom: Instant { max(dispatchedAt, terms?.startsAt ?? dispatchedAt) }
}
