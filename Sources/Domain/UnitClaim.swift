public import Scheduling

/// An attempt's claim on the units it needs: made by its agent, granted and taken back by the leader (protocol.md, E1–E4).
public struct UnitClaim: Hashable, Sendable, Codable {
    /// The attempt, which begins when the claim is granted and not before.
    public var attempt: AttemptID
    /// Its task.
    public var task: TaskID
    /// The task's uid.
    public var uid: TaskUID
    /// Shard or broadcast part, else 0.
    public var part: Int
    /// The runtime of the agent that has it.
    public var runtime: RuntimeID
    /// The agent that has it.
    public var agent: AgentID
    /// The agent's incarnation that journaled it.
    public var incarnation: Incarnation
    /// What it needs.
    public var demand: UnitDemand
    /// The task's priority.
    public var priority: Int
    /// When the run was due.
    public var due: Instant
    /// How long the attempt may live after the last write of its incarnation until it is asked to end.
    public var leaseMilliseconds: Int64
    /// How long it may take to end then.
    public var killGraceMilliseconds: Int64
    /// When it was granted, by the leader's clock; `nil` while it waits.
    public var grantedAt: Instant?

    /// Creates a claim that waits.
    public init(
        _ fire: JournaledFire,
        of task: TaskSpecification,
        runtime: RuntimeID,
        agent: AgentID,
        incarnation: Incarnation,
        lease: Duration
    ) {
        attempt = fire.attempt
        self.task = fire.task
        uid = fire.uid
        part = fire.part
        self.runtime = runtime
        self.agent = agent
        self.incarnation = incarnation
        demand = task.demand
        priority = task.priority
        due = fire.due
        leaseMilliseconds = lease.wholeMilliseconds
        killGraceMilliseconds = task.killGrace.wholeMilliseconds
    }

    /// How long the attempt may live after the last write of its incarnation until it is asked to end.
    public var lease: Duration { .milliseconds(leaseMilliseconds) }
    /// How long it may take to end then.
    public var killGrace: Duration { .milliseconds(killGraceMilliseconds) }
    /// The part of the task.
    public var key: TaskPart { TaskPart(uid: uid, part: part) }
    /// Whether it holds its units.
    public var isGranted: Bool { grantedAt != nil }
}

extension UnitDemand: Codable {
    private enum Key: String, CodingKey {
        case exclusive, pools
    }

    /// Decodes the value; fails with the coding path of what is wrong.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        self.init(
            keys: try container.decodeIfPresent([PoolID].self, forKey: .exclusive) ?? [],
            pools: try container.decodeIfPresent([PoolID: Int].self, forKey: .pools) ?? [:]
        )
    }

    /// Encodes the value in the form it is decoded from.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        if !keys.isEmpty { try container.encode(keys, forKey: .exclusive) }
        if !pools.isEmpty { try container.encode(pools, forKey: .pools) }
    }
}
