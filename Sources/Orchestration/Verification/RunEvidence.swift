public import Domain

/// Everything that is known of what happened.
public struct RunEvidence: Hashable, Sendable {
    /// What the tasks recorded themselves.
    public var starts: [RecordedStart]
    /// What the cluster recorded: the histories of its centers, one after the other.
    public var runs: [Run]
    /// What the agents recorded themselves, whether or not a center knows it.
    public var reports: [RunReport]
    /// What was done to the cluster meanwhile.
    public var faults: [FaultPeriod]
    /// Lines of the tasks' files that cannot be read.
    public var unreadableLines: [String]

    /// Creates a history.
    public init(
        starts: [RecordedStart] = [],
        runs: [Run] = [],
        reports: [RunReport] = [],
        faults: [FaultPeriod] = [],
        unreadableLines: [String] = []
    ) {
        self.starts = starts
        self.runs = runs
        self.reports = reports
        self.faults = faults
        self.unreadableLines = unreadableLines
    }
}
