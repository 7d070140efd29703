public import Cluster
public import Domain
public import Scheduling

/// One attempt to be started at an instant.
public struct LaunchOrder: Hashable, Sendable {
    /// The journaled fire; its decision is `launch`.
    public var fire: JournaledFire
    /// What to execute.
    public var specification: TaskSpecification
    /// The last moment at which the process may be started: the agent's lease.
    ///
    /// Checked last before the start. An attempt of a task whose runs must not overlap may not live longer either, unless its life
    /// is prolonged.
    public var notAfter: MonotonicInstant
    /// Value of `CLOUDTASK_FENCE`.
    public var fence: FencingToken

    /// Creates an order.
    public init(
        fire: JournaledFire,
        specification: TaskSpecification,
        notAfter: MonotonicInstant,
        fence: FencingToken
    ) {
        self.fire = fire
        self.specification = specification
        self.notAfter = notAfter
        self.fence = fence
    }
}

/// What a runner tells about the attempts it was given; for every order exactly one `ended` or `refused` comes, in the end.
///
/// What an attempt tells of itself comes between `started` and `ended`.
public enum AttemptEvent: Hashable, Sendable {
    /// The process runs.
    case started(AttemptID, at: Instant)
    /// The attempt says how far it is; told a few times a second at most.
    case progress(AttemptID, RunProgress)
    /// The attempt says what it does; told a few times a second at most.
    case status(AttemptID, RunStatus)
    /// What the attempt has told under names so far; told a few times a second at most.
    case outputs(AttemptID, OutputsSoFar)
    /// What the attempt told in all, just before its end; left out when that is nothing.
    case told(AttemptID, AttemptAccount)
    /// The attempt is over; also when the program could not be started.
    case ended(AttemptResult)
    /// Nothing was started, because `notAfter` had passed or the attempt was seen before.
    case refused(AttemptID, reason: String)
}

/// Starts processes, watches over them and ends them: the executor's side of the agent.
public protocol AttemptRunner: Sendable {
    /// Starts the attempts, in order, as soon as possible.
    ///
    /// Their identities are on disk (one `fsync` for the batch) before the first process is started; an
    /// attempt that was seen before is refused.
    func start(_ orders: [LaunchOrder]) async

    /// Asks the attempt's process group to end (SIGTERM), and kills it after `grace`. Unknown attempts are ignored.
    func stop(_ attempt: AttemptID, grace: Duration) async

    /// Lets attempts whose lives are bounded live until these moments.
    ///
    /// An attempt of a task whose concurrency is exclusive is stopped at its order's `notAfter`, or at the latest moment it was given
    /// since, as by `stop` with the task's kill grace: also when the agent's process was killed or stands still by then. Unknown
    /// attempts are ignored.
    func prolong(_ lives: [AttemptID: MonotonicInstant]) async

    /// What happened, in order; the agent is the single consumer. Unbounded: never drops, bounded by running attempts.
    var events: AsyncStream<AttemptEvent> { get }

    /// Attempts that are running now.
    func running() async -> [AttemptID]
}
