public import Domain

/// Who leads, as the answering center sees it.
public struct LeadershipPayload: Hashable, Sendable, Codable {
    /// What the answering center is.
    public enum State: String, Hashable, Sendable, Codable {
        /// It leads itself.
        case leading
        /// It knows who leads.
        case following
        /// It knows of no leader.
        case unknown
    }

    /// What the answering center is.
    public var state: State
    /// The leader's name; absent when unknown.
    public var center: CenterID?
    /// The leader's URL; present when another center leads.
    public var url: String?
    /// The number of the leadership; present when the answering center leads.
    public var epoch: Int32?
    /// Why nobody is known to lead.
    public var reason: String?

    /// Creates a payload.
    public init(
        state: State,
        center: CenterID? = nil,
        url: String? = nil,
        epoch: Int32? = nil,
        reason: String? = nil
    ) {
        self.state = state
        self.center = center
        self.url = url
        self.epoch = epoch
        self.reason = reason
    }
}

/// The cluster at a glance.
public struct ClusterPayload: Hashable, Sendable, Codable {
    /// The cluster's identity; absent until the center has read it.
    public var id: Nonce?
    /// Replaced by every restore.
    public var timeline: Nonce?
    /// Who leads.
    public var leadership: LeadershipPayload
    /// The live centers, sorted by name.
    public var centers: [CenterRegistration]
    /// The agents, sorted by runtime and name.
    public var nodes: [NodePayload]
    /// Tasks in all.
    public var tasks: Int
    /// Tasks that are enabled but owned by nobody.
    public var unplaced: Int
    /// What is not as it should be in ZooKeeper, as far as the leader has noticed: `path: reason`, sorted.
    public var defects: [String]
    /// Runs without a result that nobody owns, in the answering center's history; absent before its first look.
    public var runsWithoutOwner: Int?

    /// Creates a payload.
    public init(
        id: Nonce?,
        timeline: Nonce?,
        leadership: LeadershipPayload,
        centers: [CenterRegistration],
        nodes: [NodePayload],
        tasks: Int,
        unplaced: Int,
        defects: [String] = [],
        runsWithoutOwner: Int? = nil
    ) {
        self.id = id
        self.timeline = timeline
        self.leadership = leadership
        self.centers = centers
        self.nodes = nodes
        self.tasks = tasks
        self.unplaced = unplaced
        self.defects = defects
        self.runsWithoutOwner = runsWithoutOwner
    }
}
