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
    /// The days of the calendars its schedules name.
    public private(set) var calendars: CalendarDays
    /// Whether its group or its runtime is paused: its schedules do not count then, whatever the task says itself.
    public private(set) var isSuspended: Bool
    /// Who said it last, and what for; `nil` when nobody did say who they are.
    public var saved: SaveNote?

    /// Creates a definition.
    public init(
        specification: TaskSpecification,
        uid: TaskUID,
        revision: Int,
        effectiveFrom: Instant,
        createdAt: Instant,
        supersededSchedules: [SupersededSchedules] = [],
        calendars: CalendarDays = .none,
        isSuspended: Bool = false,
        saved: SaveNote? = nil
    ) {
        self.specification = specification
        self.uid = uid
        self.revision = revision
        self.effectiveFrom = effectiveFrom
        self.createdAt = createdAt
        self.supersededSchedules = supersededSchedules
        self.calendars = calendars
        self.isSuspended = isSuspended
        self.saved = saved
        bindSchedules()
    }

    /// The task's name.
    public var name: TaskID { specification.name }

    /// Most superseded schedules that are kept: more edits than that between two fires lose the oldest.
    public static let supersededMax = 8
}

/// The schedules of an earlier revision, in force after `effectiveFrom` until the next one's `effectiveFrom`.
public struct SupersededSchedules: Hashable, Sendable {
    /// The instant after which they counted.
    public var effectiveFrom: Instant
    /// The schedules; empty while the task was disabled.
    public var schedules: [Schedule]
    /// The days of the calendars they name.
    public var calendars: CalendarDays

    /// Creates superseded schedules.
    public init(effectiveFrom: Instant, schedules: [Schedule], calendars: CalendarDays = .none) {
        self.effectiveFrom = effectiveFrom
        self.schedules = schedules
        self.calendars = calendars
    }
}

extension TaskDefinition {
    /// A new task, effective from `now`.
    public static func created(
        _ specification: TaskSpecification,
        uid: TaskUID,
        now: Instant,
        calendars: CalendarDays = .none,
        isSuspended: Bool = false
    ) -> TaskDefinition {
        TaskDefinition(
            specification: specification,
            uid: uid,
            revision: 1,
            effectiveFrom: now,
            createdAt: now,
            calendars: calendars,
            isSuspended: isSuspended
        )
    }

    /// The next revision of this task, effective from `now` (or from just after this one, should a clock be behind).
    ///
    /// Without `calendars` those of this revision stay in force, and without `isSuspended` it stays suspended or not.
    public func edited(
        _ specification: TaskSpecification,
        now: Instant,
        calendars: CalendarDays? = nil,
        isSuspended: Bool? = nil
    ) -> TaskDefinition {
        precondition(specification.name == name, "an edit cannot rename \(name) to \(specification.name)")
        var next = self
        next.specification = specification
        next.revision += 1
        next.effectiveFrom = max(now, effectiveFrom)
        let superseded = SupersededSchedules(
            effectiveFrom: effectiveFrom,
            schedules: activeSchedules,
            calendars: self.calendars.trimmed(
                for: activeSchedules,
                from: effectiveFrom,
                to: next.effectiveFrom
            )
        )
        next.supersededSchedules = (supersededSchedules + [superseded]).suffix(TaskDefinition.supersededMax)
        if Mutation.forgetsFormerSchedules.isOn {
            next.effectiveFrom = createdAt
            next.supersededSchedules = []
        }
        next.calendars = calendars ?? self.calendars
        next.isSuspended = isSuspended ?? self.isSuspended
        next.bindSchedules()
        return next
    }

    /// Works out once what would else be worked out at every fire; changes no value.
    private mutating func bindSchedules() {
        specification.schedules = bound(specification.schedules, calendars)
        for index in supersededSchedules.indices {
            let former = supersededSchedules[index]
            supersededSchedules[index].schedules = bound(former.schedules, former.calendars)
        }
    }

    private func bound(_ schedules: [Schedule], _ calendars: CalendarDays) -> [Schedule] {
        guard schedules.contains(where: { !$0.isPlain }) else { return schedules }
        let context = ScheduleContext(task: name.text, calendars: calendars)
        return schedules.map { $0.bound(to: context) }
    }

    /// The schedules that count now: none while disabled or suspended.
    public var activeSchedules: [Schedule] {
        specification.isEnabled && !isSuspended ? specification.schedules : []
    }

    /// The first due instant after `cursor`, over this revision and the superseded ones; `nil` when never again.
    public func nextDue(after cursor: Instant) -> Instant? {
        var spans = supersededSchedules
        spans.append(
            SupersededSchedules(
                effectiveFrom: effectiveFrom,
                schedules: activeSchedules,
                calendars: calendars
            )
        )
        for (index, span) in spans.enumerated() {
            let end = index + 1 < spans.count ? spans[index + 1].effectiveFrom : nil
            if let end, end <= cursor { continue }
            let from = max(cursor, span.effectiveFrom)
            // Schedules that were changed since the definition was made are worked out here.
            let fires = span.schedules.compactMap { schedule in
                schedule.isPlain || schedule.isBound(to: name.text)
                    ? schedule.next(after: from)
                    : bound([schedule], span.calendars)[0].next(after: from)
            }
            guard let due = fires.min() else { continue }
            if let end, due > end { continue }
            return due
        }
        return nil
    }
}

extension TaskDefinition {
    private enum CodingKeys: String, CodingKey {
        case specification, uid, revision, effectiveFrom, createdAt, supersededSchedules, calendars
        case saved
        case isSuspended = "suspended"
    }

    /// Decodes the value; fails with the coding path of what is wrong.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            specification: try container.decode(TaskSpecification.self, forKey: .specification),
            uid: try container.decode(TaskUID.self, forKey: .uid),
            revision: try container.decode(Int.self, forKey: .revision),
            effectiveFrom: try container.decode(Instant.self, forKey: .effectiveFrom),
            createdAt: try container.decode(Instant.self, forKey: .createdAt),
            supersededSchedules: try container.decode(
                [SupersededSchedules].self,
                forKey: .supersededSchedules
            ),
            calendars: try container.decodeIfPresent(CalendarDays.self, forKey: .calendars) ?? .none,
            isSuspended: try container.decodeIfPresent(Bool.self, forKey: .isSuspended) ?? false,
            saved: try container.decodeIfPresent(SaveNote.self, forKey: .saved)
        )
    }

    /// Encodes the value in the form it is decoded from.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(specification, forKey: .specification)
        try container.encode(uid, forKey: .uid)
        try container.encode(revision, forKey: .revision)
        try container.encode(effectiveFrom, forKey: .effectiveFrom)
        try container.encode(createdAt, forKey: .createdAt)
        try container.encode(supersededSchedules, forKey: .supersededSchedules)
        if calendars != .none { try container.encode(calendars, forKey: .calendars) }
        if isSuspended { try container.encode(isSuspended, forKey: .isSuspended) }
        try container.encodeIfPresent(saved, forKey: .saved)
    }
}

extension SupersededSchedules: Codable {
    private enum CodingKeys: String, CodingKey {
        case effectiveFrom, schedules, calendars
    }

    /// Decodes the value; fails with the coding path of what is wrong.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            effectiveFrom: try container.decode(Instant.self, forKey: .effectiveFrom),
            schedules: try container.decode([Schedule].self, forKey: .schedules),
            calendars: try container.decodeIfPresent(CalendarDays.self, forKey: .calendars) ?? .none
        )
    }

    /// Encodes the value in the form it is decoded from.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(effectiveFrom, forKey: .effectiveFrom)
        try container.encode(schedules, forKey: .schedules)
        if calendars != .none { try container.encode(calendars, forKey: .calendars) }
    }
}
