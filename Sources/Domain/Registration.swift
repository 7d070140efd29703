public import Scheduling

/// What an agent says of itself: the content of its ephemeral node.
public struct AgentRegistration: Hashable, Sendable, Codable {
    /// The agent's name.
    public var agent: AgentID
    /// This start of its process.
    public var incarnation: Incarnation
    /// Labels that placements refer to.
    public var labels: [String: String]
    /// Where the machine is.
    public var region: String?
    /// Where in the region the machine is.
    public var zone: String?
    /// How many attempts it runs at a time; also its weight in allocation.
    ///
    /// At least 1.
    public var slots: Int
    /// Base URL of the agent's HTTP API, for logs.
    public var url: String?
    /// The program's version.
    public var version: String
    /// The machine's name, to tell people who holds an agent's name.
    public var host: String
    /// The process, to tell people who holds an agent's name.
    public var processID: Int32
    /// When the process started, by its own clock.
    public var startedAt: Instant
    /// The start of the process, which all of its incarnations share; `nil` from agents that know of none.
    public var start: ProcessStart?

    /// Creates a registration.
    public init(
        agent: AgentID,
        incarnation: Incarnation,
        labels: [String: String] = [:],
        region: String? = nil,
        zone: String? = nil,
        slots: Int,
        url: String? = nil,
        version: String,
        host: String,
        processID: Int32,
        startedAt: Instant,
        start: ProcessStart? = nil
    ) {
        precondition(slots >= 1, "an agent has at least one slot, not \(slots)")
        self.agent = agent
        self.incarnation = incarnation
        self.labels = labels
        self.region = region
        self.zone = zone
        self.slots = slots
        self.url = url
        self.version = version
        self.host = host
        self.processID = processID
        self.startedAt = startedAt
        self.start = start
    }
}

/// One start of an agent's process.
public struct ProcessStart: Hashable, Sendable, Codable {
    /// Drawn at the start.
    public var id: StartID
    /// When it was, by the agent's clock.
    public var at: Instant

    /// Creates the note of a start.
    public init(id: StartID, at: Instant) {
        self.id = id
        self.at = at
    }
}

/// What a center says of itself: the content of its ephemeral node.
public struct CenterRegistration: Hashable, Sendable, Codable {
    /// The center's name.
    public var center: CenterID
    /// Base URL of its HTTP API.
    public var url: String
    /// The program's version.
    public var version: String
    /// The machine's name.
    public var host: String
    /// The process.
    public var processID: Int32
    /// When the process started, by its own clock.
    public var startedAt: Instant
    /// Random, as old as the center's history: to a new one agents deliver again what they still have.
    ///
    /// `nil` for a center of a version that does not announce it.
    public var history: Nonce?

    /// Creates a registration.
    public init(
        center: CenterID,
        url: String,
        version: String,
        host: String,
        processID: Int32,
        startedAt: Instant,
        history: Nonce? = nil
    ) {
        self.center = center
        self.url = url
        self.version = version
        self.host = host
        self.processID = processID
        self.startedAt = startedAt
        self.history = history
    }
}

/// Who leads: the content of `/epoch`, whose data version is the epoch.
public struct Leadership: Hashable, Sendable, Codable {
    /// The leading center.
    public var center: CenterID
    /// Random per candidacy, to recognise one's own write after a lost reply.
    public var guid: Nonce

    /// Creates a leadership record.
    public init(center: CenterID, guid: Nonce) {
        self.center = center
        self.guid = guid
    }
}

/// The cluster's identity: the content of `/cluster`.
public struct ClusterIdentity: Hashable, Sendable, Codable {
    /// Random, for the cluster's whole life.
    public var id: Nonce
    /// Random, replaced by every restore.
    public var timeline: Nonce
    /// When the timeline began, if it is not the cluster's first: nothing that was due until then is launched (rule T3).
    public var floor: Instant?
    /// How far fencing tokens run ahead of ZooKeeper's own count, in ZooKeeper epochs: raised with every timeline, because a restored
    /// ZooKeeper counts through numbers again; `nil` for not at all.
    public var fenceBase: Int32?
    /// Version of the znode schema.
    public var schema: Int
    /// Buckets of an agent's allocation table and of the parked rows.
    public var allocationBuckets: Int
    /// Buckets of the task index, a power of 16.
    public var taskBuckets: Int

    /// Creates an identity.
    public init(
        id: Nonce,
        timeline: Nonce,
        floor: Instant? = nil,
        fenceBase: Int32? = nil,
        schema: Int = 1,
        allocationBuckets: Int = 256,
        taskBuckets: Int = 4_096
    ) {
        self.id = id
        self.timeline = timeline
        self.floor = floor
        self.fenceBase = fenceBase
        self.schema = schema
        self.allocationBuckets = allocationBuckets
        self.taskBuckets = taskBuckets
    }
}
