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
    /// Since when its runs follow one another without a break, by an `afterCompletion` schedule or because it is resident; `nil` when they
    /// do not, or it is disabled.
    ///
    /// The runs that follow one another since then are a chain; an edit of what makes it and a pause begin a new one.
    public private(set) var completionSince: Instant?
    /// The latest pause, also when it is over.
    public internal(set) var pause: PauseRecord?
    /// What is different about single fires, in the order of their instants.
    public internal(set) var exceptions: [FireException]
    /// Whether, and until when, its group or its runtime is paused, also when that is over: its schedules do not count then, whatever the
    /// task says itself.
    public private(set) var suspension: Suspension
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
        completionSince: Instant? = nil,
        pause: PauseRecord? = nil,
        exceptions: [FireException] = [],
        suspension: Suspension = .absent,
        saved: SaveNote? = nil
    ) {
        self.completionSince = completionSince
        self.specification = specification
        self.uid = uid
        self.revision = revision
        self.effectiveFrom = effectiveFrom
        self.createdAt = createdAt
        self.supersededSchedules = supersededSchedules
        self.calendars = calendars
        self.pause = pause
        self.exceptions = exceptions
        self.suspension = suspension
        self.saved = saved
        bindSchedules()
    }

    /// The task's name.
    public var name: TaskID { specification.name }

    /// Whether its group or its runtime is paused until somebody ends that.
    var isSuspended: Bool { suspension == .open }

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
    /// How their fires were split; `nil` when as those of the revision that came next.
    public var split: TaskSplit?

    /// Creates superseded schedules.
    public init(
        effectiveFrom: Instant,
        schedules: [Schedule],
        calendars: CalendarDays = .none,
        split: TaskSplit? = nil
    ) {
        self.effectiveFrom = effectiveFrom
        self.schedules = schedules
        self.calendars = calendars
        self.split = split
    }
}

extension TaskDefinition {
    /// A new task, effective from `now`.
    public static func created(
        _ specification: TaskSpecification,
        uid: TaskUID,
        now: Instant,
        calendars: CalendarDays = .none,
        suspension: Suspension = .absent
    ) -> TaskDefinition {
        var created = TaskDefinition(
            specification: specification,
            uid: uid,
            revision: 1,
            effectiveFrom: now,
            createdAt: now,
            calendars: calendars,
            completionSince: specification.activeChain == nil || suspension == .open ? nil : now,
            suspension: suspension
        )
        created.keepSilent(now: now)
        return created
    }

    /// The next revision of this task, effective from `now` (or from just after this one, should a clock be behind).
    ///
    /// Without `calendars` those of this revision stay in force, and without `suspension` it stays suspended or not. A pause that has an end
    /// outlasts an edit, unless that disables the task.
    public func edited(
        _ specification: TaskSpecification,
        now: Instant,
        calendars: CalendarDays? = nil,
        suspension: Suspension? = nil
    ) -> TaskDefinition {
        precondition(specification.name == name, "an edit cannot rename \(name) to \(specification.name)")
        let pause = pause(at: now)
        var next = succeeded(by: specification, now: now, calendars: calendars, suspension: suspension)
        if let until = pause?.until, specification.isEnabled {
            next.suspend(until: until - .milliseconds(1))
            next.pause = pause
        } else if !specification.isEnabled, !self.specification.isEnabled {
            // Of one that its document disabled nobody said more than since when.
            next.pause = pause
        }
        return next
    }

    /// The next revision, whose schedules count from `now`, or from the end of its group's or runtime's pause: its own is over, whatever its
    /// end.
    func succeeded(
        by specification: TaskSpecification,
        now: Instant,
        calendars: CalendarDays? = nil,
        suspension: Suspension? = nil
    ) -> TaskDefinition {
        var next = self
        next.specification = specification
        next.revision += 1
        next.pause = nil
        next.pruneExceptions(now: now)
        let isSilent = isSilent(at: now)
        if isSilent, let silence = supersededSchedules.last?.effectiveFrom {
            // The empty span before the end of the pause goes on to count until now, and this revision's schedules never did.
            next.effectiveFrom = max(now, silence)
        } else {
            next.effectiveFrom = max(now, effectiveFrom)
            let former = SupersededSchedules(
                effectiveFrom: effectiveFrom,
                schedules: activeSchedules,
                calendars: self.calendars.trimmed(
                    for: activeSchedules,
                    from: effectiveFrom,
                    to: next.effectiveFrom
                )
            )
            next.supersede(former)
        }
        if next.keepSplit(of: self), isSilent {
            // What is asked for during the rest of the pause is split as this revision says.
            next.supersede(SupersededSchedules(effectiveFrom: next.effectiveFrom, schedules: []))
        }
        if Mutation.forgetsFormerSchedules.isOn {
            next.effectiveFrom = createdAt
            next.supersededSchedules = []
        }
        next.suspension = (suspension ?? self.suspension).inForce(at: now)
        let (former, present) = (activeChain, next.activeChain)
        // A pause that ends early lets its chain begin early, too.
        let isEarly = completionSince.map { $0 > next.effectiveFrom } ?? false
        if present != former || isEarly {
            next.completionSince = present == nil ? nil : next.effectiveFrom
        }
        next.calendars = calendars ?? self.calendars
        next.keepSilent(now: now)
        next.bindSchedules()
        return next
    }

    /// The next revision of a resident task, whose process begins anew; `nil` when none is kept running now.
    public func restarted(now: Instant) -> TaskDefinition? {
        guard activeResidency != nil, counts(at: now), let completionSince else { return nil }
        var next = succeeded(by: specification, now: now)
        // A clock that is behind must not leave the chain as it is.
        next.completionSince = max(next.effectiveFrom, completionSince + .milliseconds(1))
        return next
    }

    /// Lets this revision's schedules wait for the end of the pause of its group or runtime; those of a disabled task do not count anyway.
    private mutating func keepSilent(now: Instant) {
        guard specification.isEnabled, case .until(let end) = suspension(at: now) else { return }
        suspend(until: end - .milliseconds(1))
    }

    /// Lets this revision's schedules count after `end` only.
    mutating func suspend(until end: Instant) {
        guard end > effectiveFrom else { return }
        if supersededSchedules.last.map({ !$0.schedules.isEmpty }) ?? true {
            supersede(SupersededSchedules(effectiveFrom: effectiveFrom, schedules: []))
        }
        effectiveFrom = end
        if completionSince != nil { completionSince = end }
    }

    private mutating func supersede(_ span: SupersededSchedules) {
        supersededSchedules = (supersededSchedules + [span]).suffix(TaskDefinition.supersededMax)
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

    /// The first due instant after `cursor`, over this revision and the superseded ones, with their exceptions; `nil` when never again.
    ///
    /// A fire that is skipped is one: it is decided when it is due.
    public func nextDue(after cursor: Instant) -> Instant? {
        let first = firstCompletionDue.flatMap { $0 > cursor ? $0 : nil }
        let scheduled = exceptions.isEmpty ? plannedDue(after: cursor) : exceptionalDue(after: cursor)
        return [scheduled, first].compactMap(\.self).min()
    }

    /// The first due instant after `cursor` as the schedules have it.
    func plannedDue(after cursor: Instant) -> Instant? {
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
        case completionSince
        case pause, exceptions
        case saved
        case suspended, suspendedUntil
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
            completionSince: try container.decodeIfPresent(Instant.self, forKey: .completionSince),
            pause: try container.decodeIfPresent(PauseRecord.self, forKey: .pause),
            exceptions: try container.decodeIfPresent([FireException].self, forKey: .exceptions) ?? [],
            suspension: try Self.suspension(in: container),
            saved: try container.decodeIfPresent(SaveNote.self, forKey: .saved)
        )
    }

    private static func suspension(in container: KeyedDecodingContainer<CodingKeys>) throws -> Suspension {
        if try container.decodeIfPresent(Bool.self, forKey: .suspended) ?? false { return .open }
        guard let end = try container.decodeIfPresent(Instant.self, forKey: .suspendedUntil) else {
            return .absent
        }
        return .until(end)
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
        try container.encodeIfPresent(completionSince, forKey: .completionSince)
        if calendars != .none { try container.encode(calendars, forKey: .calendars) }
        try container.encodeIfPresent(pause, forKey: .pause)
        if !exceptions.isEmpty { try container.encode(exceptions, forKey: .exceptions) }
        switch suspension {
        case .absent: break
        case .until(let end): try container.encode(end, forKey: .suspendedUntil)
        case .open: try container.encode(true, forKey: .suspended)
        }
        try container.encodeIfPresent(saved, forKey: .saved)
    }
}

extension SupersededSchedules: Codable {
    private enum CodingKeys: String, CodingKey {
        case effectiveFrom, schedules, calendars, split
    }

    /// Decodes the value; fails with the coding path of what is wrong.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            effectiveFrom: try container.decode(Instant.self, forKey: .effectiveFrom),
            schedules: try container.decode([Schedule].self, forKey: .schedules),
            calendars: try container.decodeIfPresent(CalendarDays.self, forKey: .calendars) ?? .none,
            split: try container.decodeIfPresent(TaskSplit.self, forKey: .split)
        )
    }

    /// Encodes the value in the form it is decoded from.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(effectiveFrom, forKey: .effectiveFrom)
        try container.encode(schedules, forKey: .schedules)
        if calendars != .none { try container.encode(calendars, forKey: .calendars) }
        try container.encodeIfPresent(split, forKey: .split)
    }
}
