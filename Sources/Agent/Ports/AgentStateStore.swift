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

/// Whom reports are kept for: a center with the history it has now.
///
/// A center that begins with an empty history is another reader, although its name is the same: it is given again what is still kept.
public struct ReportReader: Hashable, Sendable {
    /// The center.
    public var center: CenterID
    /// Its history; `nil` for a center of a version that does not announce it, which is known by its name alone.
    public var history: Nonce?

    /// Creates a reader.
    public init(center: CenterID, history: Nonce? = nil) {
        self.center = center
        self.history = history
    }

    /// The reader that a registered center is now.
    public init(_ registration: CenterRegistration) {
        self.init(center: registration.center, history: registration.history)
    }
}

/// What must survive a restart of the agent; one process at a time holds it.
public protocol AgentStateStore: Sendable {
    /// Appends reports to the spool; on return they are on disk. Returns the sequence of the last one.
    func append(_ reports: [RunReport]) async throws -> Int64

    /// Begins to count for a reader: what is in the spool by now is its backlog, what comes later is pending.
    ///
    /// A reader that is known already stays as it is.
    func meet(_ reader: ReportReader) async throws

    /// The next reports that the reader has not acknowledged, oldest first, without its backlog.
    ///
    /// To a reader that was never met everything is pending.
    func pending(for reader: ReportReader, limit: Int) async throws -> [SpooledReport]

    /// Remembers that the reader has stored every report up to `sequence` that was pending; never goes back.
    func acknowledge(_ reader: ReportReader, through sequence: Int64) async throws

    /// The next reports of the reader's backlog, newest first.
    func backlog(for reader: ReportReader, limit: Int) async throws -> [SpooledReport]

    /// Remembers that the reader has stored its backlog from `sequence` on; never goes back.
    func acknowledgeBacklog(_ reader: ReportReader, downTo sequence: Int64) async throws

    /// Drops reports that are older than the retention, and readers that acknowledged nothing during it.
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
