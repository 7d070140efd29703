public import Domain
import Scheduling

/// Everything that is known of what happened.
public struct RunEvidence: Hashable, Sendable {
    /// What the tasks recorded themselves.
    public var starts: [RecordedStart]
    /// What the cluster recorded.
    public var runs: [Run]
    /// What was done to the cluster meanwhile.
    public var faults: [FaultPeriod]
    /// Lines of the tasks' files that cannot be read.
    public var unreadableLines: [String]

    /// Creates a history.
    public init(
        starts: [RecordedStart] = [],
        runs: [Run] = [],
        faults: [FaultPeriod] = [],
        unreadableLines: [String] = []
    ) {
        self.starts = starts
        self.runs = runs
        self.faults = faults
        self.unreadableLines = unreadableLines
    }
}

/// What a history is held to.
public struct RunCheckPolicy: Hashable, Sendable {
    /// The most an instant's first start may come after the instant.
    public var latenessBound: Duration
    /// How far the clocks of the machines may be apart: a start may seem so much early.
    public var clockSkew: Duration
    /// How long before its instant a fire may be journaled: a kill since then may lose it.
    public var lookAhead: Duration
    /// Tasks whose attempts must not overlap.
    public var exclusiveTasks: Set<TaskUID>

    /// Creates a policy; one machine's clock and the longest look-ahead (docs/architecture.md §7) unless told otherwise.
    public init(
        latenessBound: Duration,
        clockSkew: Duration = .zero,
        lookAhead: Duration = .seconds(1),
        exclusiveTasks: Set<TaskUID> = []
    ) {
        self.latenessBound = latenessBound
        self.clockSkew = clockSkew
        self.lookAhead = lookAhead
        self.exclusiveTasks = exclusiveTasks
    }
}
