public import Domain

/// Reports of one agent, in the order of its spool.
public struct ReportBatch: Hashable, Sendable {
    /// The agent.
    public var agent: AgentID
    /// The agent's runtime.
    public var runtime: RuntimeID
    /// The reports, at most `sizeMax`.
    public var reports: [SpooledReport]
    /// Whether these are reports from before the center had its history: the center may put them behind fresh ones.
    public var isRefill: Bool

    /// Creates a batch.
    public init(agent: AgentID, runtime: RuntimeID, reports: [SpooledReport], isRefill: Bool = false) {
        self.agent = agent
        self.runtime = runtime
        self.reports = reports
        self.isRefill = isRefill
    }

    /// Most reports of one batch: one commit of the center's history.
    public static let sizeMax = 1_000
}

/// A center's answer to a batch: everything in it is stored.
public struct DeliveryReceipt: Hashable, Sendable {
    /// The epoch of the center's leadership if it led when it had stored the batch and everything that
    /// scheduling derives from it is in ZooKeeper; `nil` for a standby.
    ///
    /// Only the leader's receipt lets a fire leave the checkpoint.
    public var leaderEpoch: Epoch?

    /// Creates a receipt.
    public init(leaderEpoch: Epoch?) { self.leaderEpoch = leaderEpoch }
}

/// Why a batch was not delivered.
public enum DeliveryError: Error, Hashable, Sendable {
    /// The center asks to come back later.
    case busy(retryAfter: Duration)
    /// The center cannot be reached or cannot store; try again with back-off.
    case unavailable(String)
    /// The center refuses the batch for good (wrong cluster, wrong token).
    case refused(String)
}

/// Brings reports to one center.
public protocol ReportDelivery: Sendable {
    /// Delivers the batch; returns once the center has stored it.
    func deliver(_ batch: ReportBatch, to center: CenterRegistration) async throws(DeliveryError)
        -> DeliveryReceipt

    /// Tells how far attempts of the agent are that run; the center need not keep it.
    func tell(_ progress: [ProgressNote], of agent: AgentID, to center: CenterRegistration)
        async throws(DeliveryError)
}
