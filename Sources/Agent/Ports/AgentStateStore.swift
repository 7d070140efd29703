public import Domain
public import Scheduling
public import ZooKeeper

/// A report with its place in the agent's spool.
public struct SpooledReport: Hashable, Sendable {
    /// Counted from 1, never reused while the data directory lives.
    public var sequence: Int64
    /// The report.
    public var report: RunReport

    /// Creates a spooled report.
    public init(sequence: Int64, report: RunReport) {
        self.sequence = sequence
        self.report = report
    }
}

/// What must survive a restart of the agent; one process at a time holds it.
public protocol AgentStateStore: Sendable {
    /// Appends reports to the spool; on return they are on disk. Returns the sequence of the last one.
    func append(_ reports: [RunReport]) async throws -> Int64

    /// The next reports that `center` has not acknowledged, oldest first.
    func pending(for center: CenterID, limit: Int) async throws -> [SpooledReport]

    /// Remembers that `center` has stored every report up to `sequence`.
    func acknowledge(_ center: CenterID, through sequence: Int64) async throws

    /// Drops reports that are older than the retention and reports whose center was away too long.
    func prune(now: Instant, retention: Duration) async throws

    /// The cached definitions: what the agent knew when it last ran.
    func cachedDefinitions() async throws -> [TaskDefinition]

    /// Replaces the cached definitions that changed and removes those that are no longer wanted.
    func cache(_ changed: [TaskDefinition], removing uids: [TaskUID]) async throws

    /// The session of the predecessor, to be closed at start; `nil` if there is none.
    ///
    /// Also `nil` where the state was copied from somewhere else: that session is another agent's, which may live.
    func predecessorSession() async throws -> SessionIdentity?

    /// Remembers the session (the password is a credential: the file is 0600).
    func remember(_ session: SessionIdentity?) async throws

    /// What the agent remembers of its cluster; `nil` when it never worked in one.
    func clusterMemory() async throws -> ClusterMemory?

    /// Remembers the cluster as it was last seen.
    func remember(cluster memory: ClusterMemory) async throws
}
