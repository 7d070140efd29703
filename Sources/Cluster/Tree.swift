public import Domain
public import ZooKeeper

/// Where everything stands in a workspace's subtree: the only place that spells a path.
public struct Tree: Hashable, Sendable {
    /// The workspace's root.
    public let root: ZNodePath

    /// The tree under `root`.
    public init(root: ZNodePath) { self.root = root }

    /// The tree of a workspace: `/cloudtask/<workspace>`.
    public init(workspace: WorkspaceID) throws(ZooKeeperError) {
        root = try ZNodePath.root.child("cloudtask").child(workspace.text)
    }

    private func path(_ components: String...) throws(ZooKeeperError) -> ZNodePath {
        var path = root
        for component in components { path = try path.child(component) }
        return path
    }
}

extension Tree {
    /// The cluster's identity.
    public var cluster: ZNodePath { get throws(ZooKeeperError) { try path("cluster") } }
    /// Parent of the centers' ephemeral nodes.
    public var centers: ZNodePath { get throws(ZooKeeperError) { try path("centers") } }
    /// Parent of the candidates for leadership.
    public var election: ZNodePath { get throws(ZooKeeperError) { try path("election") } }
    /// Who leads; its data version is the epoch.
    public var epoch: ZNodePath { get throws(ZooKeeperError) { try path("epoch") } }
    /// Parent of the runtimes.
    public var runtimes: ZNodePath { get throws(ZooKeeperError) { try path("runtimes") } }
    /// Parent of the buckets of what is known of runs that wait for several others.
    public var workflows: ZNodePath { get throws(ZooKeeperError) { try path("workflows") } }
    /// Parent of the occasions that were cancelled.
    public var cancelled: ZNodePath { get throws(ZooKeeperError) { try path("cancelled") } }
    /// Parent of the backfills.
    public var backfills: ZNodePath { get throws(ZooKeeperError) { try path("backfills") } }
    /// Parent of the buckets of task definitions.
    public var tasks: ZNodePath { get throws(ZooKeeperError) { try path("tasks") } }

    /// Parent of the pools.
    public var pools: ZNodePath { get throws(ZooKeeperError) { try path("pools") } }
    /// Parent of the claims of attempts on exclusive keys and units of pools.
    public var claims: ZNodePath { get throws(ZooKeeperError) { try path("claims") } }

    /// A pool.
    public func pool(_ pool: PoolID) throws(ZooKeeperError) -> ZNodePath { try path("pools", pool.text) }

    /// The claim of an attempt.
    public func claim(_ attempt: AttemptID) throws(ZooKeeperError) -> ZNodePath {
        try path("claims", attempt.description)
    }

    /// Parent of the calendars.
    public var calendars: ZNodePath { get throws(ZooKeeperError) { try path("calendars") } }
    /// Parent of the settings of groups.
    public var groups: ZNodePath { get throws(ZooKeeperError) { try path("groups") } }
    /// Parent of the buckets of earlier revisions of tasks.
    public var revisions: ZNodePath { get throws(ZooKeeperError) { try path("revisions") } }

    /// Parent of the earlier revisions of calendars, workflows, pools and runtimes.
    public var definitions: ZNodePath { get throws(ZooKeeperError) { try path("definitions") } }

    /// The earlier revisions of a calendar, workflow, pool or runtime.
    public func definition(_ kind: Definition.Kind, _ name: String) throws(ZooKeeperError) -> ZNodePath {
        try path("definitions", "\(kind.rawValue).\(name)")
    }

    /// The kind and the name of what a node below `definitions` is about; `nil` for other names.
    public static func definition(named name: String) -> (kind: Definition.Kind, name: String)? {
        guard let dot = name.firstIndex(of: "."), let kind = Definition.Kind(rawValue: String(name[..<dot])),
            dot < name.index(before: name.endIndex)
        else { return nil }
        return (kind, String(name[name.index(after: dot)...]))
    }

    /// A calendar.
    public func calendar(_ calendar: CalendarID) throws(ZooKeeperError) -> ZNodePath {
        try path("calendars", calendar.text)
    }

    /// The settings of a group.
    public func group(_ group: GroupID) throws(ZooKeeperError) -> ZNodePath { try path("groups", group.text) }

    /// A bucket of earlier revisions.
    public func revisionBucket(_ bucket: Int) throws(ZooKeeperError) -> ZNodePath {
        try path("revisions", Tree.bucketName(bucket))
    }

    /// The earlier revisions of a task.
    public func revisions(of task: TaskID, bucket: Int) throws(ZooKeeperError) -> ZNodePath {
        try revisionBucket(bucket).child(task.text)
    }

    /// A center's ephemeral node.
    public func center(_ center: CenterID) throws(ZooKeeperError) -> ZNodePath {
        try path("centers", center.text)
    }

    /// The index of a bucket of tasks: names and revisions; parent of their definitions.
    public func taskBucket(_ bucket: Int) throws(ZooKeeperError) -> ZNodePath {
        try path("tasks", Tree.bucketName(bucket))
    }

    /// A task's definition.
    public func task(_ task: TaskID, bucket: Int) throws(ZooKeeperError) -> ZNodePath {
        try taskBucket(bucket).child(task.text)
    }

    /// A bucket of runs that wait for several others.
    public func workflowBucket(_ run: RunID) throws(ZooKeeperError) -> ZNodePath {
        try path("workflows", Tree.bucketName(Buckets.dispatched(run)))
    }

    /// What is known of a run that waits for several others.
    public func workflow(_ run: RunID) throws(ZooKeeperError) -> ZNodePath {
        try workflowBucket(run).child(run.text)
    }

    /// How far a backfill is.
    public func backfill(_ id: BackfillID) throws(ZooKeeperError) -> ZNodePath {
        try path("backfills", id.text)
    }

    /// The task as a backfill takes it.
    public func backfillTask(_ id: BackfillID) throws(ZooKeeperError) -> ZNodePath {
        try path("backfills", id.text, "task")
    }

    /// A bucket's number as three or more hexadecimal digits.
    public static func bucketName(_ bucket: Int) -> String {
        let digits = String(bucket, radix: 16)
        return String(repeating: "0", count: max(0, 3 - digits.utf8.count)) + digits
    }

    /// The bucket a name stands for; `nil` for other names.
    public static func bucket(named name: String) -> Int? { Int(name, radix: 16) }
}

/// The part of the tree that belongs to one runtime.
public struct RuntimeTree: Hashable, Sendable {
    /// The runtime's node; its data are the settings.
    public let settings: ZNodePath

    private func path(_ components: String...) throws(ZooKeeperError) -> ZNodePath {
        var path = settings
        for component in components { path = try path.child(component) }
        return path
    }
}

extension Tree {
    /// The subtree of a runtime.
    public func runtime(_ runtime: RuntimeID) throws(ZooKeeperError) -> RuntimeTree {
        RuntimeTree(settings: try path("runtimes", runtime.text))
    }
}

extension RuntimeTree {
    /// Parent of the agents' ephemeral nodes.
    public var agents: ZNodePath { get throws(ZooKeeperError) { try path("agents") } }
    /// Parent of the heads of the agents' allocations.
    public var allocations: ZNodePath { get throws(ZooKeeperError) { try path("allocations") } }
    /// Parent of the buckets of rows that nobody owns.
    public var parked: ZNodePath { get throws(ZooKeeperError) { try path("parked") } }
    /// Parent of the agents' journals.
    public var journal: ZNodePath { get throws(ZooKeeperError) { try path("journal") } }
    /// Parent of the agents' inboxes.
    public var inbox: ZNodePath { get throws(ZooKeeperError) { try path("inbox") } }
    /// Parent of the buckets of dispatch markers.
    public var dispatched: ZNodePath { get throws(ZooKeeperError) { try path("dispatched") } }

    /// Parent of what is remembered of agents that have ended.
    public var departed: ZNodePath { get throws(ZooKeeperError) { try path("departed") } }

    /// What is remembered of an agent that has ended.
    public func departed(_ agent: AgentID) throws(ZooKeeperError) -> ZNodePath {
        try path("departed", agent.text)
    }

    /// Everything below the runtime's own node that must be there for its agents to work.
    public var parents: [ZNodePath] {
        get throws(ZooKeeperError) {
            [try agents, try allocations, try parked, try journal, try inbox, try dispatched, try departed]
        }
    }

    /// An agent's ephemeral node.
    public func agent(_ agent: AgentID) throws(ZooKeeperError) -> ZNodePath { try path("agents", agent.text) }

    /// The head of an agent's allocation, which the agent watches; parent of the buckets.
    public func allocation(_ agent: AgentID) throws(ZooKeeperError) -> ZNodePath {
        try path("allocations", agent.text)
    }

    /// A bucket of an agent's allocation.
    public func allocationBucket(_ agent: AgentID, _ bucket: Int) throws(ZooKeeperError) -> ZNodePath {
        try path("allocations", agent.text, Tree.bucketName(bucket))
    }

    /// A bucket of rows that nobody owns.
    public func parkedBucket(_ bucket: Int) throws(ZooKeeperError) -> ZNodePath {
        try path("parked", Tree.bucketName(bucket))
    }

    /// Parent of an agent's fences.
    public func journal(_ agent: AgentID) throws(ZooKeeperError) -> ZNodePath {
        try path("journal", agent.text)
    }

    /// The fence of an incarnation; parent of its checkpoint and segments.
    public func fence(_ agent: AgentID, _ incarnation: Incarnation) throws(ZooKeeperError) -> ZNodePath {
        try path("journal", agent.text, incarnation.text)
    }

    /// Parent of the buckets of an incarnation's checkpoint.
    public func checkpoint(_ agent: AgentID, _ incarnation: Incarnation) throws(ZooKeeperError) -> ZNodePath {
        try path("journal", agent.text, incarnation.text, "cp")
    }

    /// A bucket of an incarnation's checkpoint.
    public func checkpointBucket(
        _ agent: AgentID,
        _ incarnation: Incarnation,
        _ bucket: Int
    ) throws(ZooKeeperError) -> ZNodePath {
        try checkpoint(agent, incarnation).child(Tree.bucketName(bucket))
    }

    /// A write-ahead segment.
    public func segment(
        _ agent: AgentID,
        _ incarnation: Incarnation,
        _ number: Int
    ) throws(ZooKeeperError) -> ZNodePath {
        try path("journal", agent.text, incarnation.text, "s-\(number)")
    }

    /// The number of a segment's node; `nil` for other names.
    public static func segmentNumber(named name: String) -> Int? {
        name.hasPrefix("s-") ? Int(name.dropFirst(2)) : nil
    }

    /// Parent of an agent's inboxes, one per incarnation.
    public func inbox(_ agent: AgentID) throws(ZooKeeperError) -> ZNodePath { try path("inbox", agent.text) }

    /// An incarnation's inbox.
    public func inbox(_ agent: AgentID, _ incarnation: Incarnation) throws(ZooKeeperError) -> ZNodePath {
        try path("inbox", agent.text, incarnation.text)
    }

    /// An entry of an inbox: `<run>-<attempt>` for a launch, with `.stop`, `.kill` or `.grant` appended for
    /// anything else.
    public func inboxEntry(
        _ agent: AgentID,
        _ incarnation: Incarnation,
        _ dispatch: Dispatch
    ) throws(ZooKeeperError) -> ZNodePath {
        let name =
            switch dispatch {
            case .launch(let run): run.attempt.description
            case .stop(let attempt): attempt.description + ".stop"
            case .kill(let attempt): attempt.description + ".kill"
            case .grant(let attempt): attempt.description + ".grant"
            }
        return try inbox(agent, incarnation).child(name)
    }

    /// A bucket of dispatch markers.
    public func dispatchedBucket(_ bucket: Int) throws(ZooKeeperError) -> ZNodePath {
        try path("dispatched", Tree.bucketName(bucket))
    }

    /// The marker that makes a run's dispatch idempotent.
    public func marker(_ run: RunID) throws(ZooKeeperError) -> ZNodePath {
        try dispatchedBucket(Buckets.dispatched(run)).child(run.text)
    }
}
