public import Domain
import Scheduling

/// What a history is held to.
public struct RunCheckPolicy: Hashable, Sendable {
    /// The most an instant's first start may come after the instant.
    public var latenessBound: Duration
    /// How far the clocks of the machines may be apart: a start may seem so much early.
    public var clockSkew: Duration
    /// How long before its instant a fire may be journaled: a kill since then may lose it.
    public var lookAhead: Duration
    /// The session timeout of the agents: what is cut off or suspended for much less keeps its session and loses nothing.
    public var sessionTimeout: Duration
    /// How long after a fault began or ended everything must be steady again; `nil` if faults excuse no lateness.
    ///
    /// With it, instants that were recorded as missed are held against the faults too; without it, they are just counted.
    public var settling: Duration?
    /// Tasks whose attempts must not overlap.
    public var exclusiveTasks: Set<TaskUID>
    /// Whether every task records its starts; if not, what the cluster says is believed of those that never do.
    public var expectsMarks = true
    /// Whether the definitions are all there ever were; if not, runs of other tasks are not checked.
    public var knowsAllTasks = true

    /// Creates a policy; one machine's clock and the longest look-ahead (docs/architecture.md §7) unless told otherwise.
    public init(
        latenessBound: Duration,
        clockSkew: Duration = .zero,
        lookAhead: Duration = .seconds(1),
        sessionTimeout: Duration = .seconds(10),
        settling: Duration? = nil,
        exclusiveTasks: Set<TaskUID> = []
    ) {
        self.latenessBound = latenessBound
        self.clockSkew = clockSkew
        self.lookAhead = lookAhead
        self.sessionTimeout = sessionTimeout
        self.settling = settling
        self.exclusiveTasks = exclusiveTasks
    }

    /// How long the cluster may take to be steady again after a fault (docs/architecture.md, promise P13).
    public static func settling(sessionTimeout: Duration) -> Duration { sessionTimeout * 2 + .seconds(5) }
}
