public import Domain
public import ZooKeeper

/// What a snapshot of the tree says, and what in it says nothing.
public struct TreeContent: Sendable {
    /// What is kept of one incarnation's journal.
    public struct Journal: Sendable {
        /// Its fence.
        public var fence: Versioned<FenceRecord>
        /// When the fence was last written, by ZooKeeper's clock, in milliseconds since 1970.
        public var fencedMilliseconds: Int64
        /// Fires without an accepted result.
        public var open: [OpenFire]
        /// Whether segments are left.
        public var hasSegments: Bool
    }

    /// A bucket of rows and where it is.
    public struct Rows: Sendable {
        /// Whose rows.
        public var place: Place
        /// The bucket's number.
        public var bucket: Int
        /// The bucket's node.
        public var path: ZNodePath
        /// The rows.
        public var rows: [AllocationRow]
    }

    /// The cluster's identity.
    public internal(set) var identity: ClusterIdentity?
    /// The epoch; `nil` while nobody has led.
    public internal(set) var epoch: Epoch?
    /// The runtimes with their settings.
    public internal(set) var runtimes: [RuntimeID: RuntimeSettings] = [:]
    /// The live agents.
    public internal(set) var agents: [Seat: AgentRegistration] = [:]
    /// The live centers.
    public internal(set) var centers: [CenterID: CenterRegistration] = [:]
    /// The heads of the allocations.
    public internal(set) var heads: [Seat: AllocationHead] = [:]
    /// The buckets of rows, sorted by place and number.
    public internal(set) var rows: [Rows] = []
    /// The journals.
    public internal(set) var journals: [JournalID: Journal] = [:]
    /// The inboxes and the names of their entries.
    public internal(set) var inboxes: [JournalID: [String]] = [:]
    /// The markers of dispatches, with their paths.
    public internal(set) var markers: [ZNodePath: (run: RunID, bucket: Int, marker: DispatchMarker)] = [:]
    /// The indices of the buckets of tasks.
    public internal(set) var indices: [Int: TaskIndex] = [:]
    /// The definitions with their paths and buckets.
    public internal(set) var definitions: [ZNodePath: (bucket: Int, definition: TaskDefinition)] = [:]
    /// Nodes that are missing, unknown, unreadable or wrongly named.
    public internal(set) var findings: [TreeFinding] = []

    /// Reads what a snapshot says.
    public init(_ snapshot: TreeSnapshot) throws {
        var decoder = TreeDecoder(snapshot)
        self = try decoder.decode()
    }

    init() {}

    /// The tasks in the order of their names; of copies of one task only the first.
    public var tasks: [TaskDefinition] {
        var known: Set<TaskUID> = []
        return definitions.values.map(\.definition).sorted { ($0.name, $0.uid) < ($1.name, $1.uid) }
            .filter { known.insert($0.uid).inserted }
    }
}
