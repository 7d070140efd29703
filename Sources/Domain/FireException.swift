public import Scheduling

/// What is different about one fire of a task: it is skipped, comes at another instant, or has other parameters.
public struct FireException: Hashable, Sendable {
    /// The instant at which the schedules have it due.
    public var due: Instant
    /// Whether it is skipped, which is recorded.
    public var isSkipped: Bool
    /// When it is due instead.
    public var shiftedTo: Instant?
    /// Values that its run is given.
    public var parameters: [String: String]
    /// Why, in the words of whoever wanted it.
    public var reason: String?
    /// Who wanted it, in their own words.
    public var author: String?

    /// Creates an exception.
    public init(
        due: Instant,
        isSkipped: Bool = false,
        shiftedTo: Instant? = nil,
        parameters: [String: String] = [:],
        reason: String? = nil,
        author: String? = nil
    ) {
        self.due = due
        self.isSkipped = isSkipped
        self.shiftedTo = shiftedTo
        self.parameters = parameters
        self.reason = reason
        self.author = author
    }

    /// The instant at which the fire is decided.
    public var decidedAt: Instant { shiftedTo ?? due }

    /// Limits, each with its reason.
    public enum Limit {
        /// Exceptions of one task: each costs time at every fire, and they are kept in the definition.
        public static let countMax = 50
        /// All values of a task's exceptions together: the definition must fit its node.
        public static let bytesMax = 32 * 1_024
        /// How long before its instant a fire may be changed: its owner decides a little ahead, and has to learn of the change.
        public static let notice = Duration.seconds(5)
        /// How long an exception is kept after its instants: nodes that were away decide about them then.
        public static let keptFor = Duration.seconds(7 * 86_400)
    }
}

extension FireException: Codable {
    private enum CodingKeys: String, CodingKey {
        case due, skip, to, parameters, reason, author
    }

    /// Decodes the value; fails with the coding path of what is wrong.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            due: try container.decode(Instant.self, forKey: .due),
            isSkipped: try container.decodeIfPresent(Bool.self, forKey: .skip) ?? false,
            shiftedTo: try container.decodeIfPresent(Instant.self, forKey: .to),
            parameters: try container.decodeIfPresent([String: String].self, forKey: .parameters) ?? [:],
            reason: try container.decodeIfPresent(String.self, forKey: .reason),
            author: try container.decodeIfPresent(String.self, forKey: .author)
        )
    }

    /// Encodes the value in the form it is decoded from.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(due, forKey: .due)
        if isSkipped { try container.encode(isSkipped, forKey: .skip) }
        try container.encodeIfPresent(shiftedTo, forKey: .to)
        if !parameters.isEmpty { try container.encode(parameters, forKey: .parameters) }
        try container.encodeIfPresent(reason, forKey: .reason)
        try container.encodeIfPresent(author, forKey: .author)
    }
}

extension TaskDefinition {
    /// The exception of the fire that is decided at an instant; `nil` for an ordinary fire.
    ///
    /// Where a fire was shifted onto another one, the two are one fire, and what was said of the shifted one holds.
    public func exception(decidedAt instant: Instant) -> FireException? {
        guard !exceptions.isEmpty else { return nil }
        return exceptions.first { $0.shiftedTo == instant && isPlannedDue($0.due) }
            ?? exceptions.first { $0.shiftedTo == nil && $0.due == instant }
    }

    /// The first due instant after `cursor` whose fire is not skipped; `nil` when never again.
    public func nextUnskippedDue(after cursor: Instant) -> Instant? {
        var due = nextDue(after: cursor)
        while let instant = due, exception(decidedAt: instant)?.isSkipped == true {
            due = nextDue(after: instant)
        }
        return due
    }

    /// What the run of the fire of an instant is given; `nil` for an ordinary fire.
    public func exceptionTerms(decidedAt instant: Instant) -> RunTerms? {
        guard let exception = exception(decidedAt: instant), !exception.isSkipped else { return nil }
        return RunTerms(
            parameters: exception.parameters,
            note: exception.reason,
            requestedBy: exception.author,
            shiftedFrom: exception.shiftedTo == nil ? nil : exception.due
        )
    }

    /// Whether the schedules have a fire at an instant, exceptions aside.
    public func isPlannedDue(_ instant: Instant) -> Bool {
        plannedDue(after: instant - .milliseconds(1)) == instant
    }

    /// The exceptions that lie ahead, in order.
    public func exceptions(after now: Instant) -> [FireException] {
        exceptions.filter { max($0.due, $0.decidedAt) > now }
    }

    /// The next revision, with other exceptions: those given replace those of the same fires.
    public func excepting(_ changes: [FireException], now: Instant) -> TaskDefinition {
        var next = self
        let changed = Set(changes.map(\.due))
        next.exceptions = (exceptions.filter { !changed.contains($0.due) } + changes).sorted {
            $0.due < $1.due
        }
        next.revision += 1
        next.pruneExceptions(now: now)
        return next
    }

    /// The next revision, without the exceptions of some fires.
    public func withoutExceptions(of fires: Set<Instant>, now: Instant) -> TaskDefinition {
        var next = self
        next.exceptions.removeAll { fires.contains($0.due) }
        next.revision += 1
        next.pruneExceptions(now: now)
        return next
    }

    mutating func pruneExceptions(now: Instant) {
        exceptions.removeAll { max($0.due, $0.decidedAt) < now - FireException.Limit.keptFor }
    }

    /// The first due instant after `cursor` when some fires come at other instants.
    func exceptionalDue(after cursor: Instant) -> Instant? {
        let shifted = exceptions.filter { $0.shiftedTo != nil }
        var planned = plannedDue(after: cursor)
        // One that was shifted away is passed over; there are few.
        while let due = planned, shifted.contains(where: { $0.due == due }) {
            planned = plannedDue(after: due)
        }
        let arrivals = shifted.filter { $0.decidedAt > cursor && isBefore($0.decidedAt, planned) }
            .sorted { $0.decidedAt < $1.decidedAt }
        return arrivals.first { isPlannedDue($0.due) }?.decidedAt ?? planned
    }
}

private func isBefore(_ instant: Instant, _ other: Instant?) -> Bool { other.map { instant < $0 } ?? true }
