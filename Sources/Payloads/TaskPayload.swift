public import Domain
public import Scheduling

/// A task as the API shows it: the fields of its document, and what the cluster knows of it, side by side in one object.
public struct TaskPayload: Hashable, Sendable {
    /// What the user said.
    public var specification: TaskSpecification
    /// Random at creation.
    public var uid: TaskUID
    /// Counted from 1, raised by every edit.
    public var revision: Int
    /// When the task was created.
    public var createdAt: Instant
    /// The instant from which this revision's schedules count.
    public var effectiveFrom: Instant
    /// Since when its runs follow the ends of those before them (`afterCompletion`) or its process is kept running; absent when they do not.
    public var completionSince: Instant?
    /// The agent that owns it; absent when nobody does.
    public var owner: AgentID?
    /// Where the parts are of a task with `shards` or `broadcast`; absent for others, and where that is not known.
    public var parts: PartPlacement?
    /// Why nobody owns it, or one of its parts.
    public var unplacedReason: String?
    /// True while its group or its runtime is paused; absent otherwise.
    public var suspended: Bool?
    /// When that ends by itself; absent when somebody has to end it.
    public var suspendedUntil: Instant?
    /// The next due instant whose fire is not skipped; absent when there is none.
    public var next: Instant?
    /// The latest run; absent when there is none.
    public var last: RunPayload?
    /// Why, since when and until when its schedules do not count; absent when they do.
    public var pause: PauseRecord?
    /// What is different about single fires, coming and lately gone; absent when nothing is.
    public var exceptions: [FireException]?
    /// How often the process of a resident task was begun again within the last hour, on the task's own page; absent otherwise.
    public var restarts: Int?

    /// Creates a payload.
    public init(
        specification: TaskSpecification,
        uid: TaskUID,
        revision: Int,
        createdAt: Instant,
        effectiveFrom: Instant,
        completionSince: Instant? = nil,
        owner: AgentID? = nil,
        parts: PartPlacement? = nil,
        unplacedReason: String? = nil,
        suspended: Bool? = nil,
        suspendedUntil: Instant? = nil,
        next: Instant? = nil,
        last: RunPayload? = nil,
        pause: PauseRecord? = nil,
        exceptions: [FireException]? = nil,
        restarts: Int? = nil
    ) {
        self.specification = specification
        self.uid = uid
        self.revision = revision
        self.createdAt = createdAt
        self.effectiveFrom = effectiveFrom
        self.completionSince = completionSince
        self.owner = owner
        self.parts = parts
        self.unplacedReason = unplacedReason
        self.suspended = suspended
        self.suspendedUntil = suspendedUntil
        self.next = next
        self.last = last
        self.pause = pause
        self.exceptions = exceptions
        self.restarts = restarts
    }
}

extension TaskPayload: Codable {
    private enum Key: String, CodingKey {
        case uid, revision, createdAt, effectiveFrom, owner, parts, unplacedReason, suspended, next, last,
            pause
        case exceptions, restarts, completionSince, suspendedUntil
    }

    /// Decodes one object that holds the specification's fields and the cluster's.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        self.init(
            specification: try TaskSpecification(from: decoder),
            uid: try container.decode(TaskUID.self, forKey: .uid),
            revision: try container.decode(Int.self, forKey: .revision),
            createdAt: try container.decode(Instant.self, forKey: .createdAt),
            effectiveFrom: try container.decode(Instant.self, forKey: .effectiveFrom),
            completionSince: try container.decodeIfPresent(Instant.self, forKey: .completionSince),
            owner: try container.decodeIfPresent(AgentID.self, forKey: .owner),
            parts: try container.decodeIfPresent(PartPlacement.self, forKey: .parts),
            unplacedReason: try container.decodeIfPresent(String.self, forKey: .unplacedReason),
            suspended: try container.decodeIfPresent(Bool.self, forKey: .suspended),
            suspendedUntil: try container.decodeIfPresent(Instant.self, forKey: .suspendedUntil),
            next: try container.decodeIfPresent(Instant.self, forKey: .next),
            last: try container.decodeIfPresent(RunPayload.self, forKey: .last),
            pause: try container.decodeIfPresent(PauseRecord.self, forKey: .pause),
            exceptions: try container.decodeIfPresent([FireException].self, forKey: .exceptions),
            restarts: try container.decodeIfPresent(Int.self, forKey: .restarts)
        )
    }

    /// Encodes one object that holds the specification's fields and the cluster's.
    public func encode(to encoder: any Encoder) throws {
        try specification.encode(to: encoder)
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(uid, forKey: .uid)
        try container.encode(revision, forKey: .revision)
        try container.encode(createdAt, forKey: .createdAt)
        try container.encode(effectiveFrom, forKey: .effectiveFrom)
        try container.encodeIfPresent(completionSince, forKey: .completionSince)
        try container.encodeIfPresent(owner, forKey: .owner)
        try container.encodeIfPresent(parts, forKey: .parts)
        try container.encodeIfPresent(unplacedReason, forKey: .unplacedReason)
        try container.encodeIfPresent(suspended, forKey: .suspended)
        try container.encodeIfPresent(suspendedUntil, forKey: .suspendedUntil)
        try container.encodeIfPresent(next, forKey: .next)
        try container.encodeIfPresent(last, forKey: .last)
        try container.encodeIfPresent(pause, forKey: .pause)
        try container.encodeIfPresent(exceptions, forKey: .exceptions)
        try container.encodeIfPresent(restarts, forKey: .restarts)
    }
}
