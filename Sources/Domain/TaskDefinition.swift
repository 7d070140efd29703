import Mutations
public import Scheduling

/// A task as the cluster keeps it: what the user said, and what identifies and dates it.
public struct TaskDefinition: Hashable, Sendable, Codable {
    /// What the user said.
    public var specification: TaskSpecification
    /// Random at creation; fires are identified by it.
    public var uid: TaskUID
    /// Counted from 1, raised by every edit.
    public var revision: Int
    /// The instant from which this revision's schedules count; instants up to it belong to the revision before.
    public var effectiveFrom: Instant
    /// When the task was created.
    public var createdAt: Instant
    /// The schedules of revisions that were superseded a short while ago, oldest first.
    ///
    /// The owner may not yet have decided instants that came due before an edit; they are enumerated with the
    /// schedules that were in force then.
    public var supersededSchedules: [SupersededSchedules]

    /// Creates a definition.
    public init(
        specification: TaskSpecification,
        uid: TaskUID,
        revision: Int,
        effectiveFrom: Instant,
        createdAt: Instant,
        supersededSchedules: [SupersededSchedules] = []
    ) {
        self.specification = specification
        self.uid = uid
        self.revision = revision
        self.effectiveFrom = effectiveFrom
        self.createdAt = createdAt
        self.supersededSchedules = supersededSchedules
        bindSchedules()
    }

    /// Decodes a definition.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        specification = try container.decode(TaskSpecification.self, forKey: .specification)
        uid = try container.decode(TaskUID.self, forKey: .uid)
        revision = try container.decode(Int.self, forKey: .revision)
        effectiveFrom = try container.decode(Instant.self, forKey: .effectiveFrom)
        createdAt = try container.decode(Instant.self, forKey: .createdAt)
        supersededSchedules = try container.decode([SupersededSchedules].self, forKey: .supersededSchedules)
        bindSchedules()
    }

    /// The task's name.
    public var name: TaskID { specification.name }

    /// Most superseded schedules that are kept: more edits than that between two fires lose the oldest.
    public static let supersededMax = 8
}

/// The schedules of an earlier revision, in force after `effectiveFrom` until the next one's `effectiveFrom`.
public struct SupersededSchedules: Hashable, Sendable, Codable {
    /// The instant after which they counted.
    public var effectiveFrom: Instant
    /// The schedules; empty while the task was disabled.
    public var schedules: [Schedule]

    /// Creates superseded schedules.
    public init(effectiveFrom: Instant, schedules: [Schedule]) {
        self.effectiveFrom = effectiveFrom
        self.schedules = schedules
    }
}

extension TaskDefinition {
    /// A new task, effective from `now`.
    public static func created(_ specification: TaskSpecification, uid: TaskUID, now: Instant)
        -> TaskDefinition
    {
        TaskDefinition(
            specification: specification,
            uid: uid,
            revision: 1,
            effectiveFrom: now,
            createdAt: now
        )
    }

    /// The next revision of this task, effective from `now` (or from just after this one, should a clock be behind).
    public func edited(_ specification: TaskSpecification, now: Instant) -> TaskDefinition {
        precondition(specification.name == name, "an edit cannot rename \(name) to \(specification.name)")
        var next = self
        next.specification = specification
        next.revision += 1
        next.effectiveFrom = max(now, effectiveFrom)
        let superseded = SupersededSchedules(effectiveFrom: effectiveFrom, schedules: activeSchedules)
        next.supersededSchedules = (supersededSchedules + [superseded]).suffix(TaskDefinition.supersededMax)
        if Mutation.forgetsFormerSchedules.isOn {
            next.effectiveFrom = createdAt
            next.supersededSchedules = []
        }
        next.bindSchedules()
        return next
    }

    /// What the fires of the schedules depend on beside the schedules.
    public var scheduleContext: ScheduleContext { ScheduleContext(task: name.text) }

    /// Works out once what would else be worked out at every fire; changes no value.
    private mutating func bindSchedules() {
        let context = scheduleContext
        specification.schedules = specification.schedules.map { $0.bound(to: context) }
    }

    /// The schedules that count now: none while disabled.
    public var activeSchedules: [Schedule] {
        specification.isEnabled ? specification.schedules : []
    }

    /// The first due instant after `cursor`, over this revision and the superseded ones; `nil` when never again.
    public func nextDue(after cursor: Instant) -> Instant? {
        let context = scheduleContext
        var spans = supersededSchedules
        spans.append(SupersededSchedules(effectiveFrom: effectiveFrom, schedules: activeSchedules))
        for (index, span) in spans.enumerated() {
            let end = index + 1 < spans.count ? spans[index + 1].effectiveFrom : nil
            if let end, end <= cursor { continue }
            let from = max(cursor, span.effectiveFrom)
            guard let due = span.schedules.compactMap({ $0.next(after: from, in: context) }).min() else {
                continue
            }
            if let end, due > end { continue }
            return due
        }
        return nil
    }
}
