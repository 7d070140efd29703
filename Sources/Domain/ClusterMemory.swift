/// What a process remembers of its cluster across restarts, so that it knows its own history again (rule T2).
///
/// Kept in the data directory of every center and agent; the decisions made with it are in the core.
public struct ClusterMemory: Hashable, Sendable, Codable {
    /// The cluster the process belongs to.
    public var cluster: Nonce
    /// The cluster's timeline.
    public var timeline: Nonce
    /// The highest epoch that was seen.
    public var epoch: Epoch
    /// Who took that office: the random part of its leadership; `nil` when nobody's was seen.
    public var leader: Nonce?
    /// The highest ZooKeeper transaction that was seen in the timeline.
    public var transaction: Int64
    /// By the path of a node, the last transaction that was seen to have changed it or its list of children.
    public var marks: [String: Int64]

    /// Creates a memory.
    public init(
        cluster: Nonce,
        timeline: Nonce,
        epoch: Epoch,
        leader: Nonce? = nil,
        transaction: Int64 = 0,
        marks: [String: Int64] = [:]
    ) {
        self.cluster = cluster
        self.timeline = timeline
        self.epoch = epoch
        self.leader = leader
        self.transaction = transaction
        self.marks = marks
    }
}
